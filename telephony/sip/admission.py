"""Why a new request is turned away before anything is kept of it (RFC 3261 §8.2, RFC 3891 §3, RFC 4028 §6). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from telephony.sip.call import Call, CallState
from telephony.sip.core import EXTENSIONS, Core
from telephony.sip.incoming import IncomingCall
from telephony.sip.message import Request
from telephony.sip.replaces import Replaces
from telephony.sip.session_timer import TooShort, as_server
from telephony.sip.usage import SDP


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    reason: str
    """Under which it is counted."""
    headers: dict[str, str] = field(default_factory=dict)


def extension(request: Request) -> Refusal | None:
    """420 for a Require that we do not know."""
    if "require" not in request.headers:
        return None
    unknown = [one for one in request.headers.items_of("require") if one.lower() not in EXTENSIONS]
    return Refusal(420, "extension", {"Unsupported": ", ".join(unknown)}) if unknown else None


def capacity(core: Core, now: float) -> Refusal | None:
    """503 for a call for which there is no room. Asked before digest is: a refusal is to be cheap."""
    if core.draining:
        reason = "draining"
    elif core.active >= core.settings.max_calls:
        reason = "call limit"
    elif not (reason := core.overload.refuses(now)):
        return None
    return Refusal(503, reason, {"Retry-After": str(core.settings.retry_after)})


def session(request: Request, core: Core) -> Refusal | None:
    """What stands against the session that an INVITE asks for. Raises MalformedMessage."""
    # A call that comes to us may be carried on, so its hops count here as at a proxy.
    if request.number("max-forwards") == 0:
        return Refusal(483, "hops")
    if request.body and request.content_type not in (SDP, ""):
        return Refusal(415, "body", {"Accept": SDP})
    if "accept" in request.headers:
        accepted = {item.partition(";")[0].strip().lower() for item in request.headers.items_of("accept")}
        if accepted and not accepted & {SDP, "application/*", "*/*"}:
            return Refusal(406, "body", {"Accept": SDP})
    try:
        as_server(request.headers, core.settings.session_expires, core.settings.min_se)
    except TooShort:
        return Refusal(422, "session timer", {"Min-SE": str(core.settings.min_se)})
    return None


def replaced(request: Request, core: Core, trunk: str = "") -> Call | Refusal | None:
    """The call whose place an INVITE wants, or why it cannot have it; None where it wants none. Raises MalformedMessage.

    What comes over a trunk replaces calls of that trunk alone: nobody outside takes over a talk within the house (RFC 3891 §5).

    One that we have not answered yet cannot be replaced; one that we make, and that is not answered yet, can.
    """
    if "replaces" not in request.headers or (wanted := Replaces.of(request)) is None:
        return None
    call = core.call_of(wanted)
    if call is None or (isinstance(call, IncomingCall) and call.state is CallState.OFFERED):
        return Refusal(481, "replaces")
    if trunk and call.trunk != trunk:
        return Refusal(403, "replaces another's call")
    if call.state is CallState.ENDED:
        return Refusal(603, "replaces")
    if wanted.early_only and call.state is CallState.UP:
        return Refusal(486, "replaces")
    return call
