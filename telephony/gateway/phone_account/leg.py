"""A call of a phone account as a CallLeg: signalled by pyVoIP in the child, heard and spoken here."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from telephony.errors import PeerFault, TransportError
from telephony.gateway.phone_account import dialect
from telephony.gateway.phone_account.notes import Answer, Line, Release, Ring
from telephony.leg import (
    Answered,
    CallInfo,
    CallLeg,
    DtmfReceived,
    EndCause,
    Ended,
    Frame,
    HeldByPeer,
    LegEvent,
    LegKind,
    LegState,
    Party,
    PlaybackFinished,
    ResumedByPeer,
    Ringing,
    TransferProgress,
)
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.stream import MediaStream
from telephony.net.rtp_socket import RtpPorts
from telephony.net.ticker import Ticker

logger = logging.getLogger(__name__)


class Owner(Protocol):
    """What a leg needs of its account."""

    def order(self, line: Line) -> None:
        """Tell the child."""

    def released(self, leg: PhoneLeg) -> None:
        """Forget the leg."""


class PhoneLeg:
    """One call; implements `telephony.leg.CallLeg`. Events are given out in the loop's next turn.

    What pyVoIP cannot do is without effect here, and `transfer` reports 501: early media before an answer, a hold that the
    far end is told of, another codec than G.711 µ-law. Hold with music works, as for any leg, by what it hears.
    """

    kind = LegKind.SIP
    languages: tuple[str, ...] = ()

    def __init__(self, key: str, caller: Party, callee: Party, *, state: LegState, owner: Owner, account: str) -> None:
        self.key = key
        """Name of the call between parent and child."""
        self.id = f"phone-{key}"
        self.caller, self.callee, self.state = caller, callee, state
        self.correlation = ""
        self.info = CallInfo(trunk=account)
        self.held = False
        self.quiet_since = 0.0
        """When RTP was first to be expected, on the loop's clock."""
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self.observer: Callable[[LegEvent], None] | None = None
        """Hears every event before the handler: whoever watches over calls out."""
        self._handler: Callable[[LegEvent], None] | None = None
        self._events: deque[LegEvent] = deque()
        self._handing_out = False
        self._ticker: Ticker | None = None
        self.media = MediaStream(
            ssrc=secrets.randbits(32),
            sequence=secrets.randbits(16),
            timestamp=secrets.randbits(32),
            transmit=self._transmit,
            on_digit=self.key_pressed,
            on_playback=self._played,
        )
        self._rtp: Any = None

    def open(self, ports: RtpPorts, ticker: Ticker) -> int:
        """Bind a port for the leg's voice and return its number. Raises PortsExhausted."""
        self._rtp = ports.open(lambda packet, now: self.media.receive(packet, now))
        self._ticker = ticker
        ticker.attach(self.media)
        return int(self._rtp.port)

    def _transmit(self, packet: bytes) -> None:
        if self._rtp is not None:
            self._rtp.send(packet)

    # What telephony.leg.CallLeg asks for

    def subscribe(self, handler: Callable[[LegEvent], None]) -> None:
        self._handler = handler

    def ring(self) -> None:
        if self.state is LegState.OFFERED:
            self._owner.order(Ring(self.key))

    def progress(self) -> None:
        """Without effect: pyVoIP gives its session with the answer alone."""

    def answer(self) -> None:
        if self.state is LegState.OFFERED:
            self.state = LegState.UP
            self._owner.order(Answer(self.key))

    def play(self, clips: Sequence[Clip], *, repeat: bool = False) -> int:
        return self.media.play(clips, repeat) if self.state is not LegState.ENDED else 0

    def stop(self) -> None:
        self.media.stop()

    def hear(self, listener: Callable[[Frame], None] | None) -> None:
        self.media.listener = listener

    def sounded(self) -> Frame | None:
        return self.media.sounded()

    def send_digits(self, digits: str) -> None:
        if self.state is LegState.UP:
            self.media.send_digits(digits)

    def set_hold(self, on: bool) -> None:
        """Without effect: pyVoIP has no re-INVITE of its own. The far end hears what the leg plays."""

    def renegotiate(self, codecs: Sequence[Codec]) -> None:
        """Without effect: G.711 µ-law is all there is."""

    def transfer(self, target: str) -> None:
        self.report(TransferProgress(self._loop.time(), 501))

    def transfer_to(self, other: CallLeg) -> None:
        self.report(TransferProgress(self._loop.time(), 501))

    def report_transfer(self, status: int) -> None:
        """Without effect: a REFER of the far end is refused."""

    def hang_up(self, cause: EndCause = EndCause.RELEASED, status: int | None = None) -> None:
        if self.state is not LegState.ENDED:
            self._owner.order(Release(self.key, status or 603))
            self.end(cause, by_peer=False, detail=str(status or ""))

    def quality(self) -> dict[str, Any]:
        return self.media.quality()

    # What the account tells it

    def ringing(self) -> None:
        if self.state is LegState.DIALING:
            self.report(Ringing(self._loop.time()))

    def established(self, sdp: str) -> None:
        """Media may flow. `sdp` is the far end's answer, "" where `follow` has its offer already."""
        if self.state is LegState.ENDED or (sdp and not self.follow(sdp)):
            return
        self.state = LegState.UP
        now = self.quiet_since = self._loop.time()
        self.report(Answered(now))
        if self.held:
            self.report(HeldByPeer(now))

    def changed(self, sdp: str) -> None:
        """Follow a re-INVITE that was answered."""
        before = self.held
        if self.state is LegState.UP and self.follow(sdp) and before is not self.held:
            now = self._loop.time()
            self.report(HeldByPeer(now) if self.held else ResumedByPeer(now))

    def follow(self, sdp: str) -> bool:
        """Make port and stream follow a session description. Where they cannot, the leg fails: False."""
        try:
            media = dialect.audio_of(sdp.encode())
            if media is None:
                raise PeerFault("no G.711 µ-law", 488)
            self._rtp.aim(media.host, media.port)
        except (PeerFault, TransportError) as error:
            self._owner.order(Release(self.key, 488))
            self.end(EndCause.FAILED, by_peer=False, detail=str(error))
            return False
        keys = dialect.payload_type(media, dialect.EVENT)
        self.held = media.held
        self.media.configure(Codec.PCMU, 0, None if keys is None else int(keys), not media.held)
        self.quiet_since = self._loop.time()
        return True

    def key_pressed(self, digit: str) -> None:
        self.report(DtmfReceived(self._loop.time(), digit))

    def rung_out(self) -> None:
        """Give up a call that nobody answered in time."""
        if self.state is LegState.DIALING:
            self.hang_up(EndCause.NO_ANSWER)

    def silent_for(self, now: float) -> float:
        """Seconds for which no RTP came although some was to be expected."""
        expected = self.state is LegState.UP and not self.held and self.quiet_since > 0
        return now - max(self.quiet_since, self.media.last_received) if expected else 0.0

    def end(self, cause: EndCause, *, by_peer: bool, detail: str = "") -> None:
        """Enter ENDED, give the port back and report it, once."""
        if self.state is LegState.ENDED:
            return
        self.state = LegState.ENDED
        self.media.stop()
        self.media.listener = None
        if self._rtp is not None and self._ticker is not None:
            self._ticker.detach(self.media)
            self._rtp.close()
        self.report(Ended(self._loop.time(), cause, by_peer, detail))
        logger.debug("call %s leg %s ended: %s%s", self.correlation, self.id, cause.value, " by peer" if by_peer else "")
        self._owner.released(self)

    def report(self, event: LegEvent) -> None:
        """Queue an event for the handler."""
        self._events.append(event)
        if not self._handing_out:
            self._handing_out = True
            self._loop.call_soon(self._hand_out)

    def _played(self, playback: int, completed: bool, played_ms: int) -> None:
        self.report(PlaybackFinished(self._loop.time(), playback, completed, played_ms))

    def _hand_out(self) -> None:
        self._handing_out = False
        while self._events:
            event = self._events.popleft()
            if self.observer is not None:
                self.observer(event)
            if self._handler is None:
                continue
            try:
                self._handler(event)
            except Exception:
                logger.exception("call %s leg %s: the handler of its events failed", self.correlation, self.id)
                self.hang_up(EndCause.FAILED, 500)
