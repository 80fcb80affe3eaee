"""Counters in Redis do what those in memory do, whatever comes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from ivr.errors import StoreUnavailable
from ivr.outbound.counters import RedisCounters
from telephony.sip.tolls import LEASE, Ceiling, Full, MemoryCounters


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.mark.parametrize("seed", range(8))
async def test_every_answer_is_that_of_memory(redis: Redis, seed: int) -> None:
    """Random calls of two payers over two trunks, with a clock that runs past leases, hours and days."""
    dice, ours, theirs, now = random.Random(seed), RedisCounters(redis), MemoryCounters(), 1000.0
    bounds = [dice.randint(0, 3), dice.randint(0, 5), dice.choice([0, 30]), dice.choice([0, 50])]
    running: dict[str, list[Ceiling]] = {}
    for n in range(150):
        now += dice.choice([0.5, 5.0, 5.0, LEASE + 1, 1000.0])
        day = f"day-{int(now // 20_000)}"
        what = dice.random()
        if what < 0.4 or not running:
            subjects = (dice.choice(["flow:a", "agent:*b"]), dice.choice(["trunk:x", "trunk:y"]))
            ceilings = [Ceiling(f"limit|{one}", one, *bounds) for one in subjects]
            found = [await one.enter(f"c{n}", ceilings, now, day) for one in (ours, theirs)]
            if found[1] is None:
                running[f"c{n}"] = ceilings
        elif what < 0.8:
            call = dice.choice(sorted(running))
            spend = dice.randint(0, 10), dice.randint(0, 10)
            found = [await one.charge(call, running[call], *spend, now, day) for one in (ours, theirs)]
            if found[1] is not None and found[1].burnt and dice.random() < 0.3:
                assert await ours.block(found[1].subject, "burnt") == await theirs.block(found[1].subject, "burnt")
        elif what < 0.95:
            call = dice.choice(sorted(running))
            for one in (ours, theirs):
                await one.leave(call, running[call], 3, 2, day)
            del running[call]
            found = []
        else:
            subject = dice.choice(["flow:a", "agent:*b", "trunk:x"])
            found = []
            assert await ours.unblock(subject, [f"limit|{subject}"]) == await theirs.unblock(subject, [f"limit|{subject}"])
        assert not found or found[0] == found[1], (seed, n)
        assert await ours.blocked() == await theirs.blocked()


async def test_two_nodes_share_one_place(redis: Redis) -> None:
    one = Ceiling("k", "flow:a", concurrent=1)
    nodes = RedisCounters(redis), RedisCounters(redis)
    found = await asyncio.gather(*(node.enter(f"c{n}", [one], 1000.0, "d") for n, node in enumerate(nodes)))
    assert sorted(found, key=str) == sorted([None, Full("concurrent", "k", "flow:a")], key=str)


async def test_nothing_stays_for_ever(redis: Redis) -> None:
    counters, one = RedisCounters(redis), Ceiling("k", "flow:a", 1, 1, 100, 100)
    assert await counters.enter("c", [one], 1000.0, "d") is None
    assert await counters.charge("c", [one], 1, 1, 1000.0, "d") is None
    keys = [key async for key in redis.scan_iter("{tolls}:*")]
    assert len(keys) == 3
    assert all([await redis.ttl(key) > 0 for key in keys])


async def test_a_redis_that_is_away_is_said_so() -> None:
    away: Redis = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=0.2)
    with pytest.raises(StoreUnavailable):
        await RedisCounters(away).enter("c", [Ceiling("k", "a")], 0.0, "d")
    with pytest.raises(StoreUnavailable):
        await RedisCounters(away).blocked()
    await away.aclose()
