"""The phone account with its real child, pyVoIP in it, against a PBX that is our own gateway."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from telephony.gateway.bridge import bridge
from telephony.gateway.phone_account.account import PhoneAccount
from telephony.gateway.phone_account.leg import PhoneLeg
from telephony.gateway.phone_account.options import PhoneAccountSettings
from telephony.gateway.sip_leg import SipLeg
from telephony.leg import (
    Answered,
    CallLeg,
    DtmfReceived,
    EndCause,
    Ended,
    Frame,
    HeldByPeer,
    LegState,
    Party,
    PlaybackFinished,
    ResumedByPeer,
    Ringing,
    TransferProgress,
)
from telephony.media.clip import Clip
from telephony.net.ticker import Ticker
from tests.e2e.signals import share_of
from tests.unit.telephony.gateway.phone_account.rig import USER, Extension, extension
from tests.unit.telephony.gateway.test_sip import ANN, HOST, Ear, running

pytestmark = pytest.mark.timeout(60)

HIGH, LOW = 1000.0, 440.0


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("telephony.gateway.sip.FAREWELL", 0.05)
    monkeypatch.setattr("telephony.gateway.phone_account.account.PAUSES", (0.05,))
    yield


async def soon(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Until it holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what it looks at tells nobody
            await asyncio.sleep(0.01)


class Listener:
    """Keeps what a leg hears."""

    def __init__(self, leg: CallLeg) -> None:
        self.frames: list[Frame] = []
        leg.hear(self.frames.append)

    async def until(self, hertz: float, seconds: float = 5.0) -> None:
        """Until a quarter of a second of a tone was heard, and nothing else in it."""
        await soon(lambda: len(self.frames) > 12 and share_of(np.concatenate(self.frames[-12:]), hertz) > 0.9, seconds)


async def called(line: Extension) -> tuple[PhoneLeg, Ear, CallLeg, Ear]:
    """The PBX rings the extension: both legs, with the account's still OFFERED."""
    before = len(line.legs)
    far = line.pbx.gateway.dial(USER, ANN)
    far_ear = Ear(far)
    await soon(lambda: len(line.legs) > before)
    return line.legs[-1], line.ears[-1], far, far_ear


async def talking(line: Extension) -> tuple[PhoneLeg, Ear, CallLeg, Ear]:
    leg, ear, far, far_ear = await called(line)
    leg.answer()
    await ear.until(Answered)
    await far_ear.until(Answered)
    return leg, ear, far, far_ear


async def test_a_call_comes_in_with_voice_and_keys_each_way() -> None:
    async with extension() as line:
        leg, ear, far, far_ear = await called(line)
        assert (leg.caller.user, leg.caller.display, leg.callee.user, leg.info.trunk) == ("ann", "Ann", USER, "pbx")
        assert leg.state is LegState.OFFERED
        leg.ring()
        await far_ear.until(Ringing)
        leg.answer()
        await ear.until(Answered)
        await far_ear.until(Answered)
        here, there = Listener(leg), Listener(far)
        number = leg.play([Clip.tone(HIGH, 1.0)])
        far.play([Clip.tone(LOW, 1.0)], repeat=True)
        await there.until(HIGH)
        await here.until(LOW)
        finished = await ear.until(PlaybackFinished)
        assert (finished.playback, finished.completed) == (number, True)
        far.send_digits("5#")
        leg.send_digits("7")
        assert (await ear.until(DtmfReceived)).digit == "5"
        assert (await far_ear.until(DtmfReceived)).digit == "7"
        far.hang_up()
        assert (await ear.until(Ended)).cause is EndCause.HUNG_UP
        assert leg.quality()["packets_received"] > 20
        assert line.account.legs == []


