"""Legs to browsers: we offer codecs and telephone-event, the browser answers, RTP goes through our own media path.

What is left out: trickle, ICE restart (a page that lost its network opens a new leg), video. See docs/webrtc.md.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

from telephony.errors import Misuse, TransportError
from telephony.gateway.aiortc_seam import Certificate, IceServer, SecureChannel, broken_contract
from telephony.gateway.webrtc_sdp import CODECS, Answer, offer_text, parse_answer
from telephony.leg import (
    Answered,
    CallInfo,
    CallLeg,
    DtmfReceived,
    EndCause,
    Ended,
    Frame,
    LegEvent,
    LegKind,
    LegState,
    Party,
    PlaybackFinished,
    TransferProgress,
)
from telephony.media import opinion, rtcp
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.stream import MediaStream
from telephony.net.ticker import Ticker

log = logging.getLogger(__name__)

WATCH_SECONDS = 0.5
"""Between looks at the media time-out."""


class WebRtcLeg:
    """A browser, as `telephony.leg.CallLeg`; `WebRtcGateway.offer` makes them.

    The media path is there before the call is: OFFERED until both `answer` was called and the browser is connected.
    """

    kind = LegKind.WEBRTC
    info = CallInfo()

    def __init__(
        self,
        gateway: WebRtcGateway,
        caller: Party,
        callee: Party,
        languages: tuple[str, ...],
    ) -> None:
        self.id = f"web-{secrets.token_hex(6)}"
        self.correlation = self.id
        self.caller = caller
        self.callee = callee
        self.languages = languages
        self.state = LegState.OFFERED
        self.connected = False
        """True while media can flow, answered or not."""
        self.ssrc = secrets.randbits(32)
        # 15 bits: a first wrap within a lost packet would break SRTP's index estimate (RFC 3711 §3.3.1).
        self.media = MediaStream(
            ssrc=self.ssrc,
            sequence=secrets.randbits(15),
            timestamp=secrets.randbits(32),
            transmit=self._transmit,
            on_digit=self._digit,
            on_playback=self._playback,
        )
        self.channel = SecureChannel(
            gateway.certificate,
            gateway.hosts,
            gateway.ice_servers,
            on_rtp=self._rtp,
            on_rtcp=self._rtcp,
            on_closed=self._channel_closed,
            sockets=gateway.ticker,
        )
        self._gateway = gateway
        self._loop = asyncio.get_running_loop()
        self._handler: Callable[[LegEvent], None] | None = None
        self._watchers: list[Callable[[Ended], None]] = []
        self._answering = False
        self._accepting = False
        self._last_report = 0.0
        self._connected_at = 0.0
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(gateway.answer_timeout, self._unanswered)
        self._report_due = 0.0
        self._patience = 0.0
        self._reporter = rtcp.Reporter()

    # --- signalling

    async def accept_answer(self, sdp: str) -> None:
        """Take the browser's answer; media can flow when this returns.

        Raises MalformedMessage or NoCommonCodec for an answer that cannot be used, TransportError where the browser cannot
        be reached within the gateway's set-up time or has left: the leg has ended then. Raises Misuse for a second answer.
        """
        if self._accepting:
            raise Misuse(f"{self.id} already has its answer")
        self._insist("before its answer came")
        self._accepting = True
        if self._timer is not None:
            self._timer.cancel()
        try:
            answer = parse_answer(sdp, self._gateway.codecs)
            await self.channel.add_remote(answer.ice)
            async with asyncio.timeout(self._gateway.setup_timeout):
                await self.channel.connect(answer.ice, we_are_client=not answer.browser_is_client)
        except TimeoutError as error:
            self._end(EndCause.UNREACHABLE, False, "no connection in time")
            raise TransportError("the browser could not be reached in time") from error
        except asyncio.CancelledError:
            self._end(EndCause.CANCELLED, False, "given up while connecting")
            raise
        except Exception as error:
            self._end(EndCause.FAILED, True, str(error))
            raise
        self._insist("while it was connected")
        self._open(answer)

    def _insist(self, when: str) -> None:
        if self.state is LegState.ENDED:
            raise TransportError(f"{self.id} ended {when}")

    def _open(self, answer: Answer) -> None:
        self.connected = True
        self._connected_at = self._loop.time()
        self.media.configure(answer.codec, answer.codec.payload_type, answer.telephone_event)
        self._gateway.ticker.attach(self.media)
        self._timer = self._loop.call_later(WATCH_SECONDS, self._watch)
        if self._answering:
            self._up()

    def _up(self) -> None:
        self.state = LegState.UP
        self._emit(Answered(self._loop.time()))

    # --- telephony.leg.CallLeg

    def subscribe(self, handler: Callable[[LegEvent], None]) -> None:
        self._handler = handler

    def ring(self) -> None:
        """Nothing is sent: the page shows what the call's own socket tells it."""

    def progress(self) -> None:
        """Nothing is sent: a page that is connected hears from then on."""

    def answer(self) -> None:
        self._answering = True
        if self.state is LegState.OFFERED and self.connected:
            self._up()

    def play(self, clips: Sequence[Clip], *, repeat: bool = False) -> int:
        return self.media.play(clips, repeat=repeat)

    def stop(self) -> None:
        self.media.stop()

    def hear(self, listener: Callable[[Frame], None] | None) -> None:
        self.media.listener = listener

    def sounded(self) -> Frame | None:
        return self.media.sounded()

    def send_digits(self, digits: str) -> None:
        self.media.send_digits(digits)

    def set_hold(self, on: bool) -> None:
        """Nothing is sent: the page shows what its own socket tells it, and hears what we play."""

    def renegotiate(self, codecs: Sequence[Codec]) -> None:
        """Nothing is sent: a page keeps the codec that it began with."""

    def transfer(self, target: str) -> None:
        """A browser cannot be sent elsewhere: `TransferProgress(501)`."""
        self._emit(TransferProgress(self._loop.time(), 501))

    def transfer_to(self, other: CallLeg) -> None:
        self._emit(TransferProgress(self._loop.time(), 501))

    def report_transfer(self, status: int) -> None:
        """A browser asks for transfers at its page's own socket, never here."""

    def hang_up(self, cause: EndCause = EndCause.RELEASED, status: int | None = None) -> None:
        self._end(cause, False, "" if status is None else str(status))

    def quality(self) -> dict[str, Any]:
        """What the stream counts, and under `peer_` what the browser reported of our packets."""
        out, reception = self.media.numbers
        heard = opinion.figures(self._reporter, reception, out.sent, self.media.codec.clock_rate)
        return self.media.quality() | {"packets_rejected": self.channel.rejected} | heard

    # --- what its page's own socket tells

    def when_ended(self, watcher: Callable[[Ended], None]) -> None:
        """Tell `watcher` too when the leg ends; unlike `subscribe`, others keep what they have."""
        self._watchers.append(watcher)

    def press(self, digits: str) -> None:
        """Keys that came by the page's socket, because its browser cannot send them as RTP. Others than keys are ignored."""
        for digit in digits:
            if digit in "0123456789*#ABCD":
                self._digit(digit)

    def left(self, detail: str = "") -> None:
        """The page said that it hangs up, or is gone: `Ended(HUNG_UP, by_peer=True)`. Without effect on an ENDED leg."""
        self._end(EndCause.HUNG_UP, True, detail)

    def expect_media(self, seconds: float) -> None:
        """Give the leg up after so long without a packet, once sound has come; before, the gateway's own limit counts."""
        self._patience = seconds

    # --- media

    def _transmit(self, packet: bytes) -> None:
        self.channel.send_rtp(packet)

    def _rtp(self, packet: bytes, now: float) -> None:
        if self.connected:
            self.media.receive(packet, now)

    def _rtcp(self, packet: bytes, now: float) -> None:
        self._last_report = now
        self._reporter.heard(packet, self.ssrc, now=self._last_report, wall=time.time())

    def _digit(self, digit: str) -> None:
        if self.state is LegState.UP:
            self._emit(DtmfReceived(self._loop.time(), digit))

    def _playback(self, playback: int, completed: bool, played_ms: int) -> None:
        if self.state is not LegState.ENDED:
            self._emit(PlaybackFinished(self._loop.time(), playback, completed, played_ms))

    # --- watchdog and reports

    def _watch(self) -> None:
        now = self._loop.time()
        # Reports count too: a page without a microphone sends nothing else.
        silent = now - max(self._connected_at, self.media.last_received, self._last_report)
        limit = self._patience if self._patience and self.media.last_received else self._gateway.media_timeout
        if silent > limit:
            self._end(EndCause.MEDIA_LOST, True, f"no packet for {silent:.0f} s")
            return
        self._timer = self._loop.call_later(WATCH_SECONDS, self._watch)
        if now >= self._report_due:
            self._report_due = now + rtcp.pause(random.random())
            self.channel.send_rtcp(self._reporter.compose(self.media.numbers, now=now, wall=time.time()))

    def _unanswered(self) -> None:
        self._end(EndCause.NO_ANSWER, True, "the page never answered the offer")

    # --- end

    def _channel_closed(self, in_order: bool, detail: str) -> None:
        self._end(EndCause.HUNG_UP if in_order else EndCause.MEDIA_LOST, True, detail)

    def _end(self, cause: EndCause, by_peer: bool, detail: str) -> None:
        if self.state is LegState.ENDED:
            return
        self.state = LegState.ENDED
        if self._timer is not None:
            self._timer.cancel()
        if self.connected:
            self.connected = False
            self._gateway.ticker.detach(self.media)
        self._gateway.forget(self)
        ended = Ended(self._loop.time(), cause, by_peer, detail)
        self._emit(ended)
        for watcher in self._watchers:
            watcher(ended)

    def _emit(self, event: LegEvent) -> None:
        if self._handler is not None:
            self._handler(event)


