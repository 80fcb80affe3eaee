"""What callers do who lose patience: ask for a person again and again, repeat themselves, hammer keys, stay silent. Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Self

from ivr.understanding.mood_reasons import Reason, reason
from ivr.understanding.observations import KeptSilent, Keyed, Said, Seen

LAST = 3
"""Earlier turns that a turn is compared with."""
ALIKE = 0.75
"""Share of common pairs of letters from which two texts are the same."""
FEWEST_LETTERS = 4
"""Shorter texts ("是的", "yes") may be said as often as anybody likes."""
LONGEST = 60
"""Letters of a text that are compared."""
MASHED = 4
"""Same keys in a row that are no answer."""

_PERSON = {
    "zh": re.compile(r"人工|真人|活人|转客服|找客服"),
    "en": re.compile(r"\b(?:agent|operator|representative|human|real person|a person|real human|customer service)\b"),
}
_LETTERS = re.compile(r"[\s\W_]+")
_ASKED = {2: 0.3, 3: 0.55}
_ASKED_MORE, _CHANTED = 0.7, 0.5
_SAID = {2: 0.12, 3: 0.4}
_SAID_MORE = 0.55
_HAMMERED = 0.45
_OVER, _SILENT = 0.16, 0.16
_OVER_FROM, _SILENT_FROM = 3, 2

Evidence = tuple[float, Reason]


@dataclass(frozen=True, slots=True)
class Habit:
    """What was done so far, without the words: pairs of letters are kept as numbers."""

    said: tuple[tuple[int, ...], ...] = ()
    """The last texts, the newest first."""
    same: tuple[int, ...] = ()
    """How often each of them was said."""
    asked: int = 0
    """Times a person was asked for."""
    keys: str = ""
    """The same key pressed in a row."""
    overs: int = 0
    """Prompts in a row that were spoken over."""
    silences: int = 0
    """Questions in a row without an answer."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        said = tuple(tuple(int(one) for one in text) for text in data["said"])
        return cls(**{**data, "said": said, "same": tuple(int(one) for one in data["same"])})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def observe(before: Habit, seen: Seen) -> tuple[Habit, list[Evidence]]:
    """The habits with one more thing seen, and what that says."""
    match seen:
        case Said():
            return _said(before, seen)
        case Keyed(key=key, value=value):
            return _keyed(before, key, value)
        case KeptSilent():
            count = before.silences + 1
            habit = replace(before, silences=count, keys="", overs=0)
            return habit, [(_SILENT, reason("silent", count))] if count >= _SILENT_FROM else []
    return before, []


def _said(before: Habit, seen: Said) -> tuple[Habit, list[Evidence]]:
    overs = before.overs + 1 if seen.over else 0
    found = [(_OVER, reason("over", overs))] if overs >= _OVER_FROM else []
    times = _times_asked(seen)
    asked = before.asked + (times > 0)
    if times > 2:
        found.append((_CHANTED, reason("chant", times)))
    if times and asked > 1:
        found.append((_ASKED.get(asked, _ASKED_MORE), reason("person", asked)))
    habit = replace(before, keys="", overs=overs, silences=0, asked=asked)
    pairs, count = _repeated(before, seen.text)
    if pairs:
        habit = replace(habit, said=(pairs, *before.said)[:LAST], same=(count, *before.same)[:LAST])
    if count > 1 and not times:
        found.append((_SAID.get(count, _SAID_MORE), reason("repeated", count)))
    return habit, found


def _times_asked(seen: Said) -> int:
    sought = _PERSON.get(seen.language)
    times = len(sought.findall(seen.text[:400].casefold())) if sought is not None else 0
    return times or int(seen.intent == "agent")


def _repeated(before: Habit, text: str) -> tuple[tuple[int, ...], int]:
    """A text as numbers, and how often it was said by now; nothing for a short one."""
    letters = _LETTERS.sub("", text[: 4 * LONGEST].casefold())[:LONGEST]
    if len(letters) < FEWEST_LETTERS:
        return (), 0
    pairs = tuple(sorted({zlib.crc32(f"{one}{two}".encode()) % 65_536 for one, two in pairwise(letters)}))
    ours = set(pairs)
    for earlier, count in zip(before.said, before.same, strict=True):
        if 2 * len(ours & set(earlier)) >= ALIKE * (len(ours) + len(earlier)):
            return pairs, count + 1
    return pairs, 1


def _keyed(before: Habit, key: str, value: bool) -> tuple[Habit, list[Evidence]]:
    if value:
        return replace(before, keys="", silences=0), []
    keys = (before.keys + key)[-12:] if before.keys.endswith(key) else key
    hammered = len(keys) >= MASHED and len(keys) % MASHED == 0
    return replace(before, keys=keys, silences=0), [(_HAMMERED, reason("keys", keys))] if hammered else []
