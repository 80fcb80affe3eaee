"""Numbers that agents dial: placed or refused, answered or not, and what becomes of agent, place and record."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ivr.acd.engaging import Engaging
from ivr.acd.model import Agent, AgentState, Contact
from ivr.acd.totals import imbalance
from ivr.errors import Conflict, StoreUnavailable
from ivr.session.agents import Agents
from ivr.session.outgoing import Outgoing
from ivr.session.parking import ParkingLot
from telephony.errors import Misuse, TransportError
from telephony.fake import FakeLeg
from telephony.leg import EarlyMedia, EndCause, Ended, LegState, Ringing
from tests.unit.ivr.session.house import House


@pytest.fixture
async def buttons(house: House) -> Agents:
    agents = Agents(house.store, house.log, house.talks, house.services.clock)
    agents.find, agents.parking, agents.desk = house.switchboard.find, ParkingLot(("701", "702")), house.desk
    agents.outgoing, agents.flows = Outgoing(house.switchboard), house.switchboard.flows
    await house.open("anna")
    return agents


def told(house: House) -> list[str]:
    return [data["state"] for data in house.desk.of("dialled")]


async def dialled(house: House, buttons: Agents, to: str = "1001") -> tuple[FakeLeg, FakeLeg, str]:
    """The far leg, anna's, and the contact."""
    await buttons.dial("anna", to)
    await house.until(lambda: told(house) == ["calling"])
    return house.dialled[-1], house.desk.legs[-1], house.desk.of("contact")[-1]["id"]


async def all_is_well(house: House) -> None:
    assert imbalance(await house.store.totals(), await house.store.contacts()) == []
    assert not (await house.store.agent("anna")).held


async def test_who_answers_is_a_contact_like_any_other(house: House, buttons: Agents) -> None:
    far, anna, contact = await dialled(house, buttons)
    assert house.options[-1].payer == "agent:anna" and await house.state("anna") is AgentState.IN_CALL
    first, shown = house.desk.of("contact")[0], house.desk.of("contact")[-1]
    assert first["phase"] == shown["phase"] == "connecting" and shown["channel"] == "outbound"
    assert shown["caller"]["number"] == "1001" and shown["profile"]["name"] == "Ann", "who is called is looked up"
    far.happen(Ringing(0.0))
    far.pick_up()
    await house.until(lambda: len(house.talks))
    assert told(house) == ["calling", "ringing", "answered"]
    assert house.bridges[-1].legs == (far, anna) and house.desk.of("contact")[-1]["phase"] == "connected"
    await buttons.hold("anna", contact)
    await buttons.resume_call("anna", contact)
    await buttons.note("anna", contact, "called about the router")
    await buttons.hang_up("anna", contact)
    await house.over()
    await house.until_state("anna", AgentState.WRAP_UP)
    await buttons.wrap_up("anna", contact, "solved", "called about the router")
    row = await house.row(contact)
    assert (row["disposition"], row["agent_id"], row["channel"], row["called"]) == ("served", "anna", "outbound", "1001")
    assert row["note"] == "called about the router" and row["connected_at"] is not None
    await all_is_well(house)


@pytest.mark.parametrize(
    ("cause", "reason"), [(EndCause.BUSY, "busy"), (EndCause.DECLINED, "declined"), (EndCause.NO_ANSWER, "no_answer")]
)
async def test_who_does_not_answer_leaves_a_record_and_no_wrap_up(
    house: House, buttons: Agents, cause: EndCause, reason: str
) -> None:
    far, anna, contact = await dialled(house, buttons)
    far.vanish(cause)
    await house.over()
    assert house.desk.of("dialled")[-1] == {"contact_id": contact, "to": "1001", "state": "ended", "reason": reason}
    assert house.desk.of("contact")[-1] == {"id": contact, "phase": "ended"} and anna.state is LegState.ENDED
    await house.until_state("anna", AgentState.AVAILABLE)
    assert (await house.row(contact))["disposition"] == "unanswered"
    await all_is_well(house)


async def test_who_is_busy_at_once_is_told_as_busy(house: House, buttons: Agents) -> None:
    dialling = asyncio.create_task(buttons.dial("anna", "1001"))
    await house.until(lambda: house.dialled)
    house.dialled[-1].vanish(EndCause.BUSY)
    await dialling
    await house.over()
    assert house.desk.of("dialled")[-1]["reason"] == "busy"
    await all_is_well(house)


@pytest.mark.parametrize("how", ["button", "page"])
async def test_the_agent_gives_up_before_the_answer(house: House, buttons: Agents, how: str) -> None:
    far, anna, contact = await dialled(house, buttons)
    if how == "button":
        await buttons.hang_up("anna", contact)
    else:
        anna.vanish(EndCause.MEDIA_LOST)
    await house.over()
    assert far.state is LegState.ENDED and house.desk.of("dialled")[-1]["reason"] == "cancelled"
    await all_is_well(house)


async def test_the_network_of_the_far_end_is_heard_before_the_answer(house: House, buttons: Agents) -> None:
    far, anna, _ = await dialled(house, buttons)
    assert anna.playing
    far.happen(EarlyMedia(0.0))
    await house.until(lambda: house.bridges and house.bridges[-1].legs == (far, anna))
    far.pick_up()
    await house.until(lambda: len(house.talks))
    assert house.bridges[0].done == ["close"]
    far.vanish()
    await house.over()
    await all_is_well(house)


