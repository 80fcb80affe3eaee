"""A call that we make (RFC 3261 §13.2). Pure."""

from __future__ import annotations

from telephony.errors import AuthenticationFailed, MalformedMessage, Misuse
from telephony.sip.call import SDP, Call, CallState
from telephony.sip.core import ALLOW, Core
from telephony.sip.dialog import Dialog
from telephony.sip.digest import Account, credentials
from telephony.sip.events import CallEstablished, CallFailed, CallRinging
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address, Uri
from telephony.sip.message import MAX_HOPS, Headers, Request, Response
from telephony.sip.transaction import T1
from telephony.sip.transactions import Sent

MAX_FORKS = 8
"""Answers of other branches that are acknowledged and ended; more are ignored."""


class OutgoingCall(Call):
    """DIALING until a final response comes; then UP or ENDED."""

    def __init__(self, core: Core, target: Uri, caller: Address, flow: Flow, *, account: Account | None = None) -> None:
        """Prepare a call to `target` along `flow`; `start` sends it."""
        tag = core.token()
        headers = Headers(
            {
                "Max-Forwards": (str(MAX_HOPS),),
                "From": (f"{Address(caller.uri, caller.display, {})};tag={tag}",),
                "To": (f"<{target}>",),
                "Call-ID": (core.token(),),
                "CSeq": ("1 INVITE",),
            }
        )
        super().__init__(core, Request("INVITE", str(target), headers), flow, tag, CallState.DIALING)
        self.user = caller.uri.user
        self._account = account
        self._tried = 0
        self._sent: Sent | None = None
        self._provisional = False
        self._given_up = False
        self._acks: dict[str, tuple[bytes, Flow]] = {}

    def start(self, offer: bytes, now: float) -> None:
        """Send the INVITE with our SDP offer."""
        headers = self.invite.headers
        headers.set("Contact", self.core.contact(self.flow, self.user))
        headers.set("Allow", ALLOW)
        headers.set("User-Agent", self.core.settings.server)
        headers.set("Content-Type", SDP)
        self.invite.body = offer
        self._sent = self.core.transactions.request(self.invite, self.flow, now, self._answered)

    def cancel(self, now: float) -> None:
        """Give up a call that has no answer yet; CallFailed with 487 follows. A 2xx that crosses is acknowledged and ended."""
        if self.state is not CallState.DIALING:
            raise Misuse(f"CANCEL in state {self.state.name}")
        if self._given_up:
            return
        self._given_up = True
        self.core.timers.set((self, "cancel"), now + 64 * T1)
        if self._provisional and self._sent is not None:
            self.core.transactions.cancel(self._sent, now)

    def on_timer(self, name: object, now: float) -> None:
        if name == "cancel" and self.state is CallState.DIALING:
            if self._sent is not None:
                self.core.transactions.abandon(self._sent)
            self._fail(487, "no answer to CANCEL", now)
        else:
            super().on_timer(name, now)

    def _answered(self, status: int, response: Response | None, now: float) -> None:
        """Hear a response to the INVITE."""
        if response is None:
            self._fail(status, "no response" if status == 408 else "unreachable", now)
        elif status < 200:
            self._take_provisional(status, now)
        elif status < 300:
            self._take_2xx(response, now)
        elif status in (401, 407) and self._account is not None and self._tried < 2 and not self._given_up:
            self._authenticate(response, self._account, now)
        else:
            self._fail(status, response.reason, now)

    def _take_provisional(self, status: int, now: float) -> None:
        first, self._provisional = not self._provisional, True
        if self._given_up:
            if first and self._sent is not None:
                self.core.transactions.cancel(self._sent, now)
        elif status > 100 and self.state is CallState.DIALING:
            self.core.events.append(CallRinging(self, status))

    def _take_2xx(self, response: Response, now: float) -> None:
        """Acknowledge it, each time it comes (§13.2.2.4); of several branches the first is the call."""
        tag = response.recipient.tag
        if tag in self._acks:
            data, flow = self._acks[tag]
            self.core.resend(data, flow)
            return
        if len(self._acks) >= MAX_FORKS:
            return
        try:
            dialog = Dialog.as_client(self.invite, response)
            flow = self.core.flow_within(dialog, self.flow, self.direct)
        except MalformedMessage as error:
            self._fail(502, str(error), now)
            return
        ack = dialog.request("ACK", self.invite.cseq[0])
        if authorization := self.invite.headers.get("authorization"):
            ack.headers.set("Authorization", authorization)
        self._acks[tag] = self.core.transactions.send(ack, flow), flow
        if self.state is CallState.DIALING and not self._given_up:
            self.dialog = dialog
            self.state = CallState.UP
            self.core.events.append(CallEstablished(self, response.body))
            return
        self.core.transactions.request(dialog.request("BYE"), flow, now, _unheard)
        if self.state is CallState.DIALING:
            self._fail(487, "given up as it was answered", now)

    def _authenticate(self, response: Response, account: Account, now: float) -> None:
        """Try again with credentials and the next CSeq (§22.2)."""
        self._tried += 1
        names = (
            ("proxy-authenticate", "Proxy-Authorization") if response.status == 407 else ("www-authenticate", "Authorization")
        )
        try:
            value = credentials(response.headers.all(names[0]), "INVITE", self.invite.target, account, self.core.token())
        except AuthenticationFailed as error:
            self._fail(response.status, str(error), now)
            return
        headers = Headers()
        for name in ("max-forwards", "from", "to", "call-id", "contact", "allow", "user-agent", "content-type", "authorization",
                     "proxy-authorization"):  # fmt: skip
            headers.set(name, *self.invite.headers.all(name))
        headers.set("CSeq", f"{self.invite.cseq[0] + 1} INVITE")
        headers.set(names[1], value)
        self.invite = Request("INVITE", self.invite.target, headers, self.invite.body)
        self._provisional = False
        self._sent = self.core.transactions.request(self.invite, self.flow, now, self._answered)

    def _fail(self, status: int, reason: str, now: float) -> None:
        if self.state is not CallState.DIALING:
            return
        self.core.timers.cancel((self, "cancel"))
        self._end(now)
        self.core.events.append(CallFailed(self, status, reason))


def _unheard(status: int, response: Response | None, now: float) -> None:
    """Whatever answers the BYE to a branch that lost, that branch is over."""
