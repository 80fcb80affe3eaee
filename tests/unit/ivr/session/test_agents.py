"""An agent's buttons, and what the pages are told."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import pytest

from ivr.acd.feed import EventFeed
from ivr.acd.model import AgentState
from ivr.errors import Conflict, IvrError, NotAllowed
from ivr.session.agents import Agents
from telephony.fake import FakeLeg
from tests.unit.ivr.session.house import House


@pytest.fixture
def agents(house: House) -> Agents:
    return Agents(house.store, house.log, house.talks, time.time)


async def served(house: House) -> tuple[FakeLeg, str]:
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    return leg, contact


async def test_a_page_opens_with_its_agent_and_the_queues(house: House, agents: Agents) -> None:
    await house.open()
    opened = await agents.page_opened("anna")
    assert opened["agent"]["state"] == "offline"
    assert opened["queues"] == [{"name": "support", "waiting": 0, "longest_since": None}]
    await agents.set_state("anna", "available", "")
    assert await house.state("anna") is AgentState.AVAILABLE
    await agents.set_state("anna", "break", "lunch " * 50)
    assert len((await house.store.agent("anna")).reason) <= 80
    await agents.page_closed("anna")
    assert await house.state("anna") is AgentState.OFFLINE


@pytest.mark.parametrize("word", ["in_call", "reserved", "wrap_up", "", "AVAILABLE"])
async def test_only_three_states_can_be_asked_for(house: House, agents: Agents, word: str) -> None:
    await house.open("anna")
    with pytest.raises(Conflict):
        await agents.set_state("anna", word, "")
    assert await house.state("anna") is AgentState.AVAILABLE


async def test_the_buttons_of_a_talk_are_its_agents_alone(house: House, agents: Agents) -> None:
    await house.open("anna")
    leg, contact = await served(house)
    await agents.hold("anna", contact)
    await agents.resume_call("anna", contact)
    await agents.dtmf("anna", contact, "12")
    for button in (agents.hold, agents.resume_call, agents.hang_up):
        with pytest.raises(Conflict):
            await button("bob", contact)
    with pytest.raises(NotAllowed):
        await agents.note("bob", contact, "mine")
    with pytest.raises(NotAllowed):
        await agents.wrap_up("bob", contact, "solved", "")
    assert house.bridges[0].done == ["hold", "resume"]
    assert ("send_digits", "12") in leg.commands
    await agents.hang_up("anna", contact)
    await house.over()


async def test_a_wrap_up_is_written_and_frees_the_agent(house: House, agents: Agents) -> None:
    await house.open("anna")
    _, contact = await served(house)
    await agents.note("anna", contact, "calls again")
    await agents.hang_up("anna", contact)
    await house.over()
    assert await house.state("anna") is AgentState.WRAP_UP
    await agents.wrap_up("anna", contact, "solved", "done")
    assert await house.state("anna") is AgentState.AVAILABLE
    row = await house.row(contact)
    assert (row["agent_disposition"], row["note"]) == ("solved", "done")
    assert row["wrap_up_ended_at"] >= row["ended_at"]


async def test_a_phone_on_duty_comes_back_by_itself(house: House, agents: Agents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.session.presence.BEAT_SECONDS", 0.01)
    await house.open()
    await agents.on_duty(["anna"])
    await agents.page_opened("bob")
    assert await house.state("anna") is AgentState.AVAILABLE
    for state in (AgentState.OFFLINE, AgentState.BREAK):
        await house.store.set_state("anna", state)
    beating = asyncio.create_task(agents.beat())
    await house.until_state("anna", AgentState.AVAILABLE)
    assert await house.state("bob") is AgentState.OFFLINE
    beating.cancel()


async def test_pages_hear_of_their_agent_and_the_queues_though_one_read_fails(
    house: House, agents: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.open()
    agents.desk = house.desk
    await agents.page_opened("anna")
    feed = EventFeed(house.store.redis, house.store.prefix)
    await feed.start()
    following = asyncio.create_task(agents.follow(feed))
    push, failed = agents._push_agent, list[str]()

    async def fails_once(agent_id: str) -> None:
        if not failed:
            failed.append(agent_id)
            raise IvrError("gone")
        await push(agent_id)

    monkeypatch.setattr(agents, "_push_agent", fails_once)
    monkeypatch.setattr("ivr.session.agents.PAUSE_SECONDS", 0.01)
    await agents.set_state("anna", "break", "")
    await house.until(lambda: failed)
    await agents.set_state("anna", "available", "")
    await house.until(lambda: [one["state"] for one in house.desk.of("agent")][-1:] == ["available"])
    await house.until(lambda: house.desk.of("queues"))
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
