"""A call that we make (RFC 3261 §13.2): tried at one target after the other, answered by one of its branches. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from telephony.errors import MalformedMessage, Misuse
from telephony.sip.call import Call
from telephony.sip.core import Core
from telephony.sip.dialog import Dialog
from telephony.sip.digest import Account
from telephony.sip.events import CallEstablished, CallFailed, CallRinging, PeerBusy, ReOffered
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address
from telephony.sip.message import MAX_HOPS, Headers, Request, Response
from telephony.sip.multipart import Part, compose, is_composed, plain
from telephony.sip.targets import PATIENCE, Target, Targets
from telephony.sip.transaction import T1
from telephony.sip.transactions import Sent, Served
from telephony.sip.usage import MAX_CHALLENGES, SDP, CallState

MAX_FORKS = 8
"""Branches whose provisional responses and answers are heard; more are ignored."""
UNTAKEN = (400, 415, 488)
"""With these a far end turns down a body of several parts: 400 where it is old."""
OURS = frozenset(("via", "max-forwards", "from", "to", "call-id", "cseq", "contact", "content-length", "content-type", "route",
                  "authorization", "proxy-authorization"))  # fmt: skip
"""Headers that nobody gives us: they belong to dialog and transaction."""


@dataclass(slots=True, eq=False)
class Attempt:
    """One INVITE of this call on the wire."""

    invite: Request
    flow: Flow
    sent: Sent | None = None
    provisional: bool = False
    given_up: bool = False
    """Whatever comes of it, the call is not tried here any longer."""
    challenges: int = 0


@dataclass(slots=True, eq=False)
class Early:
    """One branch before its answer (§12.1): each To tag is one."""

    dialog: Dialog
    number: int = 0
    """RSeq of the last response that we acknowledged; 0 for none."""
    answered: bool = False
    """It gave an SDP answer in a response that we acknowledged."""


class OutgoingCall(Call):
    """DIALING until a final response comes; then UP or ENDED."""

    def __init__(
        self,
        core: Core,
        targets: Targets,
        caller: Address,
        account: Account | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare a call to the first of `targets`, which holds one at least; `start` sends it.

        `headers` go into each INVITE as they are, but for those that dialog and transaction need.
        """
        first = targets.next()
        if first is None:
            raise Misuse("a call without a target")
        tag = core.token()
        common = Headers(
            {
                "Max-Forwards": (str(MAX_HOPS),),
                "From": (f"{Address(caller.uri, caller.display, {})};tag={tag}",),
                "To": (f"<{first.uri}>",),
                "Call-ID": (core.token(),),
                "CSeq": ("1 INVITE",),
            }
        )
        for name, value in (headers or {}).items():
            if name.lower() not in OURS:
                common.set(name, value)
        super().__init__(core, Request("INVITE", str(first.uri), common), first.flow, tag, CallState.DIALING)
        self.user = caller.uri.user
        if account is not None:
            self.vouch(account)
        self._targets = targets
        self._attempt = Attempt(self.invite, first.flow)
        self._given_up = False
        self._early: dict[str, Early] = {}
        self._acks: dict[str, tuple[bytes, Flow]] = {}

    def start(self, offer: bytes, now: float, beside: Part | None = None) -> None:
        """Send the INVITE with our SDP offer; an empty one leaves the offer to the far end: `ReOffered` follows.

        `beside` stands beside an offer; a far end that does not take both (415, 400, 488) is asked again without it.
        """
        headers = self.invite.headers
        headers.set("Contact", self.contact(self.flow))
        self.describe(headers)
        headers.set("User-Agent", self.core.settings.server)
        if offer:
            headers.set("Content-Type", SDP)
        self.invite.body = self.session = offer
        if offer and beside is not None:
            content_type, self.invite.body = compose(offer, beside, self.core.token())
            headers.set("Content-Type", content_type)
        self._send(now)

    def cancel(self, now: float) -> None:
        """Give up a call that has no answer yet; CallFailed with 487 follows. A 2xx that crosses is acknowledged and ended."""
        if self.state is not CallState.DIALING:
            raise Misuse(f"CANCEL in state {self.state.name}")
        if self._given_up:
            return
        self._given_up = True
        self.core.timers.set((self, "cancel"), now + 64 * T1)
        self._withdraw(self._attempt, now)

    def on_timer(self, name: object, now: float) -> None:
        if name == "cancel" and self.state is CallState.DIALING:
            if self._attempt.sent is not None:
                self.core.transactions.abandon(self._attempt.sent)
            self._fail(487, "no answer to CANCEL", now)
        elif name == "next":
            if self.state is CallState.DIALING and not self._attempt.provisional and not self._given_up:
                self._try_next(now)
        else:
            super().on_timer(name, now)

    def glare_pause(self) -> float:
        return round(2.1 + self.core.fraction() * 1.9, 2)

    def knows(self, remote_tag: str) -> bool:
        return remote_tag in self._early or super().knows(remote_tag)

    @property
    def heard(self) -> bool:
        """The target that is being tried has given a sign of life."""
        return self._attempt.provisional or self.state is not CallState.DIALING

    # The attempts

    def _send(self, now: float) -> None:
        attempt = self._attempt
        attempt.sent = self.core.transactions.request(attempt.invite, attempt.flow, now, partial(self._answered, attempt))
        if len(self._targets):
            self.core.timers.set((self, "next"), now + PATIENCE)

    def _withdraw(self, attempt: Attempt, now: float) -> None:
        """CANCEL it; that may not go out before a provisional response (§9.1)."""
        attempt.given_up = True
        if attempt.provisional and attempt.sent is not None:
            self.core.transactions.cancel(attempt.sent, now)

    def _try_next(self, now: float) -> bool:
        """Try the next target, with a CSeq of its own. False where there is none."""
        target = self._targets.next()
        if target is None:
            return False
        self._withdraw(self._attempt, now)
        self._early.clear()
        self._again(target, now)
        return True

    def _again(self, target: Target, now: float) -> None:
        headers = Headers()
        for name in self.invite.headers.names():
            if name not in ("via", "cseq", "authorization", "proxy-authorization"):
                headers.set(name, *self.invite.headers.all(name))
        headers.set("CSeq", f"{self.invite.cseq[0] + 1} INVITE")
        headers.set("Contact", self.core.contact(target.flow, self.user, secure=target.uri.scheme == "sips"))
        self.refreshing.wish(headers)
        body = self.invite.body
        self.invite, self.flow = Request("INVITE", str(target.uri), headers, body), target.flow
        if self.prover is not None:
            self.prover.prove(self.invite)
        self._attempt = Attempt(self.invite, target.flow, challenges=self._attempt.challenges)
        self._send(now)

    def _answered(self, attempt: Attempt, status: int, response: Response | None, now: float) -> None:
        """Hear a response to an INVITE of ours."""
        if response is not None and status < 200:
            self._take_provisional(attempt, response, now)
        elif response is not None and status < 300:
            self._take_2xx(attempt, response, now)
        elif attempt is self._attempt and self.state is CallState.DIALING:
            self._take_refusal(attempt, status, response, now)

    def _take_refusal(self, attempt: Attempt, status: int, response: Response | None, now: float) -> None:
        if response is None:
            reason = "no response" if status == 408 else "unreachable"
        else:
            reason = response.reason
            if status == 503:
                self.core.events.append(PeerBusy(self, attempt.flow, _retry_after(response)))
            if not self._given_up and self._worth_again(attempt, status, response):
                self._again(Target(self.invite.uri, attempt.flow), now)
                return
        elsewhere = status in (408, 503) or (
            response is not None and 300 <= status < 400 and self._targets.redirected(response)
        )
        if self._given_up or not elsewhere or not self._try_next(now):
            self._fail(status, reason, now)

    def _worth_again(self, attempt: Attempt, status: int, response: Response) -> bool:
        """The same target may take the call if asked in another way: with credentials (§22.2), or a longer session (422)."""
        if attempt.challenges >= MAX_CHALLENGES:
            return False
        attempt.challenges += 1
        if status in UNTAKEN and is_composed(self.invite):
            plain(self.invite, self.session)
            return True
        if status in (401, 407):
            return self.prover is not None and self.prover.learn(response, attempt.invite)
        return status == 422 and self.refreshing.lengthen(response)

    # The branches

    def _take_provisional(self, attempt: Attempt, response: Response, now: float) -> None:
        first, attempt.provisional = not attempt.provisional, True
        if attempt.given_up:
            if first and attempt.sent is not None:
                self.core.transactions.cancel(attempt.sent, now)
            return
        if first and len(self._targets):
            self.core.timers.cancel((self, "next"))
        if response.status > 100 and self.state is CallState.DIALING and self._heard_early(response, now):
            self.core.events.append(CallRinging(self, response.status, response.body if self.invite.body else b""))

    def _heard_early(self, response: Response, now: float) -> bool:
        """Keep the branch of a provisional response, and acknowledge it if it asks for that. False for one that is no news."""
        tag = response.recipient.tag
        reliable = "100rel" in response.headers.tokens("require")
        early = self._early.get(tag)
        if early is None:
            if not tag or response.contact is None:
                return not reliable
            if len(self._early) >= MAX_FORKS:
                return False
            early = self._early[tag] = Early(Dialog.as_client(self.invite, response))
            self.dialog = self.dialog if self.settled and self.dialog is not None else early.dialog
        if not reliable:
            return True
        number = response.number("rseq") or 0
        if number == 0 or (early.number and number != early.number + 1):
            return False  # known already, or one before it was lost and comes again (RFC 3262 §4)
        early.number = number
        self._prack(early, response, now)
        return True

    def _prack(self, early: Early, response: Response, now: float) -> None:
        """Acknowledge; where the far end made the offer in it, with our answer (RFC 3262 §5)."""
        if response.body and not self.invite.body and not early.answered:
            early.answered = True
            self.owed = partial(self._send_prack, early, response)
            self.core.events.append(ReOffered(self, response.body))
            return
        if response.body:
            self._settle(early, response)
        self._send_prack(early, response, b"", now)

    def _settle(self, early: Early, response: Response) -> None:
        early.answered = self.settled = True
        self.dialog = early.dialog
        self.peer_updates = "UPDATE" in response.headers.get("allow")

    def _send_prack(self, early: Early, response: Response, body: bytes, now: float) -> None:
        if body:
            self._settle(early, response)
        request = early.dialog.request("PRACK")
        request.headers.set("RAck", f"{early.number} {response.cseq[0]} INVITE")
        if body:
            request.headers.set("Content-Type", SDP)
            request.body = self.session = body
        self.ask(request, now, _ignore, dialog=early.dialog)

    def _take_2xx(self, attempt: Attempt, response: Response, now: float) -> None:
        """Acknowledge it, each time it comes (§13.2.2.4); of several branches the first is the call."""
        tag = response.recipient.tag
        if tag in self._acks:
            data, flow = self._acks[tag]
            self.core.resend(data, flow)
            return
        if len(self._acks) >= MAX_FORKS or (self.owed is not None and self.state is CallState.DIALING and self.knows(tag)):
            return
        early = self._early.get(tag)
        try:
            dialog = Dialog.as_client(attempt.invite, response)
            dialog.local_cseq = max(dialog.local_cseq, early.dialog.local_cseq if early is not None else 0)
            dialog.remote_cseq = early.dialog.remote_cseq if early is not None else None
            flow = self.core.flow_within(dialog, attempt.flow, self.direct)
        except MalformedMessage as error:
            if attempt is self._attempt:
                self._fail(502, str(error), now)
            return
        if self.state is not CallState.DIALING or attempt.given_up:
            self._acknowledge(attempt, dialog, flow, b"")
            self.core.transactions.request(dialog.request("BYE"), flow, now, _ignore)
            if self.state is CallState.DIALING and attempt is self._attempt:
                self._fail(487, "given up as it was answered", now)
            return
        self.dialog = dialog
        if not attempt.invite.body and response.body and not (early is not None and early.answered):
            self._early.setdefault(tag, Early(dialog))
            self.owed = partial(self._answer_theirs, attempt, response, flow)
            self.core.events.append(ReOffered(self, response.body))
            return
        self._acknowledge(attempt, dialog, flow, b"")
        self._go_up(response, response.body if attempt.invite.body else b"", now)

    def _answer_theirs(self, attempt: Attempt, response: Response, flow: Flow, body: bytes, now: float) -> None:
        """Our answer to the offer in a 2xx goes into the ACK; without one the call ends at once (§13.2.2.4)."""
        assert self.dialog is not None
        self._acknowledge(attempt, self.dialog, flow, body)
        if body:
            self.session = body
        self._go_up(response, b"", now)
        if not body:
            self.bye(now, 'SIP;cause=488;text="no common media"')

    def _acknowledge(self, attempt: Attempt, dialog: Dialog, flow: Flow, body: bytes) -> None:
        ack = dialog.request("ACK", attempt.invite.cseq[0])
        for name in ("authorization", "proxy-authorization"):
            if name in attempt.invite.headers:
                ack.headers.set(name, attempt.invite.headers.get(name))
        if body:
            ack.headers.set("Content-Type", SDP)
            ack.body = body
        self._acks[dialog.remote_tag] = self.core.transactions.send(ack, flow), flow

    def _go_up(self, response: Response, answer: bytes, now: float) -> None:
        self.state = CallState.UP
        self.settled = True
        self.peer_updates = "UPDATE" in response.headers.get("allow")
        self._early.clear()
        self.refreshing.take(response, now)
        self.core.events.append(CallEstablished(self, answer))
        self._proceed(now)

    def _fail(self, status: int, reason: str, now: float) -> None:
        if self.state is not CallState.DIALING:
            return
        self._end(now)
        self.core.events.append(CallFailed(self, status, reason))

    def handle(self, served: Served, now: float) -> None:
        """A branch other than the one that is heard may say what it likes; it changes nothing."""
        early = self._early.get(served.request.sender.tag)
        if early is None or early.dialog is self.dialog or self.state is not CallState.DIALING:
            super().handle(served, now)
        elif not early.dialog.in_order(served.request):
            self.core.transactions.reply(served, 500, now)
        else:
            harmless = served.request.method in ("UPDATE", "INFO", "OPTIONS") and not served.request.body
            self.core.transactions.reply(served, 200 if harmless else 488, now)

    def _take_bye(self, served: Served, now: float) -> None:
        """Before the answer nobody but the caller may say BYE, and we are that (§15)."""
        if self.state is CallState.DIALING:
            self.core.transactions.reply(served, 481, now)
        else:
            super()._take_bye(served, now)

    def _close(self, now: float) -> None:
        if self._given_up:
            self.core.timers.cancel((self, "cancel"))
        self.core.timers.cancel((self, "next"))
        super()._close(now)


def _retry_after(response: Response) -> int:
    """Seconds of Retry-After; 0 where it names none that can be read."""
    found = re.match(r"\s*(\d{1,6})\s*(?:[;(]|\Z)", response.headers.get("retry-after"), re.ASCII)
    return min(int(found[1]), 86_400) if found else 0


def _ignore(status: int, response: Response | None, now: float) -> None:
    """The INVITE's own responses tell what this one's do not."""
