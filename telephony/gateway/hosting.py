"""What a gateway takes from the process that it runs in, where that is one of several."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Protocol

from telephony.gateway.sip_wire import Wire, WireSettings
from telephony.sip.flow import Flow
from telephony.sip.grammar import Address
from telephony.sip.registrar import Binding

_of_flow = attrgetter(*(one.name for one in fields(Flow)))

Packed = tuple[Any, ...]
"""A binding as plain data: its clock does not leave the process, so the time that is left does."""


class MakeWire(Protocol):
    def __call__(
        self,
        settings: WireSettings,
        receive: Callable[[bytes, Flow], None],
        failed: Callable[[str, str, int, int], None],
        accepts: Callable[[str], bool] = ...,
    ) -> Wire: ...


def _token() -> str:
    return secrets.token_hex(8)


def _nobody(user: str, bindings: Sequence[Packed]) -> None:
    """A process on its own has nobody to tell."""


@dataclass(frozen=True, slots=True)
class Hosting:
    """The defaults are those of a process on its own."""

    token: Callable[[], str] = _token
    """Makes tags, branches and Call-IDs; among several workers only such as lead back to this one."""
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Signs nonces: who knows it takes them."""
    wire: MakeWire = Wire
    registered: Callable[[str, Sequence[Packed]], None] = _nobody
    """Hears where a user has registered, () for nowhere."""
    moved: Callable[[str], None] = lambda call_id: None
    """Hears the Call-ID of each call that comes to take the place of another (RFC 3891)."""


def packed(bindings: Sequence[Binding], now: float) -> list[Packed]:
    """Bindings as plain data."""
    return [(str(one.contact), _of_flow(one.flow), one.expires_at - now, one.call_id, one.cseq) for one in bindings]


def unpacked(data: Sequence[Packed], now: float) -> list[Binding]:
    """What `packed` made of bindings. Raises MalformedMessage, TypeError or ValueError for anything else."""
    return [
        Binding(Address.parse(contact), Flow(*flow), now + left, call_id, cseq) for contact, flow, left, call_id, cseq in data
    ]