async def test_a_call_goes_out_and_sixteen_bits_arrive() -> None:
    """A tone 60 dB below full scale is not noise: pyVoIP's own 8 bits would have made silence of it."""
    async with extension() as line:

        def ring_and_answer(leg: SipLeg) -> None:
            leg.ring()
            leg.answer()

        line.pbx.on_call = ring_and_answer
        leg = line.account.dial("1000", Party("4711", "Hotline"))
        ear = Ear(leg)
        await ear.until(Answered)
        assert ear.kinds[0] == "Ringing" and leg.correlation == line.pbx.legs[0].correlation
        assert line.pbx.legs[0].caller.user == USER, "the PBX knows the extension"
        heard = Listener(leg)
        line.pbx.legs[0].play([Clip.tone(LOW, 1.0, amplitude=32)], repeat=True)
        await soon(lambda: len(heard.frames) >= 40)
        quiet = np.concatenate(heard.frames[-20:])
        assert 20 <= np.abs(quiet).max() <= 48 and share_of(quiet * 100, LOW) > 0.8
        leg.hang_up()
        assert (await line.pbx.ears[0].until(Ended)).cause is EndCause.HUNG_UP
        assert (await ear.until(Ended)).cause is EndCause.RELEASED


@pytest.mark.parametrize(("status", "cause"), [(486, EndCause.BUSY), (603, EndCause.DECLINED), (404, EndCause.UNREACHABLE)])
async def test_a_refusal_is_told_as_it_was(status: int, cause: EndCause) -> None:
    """pyVoIP alone waits for ever where it is answered 486 at once."""
    async with extension() as line:
        line.pbx.on_call = lambda leg: leg.hang_up(status=status)
        ended = await Ear(line.account.dial("1000", ANN)).until(Ended)
        assert ended.cause is cause and ended.detail.startswith(str(status))


async def test_calls_are_given_up_from_either_end_before_the_answer() -> None:
    """pyVoIP alone answers a CANCEL, and the call goes up all the same; of its own it can send none."""
    async with extension() as line:
        leg, ear, far, _ = await called(line)
        far.hang_up()
        assert (await ear.until(Ended)).cause is EndCause.CANCELLED
        leg.answer()
        line.pbx.on_call = lambda leg: leg.ring()
        out = line.account.dial("1000", ANN)
        ear = Ear(out)
        await ear.until(Ringing)
        out.hang_up()
        assert (await line.pbx.ears[0].until(Ended)).cause is EndCause.CANCELLED
        leg, ear, far, _ = await talking(line)
        assert leg.state is LegState.UP, "and the account still works"
        far.hang_up()
        await ear.until(Ended)


async def test_an_offered_call_is_refused_with_the_status_asked_for() -> None:
    async with extension() as line:
        leg, _, _, far_ear = await called(line)
        leg.hang_up(EndCause.RELEASED, 404)
        assert (await far_ear.until(Ended)).detail.startswith("404")


async def test_bridged_legs_hear_each_other() -> None:
    """A caller on SIP and one on the PBX: packets pass between them as between any legs."""
    async with extension() as line, running(trusted_networks=("127.0.0.0/8",)) as other:
        leg, _, far, _ = await talking(line)
        other.on_call = lambda incoming: incoming.answer()
        caller = line.pbx.gateway.dial(other.uri(), ANN)
        await Ear(caller).until(Answered)
        joined = bridge(leg, caller)
        here, there = Listener(far), Listener(other.legs[0])
        far.play([Clip.tone(HIGH, 1.0)], repeat=True)
        other.legs[0].play([Clip.tone(LOW, 1.0)], repeat=True)
        await there.until(HIGH)
        await here.until(LOW)
        joined.close()


async def test_hold_of_the_far_end_is_heard_of() -> None:
    async with extension() as line:
        leg, ear, far, _ = await talking(line)
        far.set_hold(True)
        await ear.until(HeldByPeer)
        assert leg.held
        far.set_hold(False)
        await ear.until(ResumedByPeer)
        assert not leg.held


async def test_what_pyvoip_cannot_do_is_reported() -> None:
    async with extension() as line:
        leg, ear, _, _ = await talking(line)
        leg.transfer("sip:1000@pbx")
        assert (await ear.until(TransferProgress)).status == 501
        leg.progress()
        leg.set_hold(True)
        leg.renegotiate([])
        leg.report_transfer(200)
        assert leg.state is LegState.UP


