"""Where calls arrive, and how they are seen out."""

from __future__ import annotations

import asyncio

from ivr.settings import Route
from telephony.fake import FakeLeg
from telephony.leg import CallInfo, EndCause, Party
from tests.unit.ivr.session.house import House


class StatusLeg(FakeLeg):
    """Keeps the status of its refusal."""

    status: int | None = None

    def hang_up(self, cause: EndCause = EndCause.RELEASED, status: int | None = None) -> None:
        self.status = status
        super().hang_up(cause, status)


def test_the_first_rule_that_fits_decides(house: House) -> None:
    house.switchboard._routes = (Route("1", "one"), Route("*", "rest"), Route("2", "never"))
    assert [house.switchboard.route(called) for called in ("1", "2", "")] == ["one", "rest", "rest"]
    house.switchboard._routes = (Route("1", "one"),)
    assert house.switchboard.route("2") == ""


async def test_numbers_without_a_flow_are_refused(house: House) -> None:
    for called in ("nobody", "lost"):
        leg = StatusLeg(callee=Party(called))
        assert house.call(leg)[1] == ""
        assert leg.status == 404
    assert len(house.switchboard) == 0


async def test_the_language_is_the_first_that_the_flow_speaks(house: House) -> None:
    leg = FakeLeg("a")
    leg.languages = ("zh-CN", "en-GB")
    _, contact = house.call(leg)
    session = house.switchboard.find(contact)
    assert session is not None
    assert session.call.language == "en"
    leg.vanish()
    await house.over()
    assert house.switchboard.find(contact) is None
    assert house.switchboard.started == 1


async def test_a_drain_lets_calls_end_then_ends_them_and_takes_no_more(house: House) -> None:
    quick, _ = house.call(FakeLeg("quick"))
    slow, contact = house.call(FakeLeg("slow"))
    await house.playing(quick, "hello")
    await house.playing(slow, "hello")
    draining = asyncio.create_task(house.switchboard.drain(0.5))
    await asyncio.sleep(0)
    refused = StatusLeg("refused")
    assert house.call(refused)[1] == ""
    assert refused.status == 503
    quick.vanish()
    assert await draining == 1
    assert ("hang_up", EndCause.SHUTDOWN) in slow.commands
    assert len(house.switchboard) == 0
    row = await house.row(contact)
    assert (row["disposition"], row["end_cause"]) == ("lost", "shutdown")


async def test_a_drain_does_not_wait_for_ever_for_a_call_that_does_not_end(house: House) -> None:
    class Deaf(FakeLeg):
        def hang_up(self, cause: EndCause = EndCause.RELEASED, status: int | None = None) -> None:
            self.commands.append(("hang_up", cause))

    leg, contact = house.call(Deaf("deaf"))
    await house.playing(leg, "hello")
    from ivr.session import switchboard

    before, switchboard.END_SECONDS = switchboard.END_SECONDS, 0.05
    try:
        assert await house.switchboard.drain(0.0) == 1
    finally:
        switchboard.END_SECONDS = before
    assert len(house.switchboard) == 0
    assert (await house.row(contact))["disposition"] == "lost"


async def test_what_signalling_told_is_seen_by_the_flow_and_kept_in_the_record(house: House) -> None:
    leg = FakeLeg("a")
    leg.info = CallInfo(
        asserted=Party("+4930111"),
        diversions=(Party("+4930333"), Party("+4930222")),
        diversion_reason="user-busy",
        user_to_user="4869;encoding=hex",
        user_to_user_text="Hi",
        trunk="carrier",
    )
    _, contact = house.call(leg)
    session = house.switchboard.find(contact)
    assert session is not None
    told = {"trunk": "carrier", "asserted": "+4930111", "diversion": "+4930222", "diversion_reason": "user-busy"}
    assert session.call.signalling == {**told, "user_to_user": "Hi", "private": False}
    assert session.call.to_dict()["diversion"] == "+4930222", "an expression sees `call.diversion`"
    leg.vanish()
    await house.over()
    assert (await house.row(contact))["signalling"] == {**told, "user_to_user": "Hi"}
