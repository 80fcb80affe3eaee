"""What makes one INVITE session a usage of its dialog (RFC 5057): its requests, their way, their credentials, its end. Pure."""

from __future__ import annotations

from enum import Enum
from functools import partial

from telephony.errors import Misuse
from telephony.sip.confirming import Confirming
from telephony.sip.core import ALLOW, SUPPORTED, Core
from telephony.sip.dialog import Dialog
from telephony.sip.digest import Account
from telephony.sip.flow import Flow
from telephony.sip.message import Headers, Request, Response, respond
from telephony.sip.prover import Prover
from telephony.sip.refreshing import Refreshing
from telephony.sip.transaction import T1
from telephony.sip.transactions import Answer, Sent, Served

SDP = "application/sdp"
LINGER = 64 * T1
"""Seconds that an ended dialog still answers stray requests."""
MAX_CHALLENGES = 3
"""Challenges to one request of ours that are answered."""


class CallState(Enum):
    OFFERED = "offered"
    DIALING = "dialing"
    UP = "up"
    ENDED = "ended"


class Usage:
    """`telephony.sip.call.Call` adds what the far end does, and what we offer and ask."""

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
        self.authenticated_user = ""
        """Whom digest has proved the far end to be, "" for nobody."""
        self.prover: Prover | None = None
        """Answers challenges to our requests; None for a call without an account."""
        self.session = b""
        """The last SDP that we sent."""
        self.settled = False
        """The first offer has its answer, for certain: another may be made (RFC 3311 §5.1)."""
        self.peer_updates = False
        """The far end allows UPDATE."""
        self.inviting: Sent | None = None
        """The last INVITE that we sent within the dialog."""
        self.refreshing = Refreshing(self)
        self.confirming = Confirming(self)
        self._farewell: str | None = None
        core.active += 1

    def bye(self, now: float, reason: str = "") -> None:
        """End a call that is UP. `reason` becomes a Reason header (RFC 3326).

        Before the ACK of our 200 a BYE may not go out (§15): it waits for that ACK, at most 64*T1; the call is over at once.
        """
        if self.state is not CallState.UP or self.dialog is None:
            raise Misuse(f"BYE in state {self.state.name}")
        if self.confirming.served is not None and self.confirming.served.request is self.invite:
            self._farewell = reason
            self.core.leaving += 1
            self._close(now)
            return
        self._say_bye(reason, now)
        self._end(now)

    def vouch(self, account: Account) -> None:
        """Answer challenges to our requests within this call as `account`: a carrier may challenge a BYE too."""
        self.prover = Prover(account, self.core.token)

    # For the parts of a call

    @property
    def up(self) -> bool:
        return self.state is CallState.UP

    @property
    def over(self) -> bool:
        return self.state is CallState.ENDED

    def knows(self, remote_tag: str) -> bool:
        """True where a dialog of this call has that tag."""
        return self.dialog is not None and self.dialog.remote_tag == remote_tag

    def ask(self, request: Request, now: float, answer: Answer, dialog: Dialog | None = None, challenges: int = 0) -> None:
        """Send a request within the dialog, or within another branch's. A challenge is met, where we have an account."""
        if self.prover is not None:
            self.prover.prove(request)
            answer = partial(self._challenged, request, answer, dialog, challenges)
        sent = self.core.transactions.request(request, self.way(dialog), now, answer)
        if request.method == "INVITE":
            self.inviting = sent

    def request(self, method: str, cseq: int | None = None) -> Request:
        """A request within the dialog, with our Contact."""
        assert self.dialog is not None
        request = self.dialog.request(method, cseq)
        request.headers.set("Contact", self.contact(self.way()))
        return request

    def contact(self, flow: Flow) -> str:
        return self.core.contact(flow, self.user, secure=self.invite.target.startswith("sips:"))

    def way(self, dialog: Dialog | None = None) -> Flow:
        """Where requests within the dialog go."""
        dialog = dialog or self.dialog
        assert dialog is not None
        return self.core.flow_within(dialog, self.flow, self.direct)

    def response(self, served: Served, status: int, body: bytes = b"") -> Response:
        """A response with what a dialog needs: Contact, Allow, and the type of its body."""
        headers = {"Contact": self.contact(self.flow), "Allow": ALLOW, "Supported": SUPPORTED,
                   "Server": self.core.settings.server}  # fmt: skip
        if body:
            headers["Content-Type"] = SDP
            self.session = body
        source = served.flow.host, served.flow.port
        return respond(served.request, status, tag=served.tag, source=source, headers=headers, body=body)

    def describe(self, headers: Headers) -> None:
        """Say what we can and want, in an INVITE or UPDATE."""
        headers.set("Allow", ALLOW)
        headers.set("Supported", SUPPORTED)
        self.refreshing.wish(headers)

    def refreshed(self, response: Response, now: float) -> None:
        """Take the 2xx to an INVITE or UPDATE of ours: its Contact, and its terms of refreshing."""
        if self.dialog is not None:
            self.dialog.refresh(response)
        self.refreshing.take(response, now)

    # Parts

    def _challenged(
        self,
        request: Request,
        answer: Answer,
        dialog: Dialog | None,
        challenges: int,
        status: int,
        response: Response | None,
        now: float,
    ) -> None:
        """Give an answer on, unless it is a challenge that we can meet: then ask again, with the next CSeq (§22.2)."""
        if response is None or status not in (401, 407) or challenges >= MAX_CHALLENGES or self.dialog is None:
            answer(status, response, now)
            return
        if self.prover is None or not self.prover.learn(response, request):
            answer(status, response, now)
            return
        again = (dialog or self.dialog).request(request.method)
        for name in request.headers.names():
            if name not in ("via", "cseq", "authorization", "proxy-authorization"):
                again.headers.set(name, *request.headers.all(name))
        again.body = request.body
        self.ask(again, now, answer, dialog, challenges + 1)

    def _say_bye(self, reason: str, now: float) -> None:
        request = self.request("BYE")
        if reason:
            request.headers.set("Reason", reason)
        self.ask(request, now, _unheard)

    def _leave(self, reason: str | None, now: float) -> None:
        """Say the BYE that had to wait, or none, where the far end was quicker."""
        self._farewell = None
        self.core.leaving -= 1
        self.confirming.stop()
        if reason is not None:
            self._say_bye(reason, now)
        self.core.timers.set((self, "forget"), now + LINGER)

    def _end(self, now: float) -> None:
        """Release the call; the dialog lingers to answer what is still under way."""
        if self.state is CallState.ENDED:
            return
        self.confirming.stop()
        self._close(now)
        self.core.timers.set((self, "forget"), now + LINGER)

    def _close(self, now: float) -> None:
        self.state = CallState.ENDED
        self.core.active -= 1
        self.refreshing.stop()


def _unheard(status: int, response: Response | None, now: float) -> None:
    """Whatever answers our BYE, the call is over (§15.1.1)."""
