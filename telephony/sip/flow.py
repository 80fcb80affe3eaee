"""Where messages come from and go to. Pure values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """One way to a far end, and the address under which that far end reaches us."""

    transport: str
    """"udp" or "tcp"."""
    host: str
    """The far end; a name is resolved by the shell."""
    port: int
    local_host: str
    """Our host as it stands in Via and Contact."""
    local_port: int
    connection: int = 0
    """A stream connection to use while it stands; 0, or one that is gone, means any connection to `host` and `port`."""

    @property
    def reliable(self) -> bool:
        return self.transport != "udp"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Bytes for the wire."""

    data: bytes
    flow: Flow
