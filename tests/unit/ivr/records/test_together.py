"""Many small writes are one trip, and each gets its own answers."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from ivr.errors import StoreUnavailable
from ivr.records.together import Together


async def test_what_comes_at_once_is_one_trip(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    together = Together(redis)
    send, trips = together._send, []

    async def counted(commands: list[tuple[object, ...]]) -> list[object]:
        trips.append(len(commands))
        return await send(commands)

    monkeypatch.setattr(together, "_send", counted)
    answers = await asyncio.gather(
        *(together.run(("SADD", "all", n), ("SET", f"k{n}", n), ("GET", f"k{n}")) for n in range(50))
    )
    assert answers == [[1, True, str(n).encode()] for n in range(50)]
    assert trips == [150]


async def test_a_refused_command_fails_its_own_run_only(redis: Redis) -> None:
    together = Together(redis)
    await redis.set("text", "x")
    good = asyncio.create_task(together.run(("GET", "text")))
    with pytest.raises(StoreUnavailable):
        await together.run(("INCR", "text"))
    assert await good == [b"x"]


async def test_a_trip_has_an_end_and_the_rest_follows(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.records.together.MOST_TOGETHER", 10)
    together = Together(redis)
    answers = await asyncio.gather(*(together.run(("INCR", "n")) for _ in range(35)))
    assert [answer for (answer,) in answers] == list(range(1, 36))


async def test_redis_away_is_said_to_everybody_who_waits() -> None:
    together = Together(Redis.from_url("unix:///nowhere/redis.sock"))
    outcomes = await asyncio.gather(*(together.run(("GET", "x")) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in outcomes] == [StoreUnavailable] * 3
