"""Two legs' media on loopback: what they agree on carries a tone each way."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from typing import cast

import aioice.ice
import numpy as np
import pytest
from aiortc import AudioStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import AudioFrame
from numpy.typing import NDArray

from telephony.gateway import handshaking
from telephony.gateway.sip_media import SipMedia
from telephony.media import rtcp, stun
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.rtcp import Reporter, parse, report
from telephony.media.rtp import compose
from telephony.net.dtls import Handshake, Identity
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker
from telephony.sip.ice_lite import IceSession
from telephony.sip.keying import Secrecy, Srtp
from telephony.sip.negotiation import MediaPolicy
from telephony.sip.sdes import SUITES, SdesKeys

Samples = NDArray[np.int16]
IDENTITY = Identity()


class Side:
    """One leg and what it hears."""

    def __init__(self, ticker: Ticker, policy: MediaPolicy | None = None, host: str = "127.0.0.1") -> None:
        self.frames: list[Samples] = []
        self.digits = ""
        self.failures: list[str] = []
        self.media = SipMedia(
            host,
            RtpPorts(host, 30000, 50000, ticker),
            ticker,
            on_digit=self._key,
            on_playback=lambda *told: None,
            policy=policy,
            identity=IDENTITY,
            on_failed=self.failures.append,
        )
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


def shaking_hands(srtp: Srtp = Srtp.OPTIONAL, *, dtls: bool = True) -> MediaPolicy:
    return MediaPolicy((Codec.PCMU,), rtcp=True, secrecy=Secrecy(srtp, dtls=dtls, fingerprint=IDENTITY.fingerprint))


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
        assert found["peer_packets_lost"] == 0 and found["packets_malformed"] == 0


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


@pytest.mark.parametrize("setup", ["actpass", "active", "passive"])
async def test_a_tone_each_way_after_a_handshake_without_ice(
    ticker: Ticker, monkeypatch: pytest.MonkeyPatch, setup: str
) -> None:
    monkeypatch.setattr(rtcp, "INTERVAL", 0.2)
    caller, callee = Side(ticker, shaking_hands()), Side(ticker, shaking_hands(dtls=False))
    offer = caller.media.offer()
    assert b"m=audio" in offer and b"UDP/TLS/RTP/SAVP 0 101" in offer and b"a=setup:actpass" in offer
    answer = callee.media.answer(offer.replace(b"actpass", setup.encode()), now())
    assert (b"a=setup:active" in answer) is (setup == "passive")
    caller.media.take_answer(answer, now())
    await both_report(caller, callee)
    for side in (caller, callee):
        assert side.media.quality()["srtp"] == "AEAD_AES_128_GCM" and side.failures == []
    again = caller.media.offer(direction="sendonly")
    caller.media.take_answer(callee.media.answer(again, now()), now())
    assert callee.media.held
    caller.media.take_answer(callee.media.answer(caller.media.offer(direction="sendrecv"), now()), now())
    await tones_pass(caller, callee)
    assert caller.media.quality()["packets_rejected"] == 0, "a hold needs no second handshake"


async def test_another_certificate_than_the_described_one_ends_in_failure_and_silence(ticker: Ticker) -> None:
    caller, callee = Side(ticker, shaking_hands()), Side(ticker, shaking_hands(dtls=False))
    offer = caller.media.offer().replace(IDENTITY.fingerprint.encode(), Identity().fingerprint.encode())
    caller.media.take_answer(callee.media.answer(offer, now()), now())
    caller.media.stream.play([Clip.tone(440, 5)])
    await until(lambda: bool(callee.failures))
    assert "certificate" in callee.failures[0] and callee.frames == []


async def test_a_handshake_that_nobody_answers_fails_in_time(ticker: Ticker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshaking, "PATIENCE", 0.1)
    caller, callee = Side(ticker, shaking_hands()), Side(ticker, shaking_hands(dtls=False))
    callee.media.answer(caller.media.offer(), now())
    await until(lambda: bool(callee.failures))
    assert "no keys within" in callee.failures[0]


async def test_a_stranger_s_hello_does_not_keep_the_rightful_one_out(ticker: Ticker) -> None:
    caller, callee = Side(ticker, shaking_hands()), Side(ticker, shaking_hands(dtls=False))
    answer = callee.media.answer(caller.media.offer(), now())
    port = int(answer.split(b"m=audio ")[1].split()[0])
    stranger = Handshake(Identity(), (), client=True)
    stranger.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thief:
        thief.bind(("127.0.0.3", 0))
        for datagram in stranger.output():
            thief.sendto(datagram, ("127.0.0.1", port))
        await asyncio.sleep(0.1)
        caller.media.take_answer(answer, now())
        await tones_pass(caller, callee)


def checked(session: IceSession, nominates: bool) -> bytes:
    return stun.request(b"0123456789ab", f"{session.ufrag}:{session.peer}", session.password, nominates=nominates)


async def test_the_path_that_ice_nominates_is_the_only_one(ticker: Ticker) -> None:
    """Plain voice with ICE, by hand: two addresses of one caller, and a stranger."""
    callee = Side(ticker, MediaPolicy((Codec.PCMU,), answers_ice=True))
    offer = (
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
        "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    )
    answer = callee.media.answer(offer.encode(), now())
    assert b"\r\na=ice-lite\r\n" in answer and b"typ host" in answer
    agreed = callee.media.agreement
    assert agreed is not None and agreed.ice is not None
    target = ("127.0.0.1", int(answer.split(b"m=audio ")[1].split()[0]))
    heard: list[bytes] = []
    callee.media.stream.listener = lambda frame: heard.append(bytes(frame))
    with far_socket() as first, far_socket() as second, far_socket() as stranger:
        stranger.sendto(stun.request(bytes(12), f"{agreed.ice.ufrag}:x", "not the password", nominates=True), target)
        stranger.sendto(compose(0, False, 1, 160, 9, bytes(160)), target)
        for number, one in enumerate((first, second), 1):
            one.sendto(checked(agreed.ice, number == 2), target)
            reply = await asyncio.to_thread(one.recv, 999)
            assert reply[:2] == b"\x01\x01"
            one.sendto(compose(0, False, number, number * 160, 9, bytes(160)), target)
            await until(lambda: len(heard) == number)  # noqa: B023
        first.sendto(compose(0, False, 3, 480, 9, bytes(160)), target)
        callee.media.stream.play([Clip.tone(440, 1)])
        assert len(await asyncio.to_thread(second.recv, 999)) == 172
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.recv(999)
    assert len(heard) == 2


def far_socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(2)
    return made


class Microphone(AudioStreamTrack):
    """660 Hz at 8 kHz."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(0.02)
        samples = np.sin(np.arange(self._at, self._at + 160) * (2 * np.pi * 660 / 8000)) * 12000
        frame = AudioFrame.from_ndarray(samples.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, self._at, Fraction(1, 8000)
        self._at += 160
        return frame


@pytest.fixture
async def browser(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RTCPeerConnection]:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])
    made = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    made.addTrack(Microphone())
    yield made
    await made.close()


