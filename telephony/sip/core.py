"""What the parts of one user agent share: transactions, timers, outbox, calls. Pure."""

from __future__ import annotations

import zlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from telephony.errors import TransportError
from telephony.sip.dialog import Dialog
from telephony.sip.digest import ALGORITHMS, Account
from telephony.sip.events import AgentEvent
from telephony.sip.flow import DEFAULT_PORTS, Flow, Outgoing
from telephony.sip.grammar import Uri
from telephony.sip.locate import host_of, is_address, transport_of
from telephony.sip.message import Request
from telephony.sip.overload import Overload
from telephony.sip.replaces import Replaces
from telephony.sip.suspicion import Sign
from telephony.sip.timers import Timers
from telephony.sip.transactions import DEFAULT_PORT, Transactions

if TYPE_CHECKING:
    from telephony.sip.call import Call

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY, REGISTER"
ACCEPT = "application/sdp, application/dtmf-relay, application/dtmf, message/sipfrag"
SUPPORTED = "100rel, timer, replaces, norefersub"
"""What our INVITE and its answers say; OPTIONS and 420 know `EXTENSIONS`."""
EXTENSIONS = frozenset(("100rel", "timer", "replaces", "norefersub", "outbound", "path"))


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """How one user agent behaves."""

    realm: str = "hotline"
    max_calls: int = 2000
    retry_after: int = 5
    """Seconds told to those who are turned away with 503."""
    server: str = "Hotline"
    credentials: Callable[[str], Account | None] = field(default=lambda user: None)
    trusted: Callable[[Flow], bool] = field(default=lambda flow: False)
    """Tells whose calls are taken without digest."""
    trunk_of: Callable[[Request, Flow], str] = field(default=lambda request, flow: "")
    """The trunk that an INVITE comes over, "" for none: its calls are taken without digest."""
    noticed: Callable[[Flow, Sign], None] = field(default=lambda flow, sign: None)
    """Hears what a far end's message says about it: `telephony.sip.guard` makes bans of it."""
    algorithms: tuple[str, ...] = ALGORITHMS
    """Digest algorithms that are offered and taken."""
    min_expires: int = 60
    max_expires: int = 3600
    """Seconds: bounds of a registration."""
    max_bindings: int = 10
    """Contacts of one user."""
    max_users: int = 10_000
    keepalive: float = 0.0
    """Seconds between OPTIONS to a phone that registered over UDP; 0 for none."""
    session_expires: int = 1800
    """Seconds after which a call that nobody refreshed is over (RFC 4028): what we ask for; 0 to ask for nothing."""
    min_se: int = 90
    """Seconds: the shortest Session-Expires that we take."""
    max_call_rate: float = 0.0
    """New calls a second that are taken; 0 for any."""
    max_lag: float = 0.0
    """Seconds of lag of the event loop (95th percentile) above which new calls are refused; 0 for any."""


class Core:
    """State of a user agent."""

    def __init__(self, settings: AgentSettings, token: Callable[[], str], listeners: Mapping[str, tuple[str, int]]) -> None:
        self.settings = settings
        self.token = token
        self.listeners = dict(listeners)
        """Transport to the host and port under which it is reached: what our Via and Contact say on new ways out."""
        self.way: Callable[[str, str, int], Flow | None] = self._way_by_listener
        """The way over a transport to a host and port by the listener that suits it best; None where we lack the transport."""
        self.timers: Timers[tuple[object, object]] = Timers()
        self.outbox: deque[Outgoing] = deque()
        self.events: deque[AgentEvent] = deque()
        self.transactions = Transactions(self.timers, self.outbox, token)
        self.transactions.by_stream = lambda flow: self.way("tcp", flow.host, flow.port)
        self.calls: dict[tuple[str, str], Call] = {}
        """By Call-ID and our tag."""
        self.active = 0
        """Calls that are not over."""
        self.leaving = 0
        """Calls that are over for us and still have to say BYE."""
        self.overload = Overload(settings.max_call_rate, settings.max_lag)
        self.draining = False
        self.refused: Counter[str] = Counter()
        """What was turned away, by reason."""

    def flow_to(self, uri: Uri, like: Flow | None = None) -> Flow:
        """The way to `uri`, over the transport it names, else that of `like`, else UDP.

        Raises TransportError where we have no listener for it: the far end could not call back.
        """
        transport = transport_of(uri) or ("tls" if uri.scheme == "sips" else like.transport if like else "udp")
        if transport == "ws" and like is not None and like.transport == "wss":
            transport = "wss"  # URIs of either say "ws" (RFC 7118 §5.3)
        host = host_of(uri)
        port = uri.port or (DEFAULT_PORTS.get(transport, DEFAULT_PORT) if is_address(host) else 0)
        if like is not None and like.transport == transport:
            name = like.name if is_address(host) else ""
            return replace(like, host=host, port=port, name=name, sized=False)
        if (flow := self.way(transport, host, port)) is None:
            raise TransportError(f"no way to {uri.scheme} URIs over {transport}")
        return replace(flow, sized=transport == "udp" and not uri.transport)

    def _way_by_listener(self, transport: str, host: str, port: int) -> Flow | None:
        local = self.listeners.get(transport)
        return None if local is None else Flow(transport, host, port, *local)

    def resend(self, data: bytes, flow: Flow) -> None:
        """Put bytes on the wire once more."""
        self.outbox.append(Outgoing(data, flow))

    def call_of(self, replaces: Replaces) -> Call | None:
        """The call that Replaces names, in any state (RFC 3891 §3)."""
        call = self.calls.get((replaces.call_id, replaces.local_tag))
        return call if call is not None and call.knows(replaces.remote_tag) else None

    def fraction(self) -> float:
        """A random number in [0, 1), made of a token."""
        return zlib.crc32(self.token().encode()) / 2**32

    def contact(self, flow: Flow, user: str, *, secure: bool = False) -> str:
        """Our Contact towards `flow`; `secure` where the call is to a SIPS URI: then ours is one too (RFC 3261 §8.1.1.8)."""
        if secure and flow.transport in ("tls", "wss"):
            return f"<{_contact(flow.transport, flow.local_host, flow.local_port, user, 'sips')}>"
        return f"<{self.contact_uri(flow, user)}>"

    def contact_uri(self, flow: Flow, user: str) -> str:
        return _contact(flow.transport, flow.local_host, flow.local_port, user)

    def flow_within(self, dialog: Dialog, flow: Flow, direct: bool) -> Flow:
        """The way of our requests within `dialog`, whose messages came along `flow`.

        A far end that spoke to us directly under an address other than its Contact's is behind a NAT: we answer to where
        it spoke from. So we do where it names a transport that we lack.
        """
        hop = dialog.next_hop
        if direct and not dialog.routes and hop.host.strip("[]") != flow.host:
            return flow
        try:
            return self.flow_to(hop, flow)
        except TransportError:
            return flow


@lru_cache(1024)
def _contact(transport: str, host: str, port: int, user: str, scheme: str = "sip") -> str:
    """Our URI, remembered: every message of a call says it again. With SIPS the transport is TLS whatever it says."""
    plain = transport == "udp" or (scheme == "sips" and transport == "tls")
    named = "" if plain else f";transport={'ws' if transport in ('ws', 'wss') else transport}"
    return f"{Uri(scheme, user, f'[{host}]' if ':' in host else host, port)}{named}"
