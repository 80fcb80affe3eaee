"""Two legs' media on loopback: what they agree on carries a tone each way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from telephony.gateway.sip_media import SipMedia
from telephony.media import rtcp
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.rtcp import Reporter, parse, report
from telephony.media.rtp import compose
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy
from telephony.sip.sdes import SUITES, SdesKeys

Samples = NDArray[np.int16]


class Side:
    """One leg and what it hears."""

    def __init__(self, ticker: Ticker, policy: MediaPolicy | None = None, host: str = "127.0.0.1") -> None:
        self.frames: list[Samples] = []
        self.digits = ""
        ports = RtpPorts(host, 30000, 50000, ticker)
        self.media = SipMedia(host, ports, ticker, on_digit=self._key, on_playback=lambda *told: None, policy=policy)
        self.media.stream.listener = lambda frame: self.frames.append(frame.copy())

    def _key(self, digit: str) -> None:
        self.digits += digit

    def hears(self, hertz: float) -> bool:
        """True where the last 300 ms are that tone and little else."""
        heard = np.concatenate(self.frames[-15:]).astype(float) if len(self.frames) >= 15 else np.zeros(0)
        if not len(heard) or float(np.sqrt(np.mean(heard**2))) < 500:
            return False
        power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2
        near = np.abs(np.fft.rfftfreq(len(heard), 1 / 8000) - hertz) <= 15
        return float(power[near].sum() / power.sum()) > 0.9


@pytest.fixture
async def ticker() -> AsyncIterator[Ticker]:
    made = Ticker()
    made.start()
    yield made
    await made.close()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what it looks at tells nobody
            await asyncio.sleep(0.02)


def now() -> float:
    return asyncio.get_running_loop().time()


def connect(caller: Side, callee: Side) -> None:
    caller.media.take_answer(callee.media.answer(caller.media.offer(), now()), now())


async def tones_pass(caller: Side, callee: Side) -> None:
    caller.frames.clear()
    callee.frames.clear()
    caller.media.stream.play([Clip.tone(440, 5)])
    callee.media.stream.play([Clip.tone(1100, 5)])
    await until(lambda: caller.hears(1100) and callee.hears(440))


def secret(srtp: Srtp = Srtp.REQUIRED, *suites: str) -> MediaPolicy:
    return MediaPolicy((Codec.PCMU,), secrecy=Secrecy(srtp, suites or tuple(SUITES), hidden=True))


def keys(side: Side) -> SdesKeys:
    agreed = side.media.agreement
    assert agreed is not None and isinstance(agreed.keys, SdesKeys)
    return agreed.keys


@pytest.mark.parametrize("suite", SUITES)
async def test_a_tone_each_way_and_keys_under_every_suite(ticker: Ticker, suite: str) -> None:
    caller, callee = Side(ticker, secret(Srtp.REQUIRED, suite)), Side(ticker, secret(Srtp.OPTIONAL))
    connect(caller, callee)
    await tones_pass(caller, callee)
    caller.media.stream.send_digits("5")
    await until(lambda: callee.digits == "5")
    assert caller.media.quality()["srtp"] == suite and caller.media.quality()["packets_rejected"] == 0
    for side in (caller, callee):
        side.media.close()


async def test_a_plain_call_says_nothing_of_srtp(ticker: Ticker) -> None:
    caller, callee = Side(ticker), Side(ticker, secret(Srtp.OPTIONAL))
    connect(caller, callee)
    await tones_pass(caller, callee)
    assert "srtp" not in callee.media.quality()


async def test_new_keys_within_the_call_are_heard_and_the_last_packets_under_the_old_ones_too(ticker: Ticker) -> None:
    caller, callee = Side(ticker, secret()), Side(ticker, secret())
    connect(caller, callee)
    await tones_pass(caller, callee)
    before = keys(callee)
    other = Side(ticker, secret())
    answer = callee.media.answer(other.media.offer(), now())
    assert keys(callee).ours != before.ours
    caller.frames.clear()
    callee.frames.clear()
    await until(lambda: callee.hears(440))  # the caller still speaks under the first key
    other.media.take_answer(answer, now())
    caller.media.close()
    await tones_pass(other, callee)


async def test_a_stranger_without_the_key_moves_nothing_and_costs_a_count(ticker: Ticker) -> None:
    caller, callee = Side(ticker, secret()), Side(ticker, secret())
    connect(caller, callee)
    agreed = caller.media.agreement
    assert agreed is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(50):
            stranger.sendto(compose(0, False, number, number * 160, 9, bytes(160)), (agreed.host, agreed.port))
        await until(lambda: callee.media.quality()["packets_rejected"] == 50)
        assert callee.frames == []
        await tones_pass(caller, callee)
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.recv(100)


async def test_hold_and_resume_by_our_own_reoffer_keep_the_keys(ticker: Ticker) -> None:
    caller, callee = Side(ticker, secret()), Side(ticker, secret())
    connect(caller, callee)
    await tones_pass(caller, callee)
    first = keys(caller)
    for direction, held in (("sendonly", True), ("sendrecv", False)):
        offer = caller.media.offer(direction=direction)
        caller.media.take_answer(callee.media.answer(offer, now()), now())
        assert callee.media.held is held and keys(caller) == first
    await tones_pass(caller, callee)
    assert caller.media.quality()["packets_rejected"] == callee.media.quality()["packets_rejected"] == 0


async def both_report(caller: Side, callee: Side) -> None:
    """Reports go both ways; who hears one knows what arrives there, and the way."""
    await tones_pass(caller, callee)
    sides = (caller.media, callee.media)
    await until(lambda: all("peer_mos" in one.quality() and "round_trip_ms" in one.quality() for one in sides), 10.0)
    for one in sides:
        found = one.quality()
        assert found["mos"] > 4 and found["peer_mos"] > 4 and found["round_trip_ms"] < 100
        assert (
            found["peer_packets_lost"] == 0 and found["packets_malformed"] == 0
        )


REPORTING = MediaPolicy((Codec.PCMU,), rtcp=True)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("srtp", list(Srtp))
async def test_reports_by_the_same_port_or_the_next_one(
    ticker: Ticker, monkeypatch: pytest.MonkeyPatch, shared: bool, srtp: Srtp
) -> None:
    monkeypatch.setattr(rtcp, "INTERVAL", 0.2)
    policy = MediaPolicy((Codec.PCMU,), rtcp=True, secrecy=Secrecy(srtp, hidden=True))
    caller, callee = Side(ticker, policy), Side(ticker, policy)
    offer = caller.media.offer()
    assert b"a=rtcp-mux" in offer
    offer = offer if shared else offer.replace(b"a=rtcp-mux\r\n", b"")
    caller.media.take_answer(callee.media.answer(offer, now()), now())
    agreed = caller.media.agreement
    assert agreed is not None and agreed.rtcp_mux is shared
    await both_report(caller, callee)
    heard: list[bytes] = []
    monkeypatch.setattr(Reporter, "heard", lambda self, data, ssrc, **more: heard.append(data))
    caller.media.close()
    await until(lambda: any(parse(data).bye for data in heard))
    callee.media.close()


async def test_a_report_is_a_sign_of_life_and_a_stranger_s_is_none(ticker: Ticker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtcp, "INTERVAL", 0.2)
    caller, callee = Side(ticker, REPORTING), Side(ticker, REPORTING)
    caller.media.take_answer(callee.media.answer(caller.media.offer().replace(b"a=rtcp-mux\r\n", b""), now()), now())
    began = now()
    await until(lambda: callee.media.last_sign > began + 0.3)
    assert callee.media.stream.last_received == 0.0 and callee.media.silent_for(now()) < 0.5
    caller.media.close()
    agreed = caller.media.agreement
    assert agreed is not None
    await asyncio.sleep(0.05)  # the good-bye
    last = callee.media.last_sign
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.sendto(report(1, None, None), (agreed.host, agreed.rtcp_port))
        await asyncio.sleep(0.1)
    assert callee.media.last_sign == last
    callee.media.close()
