"""Dialogs (RFC 3261 §12): who talks to whom, over which route, and in which order. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from telephony.errors import MalformedMessage
from telephony.sip.grammar import Address, Uri
from telephony.sip.message import MAX_HOPS, Headers, Request, Response

MAX_ROUTES = 32


@dataclass(slots=True)
class Dialog:
    """One peer-to-peer relation, as our side of it."""

    call_id: str
    local: str
    """Value of From in our requests, tag included."""
    remote: str
    """Value of To in our requests, tag included."""
    local_tag: str
    remote_tag: str
    target: str
    """The far end's Contact URI."""
    routes: tuple[str, ...]
    """Route values, in the order in which our requests pass them."""
    local_cseq: int
    remote_cseq: int | None
    """None until the far end has sent a request."""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.call_id, self.local_tag, self.remote_tag

    @classmethod
    def as_server(cls, request: Request, local_tag: str) -> Dialog:
        """The dialog that answering `request` makes (§12.1.1). Raises MalformedMessage where Contact is missing."""
        to = request.headers.get("to")
        return cls(
            call_id=request.call_id,
            local=to if request.recipient.tag else f"{to};tag={local_tag}",
            remote=request.headers.get("from"),
            local_tag=local_tag,
            remote_tag=request.sender.tag,
            target=_contact(request),
            routes=_routes(request),
            local_cseq=0,
            remote_cseq=request.cseq[0],
        )

    @classmethod
    def as_client(cls, request: Request, response: Response) -> Dialog:
        """The dialog that a 2xx or a provisional response with a tag makes (§12.1.2). Raises MalformedMessage."""
        return cls(
            call_id=request.call_id,
            local=request.headers.get("from"),
            remote=response.headers.get("to"),
            local_tag=request.sender.tag,
            remote_tag=response.recipient.tag,
            target=_contact(response),
            routes=_routes(response)[::-1],
            local_cseq=request.cseq[0],
            remote_cseq=None,
        )

    def in_order(self, request: Request) -> bool:
        """Take note of the CSeq of a request within the dialog; False where it is older than one seen (§12.2.2)."""
        number = request.cseq[0]
        if self.remote_cseq is not None and number < self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def refresh(self, message: Request | Response) -> None:
        """Follow a new Contact in a target refresh: re-INVITE, UPDATE and their 2xx (§12.2.1.2)."""
        if message.contact is not None:
            self.target = str(message.contact.uri)

    def request(self, method: str, cseq: int | None = None) -> Request:
        """A request within the dialog, without Via and Contact (§12.2.1.1).

        The CSeq counts up; ACK and CANCEL pass the number of their INVITE.
        """
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        target, routes = self._route()
        headers = Headers(
            {
                "Max-Forwards": (str(MAX_HOPS),),
                "From": (self.local,),
                "To": (self.remote,),
                "Call-ID": (self.call_id,),
                "CSeq": (f"{cseq} {method}",),
            }
        )
        headers.set("Route", *routes)
        return Request(method, target, headers)

    def _route(self) -> tuple[str, tuple[str, ...]]:
        if not self.routes:
            return self.target, ()
        first = Address.parse(self.routes[0]).uri
        if first.parameter("lr") is not None:
            return self.target, self.routes
        # A strict router wants itself as the Request-URI and the target as the last hop.
        return str(first), (*self.routes[1:], f"<{self.target}>")

    @property
    def next_hop(self) -> Uri:
        """Where our requests go first."""
        return Address.parse(self.routes[0]).uri if self.routes else Uri.parse(self.target)


def _contact(message: Request | Response) -> str:
    if message.contact is None:
        raise MalformedMessage("Contact is missing")
    return str(message.contact.uri)


def _routes(message: Request | Response) -> tuple[str, ...]:
    found = message.headers.items_of("record-route")
    if len(found) > MAX_ROUTES:
        raise MalformedMessage("too many Record-Route values")
    for item in found:
        Address.parse(item)
    return tuple(found)
