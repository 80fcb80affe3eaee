"""Bindings of users to contacts (RFC 3261 §10.3). Pure, and bounded in users and in contacts of each."""

from __future__ import annotations

from dataclasses import dataclass

from telephony.errors import MalformedMessage, PeerFault
from telephony.sip.flow import Flow
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
        current = {str(one.contact.uri): one for one in self.lookup(user, now)}
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
        else:
            self._users.pop(user, None)
        return self.lookup(user, now)

    def sweep(self, now: float) -> list[str]:
        """Drop what has run out and return the users who are gone with it."""
        gone = [user for user in self._users if not self.lookup(user, now)]
        for user in gone:
            del self._users[user]
        return gone

    def _bind(self, wanted: dict[str, Binding], contact: Address, request: Request, flow: Flow, now: float) -> None:
        key = str(contact.uri)
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
