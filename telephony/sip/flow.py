"""Where messages come from and go to. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061, "ws": 80, "wss": 443}
"""Of a URI without a port, by transport (RFC 3261 §19.1.2, RFC 7118 §5.3)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One way to a far end, and the address under which that far end reaches us."""

    transport: str
    """"udp", "tcp", "tls", "ws" or "wss"."""
    host: str
    """The far end; a name is resolved by the shell."""
    port: int
    """0 beside a name: the port that its SRV records tell, else the transport's own."""
    local_host: str
    """Our host as it stands in Via and Contact."""
    local_port: int
    connection: int = 0
    """A stream connection to use while it stands; 0, or one that is gone, means any connection to `host` and `port`."""
    listener: int = 0
    """Which of our listeners it belongs to; 0 for any that speaks `transport`."""
    name: str = ""
    """The SIP domain that the far end's certificate must show (RFC 5922); "" for `host`."""
    subject: tuple[str, ...] = ()
    """Names that the far end's certificate has proved on this connection, lower case; () without a certificate."""
    sized: bool = False
    """Over UDP: a request that is too large for it may go by TCP instead (RFC 3261 §18.1.1)."""

    @property
    def reliable(self) -> bool:
        return self.transport != "udp"

    @property
    def pinned(self) -> bool:
        """The far end is reached along its own connection or not at all: nobody can call a browser (RFC 7118 §5)."""
        return self.transport in ("ws", "wss")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Bytes for the wire."""

    data: bytes
    flow: Flow
