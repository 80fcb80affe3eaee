"""What calls out spend, in Redis: every node counts in the same place, each step whole or not at all.

Implements `telephony.sip.tolls.Counters`. Keys under the prefix `{tolls}` (its braces keep them on one shard of a Cluster):

    c:KEY      sorted set   running calls by the end of their lease
    h:KEY      sorted set   calls of the last hour by their start
    d:KEY:DAY  hash         seconds and money of one day; gone two days later
    blocked    hash         subject to reason
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from ivr.errors import StoreUnavailable
from telephony.sip.tolls import HOUR, LEASE, Ceiling, Full

_COMMON = """
local P, call, ceilings = KEYS[1] .. ':', ARGV[1], cjson.decode(ARGV[2])
local now, day = tonumber(ARGV[3]), ARGV[4]
local function spent(one, what) return tonumber(redis.call('HGET', P .. 'd:' .. one.key .. ':' .. day, what) or '0') end
local function blocked(one) return redis.call('HEXISTS', P .. 'blocked', one.subject) == 1 end
local function full(one, what) return {what, one.key, one.subject} end
"""
_ENTER = (
    _COMMON
    + """
local lease, hour = tonumber(ARGV[5]), tonumber(ARGV[6])
for _, one in ipairs(ceilings) do
  redis.call('ZREMRANGEBYSCORE', P .. 'c:' .. one.key, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', P .. 'h:' .. one.key, '-inf', now - hour)
  if blocked(one) then return full(one, 'blocked') end
  if one.concurrent > 0 and redis.call('ZCARD', P .. 'c:' .. one.key) >= one.concurrent then return full(one, 'concurrent') end
  if one.hourly > 0 and redis.call('ZCARD', P .. 'h:' .. one.key) >= one.hourly then return full(one, 'calls_per_hour') end
  if one.seconds > 0 and spent(one, 's') >= one.seconds then return full(one, 'minutes_per_day') end
  if one.money > 0 and spent(one, 'm') >= one.money then return full(one, 'money_per_day') end
end
for _, one in ipairs(ceilings) do
  redis.call('ZADD', P .. 'c:' .. one.key, now + lease, call)
  redis.call('EXPIRE', P .. 'c:' .. one.key, 86400)
  if one.hourly > 0 then
    redis.call('ZADD', P .. 'h:' .. one.key, now, call)
    redis.call('EXPIRE', P .. 'h:' .. one.key, hour + 1)
  end
end
return false
"""
)
_CHARGE = (
    _COMMON
    + """
local lease, seconds, money = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
for _, one in ipairs(ceilings) do
  redis.call('ZREMRANGEBYSCORE', P .. 'c:' .. one.key, '-inf', now)
  redis.call('ZADD', P .. 'c:' .. one.key, now + lease, call)
end
for _, one in ipairs(ceilings) do
  if blocked(one) then return full(one, 'blocked') end
  if one.seconds > 0 and spent(one, 's') + seconds > one.seconds then return full(one, 'minutes_per_day') end
  if one.money > 0 and spent(one, 'm') + money > one.money then return full(one, 'money_per_day') end
end
if seconds > 0 or money > 0 then
  for _, one in ipairs(ceilings) do
    local key = P .. 'd:' .. one.key .. ':' .. day
    redis.call('HINCRBY', key, 's', seconds)
    redis.call('HINCRBY', key, 'm', money)
    redis.call('EXPIRE', key, 172800)
  end
end
return false
"""
)
_LEAVE = (
    _COMMON
    + """
local seconds, money = tonumber(ARGV[5]), tonumber(ARGV[6])
for _, one in ipairs(ceilings) do
  if redis.call('ZREM', P .. 'c:' .. one.key, call) == 1 and (seconds > 0 or money > 0) then
    local key = P .. 'd:' .. one.key .. ':' .. day
    if redis.call('EXISTS', key) == 1 then
      redis.call('HSET', key, 's', math.max(0, spent(one, 's') - seconds), 'm', math.max(0, spent(one, 'm') - money))
    end
  end
end
return false
"""
)


class RedisCounters:
    """Raises StoreUnavailable where Redis cannot be reached."""

    def __init__(self, redis: Redis, *, prefix: str = "{tolls}") -> None:
        self._redis = redis
        self._prefix = prefix

    async def enter(self, call: str, ceilings: Sequence[Ceiling], now: float, day: str) -> Full | None:
        return await self._run(_ENTER, call, ceilings, now, day, LEASE, HOUR)

    async def charge(
        self, call: str, ceilings: Sequence[Ceiling], seconds: int, money: int, now: float, day: str
    ) -> Full | None:
        return await self._run(_CHARGE, call, ceilings, now, day, LEASE, seconds, money)

    async def leave(self, call: str, ceilings: Sequence[Ceiling], seconds: int, money: int, day: str) -> None:
        await self._run(_LEAVE, call, ceilings, 0.0, day, seconds, money)

    async def block(self, subject: str, reason: str) -> bool:
        return bool(await self._ask(self._redis.hsetnx(f"{self._prefix}:blocked", subject, reason)))

    async def unblock(self, subject: str, keys: Sequence[str]) -> bool:
        for key in keys:
            found = [name async for name in self._redis.scan_iter(f"{self._prefix}:d:{_plain(key)}:*", count=1000)]
            if found:
                await self._ask(self._redis.delete(*found))
        return bool(await self._ask(self._redis.hdel(f"{self._prefix}:blocked", subject)))

    async def blocked(self) -> Mapping[str, str]:
        found: dict[Any, Any] = await self._ask(self._redis.hgetall(f"{self._prefix}:blocked"))
        return {_text(subject): _text(reason) for subject, reason in found.items()}

    async def _run(
        self, script: str, call: str, ceilings: Sequence[Ceiling], now: float, day: str, *more: float
    ) -> Full | None:
        packed = json.dumps(
            [
                {
                    "key": one.key,
                    "subject": one.subject,
                    "concurrent": one.concurrent,
                    "hourly": one.calls_per_hour,
                    "seconds": one.seconds_per_day,
                    "money": one.money_per_day,
                }
                for one in ceilings
            ]
        )
        arguments = (1, self._prefix, call, packed, f"{now:.3f}", day, *(str(int(one)) for one in more))
        digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        evalsha: Callable[..., Awaitable[Any]] = self._redis.evalsha
        evaluate: Callable[..., Awaitable[Any]] = self._redis.eval
        try:
            found = await self._ask(evalsha(digest, *arguments))
        except NoScriptError:
            found = await self._ask(evaluate(script, *arguments))
        return None if not found else Full(*(_text(one) for one in found))

    async def _ask(self, work: Awaitable[Any] | Any) -> Any:
        try:
            return await cast(Awaitable[Any], work)
        except NoScriptError:
            raise
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis cannot be reached: {error}") from error


def _plain(key: str) -> str:
    """A key for a pattern of SCAN: its own stars are stars."""
    return "".join(f"\\{one}" if one in "*?[]\\" else one for one in key)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
