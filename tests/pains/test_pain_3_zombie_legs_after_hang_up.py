"""The caller hangs up, and a leg stays behind: the agent goes on hearing silence, a phone goes on ringing, a queue counts
a caller who is not there, and the trunk is charged by the minute.

Here the caller goes in each stage that a call may be in; afterwards every leg has ended and nothing is left anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ivr.acd.model import AgentState
from telephony.fake import FakeLeg
from tests.pains.centre import Centre

Stage = Callable[[Centre], Awaitable[FakeLeg]]


async def waiting(centre: Centre) -> FakeLeg:
    await centre.house.store.set_state("agent-000", AgentState.OFFLINE)
    leg, contact = centre.call()
    async with asyncio.timeout(10):
        while contact not in await centre.house.store.contact_ids():  # noqa: ASYNC110  # in Redis
            await asyncio.sleep(0.01)
    return leg


async def ringing(centre: Centre) -> FakeLeg:
    centre.house.desk.answers["agent-000"] = [None]
    leg, _ = centre.call()
    await centre.until(lambda: centre.house.desk.of("ring"))
    return leg


async def answering(centre: Centre) -> FakeLeg:
    """In the very moment in which the agent's audio is there."""
    leg, _ = centre.call()
    centre.house.desk.connecting = lambda _: leg.vanish()
    await centre.until(lambda: centre.house.desk.legs)
    return leg


async def talking(centre: Centre) -> FakeLeg:
    return (await centre.talk())[0]


async def on_hold(centre: Centre) -> FakeLeg:
    leg, contact = await centre.talk()
    await centre.buttons.hold("agent-000", contact)
    return leg


async def while_a_third_party_rings(centre: Centre) -> FakeLeg:
    leg, contact = await centre.talk()
    await centre.buttons.consult("agent-000", contact, "+4930222")
    return leg


async def in_a_consultation(centre: Centre) -> FakeLeg:
    leg = await while_a_third_party_rings(centre)
    centre.house.dialled[-1].pick_up()
    return leg


async def three_way(centre: Centre) -> FakeLeg:
    leg, contact = await centre.talk()
    await centre.buttons.consult("agent-000", contact, "+4930222")
    centre.house.dialled[-1].pick_up()
    await centre.buttons.three_way("agent-000", contact)
    return leg


async def sent_on(centre: Centre) -> FakeLeg:
    leg, contact = await centre.talk()
    await centre.buttons.transfer("agent-000", contact, "+4930222")
    await centre.until(lambda: centre.house.dialled)
    return leg


async def sent_on_and_answered(centre: Centre) -> FakeLeg:
    leg = await sent_on(centre)
    bridges = len(centre.house.bridges)
    centre.house.dialled[-1].pick_up()
    await centre.until(lambda: len(centre.house.bridges) > bridges)
    return leg


async def parked(centre: Centre) -> FakeLeg:
    leg, contact = await centre.talk()
    await centre.buttons.park("agent-000", contact, "701")
    await centre.until(lambda: centre.lot.views())
    return leg


STAGES = [
    waiting,
    ringing,
    answering,
    talking,
    on_hold,
    while_a_third_party_rings,
    in_a_consultation,
    three_way,
    sent_on,
    sent_on_and_answered,
    parked,
]


@pytest.mark.parametrize("stage", STAGES, ids=[stage.__name__ for stage in STAGES])
async def test_nothing_is_left_of_a_caller_who_hangs_up(centre: Centre, stage: Stage) -> None:
    await centre.open(1)
    before = {task for task in asyncio.all_tasks() if not task.done()}
    leg = await stage(centre)
    leg.vanish()
    await centre.nothing_left()
    assert all(room.closed for room in centre.rooms)
    assert centre.lot.views() == []
    async with asyncio.timeout(10):
        while left := [one for one in asyncio.all_tasks() - before if _of_a_call(one)]:
            assert len(left) < 20, left
            await asyncio.sleep(0.02)


def _of_a_call(task: asyncio.Task[object]) -> bool:
    """Whether a task is one that a session began: those of records and queues write to the last on their own."""
    code = getattr(task.get_coro(), "cr_code", None)
    return not task.done() and code is not None and "/ivr/session/" in code.co_filename
