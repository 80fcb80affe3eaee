"""What a user agent tells its owner, in the past tense. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telephony.sip.call import Call
    from telephony.sip.flow import Flow
    from telephony.sip.incoming import IncomingCall
    from telephony.sip.outgoing import OutgoingCall
    from telephony.sip.replaces import ReferTo


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
    answer: bytes = b""
    """SDP answer of a far end that sends voice already (RFC 3262 §5), else empty."""


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
    """The far end is gone: it acknowledged nothing, refreshed nothing or no longer knows the call. It was told BYE."""

    call: Call
    detail: str


@dataclass(frozen=True, slots=True)
class ReOffered:
    """The far end makes an offer; answer it with `accept_reoffer` or `refuse_reoffer`.

    It came in a re-INVITE, UPDATE or PRACK, or in the response to an INVITE of ours that had none.
    """

    call: Call
    offer: bytes
    """Empty where the far end expects our offer."""


@dataclass(frozen=True, slots=True)
class ReOfferAnswered:
    """The answer to an offer that we gave within the dialog."""

    call: Call
    status: int
    """200, or how the far end refused: the session then stays as it was."""
    answer: bytes


@dataclass(frozen=True, slots=True)
class InfoDigit:
    """A key sent by INFO."""

    call: Call
    digit: str


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """The far end asks us to call somebody (REFER); answer it with `report`. Nobody is called by us."""

    call: Call
    target: ReferTo
    other: Call | None
    """The call of ours that `target.replaces` names."""
    referred_by: str
    """As the far end wrote it."""


@dataclass(frozen=True, slots=True)
class ReferProgress:
    """How what we asked for with `refer` goes on; a status of 200 or above is the last."""

    call: Call
    status: int


@dataclass(frozen=True, slots=True)
class PeerBusy:
    """A far end refused a call of ours for lack of capacity (503) and wants to be left alone for a while."""

    call: OutgoingCall
    flow: Flow
    seconds: int
    """Of its Retry-After; 0 where it named none."""


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
    | ReferReceived
    | ReferProgress
    | PeerBusy
    | Registered
)
