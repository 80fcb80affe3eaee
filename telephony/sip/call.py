"""One INVITE session (RFC 3261 §13-§15) from our side: what both ways in share, and calls that come in. Pure.

Commands take `now` in seconds. A command that the state does not allow raises Misuse; what the far end did comes as an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from telephony.errors import Misuse
from telephony.sip.core import ACCEPT, ALLOW, Core
from telephony.sip.dialog import Dialog
from telephony.sip.events import (
    ByeReceived,
    CallEstablished,
    CallLost,
    Cancelled,
    InfoDigit,
    ReOfferAnswered,
    ReOffered,
)
from telephony.sip.flow import Flow
from telephony.sip.info import digit_of
from telephony.sip.message import Request, Response, respond
from telephony.sip.transaction import T1, T2
from telephony.sip.transactions import Served

SDP = "application/sdp"
LINGER = 64 * T1
"""Seconds that an ended dialog still answers stray requests."""
REFRESH_1XX = 60.0
"""Seconds after which a provisional response is said again (RFC 3261 §13.3.1.1)."""


class CallState(Enum):
    OFFERED = "offered"
    DIALING = "dialing"
    UP = "up"
    ENDED = "ended"


class Call:
    """What calls in both directions share: everything within the dialog."""

    def __init__(self, core: Core, invite: Request, flow: Flow, tag: str, state: CallState) -> None:
        self.core = core
        self.invite = invite
        self.flow = flow
        self.tag = tag
        self.state = state
        self.call_id = invite.call_id
        self.dialog: Dialog | None = None
        self.user = ""
        """User part of our Contact."""
        self.direct = False
        """The far end speaks to us without a proxy between."""
        self._reoffer: Served | None = None
        self._unacknowledged: tuple[Served, Response] | None = None
        self._offered = False
        self._probing = False
        self._interval = T1
        self._give_up = 0.0
        core.calls[self.call_id, tag] = self
        core.active += 1

    # Commands

    def bye(self, now: float, reason: str = "") -> None:
        """End a call that is UP. `reason` becomes a Reason header (RFC 3326)."""
        if self.state is not CallState.UP or self.dialog is None:
            raise Misuse(f"BYE in state {self.state.name}")
        request = self._request("BYE")
        if reason:
            request.headers.set("Reason", reason)
        self.core.transactions.request(request, self._way(), now, _unheard)
        self._end(now)

    def accept_reoffer(self, body: bytes, now: float) -> None:
        """Answer a re-INVITE or UPDATE with 200 and `body`: the answer, or our offer where theirs was empty."""
        served = self._take_reoffer()
        response = self._response(served, 200, body)
        if served.request.method == "INVITE":
            self._confirm(served, response, now, offered=not served.request.body)
        else:
            self.core.transactions.respond(served, response, now)

    def refuse_reoffer(self, status: int, now: float) -> None:
        """Turn a re-INVITE or UPDATE down: the session stays as it was (§14.2)."""
        self.core.transactions.reply(self._take_reoffer(), status, now)

    def probe(self, now: float) -> None:
        """Ask a far end that sends no voice whether the call still stands; CallLost follows where it does not (§12.2.1.2)."""
        if self.state is CallState.UP and self._unacknowledged is None and not self._probing:
            self._probing = True
            self.core.transactions.request(self._request("OPTIONS"), self._way(), now, self._probed)

    # What the far end does

    def handle(self, served: Served, now: float) -> None:
        """Take a request within the dialog; its transaction is `served`."""
        request = served.request
        if self.dialog is None or request.sender.tag != self.dialog.remote_tag:
            self.core.transactions.reply(served, 481, now)
        elif not self.dialog.in_order(request):
            self.core.transactions.reply(served, 500, now)
        elif self.state is CallState.ENDED:
            self.core.transactions.reply(served, 200 if request.method == "BYE" else 481, now)
        elif request.method == "BYE":
            self._take_bye(served, now)
        elif request.method in ("INVITE", "UPDATE"):
            self._take_offer(served, now)
        elif request.method == "INFO":
            self._take_info(served, now)
        else:
            self.core.transactions.reply(served, 200, now, {"Allow": ALLOW, "Accept": ACCEPT})

    def acknowledged(self, request: Request, now: float) -> None:
        """Take the ACK for a 2xx of ours. One with another number, or the second, changes nothing."""
        if self._unacknowledged is None or request.cseq[0] != self._unacknowledged[0].request.cseq[0]:
            return
        served, _ = self._unacknowledged
        self._unacknowledged = None
        self.core.timers.cancel((self, "2xx"))
        answer = request.body if self._offered else b""
        if served.request is self.invite:
            self.core.events.append(CallEstablished(self, answer))
        elif self._offered:
            self.core.events.append(ReOfferAnswered(self, 200, answer))

    def on_timer(self, name: object, now: float) -> None:
        """Take one of our own deadlines."""
        if name == "forget":
            self.core.calls.pop((self.call_id, self.tag), None)
        elif name == "2xx" and self._unacknowledged is not None:
            self._repeat_2xx(now)

    def _probed(self, status: int, response: Response | None, now: float) -> None:
        """Any answer but these two shows that somebody is there, even that OPTIONS is unknown."""
        if status < 200:
            return
        self._probing = False
        if self.state is CallState.UP and (response is None or status in (408, 481)):
            self.bye(now)
            self.core.events.append(CallLost(self, "the far end no longer knows this call"))

    def _take_bye(self, served: Served, now: float) -> None:
        self.core.transactions.reply(served, 200, now)
        self._end(now)
        self.core.events.append(ByeReceived(self, served.request.headers.get("reason")))

    def _take_offer(self, served: Served, now: float) -> None:
        """RFC 3261 §14.2 and RFC 3311 §5.2: one offer at a time."""
        request = served.request
        if self._reoffer is not None:
            self.core.transactions.reply(served, 500, now, {"Retry-After": "1"})
            return
        busy = self._unacknowledged is not None or self.state is not CallState.UP
        if busy and (request.method == "INVITE" or request.body):
            self.core.transactions.reply(served, 491, now)
            return
        if request.body and request.content_type != SDP:
            self.core.transactions.reply(served, 415, now, {"Accept": SDP})
            return
        if self.dialog is not None:
            self.dialog.refresh(request)
        self.flow = served.flow
        if request.method == "UPDATE" and not request.body:
            self.core.transactions.respond(served, self._response(served, 200), now)
            return
        self._reoffer = served
        if request.method == "INVITE":
            self.core.transactions.reply(served, 100, now)
        self.core.events.append(ReOffered(self, request.body))

    def _take_info(self, served: Served, now: float) -> None:
        request = served.request
        if request.body and request.content_type not in ("application/dtmf-relay", "application/dtmf"):
            self.core.transactions.reply(served, 415, now, {"Accept": "application/dtmf-relay, application/dtmf"})
            return
        digit = digit_of(request.content_type, request.body)
        self.core.transactions.reply(served, 400 if digit is None and request.body else 200, now)
        if digit is not None and self.state is CallState.UP:
            self.core.events.append(InfoDigit(self, digit))

    # The 2xx of an INVITE, which we repeat until its ACK (§13.3.1.4)

    def _confirm(self, served: Served, response: Response, now: float, *, offered: bool) -> None:
        self._unacknowledged = served, response
        self._offered = offered
        self._interval = T1
        self._give_up = now + 64 * T1
        self.core.timers.set((self, "2xx"), now + T1)
        self.core.transactions.respond(served, response, now)

    def _repeat_2xx(self, now: float) -> None:
        assert self._unacknowledged is not None
        served, response = self._unacknowledged
        if now >= self._give_up:
            self._unacknowledged = None
            self.bye(now, 'SIP;cause=408;text="no ACK"')
            self.core.events.append(CallLost(self, "no ACK"))
            return
        self.core.transactions.respond(served, response, now)
        self._interval = min(2 * self._interval, T2)
        self.core.timers.set((self, "2xx"), min(now + self._interval, self._give_up))

    # Parts

    def _take_reoffer(self) -> Served:
        served, self._reoffer = self._reoffer, None
        if served is None:
            raise Misuse("there is no offer to answer")
        return served

    def _response(self, served: Served, status: int, body: bytes = b"") -> Response:
        """A response with what a dialog needs: Contact, Allow, and the type of its body."""
        headers = {"Contact": self.core.contact(self.flow, self.user), "Allow": ALLOW, "Server": self.core.settings.server}
        if body:
            headers["Content-Type"] = SDP
        source = served.flow.host, served.flow.port
        return respond(served.request, status, tag=served.tag, source=source, headers=headers, body=body)

    def _request(self, method: str, cseq: int | None = None) -> Request:
        assert self.dialog is not None
        request = self.dialog.request(method, cseq)
        request.headers.set("Contact", self.core.contact(self._way(), self.user))
        return request

    def _way(self) -> Flow:
        assert self.dialog is not None
        return self.core.flow_within(self.dialog, self.flow, self.direct)

    def _end(self, now: float) -> None:
        """Release the call; the dialog lingers to answer what is still under way."""
        if self.state is CallState.ENDED:
            return
        self.state = CallState.ENDED
        self.core.active -= 1
        self._unacknowledged = None
        self.core.timers.cancel((self, "2xx"))
        self.core.timers.cancel((self, "1xx"))
        if self._reoffer is not None:
            self.core.transactions.reply(self._take_reoffer(), 487, now)
        self.core.timers.set((self, "forget"), now + LINGER)


class IncomingCall(Call):
    """A call that the far end makes."""

    def __init__(self, core: Core, served: Served, user: str) -> None:
        """`user` is the one that digest proved, else "". Raises MalformedMessage where no dialog can be made."""
        request = served.request
        dialog = Dialog.as_server(request, served.tag)
        super().__init__(core, request, served.flow, served.tag, CallState.OFFERED)
        self.served = served
        self.dialog = dialog
        self.user = request.uri.user
        self.authenticated_user = user
        self.direct = len(request.headers.items_of("via")) == 1
        self._provisional: Response | None = None

    def ring(self, now: float, status: int = 180) -> None:
        """Say that somebody is being alerted; said again each minute."""
        if self.state is not CallState.OFFERED:
            raise Misuse(f"ringing in state {self.state.name}")
        self._provisional = self._response(self.served, status)
        self.core.transactions.respond(self.served, self._provisional, now)
        self.core.timers.set((self, "1xx"), now + REFRESH_1XX)

    def accept(self, body: bytes, now: float) -> None:
        """Answer with 200 and `body`: the SDP answer, or our offer where the INVITE had none."""
        if self.state is not CallState.OFFERED:
            raise Misuse(f"answer in state {self.state.name}")
        self.state = CallState.UP
        self.core.timers.cancel((self, "1xx"))
        self._confirm(self.served, self._response(self.served, 200, body), now, offered=not self.invite.body)

    def reject(self, status: int, now: float, headers: Mapping[str, str] | None = None) -> None:
        """Turn the call away with a final response of 300 or above."""
        if self.state is not CallState.OFFERED:
            raise Misuse(f"rejection in state {self.state.name}")
        self.core.transactions.reply(self.served, status, now, dict(headers or {}))
        self._end(now)

    def cancelled(self, request: Request, now: float) -> bool:
        """Take a CANCEL. False where our final response is already out: then it comes too late (§9.2)."""
        if self.state is not CallState.OFFERED:
            return False
        self.reject(487, now)
        self.core.events.append(Cancelled(self, request.headers.get("reason")))
        return True

    def on_timer(self, name: object, now: float) -> None:
        if name == "1xx" and self.state is CallState.OFFERED and self._provisional is not None:
            self.core.transactions.respond(self.served, self._provisional, now)
            self.core.timers.set((self, "1xx"), now + REFRESH_1XX)
        else:
            super().on_timer(name, now)

    def _take_bye(self, served: Served, now: float) -> None:
        if self.state is CallState.OFFERED:
            self.core.transactions.reply(self.served, 487, now)
        super()._take_bye(served, now)


def _unheard(status: int, response: Response | None, now: float) -> None:
    """Whatever answers our BYE, the call is over (§15.1.1)."""
