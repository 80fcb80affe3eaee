"""Hold, early media, transfers and replaced calls between gateways with real sockets on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import numpy as np
import pytest

from telephony.gateway.sip_leg import SipLeg
from telephony.gateway.webrtc import WebRtcGateway
from telephony.leg import (
    Answered,
    DialOptions,
    EarlyMedia,
    EndCause,
    Ended,
    Frame,
    HeldByPeer,
    LegState,
    Replaced,
    ResumedByPeer,
    TransferProgress,
    TransferRequested,
)
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.net.ticker import Ticker
from telephony.sip.outgoing import OutgoingCall
from tests.unit.telephony.gateway.test_sip import ANN, OPEN, Ear, Node, pair, running


@pytest.fixture(autouse=True)
def _short_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.3)


@asynccontextmanager
async def three() -> AsyncIterator[tuple[Node, Node, Node]]:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(running(**OPEN)) for _ in range(3)]
        yield nodes[0], nodes[1], nodes[2]


async def talking(here: Node, there: Node) -> tuple[SipLeg, Ear, SipLeg, Ear]:
    """A call from `here` to `there`: the legs at both ends, and what they tell."""
    leg = here.gateway.dial(there.uri(), ANN)
    ear = Ear(leg)
    await ear.until(Answered)
    await until(lambda: there.legs[-1].state is LegState.UP)
    return leg, ear, there.legs[-1], there.ears[-1]


async def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def agreed(leg: SipLeg) -> Codec | None:
    found = leg.sip_media.agreement if leg.sip_media is not None else None
    return found.codec if found is not None else None


async def test_a_caller_hears_us_before_the_answer() -> None:
    async with pair() as (here, there):
        there.on_call = lambda leg: leg.progress()
        leg = here.gateway.dial(there.uri(), ANN)
        ear = Ear(leg)
        await ear.until(EarlyMedia)
        heard: list[Frame] = []
        leg.hear(heard.append)
        far = there.legs[0]
        far.progress()
        far.play([Clip.tone(400, 0.2)])
        await until(lambda: heard and max(int(np.abs(frame).max()) for frame in heard) > 6000)
        assert (leg.state, far.state) == (LegState.DIALING, LegState.OFFERED)
        far.answer()
        await ear.until(Answered)
        assert ear.kinds == ["Ringing", "EarlyMedia", "Answered"]
        assert isinstance(leg.call, OutgoingCall) and leg.call.settled


async def test_progress_only_before_the_answer() -> None:
    async with pair() as (here, there):
        _, ear, far, _ = await talking(here, there)
        far.progress()
        assert "EarlyMedia" not in ear.kinds


async def test_we_hold_a_far_end_and_take_it_back() -> None:
    async with pair() as (here, there):
        leg, _, far, far_ear = await talking(here, there)
        leg.set_hold(True)
        await far_ear.until(HeldByPeer)
        assert far.held
        leg.set_hold(False)
        await far_ear.until(ResumedByPeer)
        assert not far.held and leg.state is far.state is LegState.UP


async def test_both_hold_at_once_and_both_are_held() -> None:
    """Glare: each end gets 491, and tries again after its own pause."""
    async with pair() as (here, there):
        leg, ear, far, far_ear = await talking(here, there)
        leg.set_hold(True)
        far.set_hold(True)
        await far_ear.until(HeldByPeer)
        await ear.until(HeldByPeer)


async def test_legs_change_to_a_codec_that_they_are_told() -> None:
    async with pair() as (here, there):
        leg, _, far, _ = await talking(here, there)
        wanted = Codec.PCMA if agreed(leg) is not Codec.PCMA else Codec.PCMU
        leg.renegotiate([wanted])
        await until(lambda: all(agreed(one) is wanted for one in (leg, far)))


async def test_a_blind_transfer() -> None:
    async with pair() as (here, there):
        leg, ear, far, far_ear = await talking(here, there)
        leg.transfer("sip:bob@127.0.0.1:9")
        asked = await far_ear.until(TransferRequested)
        assert (asked.target, asked.replaces, asked.other) == ("sip:bob@127.0.0.1:9", "", None)
        assert here.gateway.calls == there.gateway.calls == 1, "nobody is called by the gateway"
        for status in (100, 180, 200):
            far.report_transfer(status)
        ended = await ear.until(Ended)
        assert (ended.cause, ended.by_peer) == (EndCause.TRANSFERRED, False)
        assert [one.status for one in ear.events if isinstance(one, TransferProgress)][-1] == 200
        assert (await far_ear.until(Ended)).cause is EndCause.HUNG_UP


@pytest.mark.parametrize(("target", "status"), [("sip:bob@127.0.0.1:9", 603), ("sip:b b@x", 404)])
async def test_a_transfer_that_fails_leaves_the_call(target: str, status: int) -> None:
    async with pair() as (here, there):
        leg, ear, far, far_ear = await talking(here, there)
        leg.transfer(target)
        if status == 603:
            await far_ear.until(TransferRequested)
            far.report_transfer(603)
        assert (await ear.until(TransferProgress)).status == status
        assert leg.state is far.state is LegState.UP


async def test_a_bare_number_is_one_of_the_far_end() -> None:
    async with pair() as (here, there):
        leg, _, _, far_ear = await talking(here, there)
        leg.transfer("4711")
        port = there.gateway.listeners[0].port
        assert (await far_ear.until(TransferRequested)).target == f"sip:4711@127.0.0.1:{port}"


async def test_an_attended_transfer_joins_the_far_ends() -> None:
    """A talks with B and with C, and asks B to take its place towards C."""
    async with three() as (a, b, c):
        to_b, ear_b, at_b, far_b = await talking(a, b)
        to_c, ear_c, at_c, far_c = await talking(a, c)
        to_b.transfer_to(to_c)
        asked = await far_b.until(TransferRequested)
        assert asked.replaces.startswith(to_c.correlation)
        options = DialOptions(headers={"Replaces": asked.replaces})
        onward = b.gateway.dial(asked.target, ANN, options=options)
        replaced = await far_c.until(Replaced)
        assert len(c.legs) == 1, "nobody else is told of the new leg"
        Ear(replaced.by)
        replaced.by.answer()
        assert ((await far_c.until(Ended)).cause, at_c.state) == (EndCause.TRANSFERRED, LegState.ENDED)
        await Ear(onward).until(Answered)
        at_b.report_transfer(200)
        assert (await ear_b.until(Ended)).cause is EndCause.TRANSFERRED
        await ear_c.until(Ended)
        assert onward.state is replaced.by.state is LegState.UP


async def test_a_phone_with_two_calls_here_joins_them() -> None:
    """The order names a call of ours: nobody needs to be called."""
    async with pair() as (phone, us):
        first, ear, at_first, far_first = await talking(phone, us)
        second, _, at_second, _ = await talking(phone, us)
        first.transfer_to(second)
        asked = await far_first.until(TransferRequested)
        assert asked.other is at_second
        at_first.report_transfer(200)
        assert (await ear.until(Ended)).cause is EndCause.TRANSFERRED


async def test_a_call_that_nobody_lets_take_over_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.call_control.DECISION", 0.05)
    async with pair() as (here, there):
        leg, _, far, far_ear = await talking(here, there)
        assert far.call is not None and far.call.dialog is not None
        wanted = f"{far.correlation};to-tag={far.call.dialog.local_tag};from-tag={far.call.dialog.remote_tag}"
        other = here.gateway.dial(there.uri(), ANN, options=DialOptions(headers={"Replaces": wanted}))
        await far_ear.until(Replaced)
        assert (await Ear(other).until(Ended)).cause is EndCause.DECLINED
        assert leg.state is far.state is LegState.UP


async def test_a_leg_that_is_not_up_cannot_be_transferred() -> None:
    async with pair() as (here, there):
        there.on_call = lambda leg: leg.ring()
        leg = here.gateway.dial(there.uri(), ANN)
        ear = Ear(leg)
        leg.transfer("sip:bob@127.0.0.1:9")
        leg.transfer_to(leg)
        await until(lambda: len([one for one in ear.events if isinstance(one, TransferProgress)]) == 2)
        assert [one.status for one in ear.events if isinstance(one, TransferProgress)] == [481, 501]


async def test_calls_beyond_the_rate_are_counted_and_refused() -> None:
    async with pair(max_call_rate=1.0) as (here, there):
        legs = [here.gateway.dial(there.uri(), ANN) for _ in range(3)]
        ears = [Ear(leg) for leg in legs]
        await ears[0].until(Answered)
        for ear in ears[1:]:
            assert (await ear.until(Ended)).detail == "503 Service Unavailable"
        assert there.gateway.refused["call rate"] == 2


async def test_a_session_timer_below_the_least_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ValueError, match="min_se"):
        async with running(min_se=30):
            pass


async def test_a_page_cannot_be_sent_elsewhere() -> None:
    ticker = Ticker()
    gateway = WebRtcGateway(ticker)
    try:
        leg, _ = await gateway.offer(ANN, ANN)
        ear = Ear(leg)
        leg.transfer("sip:bob@example.com")
        leg.transfer_to(leg)
        await until(lambda: len(ear.events) == 2)
        assert [one.status for one in ear.events if isinstance(one, TransferProgress)] == [501, 501]
        leg.set_hold(True)
        leg.renegotiate([Codec.PCMU])
        leg.report_transfer(200)
        leg.progress()
        assert len(ear.events) == 2
    finally:
        await gateway.close()
        await ticker.close()
