"""What a user agent tells its owner, in the past tense. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telephony.sip.call import Call, IncomingCall
    from telephony.sip.outgoing import OutgoingCall


@dataclass(frozen=True, slots=True)
class CallOffered:
    """Somebody calls us; 100 Trying is on its way."""

    call: IncomingCall
    offer: bytes
    """SDP offer, empty where the far end expects ours (RFC 3261 §13.2.1)."""


@dataclass(frozen=True, slots=True)
class CallRinging:
    """The far end of a call of ours is alerting."""

    call: OutgoingCall
    status: int


@dataclass(frozen=True, slots=True)
class CallEstablished:
    """ACK arrived for our 2xx, or a 2xx for our INVITE."""

    call: Call
    answer: bytes
    """SDP answer to our offer, empty where we gave the answer."""


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call of ours ended without an answer."""

    call: OutgoingCall
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The caller gave up before we answered."""

    call: IncomingCall
    detail: str


@dataclass(frozen=True, slots=True)
class ByeReceived:
    call: Call
    detail: str
    """Reason header, "" where there is none."""


@dataclass(frozen=True, slots=True)
class CallLost:
    """Our 2xx was never acknowledged; BYE was sent."""

    call: Call
    detail: str


@dataclass(frozen=True, slots=True)
class ReOffered:
    """A re-INVITE or UPDATE asks for another session; answer it with `accept_reoffer` or `refuse_reoffer`."""

    call: Call
    offer: bytes
    """Empty where the far end expects our offer."""


@dataclass(frozen=True, slots=True)
class ReOfferAnswered:
    """The answer to an offer that we gave within the dialog."""

    call: Call
    status: int
    """200, or how the far end refused our re-INVITE."""
    answer: bytes


@dataclass(frozen=True, slots=True)
class InfoDigit:
    """A key sent by INFO."""

    call: Call
    digit: str


@dataclass(frozen=True, slots=True)
class Registered:
    user: str
    bindings: int
    """How many contacts the user has now; 0 when the last is gone."""


AgentEvent = (
    CallOffered
    | CallRinging
    | CallEstablished
    | CallFailed
    | Cancelled
    | ByeReceived
    | CallLost
    | ReOffered
    | ReOfferAnswered
    | InfoDigit
    | Registered
)