async def test_what_stands_in_the_way_is_said_and_leaves_the_agent_as_he_was(house: House, buttons: Agents) -> None:
    house.dial_error = Misuse("no rule allows it")
    with pytest.raises(Conflict, match="no rule allows it"):
        await buttons.dial("anna", "+88899")
    house.dial_error = None
    refusing = asyncio.create_task(buttons.dial("anna", "+777"))
    await house.until(lambda: house.dialled and house.dialled[-1].id == "+777")
    house.dialled[-1].happen(Ended(0.0, EndCause.DECLINED, False, "the budget of today is spent"))
    with pytest.raises(Conflict, match="budget"):
        await refusing
    house.desk.refuse.append(TransportError("no page"))
    with pytest.raises(Conflict, match="microphone"):
        await buttons.dial("anna", "1001")
    with pytest.raises(Conflict, match="no number"):
        await buttons.dial("anna", "queue:support")
    with pytest.raises(Conflict, match="no number yet"):
        await buttons.redial("anna")
    with pytest.raises(Conflict, match="is not there"):
        await buttons.dial("bob", "1001")
    assert await house.state("anna") is AgentState.AVAILABLE and not len(house.switchboard)
    assert house.desk.of("contact")[-1]["phase"] == "ended"
    await all_is_well(house)


async def test_redial_takes_the_last_number_and_the_directory_has_them(house: House, buttons: Agents) -> None:
    for number in ("111", "222", "111"):
        far, _, _ = await dialled(house, buttons, number)
        far.vanish(EndCause.BUSY)
        await house.over()
        await house.until_state("anna", AgentState.AVAILABLE)
        house.desk.log.clear()
    await buttons.redial("anna")
    assert house.dialled[-1].id == "111"
    assert buttons.parking is not None
    buttons.parking.park("c-9", "bob", 1.0, "702")
    await buttons.directory("anna", "")
    found: dict[str, Any] = house.desk.of("directory")[-1]
    assert found["recent"] == ["111", "222"] and found["queues"] == [{"name": "support", "waiting": 0}]
    assert [one["id"] for one in found["agents"]] == ["bob"] and found["flows"] == ["small"]
    assert [one["slot"] for one in found["slots"]] == ["702", "701"] and found["slots"][0]["contact"] == "c-9"
    await buttons.directory("anna", "BO")
    found = house.desk.of("directory")[-1]
    assert [one["id"] for one in found["agents"]] == ["bob"] and found["queues"] == [] and found["slots"] == []
    house.dialled[-1].vanish()
    await house.over()


async def test_the_directory_finds_chinese_names_by_pinyin_and_every_word_of_a_query(house: House, buttons: Agents) -> None:
    li = [Agent(id=f"a{n}", name=name, team="金卡") for n, name in enumerate(["李晓明", "李小梅", "王芳"])]
    await house.store.define_agents([Agent(id="anna"), *li])
    for query, names in (
        ("lxm", {"李晓明", "李小梅"}),
        ("xiaoming", {"李晓明"}),
        ("金 wf", {"王芳"}),
        ("jk a1", {"李小梅"}),
        ("anna", set[str]()),
    ):
        await buttons.directory("anna", query)
        found: dict[str, Any] = house.desk.of("directory")[-1]
        assert found["query"] == query and {one["name"] for one in found["agents"]} == names, query


async def test_a_customer_whose_agent_vanishes_waits_for_another(house: House, buttons: Agents) -> None:
    far, anna, contact = await dialled(house, buttons)
    far.pick_up()
    await house.until(lambda: len(house.talks))
    anna.vanish(EndCause.MEDIA_LOST)
    await house.playing(far, "music")
    await house.come("bob")
    await house.until(lambda: len(house.talks) and house.talks.find(contact, "bob"))
    await house.until_state("anna", AgentState.OFFLINE)
    far.vanish()
    await house.over()
    await all_is_well(house)


async def test_a_customer_is_sent_on_like_any_caller(house: House, buttons: Agents) -> None:
    far, _, contact = await dialled(house, buttons)
    far.pick_up()
    await house.until(lambda: len(house.talks))
    await house.come("bob")
    await buttons.transfer("anna", contact, "agent:bob")
    await house.until_state("anna", AgentState.WRAP_UP)
    await house.until(lambda: len(house.talks) and house.bridges[-1].legs[0] is far and len(house.desk.legs) == 2)
    assert house.talks.find(contact, "bob")
    far.vanish()
    await house.over()
    assert (await house.row(contact))["agent_id"] == "bob"
    await all_is_well(house)


async def test_an_answer_of_redis_that_got_lost_holds_nobody(
    house: House, buttons: Agents, monkeypatch: pytest.MonkeyPatch
) -> None:
    dial = Engaging.dial

    async def lost(self: Engaging, contact: Contact, agent_id: str) -> None:
        await dial(self, contact, agent_id)
        raise StoreUnavailable("no answer")

    monkeypatch.setattr(Engaging, "dial", lost)
    with pytest.raises(StoreUnavailable):
        await buttons.dial("anna", "1001")
    await house.until_state("anna", AgentState.WRAP_UP)
    await all_is_well(house)


async def test_audio_that_is_lost_as_the_number_is_dialled_ends_the_call(house: House, buttons: Agents) -> None:
    dialling = asyncio.create_task(buttons.dial("anna", "1001"))
    await house.until(lambda: house.dialled)
    house.desk.legs[-1].vanish(EndCause.MEDIA_LOST)
    await dialling
    await house.until(lambda: house.dialled[-1].state is LegState.ENDED)
    await house.over()
    await house.until_state("anna", AgentState.AVAILABLE)
    assert house.desk.of("dialled")[-1]["reason"] == "cancelled"
    await all_is_well(house)
