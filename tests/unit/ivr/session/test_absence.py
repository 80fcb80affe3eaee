"""An agent whose page goes during a talk, and comes back; or does not. Legs of pages are `WEBRTC`."""

from __future__ import annotations

import pytest

from ivr.acd.model import AgentState
from ivr.errors import Conflict
from telephony.fake import FakeLeg
from telephony.leg import CallLeg, EndCause, LegKind, LegState, Party, Replaced, TransferRequested
from tests.unit.ivr.session.house import House
from tests.unit.ivr.session.test_inviting import asked
from tests.unit.ivr.session.test_transfers import Office


@pytest.fixture
async def office(house: House) -> Office:
    return Office.of_pages(house)


async def leave(office: Office, cause: EndCause = EndCause.MEDIA_LOST) -> tuple[FakeLeg, str]:
    """A talk whose agent's page is gone: the caller's leg, and the contact."""
    leg, contact = await office.talk()
    office.house.desk.legs[0].vanish(cause)
    return leg, contact


@pytest.mark.parametrize("cause", [EndCause.MEDIA_LOST, EndCause.HUNG_UP, EndCause.FAILED])
async def test_the_caller_hears_music_until_the_agent_is_back(office: Office, cause: EndCause) -> None:
    house = office.house
    leg, contact = await leave(office, cause)
    assert leg.playing[0].name == "music" and house.desk.phases()[-1] == "connecting"
    with pytest.raises(Conflict, match="not back"):
        await office.buttons.hold("anna", contact)
    assert await house.state("anna") is AgentState.IN_CALL
    await office.buttons.reattach("anna", contact)
    assert house.bridges[-1].legs == (leg, house.desk.legs[1]) and leg.playing == ()
    assert house.desk.phases()[-1] == "connected"
    await office.buttons.hold("anna", contact)
    await office.buttons.hang_up("anna", contact)
    await house.over()
    assert (await house.row(contact))["disposition"] == "served"


async def test_a_second_tab_takes_the_call_from_the_first(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.reattach("anna", contact)
    first, second = house.desk.legs
    assert first.state is LegState.ENDED and house.bridges[-1].legs == (leg, second)
    with pytest.raises(Conflict):
        await office.buttons.reattach("bob", contact)
    leg.vanish()
    await house.over()
    assert second.state is LegState.ENDED


async def test_who_was_on_hold_is_on_hold_afterwards(office: Office) -> None:
    house = office.house
    leg, contact = await office.talk()
    await office.buttons.hold("anna", contact)
    house.desk.legs[0].vanish(EndCause.MEDIA_LOST)
    await office.buttons.reattach("anna", contact)
    assert house.bridges[-1].done == ["hold"] and house.desk.phases()[-1] == "held"
    leg.vanish()
    await house.over()


async def test_who_does_not_come_back_loses_the_caller_to_the_queue(house: House) -> None:
    house.with_services(reattach_seconds=0.05)
    office = Office.of_pages(house)
    leg, contact = await leave(office)
    await house.until_state("anna", AgentState.OFFLINE)
    await house.playing(leg, "music")
    with pytest.raises(Conflict):
        await office.buttons.reattach("anna", contact)
    await house.come("bob")
    await house.until(lambda: len(house.talks))
    assert house.talks.find(contact, "bob")
    leg.vanish()
    await house.over()


async def test_a_caller_who_hangs_up_meanwhile_frees_the_agent(office: Office) -> None:
    house = office.house
    leg, _ = await leave(office)
    leg.vanish()
    await house.over()
    await house.until_state("anna", AgentState.WRAP_UP)


async def test_the_colleague_who_is_asked_hears_music_and_then_the_agent(office: Office) -> None:
    house = office.house
    leg, contact, anna, bob = await asked(office)
    anna.vanish(EndCause.HUNG_UP)
    assert bob.state is LegState.UP and bob.playing[0].name == "music" and leg.playing[0].name == "music"
    with pytest.raises(Conflict, match="not back"):
        await office.buttons.complete("anna", contact)
    await office.buttons.reattach("anna", contact)
    again = house.desk.legs[2]
    assert house.bridges[-1].legs == (again, bob) and bob.playing == ()
    await office.buttons.complete("anna", contact)
    await house.until(lambda: house.bridges[-1].legs == (leg, bob))
    leg.vanish()
    await house.over()


async def test_three_who_talk_go_on_as_two_until_the_third_is_back(office: Office) -> None:
    house = office.house
    leg, contact, anna, bob = await asked(office)
    await office.buttons.three_way("anna", contact)
    anna.vanish(EndCause.MEDIA_LOST)
    assert not office.rooms[0].closed and leg.playing == (), "the two hear each other"
    await office.buttons.reattach("anna", contact)
    assert office.rooms[1].inside == [leg.id, house.desk.legs[2].id, bob.id]
    leg.vanish()
    await house.over()


async def test_a_new_leg_that_is_lost_at_once_leaves_the_caller_waiting(office: Office) -> None:
    house = office.house
    leg, contact = await leave(office)

    async def connect(agent_id: str, contact_id: str) -> CallLeg:
        return FakeLeg("gone", state=LegState.ENDED, kind=LegKind.WEBRTC)

    house.desk.connect = connect  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        await office.buttons.reattach("anna", contact)
    assert leg.playing[0].name == "music" and house.talks.find(contact, "anna").away
    leg.vanish()
    await house.over()


async def test_a_callers_phone_that_gives_its_place_meanwhile_hears_music_and_then_the_agent(office: Office) -> None:
    house = office.house
    leg, contact = await leave(office)
    by, joined = FakeLeg("by", caller=Party("1003")), len(house.bridges)
    leg.happen(Replaced(0.0, by))
    await house.until(lambda: by.state is LegState.UP)
    leg.vanish(EndCause.TRANSFERRED)
    assert by.playing[0].name == "music" and len(house.bridges) == joined, "there is nobody to be joined with"
    await office.buttons.reattach("anna", contact)
    assert house.bridges[-1].legs == (by, house.desk.legs[1]) and by.playing == ()
    by.vanish()
    await house.over()


async def test_a_transfer_by_the_caller_that_fails_meanwhile_does_not_end_the_wait(office: Office) -> None:
    house = office.house
    leg, contact = await leave(office)
    leg.happen(TransferRequested(0.0, "sip:wife@127.0.0.1"))
    await house.until(lambda: house.dialled)
    house.dialled[0].vanish(EndCause.BUSY)
    await office.buttons.reattach("anna", contact)
    assert house.bridges[-1].legs == (leg, house.desk.legs[1])
    leg.vanish()
    await house.over()