async def test_a_killed_child_ends_only_its_own_calls_and_is_followed_by_another() -> None:
    async with extension() as line, running(trusted_networks=("127.0.0.0/8",)) as other:
        bystander = Ear(line.pbx.gateway.dial(other.uri(), ANN))
        await bystander.until(Answered)
        leg, ear, far, _ = await talking(line)
        pid = line.account.pid
        os.kill(pid, signal.SIGKILL)
        ended = await ear.until(Ended)
        assert ended.cause is EndCause.FAILED and "-9" in ended.detail
        assert not line.account.registered
        refused = await Ear(line.account.dial("1000", ANN)).until(Ended)
        assert refused.cause is EndCause.UNREACHABLE and "not registered" in refused.detail
        await line.account.until_registered(20)
        assert line.account.restarts == 1 and line.account.pid != pid
        leg, ear, far, _ = await talking(line)
        heard = Listener(far)
        leg.play([Clip.tone(HIGH, 1.0)], repeat=True)
        await heard.until(HIGH)
        assert "Ended" not in bystander.kinds


async def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.phone_account.account.SILENCE", 1.5)
    async with extension() as line:
        _, ear, _, _ = await talking(line)
        os.kill(line.account.pid, signal.SIGSTOP)
        ended = await ear.until(Ended, 10)
        assert ended.cause is EndCause.FAILED and "no sign of life" in ended.detail
        await line.account.until_registered(20)


async def test_a_wrong_password_is_told_and_not_tried_in_a_loop() -> None:
    async with extension(password="wrong", wait=False) as line:
        await soon(lambda: line.account.status > 0, 20)
        assert line.account.detail.startswith("401") and not line.account.registered
        before = line.pbx.gateway.refused.copy()
        await asyncio.sleep(0.5)
        assert line.pbx.gateway.refused == before and line.account.restarts == 0


async def test_nobody_at_the_pbx_stops_nobody() -> None:
    """pyVoIP alone stands still for 30 s; here `start` returns at once, and so does `dial`."""
    ticker = Ticker()
    ticker.start()
    account = PhoneAccount(PhoneAccountSettings("pbx", HOST, USER, port=9), ticker, lambda leg: None)
    began = asyncio.get_running_loop().time()
    await account.start()
    ended = await Ear(account.dial("1000", ANN)).until(Ended)
    assert ended.cause is EndCause.UNREACHABLE
    assert asyncio.get_running_loop().time() - began < 1.0
    await account.close()
    await ticker.close()


async def test_no_more_calls_than_lines() -> None:
    async with extension(max_calls=1) as line:
        await talking(line)
        assert (await Ear(line.pbx.gateway.dial(USER, ANN)).until(Ended)).detail.startswith(("486", "503"))
        ended = await Ear(line.account.dial("1000", ANN)).until(Ended)
        assert ended.cause is EndCause.FAILED and "lines" in ended.detail


async def test_it_gives_its_registration_back() -> None:
    async with extension() as line:
        assert line.pbx.gateway.registrations == 1
        await line.account.close()
        async with asyncio.timeout(5):
            while line.pbx.gateway.registrations:  # noqa: ASYNC110  # it is told by a datagram
                await asyncio.sleep(0.01)


async def test_lost_media_ends_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.gateway.phone_account.account.WATCH", 0.05)
    async with extension(media_timeout=0.3) as line:
        _, ear, _, far_ear = await talking(line)
        assert (await ear.until(Ended)).cause is EndCause.MEDIA_LOST
        assert (await far_ear.until(Ended)).cause is EndCause.HUNG_UP


@pytest.mark.parametrize("wrong", [{"max_calls": 31}, {"max_calls": 0}, {"user": "a b"}, {"name": ""}, {"server": "a/b"}])
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    values: dict[str, object] = {"name": "pbx", "server": HOST, "user": USER}
    with pytest.raises(ValueError, match=r"."):
        PhoneAccountSettings(**{**values, **wrong})  # type: ignore[arg-type]
