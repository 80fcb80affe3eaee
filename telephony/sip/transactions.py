"""The transaction layer (RFC 3261 §17, §18.2.2): finds the transaction of each message and numbers our requests. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from telephony.sip.flow import Flow, Outgoing
from telephony.sip.message import MAX_HOPS, Headers, Request, Response, respond
from telephony.sip.timers import Timers
from telephony.sip.transaction import Kind, State, Step, Transaction, Trigger, trigger_to_receive, trigger_to_send

COOKIE = "z9hG4bK"
DEFAULT_PORT = 5060
MAX_TRANSACTIONS = 60_000
MAX_DATAGRAM = 1300
"""Bytes of a request that UDP carries whatever lies between; larger ones go by TCP where they can (RFC 3261 §18.1.1)."""
UDP_ALONE = 600.0
"""Seconds for which a far end that took no TCP connection is sent large requests by UDP at once."""
MAX_UDP_ALONE = 1024

Answer = Callable[[int, Response | None, float], None]
"""Takes status, response and time; the response is None for our own 408 (nothing came) and 503 (nowhere to send)."""


@dataclass(slots=True, eq=False)
class Served:
    """A request of the far end and our transaction for it."""

    request: Request
    flow: Flow
    """Where the request came from."""
    back: Flow
    """Where its responses go."""
    tag: str
    """Our To tag, the same in every response."""
    transaction: Transaction
    status: int = 0
    """Status of the last response sent, 0 before the first."""
    key: tuple[str, ...] = ()
    merge_key: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Sent:
    """A request of ours and our transaction for it."""

    request: Request
    flow: Flow
    transaction: Transaction
    answer: Answer
    key: tuple[str, str]
    fallback: Flow | None = None
    """UDP, where the request went by TCP for its size alone."""


def way_back(request: Request, flow: Flow) -> Flow:
    """Where responses to `request` go (RFC 3261 §18.2.2, RFC 3581): its source, at the port that its Via asks for."""
    if not flow.reliable and "rport" in request.via.parameters:
        return flow
    return replace(flow, port=request.via.port or DEFAULT_PORT)


def server_key(request: Request) -> tuple[str, ...]:
    """What tells the transactions of far ends apart (RFC 3261 §17.2.3); an ACK and a CANCEL have their INVITE's branch."""
    method = "INVITE" if request.method == "ACK" else request.method
    via = request.via
    if via.branch.startswith(COOKIE) and via.branch != COOKIE:
        return via.branch, via.host, str(via.port), method
    return request.call_id, request.sender.tag, str(request.cseq[0]), str(via), method, request.target


