"""A restart finds the phones where they were."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from redis.asyncio import Redis

from ivr.nodes.locations import Locations
from telephony.gateway.hosting import packed, unpacked
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address
from telephony.sip.registrar import Binding


def binding(user: str, transport: str = "udp", until: float = 160.0) -> Binding:
    flow = Flow(transport, "192.0.2.7", 5060, "203.0.113.1", 5060, 17, 2, "", ("example.org",))
    return Binding(Address.parse(f"<sip:{user}@192.0.2.7>;q=0.5"), flow, until, "call-1", 3)


async def write(locations: Locations) -> None:
    task = asyncio.create_task(locations.run())
    await asyncio.sleep(0.1)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_what_was_noted_is_there_after_a_restart(redis: Redis) -> None:
    before = Locations(redis, "n", lambda: 1000.0)
    before.note("ann", packed([binding("ann")], now=100.0))
    before.note("bob", packed([binding("bob", "wss")], now=100.0))
    before.note("cho", packed([binding("cho", until=101.0)], now=100.0))
    before.note("dan", packed([binding("dan")], now=100.0))
    await write(before)
    before.note("dan", ())
    await write(before)
    after = await Locations(redis, "n", lambda: 1010.0).load()
    assert list(after) == ["ann"]
    (found,) = unpacked(after["ann"], now=5.0)
    expected = binding("ann", until=55.0)
    assert (str(found.contact), found.expires_at, found.call_id, found.cseq) == (str(expected.contact), 55.0, "call-1", 3)
    assert (found.flow.connection, found.flow.subject, found.flow.host) == (0, ("example.org",), "192.0.2.7")
    assert await redis.hkeys("sip:location:n") == [b"ann"]
    assert await Locations(redis, "other", lambda: 1010.0).load() == {}


async def test_nonsense_in_the_store_is_forgotten(redis: Redis) -> None:
    await redis.hset("sip:location:n", mapping={"a": "{", "b": "[[1]]", "c": "7", "d": '[["x",1,2,3,4]]'})
    assert await Locations(redis, "n").load() == {}
    assert await redis.exists("sip:location:n") == 0


async def test_redis_away_loses_nothing(redis: Redis) -> None:
    locations = Locations(Redis.from_url("unix:///nowhere/redis.sock"), "n", lambda: 1000.0)
    locations.note("ann", packed([binding("ann")], now=100.0))
    await write(locations)
    locations._redis = redis
    await write(locations)
    assert list(await Locations(redis, "n", lambda: 1001.0).load()) == ["ann"]
