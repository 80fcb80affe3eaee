"""The only door between the wire and the meaning of a call. No I/O.

A leg is one media connection with one far end: a SIP dialog or a browser's peer connection. `ivr` gives it commands
(methods, imperative) and hears its events (dataclasses, past tense). Commands never block and never raise for what the far
end did: what became of them arrives as an event. Every `at` is seconds on the event loop's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from telephony.media.clip import Clip

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
class Ringing:
    """The far end of a dialled leg is alerting (180 or 183)."""

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
class Ended:
    """The last event of a leg. It comes exactly once."""

    at: float
    cause: EndCause
    by_peer: bool
    detail: str = ""
    """Status line, Reason header or what our own watchdog saw; for logs and records."""


LegEvent = Ringing | Answered | DtmfReceived | PlaybackFinished | HeldByPeer | ResumedByPeer | Ended


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
    def state(self) -> LegState: ...

    def subscribe(self, handler: Callable[[LegEvent], None]) -> None:
        """Give every event from now on to `handler`, in the event loop, in order. One handler a leg; a new one takes over."""

    def ring(self) -> None:
        """Tell an OFFERED far end that somebody is being alerted (180)."""

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

    def send_digits(self, digits: str) -> None:
        """Send keys as RFC 4733 events, 100 ms each, 60 ms apart."""

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

Dialer = Callable[[str, Party], CallLeg]
"""Calls a SIP URI on behalf of a caller and returns the DIALING leg at once."""
