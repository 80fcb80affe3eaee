"""Failed sign-ins: bounds for each address and name, and a lock of the name that its own people do not feel."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence

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
BEGUN_SECONDS, BEGUN_BY_ADDRESS = 600, 1000
"""Ways to a provider begun at one address, behind which a whole office may stand."""
MOST_ADDRESSES = 100
KNOWN_SECONDS = 30 * 24 * 3600


class TooManyFailures(IvrError):
    """Sign-ins are refused for a while."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failed sign-ins; wait {seconds} s")
        self.seconds = seconds


class Lockout:
    """Raises StoreUnavailable everywhere. Of an IPv6 address its /64 counts."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def attempt(self, name: str, address: str) -> bool:
        """Count a failure before the password is looked at: many at the same moment are no more than the bounds allow.

        True where it is the last one. What was none is taken back by `succeeded` or `forgive`. Raises TooManyFailures.
        """
        bounds = _bounds(name, address)
        with redis_errors():
            await self._refuse(name, address, [int(count or 0) + 1 for count in await self._redis.mget(list(bounds))])
            counts = await self._count(name, address, 1)
            try:
                await self._refuse(name, address, counts)
            except TooManyFailures:
                await self._count(name, address, -1)  # what is refused never counts: one address locks nobody out everywhere
                raise
            if await self._redis.scard(_from(name)) < MOST_ADDRESSES:
                await self._redis.sadd(_from(name), _place(address))
                await self._redis.expire(_from(name), FAILURE_SECONDS)
        return any(count == most for count, (most, _) in zip(counts, bounds.values(), strict=True))

    async def begun(self, address: str) -> None:
        """Count a way to a provider that was begun here, for each is kept a while. Raises TooManyFailures."""
        key = _failures("o", _place(address))
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(key, 0, ex=BEGUN_SECONDS, nx=True)
                pipe.incr(key)
                pipe.ttl(key)
                _, count, seconds = await pipe.execute()
        if int(count) > BEGUN_BY_ADDRESS:
            raise TooManyFailures(max(1, int(seconds)))

    async def forgive(self, name: str, address: str) -> None:
        """Take back an attempt that was no failure."""
        with redis_errors():
            await self._count(name, address, -1)

    async def _refuse(self, name: str, address: str, counts: Sequence[int]) -> None:
        for (key, (most, _)), count in zip(_bounds(name, address).items(), counts, strict=True):
            if count <= most or (key == _anywhere(name) and await self._redis.exists(_known(name, address))):
                continue
            raise TooManyFailures(max(1, int(await self._redis.ttl(key))))

    async def _count(self, name: str, address: str, by: int) -> list[int]:
        async with self._redis.pipeline(transaction=True) as pipe:
            for key, (_, seconds) in _bounds(name, address).items():
                pipe.set(key, 0, ex=seconds, nx=True)
                pipe.incrby(key, by)
            return [int(count) for count in (await pipe.execute())[1::2]]

    async def succeeded(self, name: str, address: str) -> None:
        """Take back the attempt, remember the address, and forget the failures of this name from it."""
        with redis_errors():
            await self._count(name, address, -1)
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(_known(name, address), 1, ex=KNOWN_SECONDS)
                pipe.delete(_here(name, address))
                await pipe.execute()

    async def locked(self, *names: str) -> list[int]:
        """Seconds that strangers' addresses are not heard for each name; 0 where they are."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.get(_anywhere(name))
                    pipe.ttl(_anywhere(name))
                told = [int(one or 0) for one in await pipe.execute()]
        pairs = zip(told[::2], told[1::2], strict=True)
        return [max(1, seconds) if count >= FAILURES_ANYWHERE else 0 for count, seconds in pairs]

    async def unlock(self, name: str) -> None:
        """Take back the lock of a name, and every count of it."""
        with redis_errors():
            await self._redis.delete(
                _anywhere(name), *[_here(name, _str(one)) for one in await self._redis.smembers(_from(name))]
            )


def _bounds(name: str, address: str) -> Mapping[str, tuple[int, int]]:
    return {
        _failures("a", _place(address)): (FAILURES_BY_ADDRESS, FAILURE_SECONDS),
        _here(name, address): (FAILURES_BY_NAME, FAILURE_SECONDS),
        _anywhere(name): (FAILURES_ANYWHERE, LOCK_SECONDS),
    }


def _here(name: str, address: str) -> str:
    return _failures("n", f"{_place(address)} {name}")


def _anywhere(name: str) -> str:
    return _failures("w", name)


def _from(name: str) -> str:
    return f"web:failures:from:{_hash(name)}"


def _known(name: str, address: str) -> str:
    return f"web:known:{_hash(f'{_place(address)} {name}')}"


def _place(address: str) -> str:
    """Whom an address is given to: an IPv6 host has a whole /64 of them. A /64 stays what it is."""
    try:
        ip = ipaddress.ip_interface(address).ip
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((int(ip), 64), strict=False))


def _failures(kind: str, whom: str) -> str:
    return f"web:failures:{kind}:{_hash(whom)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _str(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
