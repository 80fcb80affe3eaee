"""What is wrong with a flow, where, and what would be right. Pure."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning"]
REFERENCE = "docs/check.md"
_PLACED = re.compile(" (?:in|of|to|beside) ")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in its file, both counted from 1."""

    line: int = 1
    column: int = 1

    def shifted(self, columns: int) -> Place:
        return Place(self.line, self.column + columns)


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of `ivr check`."""

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    """Short and stable: "unknown-state"."""
    message: str
    cure: str = ""

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}:{self.column}: {self.severity}[{self.code}] {self.message}"
        return f"{head}\n    {self.cure}" if self.cure else head

    @property
    def link(self) -> str:
        """Where it is explained, with an example and the cure."""
        return f"{REFERENCE}#{self.code}"

    def to_dict(self) -> dict[str, Any]:
        return {**{name: getattr(self, name) for name in self.__slots__}, "link": self.link}


class Findings:
    """The problems of one file, in the order they were found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def error(self, place: Place, code: str, message: str, cure: str = "") -> None:
        self._add(place, "error", code, message, cure)

    def warn(self, place: Place, code: str, message: str, cure: str = "") -> None:
        self._add(place, "warning", code, message, cure)

    def unknown(self, place: Place, what: str, name: str, known: Iterable[str], cure: str = "") -> None:
        """Report a name that is none of `known`; the cure is the nearest right one where no better one is given.

        The code is "unknown-<what>", of `key in a state` and the like only "unknown-key".
        """
        code = "unknown-" + _PLACED.split(what)[0].replace(" ", "-")
        cure = cure or nearest(name, known) or "none is known here: add it first"
        self.error(place, code, f"there is no {what} `{name}`", cure)

    @property
    def failed(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    def _add(self, place: Place, severity: Severity, code: str, message: str, cure: str) -> None:
        problem = Problem(self.file, place.line, place.column, severity, code, message, cure)
        if problem not in self.problems[-50:]:
            self.problems.append(problem)


def nearest(name: str, known: Iterable[str]) -> str:
    """A cure for a name that does not exist: the most similar ones whatever their case, else all that there are, else ""."""
    names = sorted(set(known))
    folded = {one.casefold(): one for one in names}
    close = [folded[one] for one in difflib.get_close_matches(name.casefold(), folded, n=2, cutoff=0.6)]
    if close:
        return "did you mean " + " or ".join(f"`{one}`" for one in close) + "?"
    if not names:
        return ""
    shown = ", ".join(f"`{one}`" for one in names[:12])
    return f"there are: {shown}" + (" and more" if len(names) > 12 else "")


def render(problems: Sequence[Problem], fmt: str = "text") -> str:
    """The problems for a person ("text", two lines each) or for a program ("json", an array). Raises ValueError on others."""
    if fmt == "json":
        return json.dumps([problem.to_dict() for problem in ordered(problems)], ensure_ascii=False, indent=2)
    if fmt != "text":
        raise ValueError(f"no format {fmt!r}: text or json")
    return "\n".join(str(problem) for problem in ordered(problems))


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """By file, line and column."""
    return sorted(problems, key=lambda one: (one.file, one.line, one.column, one.code))
