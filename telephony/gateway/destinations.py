"""Whom a target means: phones of ours, a number and its trunks, or a SIP URI of a foreign host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from telephony.errors import PeerFault, TransportError
from telephony.gateway.parties import uri_of
from telephony.gateway.trunks import Trunk, Trunks
from telephony.sip.caller_id import target_of
from telephony.sip.flow import Flow
from telephony.sip.grammar import Uri
from telephony.sip.locate import host_of, is_address
from telephony.sip.numbers import dialable, e164
from telephony.sip.outbound import Destination
from telephony.sip.registrar import Binding

MAX_FORK = 10
"""Phones of one user that ring together."""


@dataclass(frozen=True, slots=True)
class Way:
    """One thing to try."""

    uri: Uri
    flow: Flow | None = None
    """Along which a phone registered."""
    trunk: Trunk | None = None
    host: Uri | None = None
    """The trunk's host to send to, where the Request-URI may name its domain instead."""
    user: str = ""
    """Who registered that phone."""
    servers: tuple[Flow, ...] = ()
    """Of a name, once it is looked up, in the order to try them (RFC 3263)."""

    @property
    def named(self) -> bool:
        """The name of its host is still to be looked up."""
        return self.flow is None and not self.servers and not is_address(host_of(self.host or self.uri))

    def located(self, servers: Sequence[Flow]) -> list[Way]:
        """One way for each address of ours that the servers are reached from: an offer names one."""
        hosts = dict.fromkeys(one.local_host for one in servers)
        return [replace(self, servers=tuple(one for one in servers if one.local_host == host)) for host in hosts]


class Destinations:
    """`lookup` gives the phones of a user, `is_ours` tells hosts whose users are ours, `region` how numbers are dialled."""

    def __init__(
        self,
        lookup: Callable[[str], list[Binding]],
        is_ours: Callable[[str], bool],
        realm: str,
        region: str,
        trunks: Trunks,
    ) -> None:
        self._lookup = lookup
        self._is_ours = is_ours
        self._realm = realm
        self._region = region
        self._trunks = trunks

    def of(self, target: str) -> Destination | None:
        """None for a user of ours. Raises PeerFault for what nobody can be called by.

        A URI whose host is a trunk's counts as a number: a carrier knows us by our address, whoever asked for the call.
        Its host is where the call would go: `maddr`, where it has one.
        """
        text = target.strip()
        if text.lower().startswith("tel:"):
            return Destination(number=e164(Uri.parse(text).user, self._region))
        if not text.lower().startswith(("sip:", "sips:")) and "@" not in text:
            if self._lookup(text):
                return None
            if dialable(text) and len(self._trunks):
                return Destination(number=e164(text, self._region))
        uri = uri_of(text, self._realm)
        if self._is_ours(uri.host):
            if self._lookup(uri.user):
                return None
            if uri.host == self._realm:
                raise PeerFault("no such user is registered", 404)
        host = host_of(uri)
        if self._trunks.is_host(host):
            return Destination(number=e164(uri.user, self._region))
        return Destination(uri=str(uri), host=host)

    def phones(self, target: str) -> tuple[Way, ...]:
        """Every phone that a user of ours registered, the preferred first. Raises PeerFault where there is none."""
        user = uri_of(target.strip(), self._realm).user
        bindings = self._lookup(user)[:MAX_FORK]
        if not bindings:
            raise PeerFault("no such user is registered", 404)
        return tuple(Way(one.contact.uri, one.flow, user=user) for one in bindings)

    def rounds(self, destination: Destination, wanted: str, allowed: Sequence[str], now: float) -> list[tuple[Way, ...]]:
        """What to try, one round after the other. Raises TransportError where no trunk can take the number."""
        if not destination.number:
            return [(Way(Uri.parse(destination.uri)),)]
        trunks = self._trunks.route(destination.number, wanted, allowed, now)
        if not trunks:
            raise TransportError(f"no trunk can take {destination.number} now")
        return [
            (Way(target_of(trunk.options, host, destination.number), None, trunk, host),)
            for trunk in trunks
            for host in trunk.hosts
        ]


def better(one: tuple[int, str], other: tuple[int, str]) -> tuple[int, str]:
    """The failure to report of two (RFC 3261 §16.7 item 6): 6xx, else the lower class, a real answer before our own 408."""
    if not one[0]:
        return other
    rank = {6: 0, 4: 1, 5: 2, 3: 3}

    def worth(failure: tuple[int, str]) -> tuple[int, bool]:
        return rank.get(failure[0] // 100, 4), failure[0] == 408

    return min(one, other, key=worth)
