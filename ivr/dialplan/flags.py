"""Feature flags and splits: who gets what is new. Pure: the same caller gets the same answer in every process.

A caller is its number; an anonymous one is its call, and so keeps the answer for that call alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Flag:
    """One switch. Without any rule it is on for everybody; else for whom one of the rules fits."""

    name: str
    on: bool = True
    """False turns it off for everybody."""
    percent: float | None = None
    """Of all callers, 0 to 100."""
    tiers: tuple[str, ...] = ()
    """Values of `profile.tier`."""
    numbers: tuple[str, ...] = ()
    """Callers by number; `+86138*` stands for all that begin so."""


@dataclass(frozen=True, slots=True)
class Share:
    """The callers that one line of `go` is for."""

    name: str
    """Of the split; lines of one name share out the same callers, and a flag of that name draws alike."""
    start: float
    end: float
    """Percent, `start` included and `end` not."""


def within(one: Share, call: Mapping[str, Any]) -> bool:
    """Whether this call is one of them."""
    return one.start <= share(one.name, caller_key(call)) < one.end


def share(name: str, key: str) -> float:
    """Where `key` stands among all callers for the split `name`: 0 to below 100, evenly spread, never changing."""
    digest = hashlib.blake2b(f"{name}\0{key}".encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 * 100


def caller_key(call: Mapping[str, Any]) -> str:
    """Who is calling, as far as splits go: the number, else the id of the call."""
    caller = call.get("caller")
    number = caller.get("number") if isinstance(caller, Mapping) else None
    return str(number) if number else str(call.get("id") or "")


def holds(flag: Flag, call: Mapping[str, Any], profile: Mapping[str, Any]) -> bool:
    """Whether a flag is on for this call."""
    if not flag.on:
        return False
    if flag.percent is None and not flag.tiers and not flag.numbers:
        return True
    key = caller_key(call)
    if str(profile.get("tier") or "") in flag.tiers or any(_fits(one, key) for one in flag.numbers):
        return True
    return flag.percent is not None and share(flag.name, key) < flag.percent


def _fits(pattern: str, number: str) -> bool:
    return number.startswith(pattern[:-1]) if pattern.endswith("*") else number == pattern
