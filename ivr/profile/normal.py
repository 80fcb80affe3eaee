"""A profile in its normal form: what flows, ranking and agents may rely on, whatever the sources sent. Pure.

    id name language tier area last_agent mood    text
    vip blocked                                   true or false
    products                                      list of text
    history                                       names of wishes, newest first
    contacts                                      the calls themselves, newest first: {at, topic, result, ...}
    calls                                         how many there were
    open                                          open matters: {kind, id, label}
    outages                                       those that concern this caller: {area, intent, text, until, ...}

Any other field is kept as it came. A field that cannot be read is left out: flows see what is missing as null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ivr.profile.likely import topic, when
from ivr.profile.shape import bounded

COMBINED = ("history", "contacts", "open", "outages", "products")
"""Lists that several sources add to."""
ANYWHERE = ("blocked", "vip")
"""True where any source says so."""
_TRUE = frozenset({"true", "yes", "1", "y", "t", "on"})


def normal(profile: Mapping[str, Any]) -> dict[str, Any]:
    """The profile with every known field of its type, bounded."""
    found = {name: value for name, value in bounded(profile).items() if value is not None}
    for name, read in _READERS.items():
        if name in found and (value := read(found[name])) is not None:
            found[name] = value
        else:
            found.pop(name, None)
    if "history" in found or "contacts" in found:
        found |= _past([found])
    if "outages" in found:
        found["outages"] = [one for one in found["outages"] if not one.get("area") or one["area"] == found.get("area")]
    return found


def joined(profiles: Iterable[Mapping[str, Any]], combined: Iterable[str] = COMBINED) -> dict[str, Any]:
    """One profile of several, the first given the first in rank.

    A field is taken from the first that has it, but for `combined` lists, which are put one after the other without what
    is there already, and for `blocked` and `vip`, which are true where any says so.
    """
    lists = frozenset(combined)
    found: dict[str, Any] = {}
    parts = list(profiles)
    if {"history", "contacts"} <= lists and any("contacts" in part for part in parts):
        past = _past(parts)
        parts = [past, *({name: part[name] for name in part if name not in past} for part in parts)]
    for profile in parts:
        for name, value in profile.items():
            if value is None:
                continue
            if name in lists and isinstance(value, list) and isinstance(found.get(name), list):
                found[name] = [*found[name], *(one for one in value if name == "history" or one not in found[name])]
            elif name in ANYWHERE and _truth(value):
                found[name] = True
            else:
                found.setdefault(name, value)
    return found


def _past(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """`history` and `contacts` of several sources: the calls by their time, and then the names that stand for no call."""
    calls: list[dict[str, Any]] = []
    names: list[str] = []
    for part in parts:
        history, contacts = part.get("history"), _mappings(part.get("contacts")) or []
        items = history if isinstance(history, list) else []
        mine = contacts + [one for one in _mappings(items) or () if one not in contacts]
        calls += [one for one in mine if one not in calls]
        told = Counter(map(topic, mine))
        for one in items:
            if isinstance(one, str) and one:
                told[one] -= 1
                names += [one] if told[one] < 0 else []
    calls.sort(key=lambda one: -(when(one, float("inf")) or 0.0))
    history = [*(name for one in calls if (name := topic(one))), *names]
    return {"history": history, "contacts": calls} if calls else {"history": history}


def _text(value: Any) -> str | None:
    """Text of a plain value; a number loses nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip()[:256] or None


def _language(value: Any) -> str | None:
    """`zh-CN` is `zh`."""
    text = _text(value)
    return None if text is None else text.replace("_", "-").split("-")[0].lower() or None


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    return value.strip().lower() in _TRUE if isinstance(value, str) else None


def _texts(value: Any) -> list[str] | None:
    items = value if isinstance(value, list) else [value]
    return [text for one in items if (text := _text(one)) is not None]


def _calls(value: Any) -> list[Any] | None:
    """Names or mappings; anything else is no call."""
    if not isinstance(value, list):
        return None
    return [one for one in value if isinstance(one, Mapping) or (isinstance(one, str) and one)]


def _mappings(value: Any) -> list[dict[str, Any]] | None:
    items = [value] if isinstance(value, Mapping) else value
    return [dict(one) for one in items if isinstance(one, Mapping)] if isinstance(items, list) else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "id": _text,
    "name": _text,
    "language": _language,
    "tier": _text,
    "area": _text,
    "last_agent": _text,
    "mood": _text,
    "vip": _truth,
    "blocked": _truth,
    "products": _texts,
    "history": _calls,
    "contacts": _mappings,
    "calls": _count,
    "open": _mappings,
    "outages": _mappings,
}
