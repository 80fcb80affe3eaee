"""Counts of edges, states and those who gave up: cheap for a call, added up over nodes, kept while Redis is away."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone

from ivr.dialplan.events import Answer, CountEdge
from ivr.errors import StoreUnavailable
from ivr.nodes.tally import FORGOTTEN_SECONDS, MOST_PENDING, NOW, Counts, Tally

NOON = time.mktime((2026, 1, 31, 12, 30, 0, 0, 0, -1))


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def a_call(tally: Tally, name: str = "c-1") -> None:
    tally.began(name, "telecom", "welcome")
    tally.saw(name, Answer(), False)
    tally.saw(name, CountEdge("telecom", "welcome", "goto", "main"), False)
    tally.saw(name, CountEdge("telecom", "main", "no_input:1", ""), False)


async def test_what_calls_do_is_counted(redis: Redis) -> None:
    clock = Clock()
    tally, counts = Tally(clock), Counts(redis, clock)
    a_call(tally)
    a_call(tally, "c-2")
    tally.saw("c-2", CountEdge("telecom", "main", "no_input", "human"), False)
    await tally.flush(redis, "one")
    found = await counts.counts("telecom")
    assert found["day"] == "2026-01-31" and found["calls"] == {"now": 2, "today": 2}
    assert found["now"] == {"main": 1, "human": 1}
    assert found["entered"] == {"welcome": 2, "main": 2, "human": 1}
    assert found["edges"] == {"welcome goto": 2, "main no_input:1": 2, "main no_input": 1}
    assert found["gave_up"] == {"main": {"no_input": 1}}
    assert found["hours"] == [{"hour": 12, "calls": 2, "gave_up": 1}]


async def test_hanging_up_is_giving_up_unless_somebody_was_talking(redis: Redis) -> None:
    clock = Clock()
    tally = Tally(clock)
    for served in (False, True):
        tally.began("c", "f", "main")
        tally.saw("c", CountEdge("f", "main", "hangup", "end"), served)
        tally.over("c")
    await tally.flush(redis, "one")
    found = await Counts(redis, clock).counts("f")
    assert found["gave_up"] == {"main": {"hangup": 1}} and found["edges"]["main hangup"] == 2
    assert found["calls"] == {"now": 0, "today": 2}


async def test_nodes_are_added_up_and_a_silent_one_left_out(redis: Redis) -> None:
    clock = Clock()
    for node in ("one", "two"):
        tally = Tally(clock)
        a_call(tally)
        await tally.flush(redis, node)
    counts = Counts(redis, clock)
    assert (await counts.counts("telecom"))["calls"] == {"now": 2, "today": 2}
    clock.now += 60
    assert (await counts.counts("telecom"))["calls"] == {"now": 0, "today": 2}


async def test_days_and_hours_are_kept_apart(redis: Redis) -> None:
    clock = Clock()
    tally = Tally(clock)
    a_call(tally)
    clock.now += 3600
    a_call(tally)
    clock.now += 86_400
    a_call(tally)
    await tally.flush(redis, "one")
    counts = Counts(redis, clock)
    assert [one["hour"] for one in (await counts.counts("telecom", "2026-01-31"))["hours"]] == [12, 13]
    assert (await counts.counts("telecom"))["calls"]["today"] == 1
    assert (await counts.counts("nothing"))["edges"] == {}


class Away:
    def pipeline(self, **_: Any) -> Any:
        raise RedisGone("gone")

    async def hgetall(self, _: str) -> Any:
        raise RedisGone("gone")


async def test_nothing_is_lost_while_redis_is_away(redis: Redis) -> None:
    tally: Any = Tally(Clock())
    a_call(tally)
    with pytest.raises(RedisGone):
        await tally.flush(Away(), "one")
    await tally.flush(redis, "one")
    await tally.flush(redis, "one")
    assert (await Counts(redis, Clock()).counts("telecom"))["calls"]["today"] == 1
    away: Any = Away()
    with pytest.raises(StoreUnavailable):
        await Counts(away).counts("telecom")


async def test_what_is_kept_is_bounded(redis: Redis) -> None:
    tally = Tally(Clock())
    for number in range(MOST_PENDING + 500):
        tally.saw("c", CountEdge("f", f"s{number}", "goto", "x"), False)
    assert len(tally._pending) == MOST_PENDING


async def test_a_count_costs_a_call_next_to_nothing() -> None:
    tally = Tally(Clock())
    tally.began("c", "f", "main")
    edge = CountEdge("f", "main", "bill", "read_bill")
    begun = time.process_time()
    for _ in range(20_000):
        tally.saw("c", edge, False)
    assert (time.process_time() - begun) / 20_000 < 20e-6


async def test_a_node_that_is_long_gone_is_taken_from_the_list(redis: Redis) -> None:
    """A container has another name after each start, and every look at the counts reads the whole list."""
    clock = Clock()
    tally = Tally(clock)
    await tally.flush(redis, "old container")
    clock.now += FORGOTTEN_SECONDS + 1
    await tally.flush(redis, "new container")
    assert await tally.tidy(redis)
    assert list(await redis.hgetall(NOW)) == [b"new container"]
