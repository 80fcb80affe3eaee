"""An agent's buttons, and what the pages are told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import pytest

from ivr.acd.duty import Duty
from ivr.acd.feed import EventFeed
from ivr.acd.model import Agent, AgentState, Contact
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotAllowed, StoreUnavailable
from ivr.nodes.desks import PageMap
from ivr.session.agents import Agents
from telephony.fake import FakeLeg
from tests.unit.ivr.session.house import House


@pytest.fixture
def agents(house: House) -> Agents:
    return Agents(house.store, house.log, house.talks, time.time)


@pytest.fixture
def own(house: House) -> AcdStore:
    """The queues as nobody else in the house reads them."""
    return AcdStore(house.store.redis, prefix=house.store.prefix)


async def served(house: House) -> tuple[FakeLeg, str]:
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    return leg, contact


async def test_a_page_opens_with_its_agent_and_the_queues(house: House, agents: Agents) -> None:
    await house.open()
    opened = await agents.page_opened("anna")
    assert opened["agent"]["state"] == "offline"
    assert [(one["name"], one["waiting"], one["longest_since"]) for one in opened["queues"]] == [("support", 0, None)]
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
    house: House, own: AcdStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.open()
    agents = Agents(own, house.log, house.talks, time.time)
    agents.desk = house.desk
    await agents.page_opened("anna")
    feed = EventFeed(house.store.redis, house.store.prefix)
    await feed.start()
    following = asyncio.create_task(agents.follow(feed))
    read, failed = own.read, list[str]()

    async def fails_once(contact_ids: Sequence[str], agent_ids: Sequence[str]) -> tuple[list[Contact], list[Agent]]:
        if not failed:
            failed.extend(agent_ids)
            raise StoreUnavailable("gone")
        return await read(contact_ids, agent_ids)

    monkeypatch.setattr(own, "read", fails_once)
    monkeypatch.setattr("ivr.session.agents.PAUSE_SECONDS", 0.01)
    await agents.set_state("anna", "break", "")
    await house.until(lambda: [one["state"] for one in house.desk.of("agent")][-1:] == ["break"])
    assert failed == ["anna"]
    await agents.set_state("anna", "available", "")
    await house.until(lambda: [one["state"] for one in house.desk.of("agent")][-1:] == ["available"])
    await house.until(lambda: house.desk.of("queues"))
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


async def test_a_floor_that_comes_on_duty_is_read_at_one_go_and_nobody_is_forgotten(
    house: House, own: AcdStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = Agents(own, house.log, house.talks, time.time)
    staff = [f"a{number}" for number in range(60)]
    await house.store.define_agents([Agent(id=one) for one in staff])
    agents.desk = house.desk
    agents.presence.pages.update(staff)
    feed = EventFeed(house.store.redis, house.store.prefix)
    await feed.start()
    await asyncio.gather(*(agents.set_state(one, "break", "") for one in staff))
    read, reads = own._agents, list[int]()

    async def counted(agent_ids: Sequence[str]) -> list[Agent]:
        reads.append(len(agent_ids))
        return await read(agent_ids)

    monkeypatch.setattr(own, "_agents", counted)
    following = asyncio.create_task(agents.follow(feed))
    await house.until(lambda: {one["id"] for one in house.desk.of("agent") if one["state"] == "break"} == {*staff})
    assert len(reads) < 15, "not one for each of what happened"
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_break_needs_a_reason_of_the_house(house: House) -> None:
    await house.open("anna")
    agents = Agents(house.store, house.log, house.talks, time.time, None, ["meal", "gym"])
    with pytest.raises(Conflict, match="'nap' is no reason for a break here: gym, meal"):
        await agents.set_state("anna", "break", "nap")
    assert await house.state("anna") is AgentState.AVAILABLE
    await agents.set_state("anna", "break", "gym")
    assert (await house.store.agent("anna")).reason == "gym"
    await agents.set_state("anna", "available", "")


async def test_nobody_is_available_at_a_phone_that_is_not_registered(house: House, agents: Agents) -> None:
    await house.open()
    agents.phone_gone = {"anna": "6001"}.get  # type: ignore[assignment]
    with pytest.raises(Conflict, match="your phone 6001 is not registered"):
        await agents.set_state("anna", "available", "")
    await agents.set_state("bob", "available", "")
    assert await house.state("bob") is AgentState.AVAILABLE


async def test_the_wrap_up_is_lengthened_and_the_page_knows_how_often_it_still_can_be(house: House, agents: Agents) -> None:
    await house.open("anna")
    _, contact = await served(house)
    await agents.hang_up("anna", contact)
    await house.over()
    assert (await agents.page_opened("anna"))["agent"]["extensions"] == 2
    await agents.extend_wrap_up("anna")
    assert (await agents.page_opened("anna"))["agent"]["extensions"] == 1
    await agents.extend_wrap_up("anna")
    with pytest.raises(Conflict):
        await agents.extend_wrap_up("anna")


async def test_the_page_is_told_why_no_calls_come(house: House, agents: Agents) -> None:
    await house.open("anna")
    agents.desk = house.desk
    await agents.why_no_calls("anna")
    (why,) = house.desk.of("explained")
    assert (why["agent"], why["verdict"], why["devices"]) == ("anna", "nobody_waits", [])


async def test_a_page_that_fell_silent_is_gone_and_on_duty_again_when_it_speaks(house: House, agents: Agents) -> None:
    await house.open()
    await agents.page_opened("anna")
    await agents.set_state("anna", "available", "")
    await agents.page_closed("anna", "page gone")
    gone = await house.store.agent("anna")
    assert (gone.state, gone.reason, gone.by) == (AgentState.OFFLINE, "page gone", "system")
    assert (await agents.page_opened("anna"))["agent"]["state"] == "available"
    await agents.page_closed("anna")
    assert (await agents.page_opened("anna"))["agent"]["state"] == "offline", (
        "who closes the page is not on duty again by itself"
    )


async def test_a_page_that_closes_leaves_an_agent_at_the_phone_on_duty(house: House, agents: Agents) -> None:
    await house.open()
    await agents.on_duty(["anna"])
    await agents.page_opened("anna")
    await agents.page_closed("anna")
    assert await house.state("anna") is AgentState.AVAILABLE


async def test_a_page_that_opened_at_another_node_is_not_closed_by_this_one(house: House) -> None:
    await house.open()
    here, there = PageMap(house.store.redis, "here"), PageMap(house.store.redis, "there")
    first = Agents(house.store, house.log, house.talks, time.time, here)
    second = Agents(house.store, house.log, house.talks, time.time, there)
    await first.page_opened("anna")
    await first.set_state("anna", "available", "")
    await second.page_opened("anna")
    await first.page_closed("anna")
    assert await house.state("anna") is AgentState.AVAILABLE
    await second.page_closed("anna")
    assert await house.state("anna") is AgentState.OFFLINE


async def test_what_is_stuck_is_mended_said_and_told_to_the_page(
    house: House, agents: Agents, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ivr.session.presence.BEAT_SECONDS", 0.01)
    await house.open("anna")
    agents.desk = house.desk
    _, contact = await served(house)
    await agents.page_opened("anna")
    feed = EventFeed(house.store.redis, house.store.prefix)
    await feed.start()
    following, beating = asyncio.create_task(agents.follow(feed)), asyncio.create_task(agents.beat())
    await agents.hang_up("anna", contact)
    await house.over()
    await house.until_state("anna", AgentState.WRAP_UP)
    await house.store.redis.delete(house.store.key("wraps"))
    await house.until(lambda: {"kind": "healed", "what": "wrap_up"} in house.desk.of("told"))
    assert "agent anna was stuck and is not any more: the timer of the wrap-up was lost" in caplog.text
    assert agents.presence.healed == 1
    for task in (following, beating):
        task.cancel()
    await asyncio.gather(following, beating, return_exceptions=True)


async def test_an_agent_believed_gone_whose_page_is_here_is_on_duty_again(house: House, agents: Agents) -> None:
    await house.open()
    agents.desk = house.desk
    await agents.page_opened("anna")
    await agents.set_state("anna", "available", "")
    feed = EventFeed(house.store.redis, house.store.prefix)
    await feed.start()
    following = asyncio.create_task(agents.follow(feed))
    await Duty(house.store).gone("anna")
    await house.until(lambda: [one["state"] for one in house.desk.of("agent")][-1:] == ["available"])
    assert await house.state("anna") is AgentState.AVAILABLE
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