class Transactions:
    """All transactions of one user agent. What is to be sent is put into `outbox`."""

    def __init__(self, timers: Timers[tuple[object, object]], outbox: deque[Outgoing], token: Callable[[], str]) -> None:
        self._timers = timers
        self._outbox = outbox
        self._token = token
        self._served: dict[tuple[str, ...], Served] = {}
        self._merged: dict[tuple[str, ...], Served] = {}
        self._sent: dict[tuple[str, str], Sent] = {}
        self._udp_alone: dict[tuple[str, int], float] = {}
        self.by_stream: Callable[[Flow], Flow | None] = lambda flow: None
        """The way by TCP to where a UDP flow leads; None where there is none."""

    def __len__(self) -> int:
        return len(self._served) + len(self._sent)

    @property
    def full(self) -> bool:
        return len(self) >= MAX_TRANSACTIONS

    @property
    def unanswered(self) -> int:
        """Requests of ours that have no final response yet."""
        waiting = (State.CALLING, State.TRYING, State.PROCEEDING)
        return sum(sent.transaction.state in waiting for sent in self._sent.values())

    def find(self, request: Request, method: str = "") -> Served | None:
        """The transaction that `request` belongs to; with `method`, the one of that method on its branch (§9.2)."""
        key = server_key(request)
        if not method:
            return self._served.get(key)
        if len(key) == 4:
            return self._served.get((*key[:3], method))
        return self._served.get((*key[:4], method, key[5]))

    def repeat(self, served: Served, now: float) -> None:
        """Take a retransmission of the request."""
        self._step(served, Trigger.REQUEST, now)

    def acknowledge(self, served: Served, now: float) -> None:
        """Take the ACK for a final response other than 2xx."""
        self._step(served, Trigger.ACK, now)

    def is_merged(self, request: Request) -> bool:
        """The same request came here along another path (§8.2.2.2)."""
        return not request.recipient.tag and _merge_key(request) in self._merged

    def serve(self, request: Request, flow: Flow) -> Served:
        """Open a transaction for a new request."""
        kind = Kind.INVITE_SERVER if request.method == "INVITE" else Kind.SERVER
        transaction = Transaction(kind, self._timers, reliable=flow.reliable)
        served = Served(request, flow, way_back(request, flow), self._token(), transaction, key=server_key(request))
        transaction.context = served
        self._served[served.key] = served
        if not request.recipient.tag:
            served.merge_key = _merge_key(request)
            self._merged[served.merge_key] = served
        return served

    def respond(self, served: Served, response: Response, now: float) -> None:
        """Send a response; one after the final response is absorbed."""
        if served.status < 200:
            served.status = response.status
        self._step(served, trigger_to_send(response.status), now, bytes(response))

    def reply(self, served: Served, status: int, now: float, headers: dict[str, str] | None = None) -> None:
        """Build a response without a body and send it."""
        source = served.flow.host, served.flow.port
        self.respond(served, respond(served.request, status, tag=served.tag, source=source, headers=headers), now)

    def request(self, request: Request, flow: Flow, now: float, answer: Answer, branch: str = "") -> Sent:
        """Send a request of ours with a Via of its own; `answer` hears its responses, or 408 or 503 where none came."""
        sent = Sent(request, flow, self._client(request, flow), answer, (branch or COOKIE + self._token(), request.method))
        request.headers.set("Via", via_for(flow, sent.key[0]))
        data = bytes(request)
        if len(data) > MAX_DATAGRAM and flow.sized and (stream := self._stream_for(flow, now)) is not None:
            sent.flow, sent.fallback, sent.transaction = stream, flow, self._client(request, stream)
            request.headers.set("Via", via_for(stream, sent.key[0]))
            data = bytes(request)
        self._start(sent, data, now)
        return sent

    def _client(self, request: Request, flow: Flow) -> Transaction:
        kind = Kind.INVITE_CLIENT if request.method == "INVITE" else Kind.CLIENT
        return Transaction(kind, self._timers, reliable=flow.reliable)

    def _start(self, sent: Sent, data: bytes, now: float) -> None:
        sent.transaction.context = sent
        self._sent[sent.key] = sent
        self._step(sent, Trigger.START, now, data)

    def _stream_for(self, flow: Flow, now: float) -> Flow | None:
        if self._udp_alone.get((flow.host, flow.port), now) > now:
            return None
        return self.by_stream(flow)

    def _fall_back(self, sent: Sent, now: float) -> None:
        """Send by UDP what found no TCP connection, as a transaction of its own (§18.1.1)."""
        assert sent.fallback is not None
        if len(self._udp_alone) >= MAX_UDP_ALONE:
            self._udp_alone.clear()
        self._udp_alone[sent.fallback.host, sent.fallback.port] = now + UDP_ALONE
        sent.flow, sent.fallback = sent.fallback, None
        sent.key = COOKIE + self._token(), sent.request.method
        sent.transaction = self._client(sent.request, sent.flow)
        sent.request.headers.set("Via", via_for(sent.flow, sent.key[0]))
        self._start(sent, bytes(sent.request), now)

    def send(self, request: Request, flow: Flow) -> bytes:
        """Send an ACK for a 2xx, which has no transaction, and return its bytes (§13.2.2.4)."""
        request.headers.set("Via", via_for(flow, COOKIE + self._token()))
        data = bytes(request)
        self._outbox.append(Outgoing(data, flow))
        return data

    def cancel(self, sent: Sent, now: float) -> None:
        """Send CANCEL for an INVITE that has a provisional response (§9.1)."""
        self.request(_sibling(sent, "CANCEL"), sent.flow, now, _ignore, sent.key[0])

    def abandon(self, sent: Sent) -> None:
        """Wait no longer for an answer: an INVITE that got a provisional response has no timer of its own (§9.1)."""
        self._forget(sent)

    def take(self, response: Response, now: float) -> bool:
        """Give a response to its transaction. False where none waits for it."""
        sent = self._sent.get((response.via.branch, response.cseq[1]))
        if sent is None:
            return False
        trigger = trigger_to_receive(response.status)
        step = self._step(sent, trigger, now)
        if step.acknowledge:
            ack = _sibling(sent, "ACK")
            ack.headers.set("To", response.headers.get("to"))
            self._outbox.append(Outgoing(bytes(ack), sent.flow))
        if step.deliver:
            sent.answer(response.status, response, now)
        return True

    def fire(self, transaction: Transaction, trigger: Trigger, now: float) -> Served | None:
        """Take a timer. Returns the INVITE whose final response was never acknowledged (timer H), if that is what it meant."""
        owner = transaction.context
        if not isinstance(owner, Served | Sent):
            return None
        step = self._step(owner, trigger, now)
        if step.failed and isinstance(owner, Sent):
            owner.answer(408, None, now)
        return owner if step.failed and isinstance(owner, Served) else None

    def unreachable(self, transport: str, host: str, port: int, now: float, connection: int = 0) -> None:
        """Fail whatever we asked of that far end: the operating system could not send there (§8.1.3.1).

        With `connection`, that one is gone: what the far end has begun to answer may still be answered along another.
        """
        peer = transport, host, port
        for sent in list(self._sent.values()):
            flow = sent.flow
            if (flow.transport, flow.host, flow.port) != peer and not 0 < connection == flow.connection:
                continue
            if connection and not flow.pinned and sent.transaction.state is State.PROCEEDING:
                continue
            if not self._step(sent, Trigger.UNREACHABLE, now).failed:
                continue
            if sent.fallback is None:
                sent.answer(503, None, now)
            else:
                self._fall_back(sent, now)

    def _step(self, owner: Served | Sent, trigger: Trigger, now: float, message: bytes = b"") -> Step:
        step = owner.transaction.handle(trigger, now, message)
        if step.send:
            self._outbox.append(Outgoing(step.send, owner.back if isinstance(owner, Served) else owner.flow))
        if owner.transaction.state is State.TERMINATED:
            self._forget(owner)
        return step

    def _forget(self, owner: Served | Sent) -> None:
        if isinstance(owner, Sent):
            self._sent.pop(owner.key, None)
            return
        self._served.pop(owner.key, None)
        if self._merged.get(owner.merge_key) is owner:
            del self._merged[owner.merge_key]


def via_for(flow: Flow, branch: str) -> str:
    """Our Via; `rport` asks for the response where the request came from (RFC 3581)."""
    host = f"[{flow.local_host}]" if ":" in flow.local_host else flow.local_host
    return f"SIP/2.0/{flow.transport.upper()} {host}:{flow.local_port};rport;branch={branch}"


def _merge_key(request: Request) -> tuple[str, ...]:
    return request.call_id, request.sender.tag, str(request.cseq[0]), request.method


def _sibling(sent: Sent, method: str) -> Request:
    """ACK or CANCEL for our INVITE: same target, branch, route and number (§9.1, §17.1.1.3)."""
    found = Headers()
    for name in ("via", "from", "to", "call-id"):
        found.set(name, sent.request.headers.get(name))
    found.set("Max-Forwards", str(MAX_HOPS))
    found.set("CSeq", f"{sent.request.cseq[0]} {method}")
    found.set("route", *sent.request.headers.all("route"))
    return Request(method, sent.request.target, found)


def _ignore(status: int, response: Response | None, now: float) -> None:
    """A CANCEL's own answer tells nothing: the INVITE's does."""
