"""Failed sign-ins: bounds for each address and name, and a lock of the name that its own people do not feel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from redis.asyncio import Redis

from ivr.errors import IvrError
from ivr.records.database import redis_errors

FAILURE_SECONDS = 300
FAILURES_BY_NAME = 5
"""Of one name from one address within `FAILURE_SECONDS`."""
FAILURES_BY_ADDRESS = 30
FAILURES_ANYWHERE = 20
"""Of one name from any addresses within `LOCK_SECONDS`: then only addresses are heard from which it signed in before."""
LOCK_SECONDS = 900
MOST_ADDRESSES = 100
KNOWN_SECONDS = 30 * 24 * 3600


class TooManyFailures(IvrError):
    """Sign-ins are refused for a while."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failed sign-ins; wait {seconds} s")
        self.seconds = seconds


class Lockout:
    """Raises StoreUnavailable everywhere."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def check(self, name: str, address: str) -> None:
        """Raises TooManyFailures."""
        with redis_errors():
            for key, (most, _) in _bounds(name, address).items():
                if int(await self._redis.get(key) or 0) < most:
                    continue
                if key == _anywhere(name) and await self._redis.exists(_known(name, address)):
                    continue
                raise TooManyFailures(max(1, int(await self._redis.ttl(key))))

    async def failed(self, name: str, address: str) -> bool:
        """Count a failure; True where it is the one that locks the name."""
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                for key, (_, seconds) in _bounds(name, address).items():
                    pipe.set(key, 0, ex=seconds, nx=True)
                    pipe.incr(key)
                counted = await pipe.execute()
            if await self._redis.scard(_from(name)) < MOST_ADDRESSES:
                await self._redis.sadd(_from(name), address)
                await self._redis.expire(_from(name), FAILURE_SECONDS)
        return any(int(count) == most for count, (most, _) in zip(counted[1::2], _bounds(name, address).values(), strict=True))

    async def succeeded(self, name: str, address: str) -> None:
        """Remember the address, and forget the failures of this name from it."""
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(_known(name, address), 1, ex=KNOWN_SECONDS)
                pipe.delete(_here(name, address))
                await pipe.execute()

    async def locked(self, name: str) -> int:
        """Seconds that strangers' addresses are not heard for this name; 0 where they are."""
        with redis_errors():
            count = int(await self._redis.get(_anywhere(name)) or 0)
            return max(1, int(await self._redis.ttl(_anywhere(name)))) if count >= FAILURES_ANYWHERE else 0

    async def unlock(self, name: str) -> None:
        """Take back the lock of a name, and every count of it."""
        with redis_errors():
            await self._redis.delete(
                _anywhere(name), *[_here(name, _str(one)) for one in await self._redis.smembers(_from(name))]
            )


def _bounds(name: str, address: str) -> Mapping[str, tuple[int, int]]:
    return {
        _failures("a", address): (FAILURES_BY_ADDRESS, FAILURE_SECONDS),
        _here(name, address): (FAILURES_BY_NAME, FAILURE_SECONDS),
        _anywhere(name): (FAILURES_ANYWHERE, LOCK_SECONDS),
    }


def _here(name: str, address: str) -> str:
    return _failures("n", f"{address} {name}")


def _anywhere(name: str) -> str:
    return _failures("w", name)


def _from(name: str) -> str:
    return f"web:failures:from:{_hash(name)}"


def _known(name: str, address: str) -> str:
    return f"web:known:{_hash(f'{address} {name}')}"


def _failures(kind: str, whom: str) -> str:
    return f"web:failures:{kind}:{_hash(whom)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _str(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
