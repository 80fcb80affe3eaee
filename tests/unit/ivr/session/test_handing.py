"""What goes with a call to those outside: to numbers, by warm transfers, at a phone's request, and only where it is wanted."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jsonschema import Draft202012Validator

from ivr.dialplan.events import TransferTo
from ivr.handover.document import MEDIA_TYPE, schema
from ivr.session.handing import Handing, handed_by, so_far, target_with
from ivr.session.leaving import transfer_out
from telephony.fake import FakeLeg
from telephony.leg import CallInfo, Handed, Party, TransferProgress, TransferRequested
from tests.unit.ivr.session.house import House
from tests.unit.ivr.session.test_transfers import Office, office

__all__ = ("office",)

VALIDATOR = Draft202012Validator(schema())
LINKS = Handing(lambda contact_id: f"https://us/{contact_id}", phones="link")


def opened(handed: Handed) -> dict[str, Any]:
    """What stands beside the SDP."""
    found: dict[str, Any] = json.loads(handed.body)
    VALIDATOR.validate(found)
    return found


async def test_an_outside_number_is_given_what_was_said_so_far(house: House) -> None:
    house.with_services(handing=LINKS)
    await house.open()
    leg, contact = house.call()
    await house.chooses(leg, "3")
    await house.until(lambda: len(house.options))
    handed = house.options[-1].handed
    assert (handed.link, handed.content_type, handed.how, handed.phones) == (f"https://us/{contact}", MEDIA_TYPE, "", "link")
    found = opened(handed)
    assert (found["contact"]["id"], found["profile"]["name"], found["link"]) == (contact, "Ann", handed.link)
    assert [turn["text"] for turn in found["turns"] if turn["speaker"] == "caller"] == ["3"]
    leg.vanish()
    await house.over()


async def test_a_warm_transfer_and_a_conference_carry_it_to_the_third_party(office: Office) -> None:
    office.house.with_services(handing=LINKS)
    office.buttons.find = office.house.switchboard.find
    leg, contact = await office.talk()
    await office.buttons.consult("anna", contact, "+4930222")
    found = opened(office.house.options[-1].handed)
    assert (found["contact"]["queue"], found["contact"]["agent_id"]) == ("support", "anna")
    assert found["contact"]["connected_at"] is not None
    leg.vanish()
    await office.house.over()


async def test_a_phone_that_asks_for_somebody_else_hands_it_on(office: Office) -> None:
    office.house.with_services(handing=LINKS)
    leg, contact = await office.talk()
    office.house.desk.legs[0].happen(TransferRequested(0.0, "sip:carl@10.0.0.9"))
    assert office.house.options[-1].handed.link == f"https://us/{contact}"
    leg.vanish()
    await office.house.over()


async def test_what_the_caller_s_system_handed_over_goes_on_and_is_shown(house: House) -> None:
    await house.open("anna")
    leg = FakeLeg("call-with-data", caller=Party("1001", ""))
    leg.info = CallInfo(user_to_user="6f72646572;encoding=hex", user_to_user_text="order 4711", trunk="pbx")
    _, contact = house.call(leg)
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    shown = house.desk.of("present")[0]
    assert shown["signalling"] == {"trunk": "pbx", "user_to_user": "order 4711"}
    session = house.switchboard.find(contact)
    assert session is not None
    assert so_far(session)["signalling"]["user_to_user"] == "order 4711"
    leg.vanish()
    await house.over()


async def test_a_step_may_forbid_it_and_then_nothing_is_made(house: House) -> None:
    house.with_services(handing=LINKS)
    await house.open("anna")
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    session = house.switchboard.find(contact)
    assert session is not None
    assert handed_by(session, "none") == Handed(how="none")
    assert handed_by(session, "body").how == "body"
    assert handed_by(session, "link").body == b"", "a link is all that is wanted"
    house.with_services(handing=Handing(lambda contact_id: f"https://us/{contact_id}", phones="link", bodies=False))
    session.services = house.services
    assert handed_by(session) == Handed(f"https://us/{contact}", phones="link"), "nobody who could be called takes it"
    assert opened(handed_by(session, "body"))["contact"]["id"] == contact
    leg.vanish()
    await house.over()


async def test_a_phone_that_is_asked_to_call_carries_the_link_along(house: House) -> None:
    """RFC 7433: as a header of the URI in Refer-To."""
    house.with_services(handing=LINKS)
    await house.open("anna")
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    session = house.switchboard.find(contact)
    assert session is not None
    task = asyncio.ensure_future(transfer_out(session, TransferTo("sip:9@pbx", "refer", 5.0, "", "link")))
    await house.until(lambda: "transfer" in leg.names())
    session.progress.put_nowait(TransferProgress(0.0, 200))
    assert (await task).outcome == "done"
    target = next(what[1] for what in leg.commands if what[0] == "transfer")
    assert target.startswith("sip:9@pbx?User-to-User=68747470733a2f2f75732f") and target.endswith("%3Bencoding%3Dhex")
    leg.vanish()
    await house.over()


def test_a_target_that_cannot_carry_it_stays_as_it_is() -> None:
    linked = Handed("https://us/h", how="link")
    assert target_with("tel:+4930", linked) == "tel:+4930"
    assert target_with("sip:a@b?X=1", linked) == "sip:a@b?X=1"
    assert target_with("100", Handed("https://us/h")) == "100"
    assert target_with("100", linked).startswith("100?User-to-User=")
