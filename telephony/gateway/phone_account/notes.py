"""What the parent and the child of a phone account write to each other: one JSON object a line. Pure.

Orders go down, notes come up. `key` names a call on both sides.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

MAX_LINE = 262_144


@dataclass(frozen=True, slots=True)
class Setup:
    """The first line: who the child is."""

    server: str
    """IP address of the PBX."""
    port: int
    domain: str
    """Host part of its URIs: the name that the settings give it."""
    user: str
    password: str
    auth_user: str
    display: str
    host: str
    """Our address towards the PBX."""
    sip_port: int
    """0 for any."""
    max_calls: int
    memory: int
    """Bytes of address space that the child may take besides those that it starts with."""

    def __repr__(self) -> str:
        return f"Setup({self.user}@{self.server}:{self.port})"


@dataclass(frozen=True, slots=True)
class Dial:
    key: str
    number: str
    display: str
    port: int
    """RTP port to name in the offer."""


@dataclass(frozen=True, slots=True)
class Take:
    """Let pyVoIP have a call that was offered."""

    key: str
    port: int


@dataclass(frozen=True, slots=True)
class Ring:
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    key: str


@dataclass(frozen=True, slots=True)
class Release:
    """End a call in whatever way its state asks for."""

    key: str
    status: int
    """Of the final response, where it is not answered yet."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Give the registration back and end."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The child's loop turns."""


@dataclass(frozen=True, slots=True)
class RegistrationChanged:
    status: int
    """200, or how the PBX refused; 408 where it is silent."""
    detail: str
    expires: int
    """Seconds that it was granted for."""


@dataclass(frozen=True, slots=True)
class Offered:
    key: str
    correlation: str
    """The Call-ID on the wire."""
    user: str
    display: str
    host: str
    called: str
    sdp: str
    """The offer, "" where the far end expects ours."""


@dataclass(frozen=True, slots=True)
class Dialled:
    key: str
    correlation: str


@dataclass(frozen=True, slots=True)
class Alerting:
    key: str


@dataclass(frozen=True, slots=True)
class Established:
    key: str
    sdp: str
    """The far end's answer, "" where it had ours."""


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A re-INVITE or UPDATE was answered."""

    key: str
    sdp: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    key: str
    digit: str


@dataclass(frozen=True, slots=True)
class Over:
    key: str
    how: str
    """`bye`, `cancelled`, `failed`, or `lost` for what our own side saw."""
    status: int
    detail: str


Line = (
    Setup
    | Dial
    | Take
    | Ring
    | Answer
    | Release
    | Stop
    | Beat
    | RegistrationChanged
    | Offered
    | Dialled
    | Alerting
    | Established
    | SessionChanged
    | KeyPressed
    | Over
)
_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *(Setup, Dial, Take, Ring, Answer, Release, Stop),
        *(Beat, RegistrationChanged, Offered, Dialled, Alerting, Established, SessionChanged, KeyPressed, Over),
    )
}


def encode(line: Line) -> bytes:
    """One line, its end included; octets that are no text survive as escapes."""
    return json.dumps({"is": type(line).__name__, **asdict(line)}).encode() + b"\n"


def decode(data: bytes) -> Line:
    """Read a line. Raises ValueError for anything else than what `encode` makes."""
    try:
        values = json.loads(data)
        kind = _KINDS[values.pop("is")]
        line: Line = kind(**values)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a line of a phone account: {data[:80]!r}") from error
    for item in fields(kind):
        if not isinstance(getattr(line, item.name), {"str": str, "int": int}[str(item.type)]):
            raise ValueError(f"{kind.__name__}.{item.name} is not {item.type}")
    return line
