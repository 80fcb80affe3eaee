"""Conversations that a flow must be able to have: what `*.test.yaml` files hold. Frozen values. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.dialplan.mocks import Line, Reply
from ivr.dialplan.problems import Place

ANSWER_WITHIN = 60.0
"""Seconds after which something that a case expects comes too late, where it does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Act:
    """One line of `call`: something the caller or the world does, or something that must happen."""

    kind: str
    """As written, with underscores: "says", "hangs_up", "queued"."""
    value: Any
    """Plain data; None where the line is the bare word."""
    place: Place
    more: Mapping[str, Any] = field(default_factory=dict)
    """What stands beside it: `within`, `confidence`, `mood`, `with`."""


@dataclass(frozen=True, slots=True)
class Given:
    """What holds before the call."""

    profile: Mapping[str, Any] | str | None = None
    """Plain data, or "slow" (later than its budget), "down", "unknown"."""
    at: str = ""
    """"2026-01-05 10:00", in the flow's time zone."""
    call: Mapping[str, Any] = field(default_factory=dict)
    """`language`, `called` and `caller`, as of `Call.to_dict()`."""
    flags: Mapping[str, bool] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    lookups: Mapping[str, tuple[Reply, ...]] = field(default_factory=dict)
    queues: Mapping[str, Line] = field(default_factory=dict)
    speech: tuple[str, ...] | None = None
    """Languages that are recognised; all where None, none where empty."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One key of `then`."""

    name: str
    value: Any
    place: Place


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation."""

    name: str
    place: Place
    given: Given
    acts: tuple[Act, ...]
    then: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One `*.test.yaml`."""

    file: str
    flow: str
    place: Place
    """Of the name of the flow."""
    cases: tuple[Case, ...]


def agrees(wanted: Any, got: Any) -> bool:
    """Whether what happened is what a case wants.

    A mapping wants its keys and leaves others open, but an empty one wants nothing there; a list wants as many, in that order;
    text wants the same text, `*` standing for anything; numbers may be written as text and the other way round.
    """
    if isinstance(wanted, Mapping):
        if not isinstance(got, Mapping) or (not wanted and got):
            return False
        return all(name in got and agrees(inner, got[name]) for name, inner in wanted.items())
    if isinstance(wanted, list | tuple):
        if not isinstance(got, list | tuple) or len(wanted) != len(got):
            return False
        return all(agrees(one, other) for one, other in zip(wanted, got, strict=True))
    if isinstance(wanted, bool) or isinstance(got, bool) or wanted is None or got is None:
        return wanted is got
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        return abs(wanted - got) < 1e-9
    return wanted == got or (not isinstance(got, Mapping | list | tuple) and fnmatch.fnmatchcase(str(got), _glob(str(wanted))))


def _glob(text: str) -> str:
    """A pattern in which `*` alone is special."""
    return text.replace("[", "[[]").replace("?", "[?]")


def in_order(wanted: Sequence[str], got: Sequence[str]) -> bool:
    """Whether all of `wanted` come in `got` in that order, with anything between them."""
    rest = iter(got)
    return all(one in rest for one in wanted)
