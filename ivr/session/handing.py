"""What of a call goes with it to those outside: an address where it can be read, or the thing itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ivr.handover.document import MEDIA_TYPE, document, packed
from ivr.handover.size import bounded
from telephony.leg import Handed

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession


def no_link(contact_id: str) -> str:
    """Stands where a node has no address for those outside."""
    return ""


@dataclass(frozen=True, slots=True)
class Handing:
    """What a node lets out."""

    link: Callable[[str], str] = no_link
    """A contact to where its handover can be read for a while; "" for nowhere."""
    octets: int = 8192
    """Of what stands beside the SDP."""
    phones: str = "none"
    """What phones of ours are told: `none`, `link` or `body`."""
    bodies: bool = True
    """Whether a trunk, or phones, may get one where no step asks for it: made for each call, it takes milliseconds."""


def handed_by(session: CallSession, how: str = "") -> Handed:
    """What the far end of a call that is placed for `session` may be told; `how` is a step's own wish."""
    if how == "none":
        return Handed(how=how)
    handing = session.services.handing
    link = handing.link(session.call.id)
    if how != "body" and (how or not handing.bodies):
        return Handed(link, how=how, phones=handing.phones)
    body = packed(bounded(document(so_far(session), link), handing.octets))
    return Handed(link, MEDIA_TYPE, body, how, handing.phones)


def so_far(session: CallSession) -> dict[str, Any]:
    """The contact as its record will have it."""
    call, placement = session.call, session.placement
    found = call.to_dict()
    return {
        **{name: found[name] for name in ("id", "called", "language", "flow", "flow_version", "started_at")},
        **{name: found[name] for name in ("slots", "tags", "profile", "handover", "turns")},
        "channel": call.caller.channel,
        "caller_number": call.caller.number,
        "caller_name": call.caller.name,
        "queue": "" if placement is None else placement.queue,
        "agent_id": session.served_by,
        "queued_at": None if placement is None else placement.queued_at,
        "connected_at": None if placement is None else placement.answered_at,
        "intent": call.intent.name if call.intent else None,
        "intent_confidence": call.intent.confidence if call.intent else None,
        "note": "" if placement is None else placement.note,
        "quality": session.leg.quality(),
        "signalling": {name: value for name, value in call.signalling.items() if value},
    }


def target_with(target: str, handed: Handed) -> str:
    """Where a phone is asked to call (REFER), with the link for it to carry along (RFC 7433 §4.1, as a header of the URI).

    Only where the step asks for it: whom a phone calls is not ours to know.
    """
    if handed.how not in ("link", "body") or not handed.link or "?" in target or target.lower().startswith("tel:"):
        return target
    return f"{target}?User-to-User={quote(f'{handed.link.encode().hex()};encoding=hex', safe='')}"
