"""Our own offers within a dialog: re-INVITE, or UPDATE (RFC 3261 §14.1, RFC 3311), and refreshes (RFC 4028). Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from telephony.errors import MalformedMessage
from telephony.sip.events import ReOfferAnswered, ReOffered
from telephony.sip.flow import Flow
from telephony.sip.message import Request, Response
from telephony.sip.transaction import T1
from telephony.sip.usage import SDP

if TYPE_CHECKING:
    from telephony.sip.call import Call

MAX_TRIES = 5
"""Times that one offer is made: glare and 422 count."""

PATIENCE = 128 * T1
"""Seconds for a final response to our re-INVITE: one that has a provisional response has no timer of its own."""

Compose = Callable[[], bytes]
"""Gives the offer when it is its turn; empty for one that leaves the offer to the far end."""


class Offering:
    """One offer at a time; of those that wait only the last is made, since each says the whole of what we want."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._wanted: Compose | None = None
        self._made: Compose | None = None
        """What `_wanted` was when the offer that is under way was made."""
        self._tries = 0
        self._acks: dict[int, tuple[bytes, Flow]] = {}
        self.busy = False
        """An offer of ours has no answer yet."""

    def want(self, compose: Compose, now: float) -> None:
        """Make an offer as soon as may be, in place of one that waits."""
        self._wanted, self._tries = compose, 0
        self.proceed(now)

    def proceed(self, now: float) -> None:
        """Make the offer that is wanted, once nothing stands in its way."""
        call = self._call
        if self._wanted is None or self.busy or (call, "glare") in call.core.timers or not call.may_offer:
            return
        self._tries += 1
        early = not call.up
        self._made = self._wanted
        body = self._wanted()
        if early and (not call.peer_updates or not body):
            return
        self._send("UPDATE" if early else "INVITE", body, now)

    def refresh(self, now: float) -> None:
        """Say that the call still stands: UPDATE where the far end knows it, else an INVITE that changes nothing."""
        if self.busy or not self._call.may_offer:
            return
        if self._call.peer_updates:
            self._send("UPDATE", b"", now)
        else:
            self._send("INVITE", self._call.session, now)

    def _send(self, method: str, body: bytes, now: float) -> None:
        call = self._call
        request = call.request(method)
        call.describe(request.headers)
        if body:
            request.headers.set("Content-Type", SDP)
            request.body = call.session = body
        self.busy = True
        if method == "INVITE":
            call.core.timers.set((call, "offer"), now + PATIENCE)
        call.ask(request, now, partial(self._answered, request))

    def _answered(self, request: Request, status: int, response: Response | None, now: float) -> None:
        if status < 200:
            return
        self._call.core.timers.cancel((self._call, "offer"))
        if request.method == "INVITE" and response is not None and status < 300:
            self._take_2xx(request, response, now)
            return
        self.busy = False
        if self._call.over:
            return
        if status == 491 and self._tries < MAX_TRIES:
            self._call.core.timers.set((self._call, "glare"), now + self._call.glare_pause())
        elif status == 422 and response is not None and self._call.refreshing.lengthen(response) and self._tries < MAX_TRIES:
            self._again(request, now)
        elif status in (408, 481):
            self._call.lose("the far end no longer knows this call", now)
        else:
            self._take_final(request, status, response, now)

    def expired(self, now: float) -> None:
        """The far end is there, but does not decide: the session stays as it was."""
        if self._call.inviting is not None:
            self._call.core.transactions.abandon(self._call.inviting)
        self.busy = False
        if not self._call.over:
            self._done()
            self._call.core.events.append(ReOfferAnswered(self._call, 408, b""))
            self.proceed(now)

    def _again(self, request: Request, now: float) -> None:
        self._tries += 1
        self._send(request.method, request.body, now)

    def _take_final(self, request: Request, status: int, response: Response | None, now: float) -> None:
        call = self._call
        answer = b""
        if status < 300 and response is not None:
            call.refreshed(response, now)
            answer = response.body
        if request.body:
            self._done()
            call.core.events.append(ReOfferAnswered(call, 200 if status < 300 else status, answer))
        self.proceed(now)

    def _take_2xx(self, request: Request, response: Response, now: float) -> None:
        """Acknowledge it, each time it comes."""
        call, number = self._call, request.cseq[0]
        # After a challenge the number that was sent is the one of the response.
        number = response.cseq[0] or number
        if number in self._acks:
            call.core.resend(*self._acks[number])
            return
        if not self.busy:
            return  # its offer is on its way to our owner, and its ACK with the answer
        if request.body or call.over or not response.body:
            self.busy = False
            self._acknowledge(number, b"", now)
            if not call.over:
                self._take_final(request, 200, response, now)
                if not request.body:
                    self._done()
            return
        if call.owed is None:
            call.refreshed(response, now)
            call.owed = partial(self._answer_theirs, number)
            call.core.events.append(ReOffered(call, response.body))

    def _answer_theirs(self, number: int, body: bytes, now: float) -> None:
        """The far end made the offer in its 2xx: our answer goes into the ACK. Without one the call cannot go on (§14.1)."""
        self.busy = False
        self._done()
        self._acknowledge(number, body, now)
        if not body:
            self._call.bye(now, 'SIP;cause=488;text="no common media"')
        self.proceed(now)

    def _done(self) -> None:
        """What was under way is settled; what has been wanted since is not."""
        if self._wanted is self._made:
            self._wanted = None

    def _acknowledge(self, number: int, body: bytes, now: float) -> None:
        call = self._call
        ack = call.request("ACK", number)
        if call.prover is not None:
            call.prover.prove(ack)
        if body:
            ack.headers.set("Content-Type", SDP)
            ack.body = call.session = body
        try:
            flow = call.way()
        except MalformedMessage:
            return
        self._acks = {number: (call.core.transactions.send(ack, flow), flow)}
