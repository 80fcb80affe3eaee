"""A supervisor takes a caller: as an agent with every button, and a page that may be loaded again, at the wall or at a desk."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ivr.acd.model import AgentState
from ivr.acd.totals import imbalance
from ivr.errors import Conflict, NotAllowed
from ivr.session.wrapping import WrapUps
from telephony.fake import FakeLeg
from telephony.leg import CallLeg, EndCause, LegState
from tests.unit.ivr.session.house import House
from tests.unit.ivr.session.test_inviting import asked
from tests.unit.ivr.session.test_transfers import Office

WALL = "bob~wall"


@pytest.fixture
async def office(house: House) -> Office:
    return Office.of_pages(house)


async def taken(office: Office) -> tuple[FakeLeg, str, FakeLeg]:
    """Bob, who is off duty, took anna's caller at the wall."""
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.monitor(WALL, contact, "take")
    bob = house.desk.legs[1]
    await house.until(lambda: house.bridges[-1].legs == (leg, bob))
    await house.until_state("anna", AgentState.WRAP_UP)
    return leg, contact, bob


def told(office: Office, page: str, kind: str) -> list[Any]:
    return [data for what, who, data in office.house.desk.log if (what, who) == (kind, page)]


async def test_he_has_the_caller_as_any_agent_has(office: Office) -> None:
    house = office.house
    leg, contact, _ = await taken(office)
    assert await house.state("bob") is AgentState.IN_CALL
    for page in (WALL, "bob"):
        assert told(office, page, "contact")[-1]["phase"] == "connected", "the wall and a desk that is opened have it"
    with pytest.raises(Conflict, match="to you"):
        await office.buttons.monitor(WALL, contact, "whisper")
    await office.buttons.hold("bob", contact)
    assert house.bridges[-1].done == ["hold"] and told(office, WALL, "contact")[-1]["held"]
    await office.buttons.resume_call("bob", contact)
    await office.buttons.monitor(WALL, contact, "stop")
    await house.over()
    assert leg.state is LegState.ENDED and told(office, WALL, "monitor")[-1]["reason"] == "over"
    assert await house.state("bob") is AgentState.WRAP_UP and told(office, WALL, "contact")[-1]["phase"] == "wrap_up"
    await office.buttons.wrap_up("bob", contact, "", "calmed down")
    assert await house.state("bob") is AgentState.OFFLINE, "as before"
    row = await house.row(contact)
    assert (row["agent_id"], row["note"], row["disposition"]) == ("bob", "calmed down", "served")
    assert imbalance(await house.store.totals(), await house.store.contacts()) == []


async def test_a_reload_of_the_wall_does_not_drop_the_caller(office: Office) -> None:
    house = office.house
    leg, contact, bob = await taken(office)
    bob.vanish(EndCause.MEDIA_LOST)
    assert leg.playing[0].name == "music" and told(office, WALL, "monitor")[-1]["reason"] == "lost"
    await office.buttons.reattach(WALL, contact)
    again = house.desk.legs[2]
    assert house.bridges[-1].legs == (leg, again) and told(office, WALL, "monitor")[-1]["mode"] == "take"
    await office.buttons.reattach(WALL, contact)
    assert told(office, WALL, "monitor")[-1]["mode"] == "take", "a second reload is no end"
    await office.buttons.reattach("bob", contact)
    assert house.bridges[-1].legs == (leg, house.desk.legs[4])
    assert told(office, WALL, "monitor")[-1] == {"contact_id": contact, "mode": "off", "reason": "desk"}
    before = len(told(office, WALL, "contact"))
    await office.buttons.hold("bob", contact)
    assert len(told(office, WALL, "contact")) == before, "it is at the desk now"
    leg.vanish()
    await house.over()


async def test_a_desk_that_took_a_caller_has_it_as_any_contact(office: Office) -> None:
    """Else its page would be in that talk for ever, and in no other."""
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.monitor("bob", contact, "take")
    await house.until(lambda: house.talks.owner(contact) == "bob")
    assert told(office, "bob", "monitor")[-1] == {"contact_id": contact, "mode": "off", "reason": "desk"}
    await house.until(lambda: told(office, "bob", "contact") and told(office, "bob", "contact")[-1]["phase"] == "connected")
    await office.buttons.hang_up("bob", contact)
    await house.over()
    assert leg.state is LegState.ENDED and await house.state("bob") is AgentState.WRAP_UP


async def test_the_wall_hangs_up_no_call_that_is_at_the_desk(office: Office) -> None:
    """It leaves the talk that it was in before as soon as it enters another."""
    house = office.house
    leg, contact, _ = await taken(office)
    await office.buttons.reattach("bob", contact)
    await office.buttons.monitor(WALL, contact, "stop")
    assert house.talks.owner(contact) == "bob" and not house.talks.running(contact).finished.done()
    leg.vanish()
    await house.over()


async def test_who_sends_the_caller_on_wraps_up_at_the_wall(office: Office) -> None:
    """What becomes of the caller then is not for that page: it would lose the wrap-up."""
    house = office.house
    leg, contact, _ = await taken(office)
    await house.store.end_wrap_up("anna")
    await office.buttons.transfer("bob", contact, "queue:support")
    await house.until(lambda: house.talks.owner(contact) == "anna")
    phases = [one["phase"] for one in told(office, WALL, "contact")]
    assert phases == ["connected", "wrap_up"]
    leg.vanish()
    await house.over()


