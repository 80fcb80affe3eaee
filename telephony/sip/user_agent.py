"""A SIP user agent without I/O and without a clock: UAS, UAC and registrar in one (RFC 3261 §8, §10).

    agent.receive(data, flow, now)          what came
    agent.handle_timer(now)                 when `next_deadline()` has come
    agent.drain_output(), drain_events()    after each of these, and after each command

Whoever has not yet proven who they are costs no state: challenges and refusals outside a dialog are sent without a transaction.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from telephony.errors import MalformedMessage, PeerFault
from telephony.sip import admission
from telephony.sip.access import Access
from telephony.sip.call import Call, CallState
from telephony.sip.core import ACCEPT, ALLOW, EXTENSIONS, AgentSettings, Core
from telephony.sip.digest import Account
from telephony.sip.events import AgentEvent, CallOffered, Registered
from telephony.sip.flow import Flow, Outgoing
from telephony.sip.grammar import Address, Uri
from telephony.sip.incoming import IncomingCall
from telephony.sip.keepalive import Keepalive
from telephony.sip.message import Request, Response, parse, respond
from telephony.sip.multipart import unwrap
from telephony.sip.outgoing import OutgoingCall
from telephony.sip.registrar import Binding, Registrar
from telephony.sip.suspicion import Sign
from telephony.sip.targets import Target, Targets
from telephony.sip.transaction import Transaction, Trigger
from telephony.sip.transactions import Served, way_back

KNOWN = frozenset(
    ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "UPDATE", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "REFER",
     "MESSAGE", "PUBLISH")
)  # fmt: skip
"""Methods that have a meaning in SIP: 405 where we lack them, 501 for any other (§8.2.1, §21.5.2)."""
WITHIN_DIALOG = frozenset(("INVITE", "BYE", "INFO", "UPDATE", "OPTIONS", "PRACK", "REFER", "NOTIFY", "SUBSCRIBE"))
CAPABILITIES = {"Allow": ALLOW, "Accept": ACCEPT, "Supported": ", ".join(sorted(EXTENSIONS)), "Allow-Events": "refer"}
SWEEP = 30.0
"""Seconds between looks at registrations that have run out."""


class UserAgent:
    """`token` gives unguessable tokens of at least 64 bits; `secret` signs nonces and stateless tags."""

    def __init__(
        self,
        settings: AgentSettings,
        token: Callable[[], str],
        secret: bytes,
        listeners: Mapping[str, tuple[str, int]] | None = None,
    ) -> None:
        self.core = Core(settings, token, listeners or {})
        self._secret = secret
        self._access = Access(settings, secret, token)
        self.registrar = Registrar(
            min_expires=settings.min_expires,
            max_expires=settings.max_expires,
            max_bindings=settings.max_bindings,
            max_users=settings.max_users,
        )
        self.keepalive = Keepalive(self.core, self.registrar)

    @property
    def refused(self) -> Counter[str]:
        """What was turned away or dropped, by reason."""
        return self.core.refused

    @property
    def calls(self) -> int:
        """Calls that are not over."""
        return self.core.active

    # The shell's side

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take one message that came along `flow`. Nothing that a far end sends makes this raise."""
        try:
            message = parse(data)
        except MalformedMessage:
            self.core.refused["malformed"] += 1
            self.core.settings.noticed(flow, Sign.MALFORMED)
            return
        try:
            message.check()
            if isinstance(message, Response):
                if not self.core.transactions.take(message, now):
                    self._take_stray(message)
            else:
                self._take_request(message, flow, now)
        except PeerFault as error:
            self.core.refused["malformed"] += 1
            self.core.settings.noticed(flow, Sign.MALFORMED)
            if isinstance(message, Request) and message.method != "ACK":
                self._refuse(message, flow, error.status)

    def unreachable(self, transport: str, host: str, port: int, now: float, connection: int = 0) -> None:
        """Hear that nothing can be sent to that far end; with `connection`, that this one is gone and its flows with it."""
        self.core.transactions.unreachable(transport, host, port, now, connection)
        for user in self.registrar.lose(connection) if connection else ():
            self.core.events.append(Registered(user, len(self.registrar.lookup(user, now))))

    def next_deadline(self) -> float:
        """When `handle_timer` wants to be called, in seconds; infinity for never."""
        return self.core.timers.next()

    def handle_timer(self, now: float) -> None:
        while (key := self.core.timers.pop_due(now)) is not None:
            owner, name = key
            if isinstance(owner, Transaction) and isinstance(name, Trigger):
                self.core.transactions.fire(owner, name, now)
            elif isinstance(owner, Call):
                owner.on_timer(name, now)
            elif owner is self.keepalive:
                self.keepalive.on_timer(now)
            elif owner is self:
                self._sweep(now)

    def drain_output(self) -> list[Outgoing]:
        """Take what is to be sent, in order."""
        found = list(self.core.outbox)
        self.core.outbox.clear()
        return found

    def drain_events(self) -> list[AgentEvent]:
        """Take what has happened, in order."""
        found = list(self.core.events)
        self.core.events.clear()
        return found

    # Commands

    def dial(
        self,
        target: Uri,
        caller: Address,
        flow: Flow | None = None,
        *,
        account: Account | None = None,
        headers: Mapping[str, str] | None = None,
        candidates: Sequence[Flow] = (),
        follow: Callable[[Uri], Flow | None] | None = None,
    ) -> OutgoingCall:
        """Prepare a call; its `start` sends it.

        `flow` is where to send it, if not where `target` says: a far end behind a NAT. `candidates` are the servers of
        `target` in their order (RFC 3263), the next one after 503, 408, silence or where nothing can be sent. `follow` says
        which URIs of a 3xx may be called and which way; without it none are. Raises TransportError where no listener
        serves the transport of `target`.
        """
        flows = [flow] if flow is not None else list(candidates) or [self.core.flow_to(target)]
        targets = Targets([Target(target, one) for one in flows], follow)
        call = OutgoingCall(self.core, targets, caller, account, headers)
        call.direct = flow is not None
        return call

    def lookup(self, user: str, now: float) -> list[Binding]:
        """Contacts under which a registered `user` can be reached, the best first."""
        return self.registrar.lookup(user, now)

    def drain(self) -> None:
        """Take no new call from now on: 503 with Retry-After."""
        self.core.draining = True

    # Requests

    def _take_request(self, request: Request, flow: Flow, now: float) -> None:
        transactions = self.core.transactions
        served = transactions.find(request)
        if request.method == "ACK":
            if served is not None and served.status >= 300:
                transactions.acknowledge(served, now)
            elif (call := self._call_of(request) or self._call_of_invite(served)) is not None:
                call.acknowledged(request, now)
        elif served is not None:
            transactions.repeat(served, now)
        elif request.method == "CANCEL":
            self._take_cancel(request, flow, now)
        elif request.recipient.tag:
            self._take_within_dialog(request, flow, now)
        elif transactions.is_merged(request):
            self._refuse(request, flow, 482, reason="merged")
        elif transactions.full:
            self._refuse(request, flow, 503, {"Retry-After": str(self.core.settings.retry_after)}, "overload")
        else:
            self._take_new(request, flow, now)

    def _take_within_dialog(self, request: Request, flow: Flow, now: float) -> None:
        call = self._call_of(request)
        if call is None:
            self._refuse(request, flow, 481, reason="no dialog")
        elif request.method not in WITHIN_DIALOG:
            self._refuse_method(request, flow)
        elif refusal := admission.extension(request):
            self._turn_away(request, flow, refusal)
        elif request.method == "REFER" and not self._may_refer(call, request, flow, now):
            return
        else:
            call.handle(self.core.transactions.serve(request, flow), now)

    def _may_refer(self, call: Call, request: Request, flow: Flow, now: float) -> bool:
        """Only a far end that we trust, or that digest has proved, sends us elsewhere: all others are challenged."""
        if self.core.settings.trusted(flow) or (call.authenticated_user and flow.host == call.flow.host):
            return True
        verdict = self._access.check(request, now, flow)
        if isinstance(verdict, list):
            self._challenge(request, flow, verdict)
            return False
        return True

    def _take_new(self, request: Request, flow: Flow, now: float) -> None:
        """§8.2: method, target, extensions, and only then what it asks."""
        if request.method not in ("INVITE", "OPTIONS", "REGISTER"):
            self._take_stranger(request, flow)
        elif refusal := admission.extension(request):
            self._turn_away(request, flow, refusal)
        elif request.method == "OPTIONS":
            self._reply(request, flow, 503 if self.core.draining else 200, CAPABILITIES)
        elif request.method == "REGISTER":
            self._take_register(request, flow, now)
        else:
            self._take_invite(request, flow, now)

    def _take_stranger(self, request: Request, flow: Flow) -> None:
        """A method that means something within a dialog only, or nothing to us."""
        if request.method in ("SUBSCRIBE", "NOTIFY"):
            self._refuse(request, flow, 489, {"Allow-Events": "refer"}, "event")
        elif request.method == "REFER":
            self._refuse(request, flow, 403, reason="refer outside a dialog")
        elif request.method in WITHIN_DIALOG:
            self._refuse(request, flow, 481, reason="no dialog")
        else:
            self._refuse_method(request, flow)

    def _take_invite(self, request: Request, flow: Flow, now: float) -> None:
        unwrap(request)
        if refusal := admission.session(request, self.core) or admission.capacity(self.core, now):
            self._turn_away(request, flow, refusal)
            return
        user = ""
        trunk = self.core.settings.trunk_of(request, flow)
        if not trunk and not self.core.settings.trusted(flow):
            verdict = self._access.check(request, now, flow)
            if isinstance(verdict, list):
                self._challenge(request, flow, verdict)
                return
            user = verdict.user
        replaced = admission.replaced(request, self.core, trunk)
        if isinstance(replaced, admission.Refusal):
            self._turn_away(request, flow, replaced)
            return
        if request.contact is None:
            raise MalformedMessage("Contact is missing")
        served = self.core.transactions.serve(request, flow)
        self.core.transactions.reply(served, 100, now)
        try:
            call = IncomingCall(self.core, served, user)
        except PeerFault as error:
            self.core.transactions.reply(served, error.status, now)
            return
        call.replaces, call.trunk = replaced, trunk
        self.core.events.append(CallOffered(call, request.body))

    def _take_cancel(self, request: Request, flow: Flow, now: float) -> None:
        invite = self.core.transactions.find(request, "INVITE")
        call = self.core.calls.get((request.call_id, invite.tag)) if invite is not None else None
        if invite is None or not isinstance(call, IncomingCall) or call.state is not CallState.OFFERED:
            self._refuse(request, flow, 481, reason="late cancel")
            return
        served = self.core.transactions.serve(request, flow)
        served.tag = invite.tag
        self.core.transactions.reply(served, 200, now)
        call.cancelled(request, now)

    def _take_register(self, request: Request, flow: Flow, now: float) -> None:
        verdict = self._access.check(request, now, flow)
        if isinstance(verdict, list):
            self._challenge(request, flow, verdict)
            return
        served = self.core.transactions.serve(request, flow)
        if verdict.user != request.recipient.uri.user:
            self.core.refused["register for another"] += 1
            self.core.transactions.reply(served, 403, now)
            return
        self._register(verdict, served, now)

    def _register(self, account: Account, served: Served, now: float) -> None:
        before = len(self.registrar.lookup(account.user, now))
        try:
            bindings = self.registrar.register(account.user, served.request, served.flow, now)
        except PeerFault as error:
            headers = {"Min-Expires": str(self.core.settings.min_expires)} if error.status == 423 else {}
            self.core.transactions.reply(served, error.status, now, headers)
            return
        source = served.flow.host, served.flow.port
        response = respond(served.request, 200, tag=served.tag, source=source)
        for binding in bindings:
            left = max(1, round(binding.expires_at - now))
            kept = {name: value for name, value in binding.contact.parameters.items() if name == "q"}
            response.headers.add("Contact", str(Address(binding.contact.uri, "", {**kept, "expires": str(left)})))
        if any("reg-id" in one.contact.parameters for one in bindings):
            response.headers.set("Require", "outbound")  # RFC 5626 §6: its flow is what reaches it
        self.core.transactions.respond(served, response, now)
        self.keepalive.watch(account.user, bindings, now)
        if (self, "sweep") not in self.core.timers:  # else a busy registrar would put it off for ever
            self.core.timers.set((self, "sweep"), now + SWEEP)
        if before or bindings:
            self.core.events.append(Registered(account.user, len(bindings)))

    # Parts

    def _call_of(self, request: Request) -> Call | None:
        return self.core.calls.get((request.call_id, request.recipient.tag))

    def _call_of_invite(self, served: Served | None) -> Call | None:
        """The call of an INVITE whose branch an ACK repeats: some phones (pyVoIP) put a To tag of their own into it."""
        return None if served is None else self.core.calls.get((served.request.call_id, served.tag))

    def _sweep(self, now: float) -> None:
        self.core.events.extend(Registered(user, 0) for user in self.registrar.sweep(now))
        if len(self.registrar):
            self.core.timers.set((self, "sweep"), now + SWEEP)

    def _take_stray(self, response: Response) -> None:
        """A 2xx of a branch whose transaction is over still needs its ACK; anything else is dropped (RFC 6026 §7.2)."""
        self.core.refused["stray response"] += 1

    def _challenge(self, request: Request, flow: Flow, challenges: list[str]) -> None:
        self.core.refused["unauthenticated"] += 1
        response = self._stateless(request, flow, 401, {})
        response.headers.set("WWW-Authenticate", *challenges)
        self.core.resend(bytes(response), way_back(request, flow))

    def _refuse_method(self, request: Request, flow: Flow) -> None:
        self._refuse(request, flow, 405 if request.method in KNOWN else 501, {"Allow": ALLOW}, "method")

    def _turn_away(self, request: Request, flow: Flow, refusal: admission.Refusal) -> None:
        self._refuse(request, flow, refusal.status, refusal.headers, refusal.reason)

    def _refuse(
        self, request: Request, flow: Flow, status: int, headers: Mapping[str, str] | None = None, reason: str = ""
    ) -> None:
        if reason:
            self.core.refused[reason] += 1
        self._reply(request, flow, status, headers or {})

    def _reply(self, request: Request, flow: Flow, status: int, headers: Mapping[str, str]) -> None:
        try:
            back = way_back(request, flow)
        except MalformedMessage:
            back = flow  # its Via cannot be read, and says nothing better than the source does
        self.core.resend(bytes(self._stateless(request, flow, status, headers)), back)

    def _stateless(self, request: Request, flow: Flow, status: int, headers: Mapping[str, str]) -> Response:
        """A response whose To tag is the same for each retransmission though nothing is kept (§8.2.7)."""
        text = f"{request.headers.get('call-id')}|{request.headers.get('via')}|{request.headers.get('cseq')}"
        tag = hmac.new(self._secret, text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:16]
        return respond(request, status, tag=tag, source=(flow.host, flow.port), headers=headers)
