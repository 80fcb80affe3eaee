"""Between pyVoIP and the wire: says properly what pyVoIP means, and tells it what it can understand. Pure.

    pyVoIP  <- dialect ->  Interpreter  <- RFC 3261 ->  the PBX

Towards the PBX stands `telephony.sip`'s user agent with its transactions, dialogs and digest, so that no fault of pyVoIP's
signalling gets there: it sees each request once, a call that was cancelled is over, every answer goes to where its request
came from, an ACK has the right tag. pyVoIP keeps the account: when to register, which calls there are, what to offer.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from telephony.errors import MalformedMessage, Misuse
from telephony.gateway.parties import party_of
from telephony.gateway.phone_account import dialect
from telephony.gateway.phone_account.notes import (
    Alerting,
    Dialled,
    Established,
    KeyPressed,
    Line,
    Offered,
    Over,
    RegistrationChanged,
    SessionChanged,
)
from telephony.gateway.phone_account.registration import Registration
from telephony.sip.call import Call, CallState
from telephony.sip.core import AgentSettings
from telephony.sip.digest import Account
from telephony.sip.events import (
    ByeReceived,
    CallEstablished,
    CallFailed,
    CallLost,
    CallOffered,
    CallRinging,
    Cancelled,
    InfoDigit,
    ReOffered,
)
from telephony.sip.flow import Flow, Outgoing
from telephony.sip.grammar import Address, Uri
from telephony.sip.message import Request, Response, parse
from telephony.sip.outgoing import OutgoingCall
from telephony.sip.sdp import MIRRORED, Description, Media, rejected
from telephony.sip.user_agent import UserAgent

_VERSION = re.compile(rb"^(o=\S+ \S+ )(\d+)", re.MULTILINE)


@dataclass(slots=True, eq=False)
class _Talk:
    """One call, as both sides know it."""

    key: str
    phone_id: str
    """The Call-ID that pyVoIP knows."""
    call: Call
    offer: bytes = b""
    """What the far end offered last."""
    body: bytes = b""
    """Our last session description."""
    came: CallOffered | None = None
    """How it came in; None for a call of ours."""

    @property
    def waiting(self) -> CallOffered | None:
        """How it came in, while it has no final answer."""
        return self.came if self.call.state is CallState.OFFERED else None


class Interpreter:
    """One account at one PBX. After each input, send `drain_wire()`, give pyVoIP `to_phone`, tell the parent `notes`."""

    def __init__(
        self,
        account: Account,
        user: str,
        domain: str,
        flow: Flow,
        *,
        max_calls: int,
        token: Callable[[], str],
        secret: bytes,
    ) -> None:
        """`flow` leads to the PBX; whoever else writes to us is not heard."""
        self._account, self._user, self._domain, self._flow = account, user, domain, flow
        settings = AgentSettings(
            max_calls=max_calls, server="Hotline pyVoIP", trusted=lambda source: source.host == flow.host, retry_after=10
        )
        self._agent = UserAgent(settings, token, secret, {"udp": (flow.local_host, flow.local_port)})
        self._talks: dict[str, _Talk] = {}
        self._by_call: dict[Call, _Talk] = {}
        self._by_phone: dict[str, _Talk] = {}
        self._dialling: dict[str, tuple[str, str]] = {}
        self._registration = Registration(self._agent.core, account, f"<{Uri('sip', user, domain)}>", flow)
        self._phone_register: Request | None = None
        self.to_phone: deque[bytes] = deque()
        self.notes: deque[Line] = deque()
        self.strangers = 0
        """Datagrams from elsewhere than the PBX."""

    # The wire's side

    def from_wire(self, data: bytes, host: str, port: int, now: float) -> None:
        """Take a datagram. Whatever its bytes are, nothing is raised."""
        if host != self._flow.host:
            self.strangers += 1
            return
        self._agent.receive(data, Flow("udp", host, port, self._flow.local_host, self._flow.local_port), now)
        self._hear(now)

    def drain_wire(self) -> list[Outgoing]:
        """Take what is to be sent, in order."""
        return self._agent.drain_output()

    def next_deadline(self) -> float:
        return min(self._agent.next_deadline(), self._registration.deadline)

    def handle_timer(self, now: float) -> None:
        self._agent.handle_timer(now)
        self._registration.handle_timer(now)
        self._hear(now)

    # The parent's side

    @property
    def calls(self) -> int:
        return len(self._talks)

    def expect(self, key: str, number: str, display: str) -> None:
        """Let pyVoIP's next INVITE to `key` be a call to `number`."""
        self._dialling[key] = number, display

    def take(self, key: str) -> None:
        """Let pyVoIP have a call that was offered."""
        if (talk := self._talks.get(key)) is not None:
            media = dialect.audio_of(talk.offer) if talk.offer else None
            body = dialect.OFFER if media is None else dialect.description(media)
            self.to_phone.append(dialect.request("INVITE", key, body))

    def ring(self, key: str, now: float) -> None:
        talk = self._talks.get(key)
        if talk is not None and talk.waiting is not None:
            talk.waiting.call.ring(now)

    def release(self, key: str, status: int, now: float) -> None:
        """End a call: a final response, CANCEL or BYE, as its state asks. Without effect on one that is unknown."""
        self._dialling.pop(key, None)
        talk = self._talks.get(key)
        if talk is None:
            return
        call = talk.call
        if talk.waiting is not None:
            talk.waiting.call.reject(status, now)
        elif isinstance(call, OutgoingCall) and call.state is CallState.DIALING:
            call.cancel(now)
        elif call.state is CallState.UP:
            call.bye(now)
        self._forget(talk)

    # pyVoIP's side

    def from_phone(self, data: bytes, now: float) -> None:
        """Take what pyVoIP sends; what makes no sense there is left out."""
        try:
            message = parse(data)
            if isinstance(message, Request):
                self._ask(message, now)
            else:
                self._answer(message, now)
        except (MalformedMessage, Misuse):
            return
        self._hear(now)

    def _ask(self, request: Request, now: float) -> None:
        if request.method == "REGISTER":
            self._phone_register = request
            self._registration.begin(request.number("expires") or 0, now, self._registered)
        elif request.method == "INVITE":
            self._dial(request, now)
        elif request.method == "BYE" and (talk := self._by_phone.get(request.call_id)) is not None:
            self.release(talk.key, 603, now)

    def _dial(self, request: Request, now: float) -> None:
        """pyVoIP would wait for an answer with all else standing still: it gets its 100 at once."""
        key = request.uri.user
        self.to_phone.append(dialect.response(100, "Trying", request.call_id, request.headers.get("cseq")))
        number, display = self._dialling.pop(key, ("", ""))
        if not number:  # given up meanwhile
            self.to_phone.append(dialect.response(503, "Service Unavailable", request.call_id, "1 INVITE"))
            return
        target = Uri("sip", number, self._domain, None if self._flow.port == 5060 else self._flow.port)
        caller = Address(Uri("sip", self._user, self._domain), display)
        call = self._agent.dial(target, caller, self._flow, account=self._account)
        self._keep(_Talk(key, request.call_id, call, body=request.body))
        self.notes.append(Dialled(key, call.call_id))
        call.start(request.body, now)

    def _answer(self, response: Response, now: float) -> None:
        talk = self._by_phone.get(response.call_id)
        if talk is None or talk.waiting is None:
            return
        call = talk.waiting.call
        if 200 <= response.status < 300 and response.body:
            talk.body = _answering(response.body, talk.offer)
            call.accept(talk.body, now)
        elif response.status >= 300:
            call.reject(response.status, now)
            self._over(talk, "lost", response.status, "pyVoIP refused it")

    def _registered(self, status: int, detail: str, expires: int) -> None:
        """Tell both sides what became of a REGISTER; pyVoIP does not know every status there is."""
        request, self._phone_register = self._phone_register, None
        if request is not None:
            told = (200, "OK") if status < 300 else (403, "Forbidden")
            self.to_phone.append(dialect.response(*told, request.call_id, request.headers.get("cseq")))
            self.notes.append(RegistrationChanged(status, detail, expires))

    # What the PBX does

    def _hear(self, now: float) -> None:
        for event in self._agent.drain_events():
            if isinstance(event, CallOffered):
                self._offered(event, now)
                continue
            call = getattr(event, "call", None)
            talk = self._by_call.get(call) if isinstance(call, Call) else None
            if talk is None:
                continue
            match event:
                case CallRinging():
                    self.notes.append(Alerting(talk.key))
                case CallEstablished(answer=answer):
                    self._established(talk, answer, now)
                case CallFailed(status=status, reason=reason):
                    self._over(talk, "failed", status, reason)
                case Cancelled(detail=detail):
                    self._over(talk, "cancelled", 487, detail)
                case ByeReceived(detail=detail):
                    self._over(talk, "bye", 200, detail)
                case CallLost(detail=detail):
                    self._over(talk, "lost", 500, detail)
                case ReOffered(offer=offer):
                    self._reoffered(talk, offer, now)
                case InfoDigit(digit=digit):
                    self.notes.append(KeyPressed(talk.key, digit))
                case _:
                    continue

    def _offered(self, event: CallOffered, now: float) -> None:
        call, offer = event.call, event.offer
        status = _refusal(offer)
        if status:
            call.reject(status, now)
            return
        key = f"in-{call.tag}"
        self._keep(_Talk(key, key, call, offer, came=event))
        caller = party_of(call.invite.sender)
        self.notes.append(
            Offered(key, call.call_id, caller.user, caller.display, caller.host, call.invite.uri.user, _text(offer))
        )

    def _established(self, talk: _Talk, answer: bytes, now: float) -> None:
        outgoing = isinstance(talk.call, OutgoingCall)
        if (answer or outgoing) and _refusal(answer, empty=488):
            self._end_call(talk, now)
            self._over(talk, "lost", 488, "the answer has no G.711 µ-law")
            return
        if outgoing and (media := dialect.audio_of(answer)) is not None:
            self.to_phone.append(dialect.response(200, "OK", talk.phone_id, "1 INVITE", dialect.description(media)))
        self.notes.append(Established(talk.key, _text(answer)))

    def _reoffered(self, talk: _Talk, offer: bytes, now: float) -> None:
        """pyVoIP would open its sockets and threads once more: hold, resume and moved media are answered here."""
        if _refusal(offer):
            talk.call.refuse_reoffer(488, now)
            return
        talk.offer = offer
        talk.body = _VERSION.sub(lambda found: found[1] + b"%d" % (int(found[2]) + 1), _answering(talk.body, offer))
        talk.call.accept_reoffer(talk.body, now)
        if offer:
            self.notes.append(SessionChanged(talk.key, _text(offer)))

    # Parts

    def _keep(self, talk: _Talk) -> None:
        self._talks[talk.key] = self._by_call[talk.call] = self._by_phone[talk.phone_id] = talk

    def _over(self, talk: _Talk, how: str, status: int, detail: str) -> None:
        self._forget(talk)
        self.notes.append(Over(talk.key, how, status, detail))

    def _forget(self, talk: _Talk) -> None:
        """Part the sides. pyVoIP, which lets a cancelled call go on, is told of every end as a BYE, or 503 before an answer."""
        if self._talks.pop(talk.key, None) is None:
            return
        del self._by_call[talk.call], self._by_phone[talk.phone_id]
        self.to_phone.append(dialect.request("BYE", talk.phone_id))
        if isinstance(talk.call, OutgoingCall):
            self.to_phone.append(dialect.response(503, "Service Unavailable", talk.phone_id, "1 INVITE"))

    def _end_call(self, talk: _Talk, now: float) -> None:
        if talk.call.state is CallState.UP:
            talk.call.bye(now)


