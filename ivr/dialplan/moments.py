"""What happened in a simulated call, in order: for the terminal, for tests and for the chat beside the editor. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: float
    """Seconds since the call began."""
    kind: str
    """"bot", "caller", "state", "edge", "command", "timer", "note", "end"."""
    text: str
    more: Mapping[str, Any] = field(default_factory=dict)
    """Plain data, by kind; see `docs/testing-flows.md`."""

    def to_dict(self) -> dict[str, Any]:
        return {**self.more, "at": round(self.at, 3), "kind": self.kind, "text": self.text}


@dataclass(slots=True)
class Spoken:
    """One breath of the bot: what a `Say` or `Play` had in it."""

    at: float
    """Seconds since the call began."""
    text: str
    names: tuple[str, ...]
    """Of the recordings in it."""
    languages: tuple[str, ...]
    state: str
    until: float | None = None
    """When it ended; None while it is heard."""
    whole: bool = False
    """Whether it was heard to its end."""


def data_of(value: object) -> dict[str, Any]:
    """The fields of a command as plain data."""
    assert is_dataclass(value)
    return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return data_of(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
