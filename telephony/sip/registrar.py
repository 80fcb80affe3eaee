"""Bindings of users to contacts (RFC 3261 §10.3). Pure, and bounded in users and in contacts of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from telephony.errors import MalformedMessage, PeerFault
from telephony.sip.flow import DEFAULT_PORTS, Flow
from telephony.sip.grammar import Address
from telephony.sip.message import Request


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of one user."""

    contact: Address
    flow: Flow
    """Along which it registered: a phone behind a NAT is reached along this alone."""
    expires_at: float
    """Seconds, on the caller's clock."""
    call_id: str
    cseq: int

    @property
    def key(self) -> str:
        """What another REGISTER means by the same contact: its URI, or where a phone names itself, that (RFC 5626 §6)."""
        return key_of(self.contact)

    @property
    def preference(self) -> float:
        """The q parameter, 0 to 1; 1 where it is missing or malformed."""
        try:
            return min(max(float(self.contact.parameters.get("q") or 1.0), 0.0), 1.0)
        except ValueError:
            return 1.0


class Registrar:
    def __init__(self, *, min_expires: int, max_expires: int, max_bindings: int, max_users: int) -> None:
        self._min = min_expires
        self._max = max_expires
        self._max_bindings = max_bindings
        self._max_users = max_users
        self._users: dict[str, dict[str, Binding]] = {}
        self._along: dict[int, set[str]] = {}
        """Users that registered along a connection."""

    def __len__(self) -> int:
        """Users that have a contact, those included whose time has just run out."""
        return len(self._users)

    def lookup(self, user: str, now: float) -> list[Binding]:
        """Contacts under which `user` can be reached now, the preferred first, then the youngest."""
        alive = [one for one in self._users.get(user, {}).values() if one.expires_at > now]
        return sorted(alive, key=lambda one: (one.preference, one.expires_at), reverse=True)

    def register(self, user: str, request: Request, flow: Flow, now: float) -> list[Binding]:
        """Do what a REGISTER of `user` asks, all of it or nothing, and return the contacts that stand after it.

        Raises PeerFault: 400 for a malformed Contact or `*` beside others, 423 for too short a time, 503 beyond the bounds,
        500 for a request that is older than one seen (§10.3 item 7).
        """
        current = {one.key: one for one in self.lookup(user, now)}
        items = request.headers.items_of("contact")
        if "*" in items:
            if len(items) > 1 or request.number("expires") != 0:
                raise MalformedMessage('Contact "*" must stand alone with Expires: 0')
            for binding in current.values():
                _in_order(binding, request)
            wanted: dict[str, Binding] = {}
        else:
            if len(items) > self._max_bindings:
                raise PeerFault("too many contacts", 503)
            wanted = dict(current)
            for item in items:
                self._bind(wanted, Address.parse(item), request, flow, now)
        if len(wanted) > self._max_bindings or (user not in self._users and len(self._users) >= self._max_users):
            raise PeerFault("too many registrations", 503)
        if wanted:
            self._users[user] = wanted
            if flow.connection:
                self._along.setdefault(flow.connection, set()).add(user)
        else:
            self._users.pop(user, None)
        return self.lookup(user, now)

    def adopt(self, user: str, bindings: list[Binding]) -> None:
        """Take over the contacts of a user who registered elsewhere, none for nowhere; without effect beyond the bounds."""
        if not bindings:
            self._users.pop(user, None)
        elif user in self._users or len(self._users) < self._max_users:
            self._users[user] = {one.key: one for one in bindings[: self._max_bindings]}

    def sweep(self, now: float) -> list[str]:
        """Drop what has run out and return the users who are gone with it."""
        gone = [user for user in self._users if not self.lookup(user, now)]
        for user in gone:
            del self._users[user]
        return gone

    def drop(self, binding: Binding, user: str) -> bool:
        """Forget a contact that does not answer. False where it is gone, or was registered anew meanwhile."""
        contacts = self._users.get(user, {})
        if contacts.get(binding.key) is not binding:
            return False
        del contacts[binding.key]
        if not contacts:
            del self._users[user]
        return True

    def lose(self, connection: int) -> list[str]:
        """Forget the contacts that a connection alone reached, and return their users (RFC 5626 §5.3).

        One that registered from the address it names may be called there.
        """
        lost = []
        for user in self._along.pop(connection, ()):
            contacts = self._users.get(user, {})
            for key, binding in [item for item in contacts.items() if item[1].flow.connection == connection]:
                if (flow := _without_connection(binding)) is not None:
                    contacts[key] = replace(binding, flow=flow)
                    continue
                del contacts[key]
                lost.append(user)
            if not contacts:
                self._users.pop(user, None)
        return lost

    def _bind(self, wanted: dict[str, Binding], contact: Address, request: Request, flow: Flow, now: float) -> None:
        key = key_of(contact)
        if key in wanted:
            _in_order(wanted[key], request)
        seconds = self._seconds(contact, request)
        if seconds == 0:
            wanted.pop(key, None)
        elif seconds < self._min:
            raise PeerFault("the registration is too brief", 423)
        else:
            wanted[key] = Binding(contact, flow, now + min(seconds, self._max), request.call_id, request.cseq[0])

    def _seconds(self, contact: Address, request: Request) -> int:
        text = contact.parameters.get("expires") or ""
        if text.isascii() and text.isdigit() and len(text) <= 10:
            return int(text)
        expires = request.number("expires")
        return self._max if expires is None else expires


def _in_order(binding: Binding, request: Request) -> None:
    if binding.call_id == request.call_id and request.cseq[0] <= binding.cseq:
        raise PeerFault("an older REGISTER came after a newer one", 500)


def key_of(contact: Address) -> str:
    """The instance and its flow where a phone tells them, else the URI, which a browser makes up anew each time."""
    instance, flow = contact.parameters.get("+sip.instance"), contact.parameters.get("reg-id")
    return f"{instance};{flow}" if instance and flow else str(contact.uri)


def _without_connection(binding: Binding) -> Flow | None:
    """The way to a contact by a new connection; None where none can be made: behind a NAT, in a browser, by its own word."""
    uri, flow = binding.contact.uri, binding.flow
    outbound = uri.parameter("ob") is not None or "reg-id" in binding.contact.parameters
    if flow.pinned or outbound or uri.host.strip("[]") != flow.host:
        return None
    return replace(flow, port=uri.port or DEFAULT_PORTS[flow.transport], connection=0, subject=())
