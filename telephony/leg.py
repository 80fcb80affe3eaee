"""The only door between the wire and the meaning of a call. No I/O.

A leg is one media connection with one far end: a SIP dialog or a browser's peer connection. `ivr` gives it commands
(methods, imperative) and hears its events (dataclasses, past tense). Commands never block and never raise for what the far
end did: what became of them arrives as an event. Every `at` is seconds on the event loop's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from telephony.media.clip import Clip
from telephony.media.codec import Codec

FRAME_SAMPLES = 160
"""Samples in one frame: 20 ms at 8 kHz."""

Frame = NDArray[np.int16]
"""One 20 ms frame of mono linear PCM at 8 kHz, shape (160,)."""


class LegKind(Enum):
    SIP = "sip"
    WEBRTC = "webrtc"


class LegState(Enum):
    """OFFERED and DIALING are the two ways in; ENDED is final."""

    OFFERED = "offered"
    """The far end calls us and has no final answer yet."""
    DIALING = "dialing"
    """We call the far end and have no final answer yet."""
    UP = "up"
    ENDED = "ended"


class EndCause(Enum):
    """Why a leg ended, in the words of the call record."""

    HUNG_UP = "hung_up"
    """The far end sent BYE or closed its page in order."""
    RELEASED = "released"
    """We hung up."""
    CANCELLED = "cancelled"
    """The side that called gave up before an answer."""
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    MEDIA_LOST = "media_lost"
    """No packet arrived for longer than the media time-out, or the browser vanished."""
    TRANSFERRED = "transferred"
    """The far end talks with somebody else now: our `transfer` succeeded, or another leg took this one's place."""
    FAILED = "failed"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a call, as its protocol named it."""

    user: str
    """User part of the URI: a telephone number or an account name; "" where withheld."""
    display: str = ""
    """Display name, as sent: never trust it in markup or logs."""
    host: str = ""
    authenticated: bool = False
    """True where `user` was proven by digest or by a signed-in page."""


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What signalling told of a call besides who calls whom. Only peers that are trusted get a say in `asserted`."""

    asserted: Party | None = None
    """Who the network says is calling (P-Asserted-Identity, RFC 3325)."""
    diversions: tuple[Party, ...] = ()
    """Who was called before and had it diverted, the last one first (Diversion, History-Info)."""
    diversion_reason: str = ""
    """Why the last one diverted, in the words of RFC 5806: `user-busy`, `no-answer`, `unconditional`."""
    private: bool = False
    """The caller asked not to be shown (RFC 3323)."""
    user_to_user: str = ""
    """Value of User-to-User (RFC 7433), as sent."""
    user_to_user_text: str = ""
    """The same as a person reads it, where it is text."""
    trunk: str = ""
    """Name of the trunk that the call came over, "" for none."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far end of a dialled leg is alerting (180 or 183)."""

    at: float


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """The far end of a dialled leg sends voice before its answer (18x with SDP): `hear` and a bridge work from now on.

    What reaches it before `Answered` is for the far end to play or to drop.
    """

    at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """Media may flow both ways."""

    at: float


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """One key press, reported once however often and by whichever way it was sent."""

    at: float
    digit: str
    """One of `0123456789*#ABCD`."""


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """What `play` started has ended: by its last frame, by `stop`, or because another `play` took its place."""

    at: float
    playback: int
    """What `play` returned."""
    completed: bool
    played_ms: int


@dataclass(frozen=True, slots=True)
class HeldByPeer:
    """The far end asked us to stop sending (RFC 3264 §8.4: sendonly, inactive or address 0.0.0.0)."""

    at: float


@dataclass(frozen=True, slots=True)
class ResumedByPeer:
    at: float


