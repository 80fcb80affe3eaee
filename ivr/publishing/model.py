"""What is live and what was published, as values; and what differs between two texts. Pure."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ivr.errors import Conflict

FILE = "file"
"""The author of what a changed file published."""
CLOCK = "schedule"
"""The author of what a time brought back."""
ENVIRONMENT = "@environment"
"""Stands in the place of a flow's name for the environment file: it is published, kept and taken back in the same way."""
MOST_COMPARED = 1_000_000
"""Lines of one text times lines of the other, beyond which only what they begin and end with alike is found."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What new calls of a flow begin with."""

    flow: str
    version: str
    """Hash of the text; "" where the flow is retired."""
    number: int
    serial: int
    """Of the change that made it so."""
    candidate: str = ""
    """The version that `percent` of the callers get; "" for none."""
    candidate_number: int = 0
    percent: float = 0.0
    salt: str = ""
    """The same for flows that are rolled out together: a caller gets the candidates of all of them, or of none."""
    until: float | None = None
    """When `back` is live again, in epoch seconds."""
    back: str = ""


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is live, as of one change."""

    serial: int
    standings: Mapping[str, Standing] = field(default_factory=dict)
    due: float | None = None
    """When something begins or ends by itself next, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Version:
    """One publish of one flow."""

    flow: str
    number: int
    version: str
    serial: int
    author: str
    note: str
    at: float
    action: str
    """`publish`, `file`, `roll_back` or `back`."""
    added: int
    removed: int
    """Lines, against what was live before."""
    percent: float = 100.0
    start: float | None = None
    """When it is to begin, where that was not at once."""
    until: float | None = None
    fate: str = ""
    """`scheduled`, `cancelled` or `refused`; "" where it was live."""
    reason: str = ""

    def view(self, standing: Standing | None, calls: int | None = None) -> dict[str, Any]:
        """As the desk answers it."""
        return {
            "flow": self.flow,
            "number": self.number,
            "version": self.version,
            "author": self.author,
            "note": self.note,
            "at": self.at,
            "action": self.action,
            "state": self.fate or _state(self, standing),
            "percent": standing.percent if standing is not None and self.number == standing.candidate_number else self.percent,
            "from": self.start,
            "until": self.until,
            "calls": calls,
            "added": self.added,
            "removed": self.removed,
            "reason": self.reason,
        }


def _state(version: Version, standing: Standing | None) -> str:
    if standing is not None and standing.version and version.number == standing.number:
        return "live"
    return "rollout" if standing is not None and version.number == standing.candidate_number else "old"


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that somebody writes on."""

    flow: str
    text: str
    stamp: str
    base: str
    """The live version that it began with; "" for a new flow."""
    author: str
    at: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Two texts, line by line."""

    lines: Sequence[tuple[str, int | None, int | None, str]]
    """(`same`, `add` or `remove`; number in the old text; number in the new one; the line)"""
    added: int
    removed: int


def version_of(text: str) -> str:
    """The hash that names a text, as `ivr.dialplan.build` gives it to its flow."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stamp_of(draft: Draft | None, live: str) -> str:
    """What names the text that somebody read: a draft's own stamp, else the live version's."""
    return draft.stamp if draft is not None else f"live-{live}" if live else ""


def seen_both(draft: Draft, live: str) -> str:
    """The stamp of somebody who was shown the draft and what is live now."""
    return f"{draft.stamp}+{live}"


def new_stamp(author: str, at: float, text: str) -> str:
    return hashlib.sha256(f"{author}\0{at!r}\0{text}".encode()).hexdigest()[:16]


def difference(before: str, after: str) -> Difference:
    """What was removed and added. Takes a second at most, however long and different the texts are."""
    old, new = before.splitlines(), after.splitlines()
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    lines: list[tuple[str, int | None, int | None, str]] = [("same", n + 1, n + 1, old[n]) for n in range(head)]
    for kind, first, last, begin, end in _moves(middle_old, middle_new):
        if kind == "equal":
            lines += [("same", head + n + 1, head + begin + n - first + 1, middle_old[n]) for n in range(first, last)]
            continue
        lines += [("remove", head + n + 1, None, middle_old[n]) for n in range(first, last)]
        lines += [("add", None, head + n + 1, middle_new[n]) for n in range(begin, end)]
    shift = len(new) - len(old)
    lines += [("same", n + 1, n + 1 + shift, old[n]) for n in range(len(old) - tail, len(old))]
    kinds = [line[0] for line in lines]
    return Difference(lines, kinds.count("add"), kinds.count("remove"))


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _moves(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    if len(old) * len(new) > MOST_COMPARED:
        return [("replace", 0, len(old), 0, len(new))]
    return difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def unified(difference: Difference, before: str, after: str, context: int = 3) -> str:
    """As `diff -u` writes it; "" where the texts are the same."""
    changed = [n for n, line in enumerate(difference.lines) if line[0] != "same"]
    if not changed:
        return ""
    out = [f"--- {before}", f"+++ {after}"]
    first = 0
    while first < len(changed):
        last = first
        while last + 1 < len(changed) and changed[last + 1] - changed[last] <= 2 * context:
            last += 1
        start, end = max(0, changed[first] - context), min(len(difference.lines), changed[last] + context + 1)
        out += _hunk(difference.lines, start, end)
        first = last + 1
    return "\n".join(out) + "\n"


def _hunk(lines: Sequence[tuple[str, int | None, int | None, str]], start: int, end: int) -> list[str]:
    part = lines[start:end]
    old, new = sum(line[0] != "add" for line in part), sum(line[0] != "remove" for line in part)
    old_before = sum(line[0] != "add" for line in lines[:start])
    new_before = sum(line[0] != "remove" for line in lines[:start])
    head = f"@@ -{old_before + (old > 0)},{old} +{new_before + (new > 0)},{new} @@"
    return [head, *({"same": " ", "add": "+", "remove": "-"}[kind] + text for kind, _, _, text in part)]


def moment(when: float | str | None, zone: str, now: float, name: str) -> float | None:
    """Epoch seconds of a time to come: a number as it is, text such as `2027-01-01 00:00` in `zone` where it names none.

    Raises Conflict for what is no time, or is over.
    """
    if when is None or when == "":
        return None
    if isinstance(when, str):
        try:
            told = datetime.fromisoformat(when.strip())
        except ValueError:
            raise Conflict(f"{name}: '{when[:40]}' is no time; write it as 2027-01-01 00:00") from None
        try:
            when = (told if told.tzinfo else told.replace(tzinfo=ZoneInfo(zone))).timestamp()
        except (OverflowError, OSError) as error:
            raise Conflict(f"{name}: that is too far away") from error
    if not now < when < now + 10 * 366 * 86_400.0:
        raise Conflict(f"{name}: the time must be to come, and within ten years")
    return when