def _refusal(offer: bytes, empty: int = 0) -> int:
    """The status that turns an offer away, 0 for one that pyVoIP can carry."""
    if not offer:
        return empty
    try:
        return 0 if dialect.audio_of(offer) is not None else 488
    except MalformedMessage as error:
        return error.status


def _answering(body: bytes, offer: bytes) -> bytes:
    """`body`, which is pyVoIP's, as an answer to `offer`: its direction mirrored, every other stream refused (RFC 3264 §6)."""
    if not offer:
        return body
    head, audio = _parted(body)
    chosen = dialect.audio_of(offer)
    sections = [_mirrored(audio, media) if media == chosen else rejected(media).encode() for media in _media_of(offer)]
    return head + b"".join(sections)


def _parted(body: bytes) -> tuple[bytes, bytes]:
    """What stands before the streams, and pyVoIP's own stream; those that an earlier answer refused are left out."""
    head, *sections = re.split(rb"^(?=m=)", body, flags=re.MULTILINE)
    return head, next((one for one in sections if not re.match(rb"m=\w+ 0 ", one)), b"")


def _mirrored(section: bytes, media: Media) -> bytes:
    """The one wanted section, for a far end that sends and receives as `media` says."""
    direction = MIRRORED[media.direction].encode()
    return re.sub(rb"^a=(sendrecv|sendonly|recvonly|inactive)\r?$", b"a=" + direction + b"\r", section, flags=re.MULTILINE)


def _media_of(offer: bytes) -> tuple[Media, ...]:
    return Description.parse(offer).media


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