@dataclass(frozen=True, slots=True)
class TransferRequested:
    """The far end asks that it be connected with somebody else (REFER, RFC 3515). Nothing happens unless you do it.

    Answer with `report_transfer`: 100 takes the order, 180 tells of ringing, 200 of success, 300 and above of failure. Silence
    for `DECISION` seconds refuses it. Where `target` may lead is for you to judge: it is what the far end would like to be
    charged to us.
    """

    at: float
    target: str
    """URI to call, without header parameters."""
    replaces: str = ""
    """Value of Replaces (RFC 3891): the call that the new one is to take the place of; "" for a blind transfer."""
    referred_by: str = ""
    """Value of Referred-By (RFC 3892), as the far end wrote it."""
    other: CallLeg | None = None
    """The leg of ours that `replaces` names: a phone asks that those whom it talks with by both legs talk with each other.

    Nobody needs to be called then: join them, report 200, and the phone hangs up both of its legs.
    """


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How a transfer that `transfer` or `transfer_to` asked for goes on.

    After a final success the leg ends with TRANSFERRED; after a failure it stays UP.
    """

    at: float
    status: int
    """SIP status: 100 accepted, 180 ringing, 200 connected, 300 and above failed; 501 where the far end cannot be asked."""

    @property
    def final(self) -> bool:
        return self.status >= 200


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another call wants to take this one's place (INVITE with Replaces, RFC 3891): the attended transfer of our far end.

    Let `by` take over whatever this leg is in, and `by.answer()`: this leg then ends with TRANSFERRED, `by_peer`. `by` is
    OFFERED, nobody else is told of it, and it is refused after `DECISION` seconds.
    """

    at: float
    by: CallLeg


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of a leg. It comes exactly once."""

    at: float
    cause: EndCause
    by_peer: bool
    detail: str = ""
    """Status line, Reason header or what our own watchdog saw; for logs and records."""


LegEvent = (
    Ringing
    | EarlyMedia
    | Answered
    | DtmfReceived
    | PlaybackFinished
    | HeldByPeer
    | ResumedByPeer
    | TransferRequested
    | TransferProgress
    | Replaced
    | Ended
)

DECISION = 4.0
"""Seconds within which a `TransferRequested` or `Replaced` is to be answered."""


class CallLeg(Protocol):
    """One media connection with one far end, of any protocol."""

    @property
    def id(self) -> str:
        """Unique on this node."""

    @property
    def correlation(self) -> str:
        """The Call-ID, or a peer connection's id: stands on every log line."""

    @property
    def kind(self) -> LegKind: ...

    @property
    def caller(self) -> Party: ...

    @property
    def callee(self) -> Party: ...

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that the far end asked for, best first (Accept-Language); often empty."""

    @property
    def info(self) -> CallInfo:
        """What signalling told besides; empty for a dialled leg and a browser."""

    @property
    def state(self) -> LegState: ...

    def subscribe(self, handler: Callable[[LegEvent], None]) -> None:
        """Give every event from now on to `handler`, in the event loop, in order. One handler a leg; a new one takes over."""

    def ring(self) -> None:
        """Tell an OFFERED far end that somebody is being alerted (180)."""

    def progress(self) -> None:
        """Let an OFFERED far end hear us before the answer (183 with SDP): `play`, `hear` and a bridge work from now on.

        Most networks charge nothing for this, and cut it off after a minute or three. Without effect where the far end left
        the offer to us, or cannot hear early (a browser can: there it has no cost).
        """

    def answer(self) -> None:
        """Accept an OFFERED leg; `Answered` follows when media may flow. Without effect on a leg that is UP or ENDED."""

    def play(self, clips: Sequence[Clip], *, repeat: bool = False) -> int:
        """Send `clips` one after another, in place of whatever is playing; `repeat` starts over for ever.

        Returns the playback's number; `PlaybackFinished` with that number follows. A bridged leg hears its bridge again
        after the last frame.
        """

    def stop(self) -> None:
        """End the running playback within one frame. Without effect where none runs."""

    def hear(self, listener: Callable[[Frame], None] | None) -> None:
        """Give every 20 ms of the far end's voice to `listener`, or to nobody. The frame may be kept."""

    def sounded(self) -> Frame | None:
        """20 ms of what `play` sends just now, None while nothing plays: what may come back as an echo.

        Ask once for each frame heard, and it keeps in step with what is sent. Not to be changed.
        """

    def send_digits(self, digits: str) -> None:
        """Send keys as RFC 4733 events, 100 ms each, 60 ms apart."""

    def set_hold(self, on: bool) -> None:
        """Tell the far end that it is on hold (it sends nothing and hears what we play), or no longer, by an offer of ours."""

    def renegotiate(self, codecs: Sequence[Codec]) -> None:
        """Offer `codecs`, best first, to an UP leg, so that two bridged legs come to share one. The answer is in force when
        it comes; a refusal changes nothing. Without effect where the leg cannot change its codec.
        """

    def transfer(self, target: str) -> None:
        """Ask the far end to call `target`, a SIP or TEL URI, in our place (REFER); `TransferProgress` follows."""

    def transfer_to(self, other: CallLeg) -> None:
        """Ask the far end to take our place towards the far end of `other` (REFER with Replaces); `TransferProgress` follows.

        Both legs are UP. When it succeeds the far ends talk with each other, and both legs end. 501 where either is no SIP leg.
        """

    def report_transfer(self, status: int) -> None:
        """Answer a `TransferRequested`, and tell how it goes on (NOTIFY). A first status of 300 or above refuses it.

        Without effect where nothing is asked, or after a final status.
        """

    def hang_up(self, cause: EndCause = EndCause.RELEASED, status: int | None = None) -> None:
        """End the leg in whatever way its state asks for: BYE, CANCEL, or a final response (`status`, 603 unless told).

        `Ended(by_peer=False)` follows. Without effect on an ENDED leg.
        """

    def quality(self) -> dict[str, Any]:
        """Packets, loss and jitter so far, with units in the keys: what the record keeps."""


