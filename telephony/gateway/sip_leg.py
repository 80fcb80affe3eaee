"""A SIP call as a CallLeg: its dialog, its RTP port, its media stream."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from telephony.errors import MalformedMessage, Misuse, TelephonyError, TransportError
from telephony.gateway.leg_events import LegEvents
from telephony.gateway.sip_media import SipMedia
from telephony.leg import (
    Answered,
    CallInfo,
    CallLeg,
    DtmfReceived,
    EarlyMedia,
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
from telephony.sip.call import Call
from telephony.sip.grammar import Address, Uri
from telephony.sip.incoming import IncomingCall
from telephony.sip.outgoing import OutgoingCall
from telephony.sip.replaces import ReferTo, Replaces

logger = logging.getLogger(__name__)

SAME_KEY = 0.2
"""Seconds within which the same key by INFO and by RTP is one press."""

CAUSES = {
    486: EndCause.BUSY,
    600: EndCause.BUSY,
    403: EndCause.DECLINED,
    603: EndCause.DECLINED,
    607: EndCause.DECLINED,
    408: EndCause.NO_ANSWER,
    480: EndCause.NO_ANSWER,
    487: EndCause.CANCELLED,
    404: EndCause.UNREACHABLE,
    410: EndCause.UNREACHABLE,
    416: EndCause.UNREACHABLE,
    484: EndCause.UNREACHABLE,
    502: EndCause.UNREACHABLE,
    503: EndCause.UNREACHABLE,
    604: EndCause.UNREACHABLE,
}
"""Final response of the far end to why the leg ended; any other is FAILED."""


class Owner(Protocol):
    """What a leg needs of its gateway."""

    def flush(self) -> None:
        """Send what the leg's command has put into the outbox and hear what it caused."""

    def released(self, leg: SipLeg) -> None:
        """Forget the leg; its media is closed."""