class WebRtcGateway:
    """Makes legs to browsers on `hosts`; `close` ends them all.

    All seconds: `media_timeout` without a packet, RTP or RTCP, ends a leg, `answer_timeout` is how long a page may take for
    its answer (it asks for the microphone first), `setup_timeout` bounds ICE and DTLS. `codecs` are offered best first; the
    browser speaks the first that it knows. Raises Misuse where the installed
    aiortc is not the one this was written for.
    """

    def __init__(
        self,
        ticker: Ticker,
        *,
        hosts: tuple[str, ...] = ("127.0.0.1",),
        ice_servers: tuple[IceServer, ...] = (),
        media_timeout: float = 10.0,
        answer_timeout: float = 30.0,
        codecs: Sequence[Codec] = CODECS,
        setup_timeout: float = 10.0,
    ) -> None:
        broken = broken_contract()
        if broken:
            raise Misuse("; ".join(broken))
        self.ticker = ticker
        self.hosts = hosts
        self.ice_servers = ice_servers
        self.media_timeout = media_timeout
        self.answer_timeout = answer_timeout
        self.codecs = tuple(codecs)
        self.setup_timeout = setup_timeout
        self.certificate = Certificate()
        self._legs: dict[str, WebRtcLeg] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def legs(self) -> tuple[WebRtcLeg, ...]:
        return tuple(self._legs.values())

    async def offer(self, caller: Party, callee: Party, languages: Sequence[str] = ()) -> tuple[WebRtcLeg, str]:
        """An OFFERED leg and the complete SDP offer for its page. Raises TransportError where no socket can be opened."""
        leg = WebRtcLeg(self, caller, callee, tuple(languages))
        try:
            ice = await leg.channel.gather()
        except BaseException:
            leg.hang_up(EndCause.FAILED)
            raise
        self._legs[leg.id] = leg
        return leg, offer_text(ice, session=random.getrandbits(62), ssrc=leg.ssrc, codecs=self.codecs)

    def forget(self, leg: WebRtcLeg) -> None:
        """Close the sockets of a leg that has ended."""
        self._legs.pop(leg.id, None)
        task = asyncio.get_running_loop().create_task(self._close(leg))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """End every leg with SHUTDOWN and wait until its sockets are closed."""
        for leg in self.legs:
            leg.hang_up(EndCause.SHUTDOWN)
        while self._closing:
            await asyncio.wait(self._closing)

    async def _close(self, leg: WebRtcLeg) -> None:
        try:
            await leg.channel.close()
        except (OSError, RuntimeError) as error:
            log.warning("%s did not close in order: %s", leg.correlation, error)
