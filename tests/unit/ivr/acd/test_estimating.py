"""Estimates go from the node that decides by way of Redis to whoever waits."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from ivr.acd.estimating import KEPT, EstimateBoard, Estimating, Foretelling
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Need, Queue
from ivr.acd.outlook import Outlook, kind_of
from ivr.acd.pace import Pace
from ivr.acd.place import Moved, Offered
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from tests.unit.ivr.acd.conftest import Clock

NOW = 1_790_000_000.0


def caller(name: str, waited: float = 0.0) -> Contact:
    return Contact(name, "support", NOW - waited, node="n1")


def taught(pace: Pace, seconds: float = 100.0) -> Pace:
    for _ in range(40):
        pace.talked("support", seconds)
    for _ in range(200):
        pace.rang(0.0)
    return pace


def outlook(*contacts: Contact) -> Outlook:
    found = Outlook(taught(Pace()), [Queue("support", wrap_up_seconds=0)])
    found.put_agent(Agent("ann", state=AgentState.IN_CALL, since=NOW - 60.0, held={"x": ContactState.CONNECTED}), NOW)
    found.put_contact(Contact("x", "support", NOW - 70.0, state=ContactState.CONNECTED, agent="ann"), NOW)
    for contact in contacts:
        found.put_contact(contact, NOW)
    return found


async def test_what_the_leader_foresees_any_node_reads(store: AcdStore, redis: Redis, clock: Clock) -> None:
    await store.define_queues([Queue("support")])
    first, second = caller("c1", 30.0), caller("c2", 20.0)
    floor = outlook(first, second)
    estimating = Estimating(store, lambda: floor)
    assert estimating.metrics() == ""
    await estimating.once()
    board = EstimateBoard(store)
    unheard = Contact("c3", "support", NOW, needs=(Need("latin", 9),))
    found = await board.of([first, second, unheard, Contact("c4", "billing", NOW)])
    assert found["c1"] == pytest.approx(40.0, abs=2.0)
    assert found["c2"] == pytest.approx(140.0, abs=2.0)
    assert found["c3"] == pytest.approx(240.0, abs=3.0)
    assert found["c4"] is None
    clock.now += 25.0
    assert await board.of([first], {"c1": kind_of(first).key}) == {"c1": pytest.approx(15.0, abs=2.0)}
    assert await board.newcomers(["support", "billing"]) == {"support": pytest.approx(240.0, abs=3.0), "billing": None}
    [figures] = await store.queue_figures()
    assert figures["estimated_wait"] == pytest.approx(240.0, abs=3.0)
    assert 'hotline_queue_estimated_wait_seconds{queue="support"} 24' in estimating.metrics()
    assert "hotline_queue_waiting 2\n" in estimating.metrics()
    assert 0 < await redis.ttl(store.key("estimates")) <= KEPT
    clock.now += 2 * KEPT
    assert estimating.metrics() == ""


async def test_nothing_stays_of_estimates_where_nobody_comes_any_more(store: AcdStore, redis: Redis) -> None:
    floors = [outlook(caller("c1")), Outlook()]
    estimating = Estimating(store, lambda: floors[0])
    await estimating.once()
    assert await redis.exists(store.key("estimates"))
    del floors[0]
    await estimating.once()
    assert not await redis.exists(store.key("estimates"))


@pytest.mark.parametrize("nonsense", ["", "nothing", "[1]", "[[1]]", '{"a": 2}', '[["x", "y"]]', "null"])
async def test_nonsense_in_the_store_is_no_estimate(store: AcdStore, redis: Redis, nonsense: str) -> None:
    await store.define_queues([Queue("support")])
    contact = caller("c1")
    await redis.hset(store.key("estimates"), mapping={"queue:support": nonsense, kind_of(contact).key: nonsense})
    await redis.set(store.key("pace"), nonsense)
    board = EstimateBoard(store)
    assert await board.of([contact]) == {"c1": None}
    assert await board.newcomers(["support"]) == {"support": None}
    assert (await store.queue_figures())[0]["estimated_wait"] is None
    assert (await board.pace()).told() == Pace().told()


async def test_what_was_learnt_is_kept_for_the_next_leader(store: AcdStore) -> None:
    board = EstimateBoard(store)
    pace = taught(Pace(), 55.0)
    await board.save(pace)
    assert (await board.pace()).told() == pace.told()


class Told:
    """A place in a queue that notes what it is told."""

    def __init__(self, contact: Contact) -> None:
        self.contact, self.kind = contact, kind_of(contact).key
        self.foreseen: list[float | None] = []

    def foresee(self, seconds: float | None) -> None:
        self.foreseen.append(seconds)


async def test_places_are_told_as_often_as_there_is_something_new(store: AcdStore, clock: Clock) -> None:
    places = [Told(caller(f"c{number}", 300.0 - number)) for number in range(150)]
    floor = outlook(*(place.contact for place in places))
    await Estimating(store, lambda: floor).once()
    foretelling = Foretelling(store)
    await foretelling.tell_all(places)
    await foretelling.tell_all(places)
    assert all(len(place.foreseen) == 1 for place in places)
    clock.now += 2.0
    await foretelling.tell_all(places)
    waits = [place.foreseen[-1] or 0.0 for place in places]
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(38.0, abs=2.0)
    assert waits[-1] == pytest.approx(38.0 + 149 * 100.0, rel=0.02)


async def passing(clock: Clock) -> None:
    """Let time pass."""
    while True:
        await asyncio.sleep(0.02)
        clock.now = round(clock.now + 0.05, 3)


async def test_a_caller_hears_how_long_it_will_be(store: AcdStore, clock: Clock) -> None:
    await store.define_queues([Queue("support", wrap_up_seconds=0)])
    await store.define_agents([Agent("ann")])
    await EstimateBoard(store).save(taught(Pace()))
    router = Router(store, "n1", sweep_seconds=0.05)
    tasks = [asyncio.create_task(router.run()), asyncio.create_task(passing(clock))]
    try:
        await store.set_state("ann", AgentState.AVAILABLE)
        async with router.place(caller("c1")) as first, asyncio.timeout(20):
            async for event in first:
                if isinstance(event, Offered):
                    assert await first.accepted()
                    break
            async with router.place(caller("c2")) as second:
                told = None
                async for event in second:
                    assert isinstance(event, Moved)
                    assert event.position == 1
                    told = event.estimate
                    if told is not None:
                        break
                assert told is not None
                assert 50.0 < told <= 101.0
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