async def test_audio_that_comes_back_while_the_caller_is_handed_over_is_the_new_talks(office: Office) -> None:
    house = office.house
    leg, contact, _, _ = await asked(office)
    opens, connect = asyncio.Event(), house.desk.connect

    async def slow(agent_id: str, contact_id: str) -> CallLeg:
        await opens.wait()
        return await connect(agent_id, contact_id)

    house.desk.connect = slow  # type: ignore[method-assign]
    coming = asyncio.create_task(office.buttons.reattach("bob", contact))
    await asyncio.sleep(0)
    await office.buttons.complete("anna", contact)
    await house.until(lambda: house.talks.owner(contact) == "bob")
    opens.set()
    await coming
    assert house.bridges[-1].legs == (leg, house.desk.legs[-1])
    leg.vanish()
    await house.over()


async def test_who_is_asked_about_a_call_does_not_take_it(office: Office) -> None:
    house = office.house
    leg, contact, _, _ = await asked(office)
    with pytest.raises(Conflict, match="asked about"):
        await office.buttons.monitor(WALL, contact, "take")
    assert house.talks.owner(contact) == "anna"
    leg.vanish()
    await house.over()


async def test_a_page_that_cannot_come_back_changes_nothing(office: Office) -> None:
    house = office.house
    leg, contact, bob = await taken(office)
    talk = house.talks.running(contact)

    def ended(agent: CallLeg) -> None:
        raise Conflict("this call has ended")

    talk.returned = ended  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        await office.buttons.reattach("bob", contact)
    assert house.desk.legs[-1].state is LegState.ENDED and bob.state is LegState.UP
    before = len(told(office, WALL, "contact"))
    await office.buttons.hold("bob", contact)
    assert len(told(office, WALL, "contact")) == before + 1, "it is at the wall still"
    leg.vanish()
    await house.over()


async def test_who_does_not_come_back_gives_the_caller_to_the_queue(house: House) -> None:
    house.with_services(reattach_seconds=0.05)
    office = Office.of_pages(house)
    leg, contact, bob = await taken(office)
    bob.vanish(EndCause.MEDIA_LOST)
    await house.playing(leg, "music")
    await house.until_state("bob", AgentState.OFFLINE)
    await house.until(lambda: not len(house.talks))
    assert await house.store.position(contact) == 1
    leg.vanish()
    await house.over()


async def test_who_has_a_call_takes_none(office: Office) -> None:
    house = office.house
    await house.open("bob")
    first, mine = house.call()
    await house.chooses(first, "2")
    await house.until(lambda: len(house.talks) == 1)
    leg, contact = FakeLeg("second"), ""
    await house.come("anna")
    leg, contact = house.call(leg)
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks) == 2)
    with pytest.raises(Conflict, match="bob is in a call"):
        await office.buttons.monitor(WALL, contact, "take")
    assert house.talks.owner(contact) == "anna" and WALL in house.talks.running(contact).audience, "he still listens"
    assert told(office, WALL, "monitor") == [{"contact_id": contact, "mode": "listen"}], "and knows it"
    with pytest.raises(Conflict, match="own call"):
        await office.buttons.monitor("bob", mine, "listen")
    for one in (first, leg):
        one.vanish()
    await house.over()


async def test_a_page_that_came_up_elsewhere_is_given_all_there_is(office: Office) -> None:
    house = office.house
    leg, contact, _, bob = await asked(office)
    await house.until(lambda: told(office, "bob", "contact"))
    house.desk.log.clear()
    for page in ("anna", "bob", "carl"):
        await office.buttons.show(page, contact)
        await office.buttons.show(page, "c-over")
    assert [(what, who) for what, who, _ in house.desk.log] == [
        ("contact", "anna"),
        ("consult", "anna"),
        ("contact", "bob"),
        ("consult", "bob"),
    ]
    assert told(office, "anna", "consult")[0]["state"] == "consult" and "consult" in told(office, "bob", "contact")[0]
    assert told(office, "anna", "contact")[0]["turns"] is not None
    bob.vanish(EndCause.MEDIA_LOST)
    assert (
        told(office, "bob", "contact")[-1]["phase"] == "connecting" and told(office, "anna", "consult")[-1]["state"] == "away"
    )
    await office.buttons.reattach("bob", contact)
    assert told(office, "bob", "contact")[-1]["phase"] == "connected" and house.bridges[-1].legs[1] is house.desk.legs[2]
    leg.vanish()
    await house.over()
    with pytest.raises(Conflict):
        await office.buttons.reattach("bob", contact)


async def test_a_note_that_comes_late_is_taken_from_whoever_had_the_call(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    leg.vanish()
    await house.over()
    opened = await office.buttons.page_opened("anna")
    assert (opened["held"], opened["moved"]) == ([contact], False), "it is wrapped up"
    second, other = house.call(FakeLeg("second"))
    await office.buttons.wrap_up("anna", contact, "", "first")
    await house.chooses(second, "2")
    await house.until(lambda: len(house.talks))
    assert (await office.buttons.page_opened("anna"))["held"] == [other]

    async def find(contact_id: str) -> Any:
        return {"agent_id": "anna"} if contact_id == contact else None

    second.vanish()
    await house.over()
    with pytest.raises(NotAllowed):
        await office.buttons.note("anna", contact, "later")
    office.buttons.wrapping = WrapUps(find=find)
    await office.buttons.wrap_up("anna", contact, "", "saved late")
    assert await house.state("anna") is AgentState.WRAP_UP, "that of the second call goes on"
    await office.buttons.note("anna", contact, "later")
    assert (await house.row(contact))["note"] == "later"
    for agent, one in (("bob", contact), ("anna", "c-other")):
        with pytest.raises(NotAllowed):
            await office.buttons.note(agent, one, "no")
