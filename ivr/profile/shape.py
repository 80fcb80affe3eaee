"""From what a source sent to what a flow sees: a part of it, under declared names, bounded. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ivr.profile.answer import NotThere

MAX_ITEMS = 200
MAX_TEXT = 4000
MAX_DEPTH = 8
WHOLE = "."
"""The path to everything."""

_PATH = re.compile(r"[^\s.\[\]]{1,64}(?:\.[^\s.\[\]]{1,64}|\[\d{1,4}\]){0,15}")
_STEP = re.compile(r"[^.\[\]]+")
_NOTHING = object()

Path = tuple[str, ...]


def path_of(text: str) -> Path:
    """`data.items[0].name` (or `data.items.0.name`) as its steps; `.` is everything. Raises ValueError."""
    if text == WHOLE:
        return ()
    if not _PATH.fullmatch(text):
        raise ValueError(f"'{text}' is not a path such as data.items[0].name, or . for everything")
    return tuple(_STEP.findall(text))


def at(data: Any, path: Path) -> Any:
    """The value at the end of a path; None where it leads nowhere."""
    found = _at(data, path)
    return None if found is _NOTHING else found


def _at(data: Any, path: Path) -> Any:
    for step in path:
        if isinstance(data, Mapping) and step in data:
            data = data[step]
        elif isinstance(data, Sequence) and not isinstance(data, str | bytes) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return _NOTHING
    return data


@dataclass(frozen=True, slots=True)
class Shape:
    """What is taken out of an answer."""

    root: Path = ()
    """Where the part begins that `fields` and `found` speak of."""
    fields: Mapping[str, Path] = field(default_factory=dict)
    """Name to path; empty takes everything."""
    found: Path | None = None
    """Nothing was found where this is missing, null, false or empty."""
    not_found: Mapping[Path, Any] = field(default_factory=dict)
    """Nothing was found where one of these has the value given, compared as text."""

    def of(self, data: Any) -> dict[str, Any]:
        """The fields, bounded; a list without `fields` becomes `items`, any other bare value `value`. Raises NotThere."""
        for path, value in self.not_found.items():
            if (seen := _at(data, path)) is not _NOTHING and _text(seen) == _text(value):
                raise NotThere(f"{'.'.join(path)} says so")
        part = _at(data, self.root)
        if part is _NOTHING or part is None:
            raise NotThere("the answer is empty" if not self.root else f"no {'.'.join(self.root)} in the answer")
        if self.found is not None and not at(part, self.found):
            raise NotThere(f"no {'.'.join(self.found)} in the answer")
        if self.fields:
            return {name: bounded(value) for name, path in self.fields.items() if (value := at(part, path)) is not None}
        whole = bounded(part)
        if isinstance(whole, dict):
            return whole
        return {"items" if isinstance(whole, list) else "value": whole}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def bounded(value: Any, depth: int = MAX_DEPTH) -> Any:
    """`value` as data that JSON takes: 200 items a list or mapping, 4000 characters, 8 levels; what is more is left out."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < 64 else None
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, str):
        return value[:MAX_TEXT].encode("utf-8", "replace").decode()  # JSON may spell half a character
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if depth == 0 or isinstance(value, bytes | bytearray | memoryview):
        return None
    if isinstance(value, Mapping):
        return {bounded(str(key)): bounded(one, depth - 1) for key, one in list(value.items())[:MAX_ITEMS]}
    if isinstance(value, Iterable):
        return [bounded(one, depth - 1) for _, one in zip(range(MAX_ITEMS), value, strict=False)]
    return None