@pytest.mark.parametrize("browser_offers", [True, False])
async def test_a_browser_over_websocket_is_heard_and_hears(
    ticker: Ticker, browser: RTCPeerConnection, browser_offers: bool
) -> None:
    """aiortc as the browser: full ICE, DTLS, SAVPF, one shared port, whoever offers."""
    side = Side(ticker, shaking_hands().over("wss"))
    if browser_offers:
        await browser.setLocalDescription(await browser.createOffer())
        answer = side.media.answer(browser.localDescription.sdp.encode(), now()).decode()
        await browser.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    else:
        await browser.setRemoteDescription(RTCSessionDescription(side.media.offer().decode(), "offer"))
        await browser.setLocalDescription(await browser.createAnswer())
        side.media.take_answer(browser.localDescription.sdp.encode(), now())
    await until(lambda: browser.connectionState == "connected")
    await until(lambda: side.hears(660))
    side.media.stream.play([Clip.tone(1100, 5)])
    track = browser.getReceivers()[0].track
    heard: list[Samples] = []
    async with asyncio.timeout(5):
        while len(heard) < 60 or not strong(heard[-20:], 1100):
            heard.append(cast(AudioFrame, await track.recv()).to_ndarray().reshape(-1).astype(np.int16))
    assert side.failures == [] and side.media.quality()["packets_rejected"] == 0


def strong(frames: list[Samples], hertz: float) -> bool:
    """True where that tone is most of the power of decoded frames, which aiortc gives out at 8 kHz for G.711."""
    heard = np.concatenate(frames).astype(float)
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(heard), 1 / 8000) - hertz) <= 15
    return float(power.sum()) > 0 and float(power[near].sum() / power.sum()) > 0.9


async def test_reports_have_a_component_of_their_own_where_the_port_is_not_shared(
    ticker: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As phones with ICE do that know no rtcp-mux: the next port is checked, and only then reported to."""
    monkeypatch.setattr(rtcp, "INTERVAL", 0.2)
    callee = Side(ticker, MediaPolicy((Codec.PCMU,), rtcp=True, answers_ice=True))
    offer = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
        "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    )
    answer = callee.media.answer(offer.encode(), now()).decode()
    agreed = callee.media.agreement
    assert agreed is not None and agreed.ice is not None and not agreed.rtcp_mux
    found = re.search(r"a=candidate:1 2 UDP 2130706430 127.0.0.1 (\d+) typ host", answer)
    assert found is not None
    target = ("127.0.0.1", int(found[1]))
    with far_socket() as far, far_socket() as stranger:
        stranger.sendto(report(1, None, None), target)
        far.sendto(checked(agreed.ice, nominates=True), target)
        assert (await asyncio.to_thread(far.recv, 999))[:2] == b"\x01\x01"
        assert callee.media.last_sign == callee.media.quiet_since
        assert rtcp.is_rtcp(await asyncio.to_thread(far.recv, 999)), "our report, to the address that was checked"
        far.sendto(report(1, None, None), target)
        await until(lambda: callee.media.last_sign > callee.media.quiet_since)
    callee.media.close()
