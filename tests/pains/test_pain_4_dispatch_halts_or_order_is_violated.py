"""Calls are not given out any more although agents are free, because one caller or one agent at the head of the queue cannot be
matched or fails each time; or somebody who came later is served before, again and again, until the first has given up.

Here who came first is served first through declines, missed rings and failures of ours; whom nobody can serve holds up nobody;
and however many with a higher priority keep coming, an ordinary caller is served after a time that is known beforehand.
"""

from __future__ import annotations

import pytest

from ivr.acd.desk import RingOutcome
from ivr.acd.model import Agent, AgentState, Contact, Queue
from ivr.acd.store import AcdStore
from tests.pains.centre import Centre
from tests.unit.ivr.acd.conftest import Clock
from tests.unit.ivr.acd.matched import Matched


async def test_callers_are_served_in_the_order_in_which_they_came_however_often_a_ring_comes_to_nothing(centre: Centre) -> None:
    await centre.open(1, on_duty=False)
    calls = []
    for number in range(12):
        calls.append(centre.call(f"{number:04d}"))
        await centre.until_in_queue(number + 1)
    declines = [RingOutcome.DECLINED, RingOutcome.ACCEPTED, RingOutcome.ACCEPTED, RingOutcome.DECLINED, RingOutcome.DECLINED]
    centre.house.desk.answers["agent-000"] = [*declines, RingOutcome.ACCEPTED, RingOutcome.NO_ANSWER]
    await centre.house.come("agent-000")
    for leg, contact in calls:
        await centre.until(lambda contact=contact: centre.house.talks.has(contact))  # type: ignore[misc]
        leg.vanish()
    assert centre.answered() == [contact for _, contact in calls]
    await centre.nothing_left()


async def test_one_whom_nobody_can_serve_holds_up_nobody(centre: Centre) -> None:
    """The first in the queue needs a level that no agent has."""
    await centre.open(1, on_duty=False)
    first, stuck = centre.call("expert")
    await centre.until_in_queue(1)
    calls = []
    for number in range(5):
        calls.append(centre.call(f"{number:04d}"))
        await centre.until_in_queue(number + 2)
    await centre.house.come("agent-000")
    for leg, contact in calls:
        await centre.until(lambda contact=contact: centre.house.talks.has(contact))  # type: ignore[misc]
        leg.vanish()
    await centre.until(lambda: len(centre.house.switchboard) == 1)
    await centre.until_in_queue(1, at_most=1)
    assert await centre.house.store.contact_ids() == [stuck]
    first.vanish()
    await centre.nothing_left()


async def test_a_failure_of_ours_in_one_call_does_not_stop_the_others(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk breaks as the first two contacts are shown: those calls end, everybody behind them is served."""
    await centre.open(1, on_duty=False)
    present, broken = centre.house.desk.present, [2]

    async def failing(agent_id: str, contact: dict[str, object]) -> bool:
        if broken[0]:
            broken[0] -= 1
            raise RuntimeError("a defect")
        return await present(agent_id, contact)

    monkeypatch.setattr(centre.house.desk, "present", failing)
    calls = []
    for number in range(5):
        calls.append(centre.call(f"{number:04d}"))
        await centre.until_in_queue(number + 1)
    await centre.house.come("agent-000")
    for leg, contact in calls[2:]:
        await centre.until(lambda contact=contact: centre.house.talks.has(contact))  # type: ignore[misc]
        leg.vanish()
    assert centre.answered() == [contact for _, contact in calls[2:]]
    for leg, _ in calls[:2]:
        leg.vanish()
    await centre.nothing_left()


async def test_nobody_starves_however_many_come_before_them(matched: Matched, store: AcdStore, clock: Clock) -> None:
    """One of priority 5 waits; one of priority 8 comes each 5 s, faster than the one agent can serve them.

    Three levels are worth 3 x 60 s of waiting: so long after, whoever comes is behind.
    """
    await store.define_queues([Queue("q", wrap_up_seconds=0.0, ring_seconds=20.0, ageing=60.0)])
    await store.define_agents([Agent("ann")])
    await store.heartbeat("ann", 1e6)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(Contact("first", "q", store.now(), priority=8))
    began = store.now()
    await matched.enqueue(Contact("patient", "q", began, priority=5))
    talks, number = "first", 0
    assert await store.accept("first", "ann")
    while talks != "patient":
        clock.now += 5.0
        await matched.enqueue(Contact(f"gold-{number}", "q", store.now(), priority=8))
        number += 1
        if number % 4 == 0:  # a talk takes 20 s
            await matched.finish(talks)
            talks = next(iter((await store.agent("ann")).held))
            assert await store.accept(talks, "ann")
        assert store.now() - began < 1500, "the patient one starves"
    served_before = [name for name in (f"gold-{n}" for n in range(number)) if name not in await store.contact_ids()]
    assert len(served_before) <= 180 / 5 + 1, "only those who came within the time that three levels are worth went before"
