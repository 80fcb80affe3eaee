"""Settings of what agents say became of a contact: plain names, or a tree with words and dates of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.errors import ConfigError

_NAME = re.compile(r"[^/\s](?:[^/\n]{0,58}[^/\s])?")
DEEPEST = 4
"""Levels of the tree."""
MOST = 500
"""Outcomes and branches together."""
LONGEST_PATH = 120
"""Characters of an outcome with the names above it, as the record keeps it."""
STANDARD = ("solved", "follow_up", "transferred", "wrong_number")


@dataclass(frozen=True, slots=True)
class OutcomeOptions:
    """An outcome, or a branch where it has `children`."""

    name: str
    """What records and reports say, without `/`; of one in a branch they say `branch/name`."""
    label: Mapping[str, str] = field(default_factory=dict)
    """What the page calls it, by language: `{zh: 投诉, en: Complaint}`."""
    follow_up: bool = False
    """Whether it needs a date of a follow-up, and so does all beneath it."""
    children: tuple[str | OutcomeOptions, ...] = ()
    """What is chosen from in its place."""


Outcomes = Sequence[str | OutcomeOptions]


def check_outcomes(outcomes: Outcomes, file: str) -> None:
    """Raises ConfigError with the file and the key."""
    seen: set[str] = set()
    for place, path, one, depth in _walk(outcomes, "dispositions", "", 1):
        where = f"{file}: {place}"
        name = one if isinstance(one, str) else one.name
        if not _NAME.fullmatch(name):
            raise ConfigError(f"{where}: '{name[:40]}' is no name of an outcome: 1 to 60 characters without '/'")
        if path in seen:
            raise ConfigError(f"{where}: '{name}' is there twice; name one of them otherwise")
        if len(path) > LONGEST_PATH:
            raise ConfigError(
                f"{where}: '{path[:40]}...' has {len(path)} characters with the names above it; {LONGEST_PATH} at most"
            )
        if depth > DEEPEST:
            raise ConfigError(f"{where}: deeper than {DEEPEST} levels; put '{name}' further up")
        if len(seen) == MOST:
            raise ConfigError(f"{file}: dispositions: more than {MOST}; nobody finds one among so many")
        seen.add(path)


def shown_outcomes(outcomes: Outcomes) -> list[Any]:
    """The tree as the page takes it: names, and `{name, label, follow_up, children}` where there is more to say than a name."""
    return [one if isinstance(one, str) else _shown(one) for one in outcomes]


def _shown(one: OutcomeOptions) -> dict[str, Any]:
    found: dict[str, Any] = {"name": one.name}
    if one.label:
        found["label"] = dict(one.label)
    if one.follow_up:
        found["follow_up"] = True
    if one.children:
        found["children"] = shown_outcomes(one.children)
    return found


def chosen_outcomes(outcomes: Outcomes, above: str = "", dated: bool = False) -> dict[str, bool]:
    """What can be chosen, as `branch/name`, to whether it needs a date."""
    found: dict[str, bool] = {}
    for one in outcomes:
        if isinstance(one, str):
            found[above + one] = dated
        elif one.children:
            found |= chosen_outcomes(one.children, f"{above}{one.name}/", dated or one.follow_up)
        else:
            found[above + one.name] = dated or one.follow_up
    return found


def _walk(outcomes: Outcomes, place: str, above: str, depth: int) -> Iterator[tuple[str, str, str | OutcomeOptions, int]]:
    for n, one in enumerate(outcomes):
        name = one if isinstance(one, str) else one.name
        yield f"{place}[{n}]", above + name, one, depth
        if not isinstance(one, str) and depth <= DEEPEST:
            yield from _walk(one.children, f"{place}[{n}].children", f"{above}{name}/", depth + 1)


def outcome_schema(levels: int = DEEPEST) -> dict[str, Any]:
    """JSON schema of one item, for a form: the tree ends after `levels`."""
    words: dict[str, Any] = {
        "name": {"type": "string", "description": "What records and reports say, without `/`."},
        "label": {"type": "object", "additionalProperties": {"type": "string"}, "description": "By language: `zh`, `en`."},
        "follow_up": {"type": "boolean", "default": False, "description": "Whether it needs a date of a follow-up."},
    }
    if levels > 1:
        words["children"] = {
            "type": "array",
            "items": outcome_schema(levels - 1),
            "description": "What is chosen from in its place.",
        }
    whole = {"type": "object", "properties": words, "required": ["name"], "additionalProperties": False}
    return {"anyOf": [{"type": "string"}, whole]}