class Bridge(Protocol):
    """Two legs that hear each other."""

    def hold(self, leg: CallLeg, music: Sequence[Clip]) -> None:
        """`leg` hears `music`, repeated, and is not heard; the other leg hears silence."""

    def resume(self, leg: CallLeg) -> None: ...

    def close(self) -> None:
        """Part the legs; both stay up and silent. Without effect the second time."""


Bridger = Callable[[CallLeg, CallLeg], Bridge]
"""Joins two legs that are UP."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What the far end of a call that we make may be told of what went before."""

    link: str = ""
    """URL where it can be read, for User-to-User (RFC 7433); "" for none."""
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)
    """The thing itself, to stand beside the SDP (RFC 5621)."""
    how: str = ""
    """`none`, `link`, or `body` (the thing and the link); "" as the trunk says."""
    phones: str = "none"
    """The same for phones of ours, where `how` is ""."""


@dataclass(frozen=True, slots=True)
class DialOptions:
    """What may be asked of a call that we make, besides whom it calls."""

    payer: str = ""
    """Whose rules and limits count: `flow:NAME`, `agent:ID`, `user:NAME`, `trunk:NAME`; "" for nobody in particular."""
    trunk: str = ""
    """The trunk to take; "" for those that serve the number, the best first."""
    private: bool = False
    """Do not show the caller (RFC 3323)."""
    diversions: tuple[Party, ...] = ()
    """Who was called before, the last one first."""
    diversion_reason: str = "unconditional"
    user_to_user: str = ""
    """Value of User-to-User (RFC 7433), such as `48656c6c6f;encoding=hex`."""
    handed: Handed = Handed()
    ring_timeout: float = 0.0
    """Seconds until an unanswered call is given up (NO_ANSWER); 0 for the far end's own patience."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """More headers of the INVITE."""


class Dialer(Protocol):
    def __call__(self, target: str, caller: Party, /, *, options: DialOptions | None = None) -> CallLeg:
        """Call a registered user, a number or a SIP URI on behalf of a caller, and return the DIALING leg at once.

        Whatever stands in the way, a rule of the operator's included, comes as `Ended`.
        """