class SipLeg:
    """One call; implements `telephony.leg.CallLeg`. Made by the gateway, in the event loop.

    Events are queued and given out in the loop's next turn, so a handler is never called from within its own command.
    """

    kind = LegKind.SIP

    def __init__(self, leg_id: str, caller: Party, callee: Party, *, state: LegState, owner: Owner, correlation: str) -> None:
        self.id = leg_id
        self.caller = caller
        self.callee = callee
        self.languages: tuple[str, ...] = ()
        self.info = CallInfo()
        self.correlation = correlation
        self.state = state
        self.call: Call | None = None
        self.held = False
        self._probed_at = 0.0
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._events = LegEvents(f"leg {leg_id}", lambda: self.hang_up(EndCause.FAILED, 500))
        self._media: SipMedia | None = None
        self._key = ("", "", -1.0)
        self._answer = b""
        self._early = False
        self._direction = ""
        self._codecs: tuple[Codec, ...] = ()
        self.replaces: SipLeg | None = None
        """The leg that ends when this one is answered."""

    # What telephony.leg.CallLeg asks for

    @property
    def media(self) -> MediaStream:
        """The leg's voice. Raises Misuse on a leg that never got a port."""
        if self._media is None:
            raise Misuse("this leg never had media")
        return self._media.stream

    def subscribe(self, handler: Callable[[LegEvent], None]) -> None:
        self._events.handler = handler

    def ring(self) -> None:
        if self.state is LegState.OFFERED and isinstance(self.call, IncomingCall):
            self.call.ring(self._loop.time())
            self._owner.flush()

    def progress(self) -> None:
        if self.state is not LegState.OFFERED or not isinstance(self.call, IncomingCall) or self._early or not self._answer:
            return
        self._early = True
        self.call.progress(self._answer, self._loop.time())
        self._owner.flush()

    def answer(self) -> None:
        if self.state is not LegState.OFFERED or not isinstance(self.call, IncomingCall) or self._media is None:
            return
        offered = self._media.agreement is None
        self.state = LegState.UP
        self.call.accept(self._media.offer() if offered else self._answer, self._loop.time())
        if not offered:
            self._go_up()
        if self.replaces is not None:
            self.replaces.give_way()
        self._owner.flush()

    def play(self, clips: Sequence[Clip], *, repeat: bool = False) -> int:
        return 0 if self._media is None else self._media.stream.play(clips, repeat)

    def stop(self) -> None:
        if self._media is not None:
            self._media.stream.stop()

    def hear(self, listener: Callable[[Frame], None] | None) -> None:
        if self._media is not None:
            self._media.stream.listener = listener

    def sounded(self) -> Frame | None:
        return None if self._media is None else self._media.stream.sounded()

    def send_digits(self, digits: str) -> None:
        if self._media is not None and self.state is LegState.UP:
            self._media.stream.send_digits(digits)

    def set_hold(self, on: bool) -> None:
        self._direction = "sendonly" if on else "sendrecv"
        self._reoffer()

    @property
    def spoken(self) -> tuple[Codec, ...]:
        """What both sides are known to speak, in our order."""
        return () if self._media is None else self._media.spoken

    def renegotiate(self, codecs: Sequence[Codec]) -> None:
        self._codecs = tuple(codecs)
        if self.state is LegState.UP:
            self._reoffer()

    def transfer(self, target: str) -> None:
        try:
            self._refer(ReferTo(self._uri_of(target)))
        except MalformedMessage:
            self.report(TransferProgress(self._loop.time(), 404))

    def transfer_to(self, other: CallLeg) -> None:
        dialog = other.call.dialog if isinstance(other, SipLeg) and other.call is not None else None
        if dialog is None or other.state is not LegState.UP:
            self.report(TransferProgress(self._loop.time(), 501))
        else:
            self._refer(ReferTo(Uri.parse(dialog.target), str(Replaces.towards(dialog))))

    def report_transfer(self, status: int) -> None:
        if self.call is not None:
            self.call.report(status, self._loop.time())
            self._owner.flush()

    def hang_up(self, cause: EndCause = EndCause.RELEASED, status: int | None = None) -> None:
        if self.state is LegState.ENDED:
            return
        now = self._loop.time()
        if isinstance(self.call, IncomingCall) and self.state is LegState.OFFERED:
            self.call.reject(status or 603, now)
        elif isinstance(self.call, OutgoingCall) and self.state is LegState.DIALING:
            self.call.cancel(now)
        elif self.call is not None:
            with contextlib.suppress(Misuse):  # the far end was quicker; its event is on the way
                self.call.bye(now)
        self.end(cause, by_peer=cause is EndCause.TRANSFERRED, detail=str(status or ""))
        self._owner.flush()

    def quality(self) -> dict[str, Any]:
        return {} if self._media is None else self._media.quality()

    # What the gateway tells it

    @property
    def sip_media(self) -> SipMedia | None:
        return self._media

    def take_media(self, media: SipMedia) -> None:
        """Own a port and a stream from now on, in place of those before."""
        if self._media is not None:
            self._media.close()
        self._media = media

    def take_offer(self, offer: bytes) -> None:
        """Settle on an answer to the first offer. Raises PeerFault and TransportError where there can be none."""
        assert self._media is not None
        self._answer = self._media.answer(offer, self._loop.time())
        self._settled()

    def established(self, answer: bytes) -> None:
        """The dialog stands; `answer` is the far end's, where the offer was ours."""
        if self.state is LegState.ENDED or self._media is None:
            return
        settled = self._media.agreement is not None and not answer
        if settled and self.state is LegState.UP:
            return
        if settled or self._take_answer(answer):
            self.state = LegState.UP
            self._go_up()

    def ringing(self, status: int = 180, answer: bytes = b"") -> None:
        """Hear a provisional response; `answer` is the SDP of a far end that sends voice already."""
        if self.state is not LegState.DIALING:
            return
        now = self._loop.time()
        if status in (180, 183):
            self.report(Ringing(now))
        if not answer or self._media is None:
            return
        try:
            self._media.take_answer(answer, now)
        except TelephonyError as error:  # the 200 says what counts
            logger.debug("call %s leg %s: early answer: %s", self.correlation, self.id, error)
            return
        if not self._early:
            self._early = True
            self.report(EarlyMedia(now))

    def transfer_goes_on(self, status: int) -> None:
        """Hear how a REFER of ours goes on; when it has succeeded this leg is over."""
        self.report(TransferProgress(self._loop.time(), status))
        if 200 <= status < 300 and self.call is not None and self.state is LegState.UP:
            with contextlib.suppress(Misuse):  # the far end was quicker
                self.call.bye(self._loop.time())
            self.end(EndCause.TRANSFERRED, by_peer=False)

    def give_way(self) -> None:
        """End, because another leg of the same far end has taken this one's place."""
        self.hang_up(EndCause.TRANSFERRED)

    def reoffered(self, offer: bytes) -> None:
        """Answer a new offer of the far end: hold, resume, moved media or a mere refresh."""
        assert self._media is not None and self.call is not None
        now = self._loop.time()
        try:
            body = self._media.answer(offer, now) if offer else self._media.offer()
        except (TelephonyError, TransportError):
            self.call.refuse_reoffer(488, now)
            return
        self._settled()
        self.call.accept_reoffer(body, now)

    def reanswered(self, answer: bytes) -> None:
        """Hear the far end's answer to the offer that we gave within the dialog."""
        if answer and self.state is LegState.UP:
            self._take_answer(answer)

    def key(self, digit: str, way: str) -> None:
        """Hear a key by "rtp" or "info"; the same one by the other way shortly after is the same press."""
        now = self._loop.time()
        last, last_way, at = self._key
        if digit == last and way != last_way and now - at < SAME_KEY:
            return
        self._key = digit, way, now
        self.report(DtmfReceived(now, digit))

    def played(self, playback: int, completed: bool, played_ms: int) -> None:
        self.report(PlaybackFinished(self._loop.time(), playback, completed, played_ms))

    def fail(self, detail: str) -> None:
        """Give up a call whose media cannot be agreed, or whose keys fail."""
        if isinstance(self.call, IncomingCall) and self.state is LegState.OFFERED:
            self.call.reject(488, self._loop.time())
        elif (self.call is not None and self.state is LegState.UP) or isinstance(self.call, OutgoingCall):
            with contextlib.suppress(Misuse):
                assert self.call is not None
                self.call.bye(self._loop.time(), 'SIP;cause=488;text="no common media"')
        self.end(EndCause.FAILED, by_peer=False, detail=detail)
        self._owner.flush()

    def end(self, cause: EndCause, *, by_peer: bool, detail: str = "") -> None:
        """Enter ENDED, give the media back and report it, once."""
        if self.state is LegState.ENDED:
            return
        self.state = LegState.ENDED
        if self._media is not None:
            self._media.close()
        self.report(Ended(self._loop.time(), cause, by_peer, detail))
        logger.debug("call %s leg %s ended: %s%s", self.correlation, self.id, cause.value, " by peer" if by_peer else "")
        self._owner.released(self)

    def silent_for(self, now: float) -> float:
        """Seconds for which no RTP came although some was to be expected; 0 while none is."""
        return 0.0 if self.state is not LegState.UP or self._media is None else self._media.silent_for(now)

    def probe(self, now: float, pause: float) -> None:
        """Ask the far end of a call without its voice, every `pause` seconds, whether it is still there."""
        if self.state is not LegState.UP or self.call is None or self._media is None or self._media.expects_voice:
            return
        if now - max(self._probed_at, self._media.last_sign) > pause:
            self._probed_at = now
            self.call.probe(now)
            self._owner.flush()

    # Parts

    def _reoffer(self) -> None:
        """Offer what we want now; refused or crossed by another offer, the session stays as it was."""
        if self.state not in (LegState.UP, LegState.DIALING) or self.call is None or self._media is None:
            return
        media = self._media
        with contextlib.suppress(Misuse):  # the far end was quicker
            self.call.reoffer(lambda: media.offer(self._codecs, self._direction), self._loop.time())
        self._owner.flush()

    def _refer(self, target: ReferTo) -> None:
        now = self._loop.time()
        if self.state is not LegState.UP or self.call is None:
            self.report(TransferProgress(now, 481))
        elif not self.call.refer(target, now):
            self.report(TransferProgress(now, 491))
        self._owner.flush()

    def _uri_of(self, target: str) -> Uri:
        """What the far end shall call; a bare number or name is one of its own domain. Raises MalformedMessage."""
        if target.lower().startswith(("sip:", "sips:", "tel:")):
            return Uri.parse(target)
        if "@" in target:
            return Uri.parse(f"sip:{target}")
        remote = Address.parse(self.call.dialog.remote).uri if self.call is not None and self.call.dialog is not None else None
        if remote is None:
            raise MalformedMessage("no dialog")
        user, _, headers = target.partition("?")
        return Uri("sip", user, remote.host, remote.port, headers=headers)

    def _take_answer(self, answer: bytes) -> bool:
        assert self._media is not None
        try:
            self._media.take_answer(answer, self._loop.time())
        except TelephonyError as error:
            self.fail(f"answer: {error}")
            return False
        self._settled()
        return True

    def _settled(self) -> None:
        """Report a hold or its end, where what was agreed changed it."""
        assert self._media is not None
        if self.held is not self._media.held:
            self.held = self._media.held
            if self.state is LegState.UP:
                at = self._loop.time()
                self.report(HeldByPeer(at) if self.held else ResumedByPeer(at))

    def _go_up(self) -> None:
        assert self._media is not None
        now = self._media.quiet_since = self._loop.time()
        self._media.stream.keeping = self._media.policy.keepalive
        self.report(Answered(now))
        if self.held:
            self.report(HeldByPeer(now))

    def report(self, event: LegEvent) -> None:
        """Queue an event for the handler."""
        self._events.put(event)
