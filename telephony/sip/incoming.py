"""A call that the far end makes (RFC 3261 §13.3, RFC 3262). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from telephony.errors import Misuse
from telephony.sip.call import Call, CallState
from telephony.sip.core import Core
from telephony.sip.dialog import Dialog
from telephony.sip.events import CallLost, Cancelled, ReOfferAnswered, ReOffered
from telephony.sip.message import Request, Response
from telephony.sip.reliable import Reliable
from telephony.sip.transactions import Served

REFRESH_1XX = 60.0
"""Seconds after which a provisional response is said again (RFC 3261 §13.3.1.1)."""


class IncomingCall(Call):
    """OFFERED until `accept` or `reject`; then UP or ENDED."""

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
        self.replaces: Call | None = None
        """The call whose place this one is to take; whoever accepts it ends that one."""
        required, supported = request.headers.tokens("require"), request.headers.tokens("supported")
        self._must_be_reliable = "100rel" in required
        self._may_be_reliable = self._must_be_reliable or "100rel" in supported
        self.peer_updates = "UPDATE" in request.headers.get("allow")
        self._reliable: Reliable | None = None
        self._provisional: Response | None = None
        self._accepting: bytes | None = None

    def ring(self, now: float, status: int = 180) -> None:
        """Say that somebody is being alerted; said again each minute.

        A caller who wants all of this to arrive for certain and left the offer to us would have to be given it here already
        (RFC 3262 §5): he hears of the answer only.
        """
        if self._must_be_reliable and not self.invite.body:
            return
        self._say(self.response(self.served, status), now, reliably=self._must_be_reliable)

    def progress(self, body: bytes, now: float) -> None:
        """Give `body`, our SDP answer, with 183, so that the caller hears us before the answer; 200 will repeat it.

        Where the caller knows 100rel it arrives for certain.
        """
        self._say(self.response(self.served, 183, body), now, reliably=self._may_be_reliable)

    def accept(self, body: bytes, now: float) -> None:
        """Answer with 200 and `body`: the SDP answer, or our offer where the INVITE had none.

        Waits for the PRACK of a 183 with SDP (RFC 3262 §3).
        """
        if self.state is not CallState.OFFERED:
            raise Misuse(f"answer in state {self.state.name}")
        if self._reliable is not None and self._reliable.holds_session:
            self._accepting = body
            return
        self.state = CallState.UP
        if self._provisional is not None:
            self.core.timers.cancel((self, "1xx"))
        if self._reliable is not None:
            self._reliable.stop()
        response = self.response(self.served, 200, body)
        self.refreshing.agree(self.invite.headers, response, now)
        self.confirming.send(self.served, response, now, offered=not self.invite.body and not self.settled)

    def bye(self, now: float, reason: str = "") -> None:
        """End a call that is UP; one whose 200 still waits for a PRACK is turned away."""
        if self._accepting is not None:
            self._accepting = None
            self.reject(480, now)
        else:
            super().bye(now, reason)

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
        elif name == "rel1xx":
            if self._reliable is not None and not self._reliable.on_timer(now) and self.state is CallState.OFFERED:
                self.reject(504, now)
                self.core.events.append(CallLost(self, "no PRACK"))
        else:
            super().on_timer(name, now)

    def _say(self, response: Response, now: float, *, reliably: bool) -> None:
        if self.state is not CallState.OFFERED or self._accepting is not None:
            raise Misuse(f"{response.status} in state {self.state.name}")
        if reliably:
            if self._reliable is None:
                self._reliable = Reliable(self)
            self._reliable.send(response, now)
            return
        self._provisional = response
        self.core.transactions.respond(self.served, response, now)
        self.core.timers.set((self, "1xx"), now + REFRESH_1XX)

    def _take_prack(self, served: Served, now: float) -> None:
        acknowledged = self._reliable.take(served.request, now) if self._reliable is not None else None
        if acknowledged is None:
            self.core.transactions.reply(served, 481, now)
            return
        body = served.request.body
        offered = bool(acknowledged.body) and not self.invite.body and not self.settled
        self.settled = self.settled or bool(acknowledged.body)
        if body and not offered and self._reoffer is None:
            self._reoffer = served
            self.core.events.append(ReOffered(self, body))
        else:
            self.core.transactions.respond(served, self.response(served, 200), now)
            if body and offered:
                self.core.events.append(ReOfferAnswered(self, 200, body))
        if self._accepting is not None and self._reliable is not None and not self._reliable.holds_session:
            accepting, self._accepting = self._accepting, None
            self.accept(accepting, now)
        self._proceed(now)

    def _take_bye(self, served: Served, now: float) -> None:
        if self.state is CallState.OFFERED:
            self.core.transactions.reply(self.served, 487, now)
        super()._take_bye(served, now)

    def _close(self, now: float) -> None:
        if self._reliable is not None:
            self._reliable.stop()
        if self._provisional is not None:
            self.core.timers.cancel((self, "1xx"))
        super()._close(now)
