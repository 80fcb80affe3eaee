"""Queues that take nobody in for now."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.acd.draining import Draining
from ivr.acd.model import Queue
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound
from tests.unit.ivr.acd.conftest import Clock


@pytest.fixture
async def draining(store: AcdStore) -> Draining:
    await store.define_queues([Queue("a"), Queue("b"), Queue("c")])
    return Draining(store)


async def test_a_queue_is_drained_until_it_is_opened_or_its_time_is_over(draining: Draining, clock: Clock) -> None:
    assert await draining.of("a") is None
    await draining.begin("a", "b", "boss", 0)
    await draining.begin("c", "", "boss", 60)
    found = await draining.all()
    assert {name: (one.to, one.by) for name, one in found.items()} == {"a": ("b", "boss"), "c": ("", "boss")}
    assert (found["a"].until, found["c"].until) == (0.0, clock.now + 60)
    clock.now += 61
    assert sorted(await draining.all()) == ["a"]
    await draining.end("a")
    assert await draining.of("a") is None
    with pytest.raises(NotFound, match="queue a is not drained"):
        await draining.end("a")


async def test_ways_that_lead_nowhere_are_refused(draining: Draining) -> None:
    await draining.begin("a", "b", "boss", 0)
    with pytest.raises(Conflict, match="callers of a are sent here"):
        await draining.begin("b", "c", "boss", 0)
    with pytest.raises(Conflict, match="queue a is drained itself"):
        await draining.begin("c", "a", "boss", 0)
    with pytest.raises(Conflict, match="drained itself"):
        await draining.begin("c", "c", "boss", 0)
    with pytest.raises(Conflict, match="24 hours"):
        await draining.begin("c", "", "boss", 1e9)
    for names in (("nowhere", ""), ("c", "nowhere")):
        with pytest.raises(NotFound, match="no queue nowhere"):
            await draining.begin(*names, "boss", 0)
    assert sorted(await draining.all()) == ["a"]


async def test_it_is_told_to_who_follows_the_queues(draining: Draining, store: AcdStore) -> None:
    await draining.begin("a", "", "boss", 0)
    await draining.end("a")
    found: Any = await store.redis.xrange(store.key("events"))
    events = [row for _, row in found]
    assert [row[b"state"] for row in events if row[b"kind"] == b"drained"] == [b"begun", b"ended"]
