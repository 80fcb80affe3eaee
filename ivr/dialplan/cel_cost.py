"""How long an expression may take at most, before it is ever run. Pure.

A step is about 0.2 µs. Lists that data brings have at most 200 items and texts 4000 characters (`expression.plain`); a regular
expression is a literal, so that its automaton is bounded too. What would take longer than MOST_STEPS is refused at load.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.dialplan.cel_syntax import Call, Index, Items, Literal, Macro, Name, Select, Tree, walk

MOST_STEPS = 400_000
"""Under 100 ms on a slow core with the worst data; a usual condition takes ten to a thousand."""
MOST_PATTERN = 600
"""Positions of a regular expression, repetitions multiplied out."""
ITEMS = 200
TEXT = 4000
_SEARCH = frozenset({"contains", "startsWith", "endsWith", "size", "string", "bytes", "timestamp", "duration"})
_WEIGHTS = {"w": 40, "W": 40, "p": 40, "P": 40, "d": 4, "D": 4, "s": 4, "S": 4}
_REPEAT = re.compile(r"\{([0-9]{1,4})(,([0-9]{0,4}))?\}")


class TooCostly(Exception):
    """An expression that could hold up a call; `at` is where, `cure` what to write instead."""

    def __init__(self, message: str, cure: str, at: int) -> None:
        super().__init__(message)
        self.cure = cure
        self.at = at


@dataclass(frozen=True, slots=True)
class Cost:
    steps: int
    size: int
    """Characters of its text, or characters of all items of its list."""
    items: int = ITEMS
    """Items of its list."""


def check_cost(tree: Tree) -> int:
    """The steps that an expression takes at most. Raises TooCostly."""
    found = _cost(tree)
    if found.steps > MOST_STEPS:
        macros = [one for one in walk(tree) if isinstance(one, Macro)]
        widest = max(macros, key=lambda one: _cost(one).steps, default=tree)
        message = f"may take {found.steps:,} steps, {MOST_STEPS:,} are the limit"
        raise TooCostly(message, "do not nest all, exists, map and filter; look at one list at a time", widest.at)
    return found.steps


def _cost(tree: Tree) -> Cost:
    match tree:
        case Literal(text=text):
            return Cost(1, len(text))
        case Name():
            return Cost(1, TEXT)
        case Select(of=of):
            return Cost(1 + _cost(of).steps, TEXT)
        case Index(of=of, index=index):
            return Cost(2 + _cost(of).steps + _cost(index).steps, TEXT)
        case Items(values=values, keys=keys):
            parts = [_cost(one) for one in (*(keys or ()), *values)]
            return Cost(1 + sum(one.steps for one in parts), sum(one.size for one in parts), len(values))
        case Macro():
            return _macro(tree)
        case Call():
            return _call(tree)


def _macro(tree: Macro) -> Cost:
    of, bodies = _cost(tree.of), [_cost(body) for body in tree.bodies]
    steps = of.steps + of.items * (2 + sum(body.steps for body in bodies))
    if tree.name not in ("map", "filter"):
        return Cost(steps, 1)
    made = bodies[-1].size if tree.name == "map" else TEXT
    # A list that is made is also copied, text and all.
    return Cost(steps + of.items * (50 + made // 20), max(of.size, of.items * made), of.items)


def _call(tree: Call) -> Cost:
    parts = [_cost(one) for one in ((tree.of,) if tree.of is not None else ()) + tree.arguments]
    steps = 1 + sum(one.steps for one in parts)
    match tree.name:
        case "+":
            size = sum(one.size for one in parts)
            return Cost(steps + size // 100, size, sum(one.items for one in parts))
        case "?:":
            return Cost(steps, max(parts[1].size, parts[2].size), max(parts[1].items, parts[2].items))
        case "in":
            return Cost(steps + parts[1].items // 8, 1)
        case "matches":
            return Cost(steps + 1000 + 100 * pattern_size(tree), 1)
        case name if name in _SEARCH:
            return Cost(steps + 12, parts[0].size if parts and name in ("string", "bytes") else 1)
        case _:
            return Cost(steps + 1, 8)


def pattern_size(tree: Call) -> int:
    """Positions of the regular expression of `matches`. Raises TooCostly where it is no literal or too large."""
    pattern = tree.arguments[-1] if tree.arguments else None
    if not isinstance(pattern, Literal) or pattern.kind != "string":
        raise TooCostly("the pattern of `matches` must be text as it stands", "write it in quotes, or use `contains`", tree.at)
    size = positions(pattern.text.replace("\\\\", "\\"))
    if size > MOST_PATTERN:
        message = f"the pattern has {size:,} positions with its repetitions, {MOST_PATTERN} are the limit"
        raise TooCostly(message, "repeat less: `{11}` of `[0-9]` instead of `\\w`, `+` instead of large numbers", pattern.at)
    return size


def positions(pattern: str) -> int:
    """How large the automaton of a pattern gets: single letters count one, classes of Unicode many, `{n}` multiplies."""
    groups: list[tuple[int, int]] = []
    total = last = index = 0
    while index < len(pattern):
        letter = pattern[index]
        repeat = _REPEAT.match(pattern, index)
        if repeat is not None:
            times = max(int(repeat[1]), int(repeat[3] or 0), 1)
            total, last, index = total + last * (times - 1), last * times, repeat.end()
            continue
        if letter == "(":
            groups.append((total, last))
            total = last = 0
            index += 1
            continue
        if letter == ")":
            outer, _ = groups.pop() if groups else (0, 0)
            total, last, index = outer + total, total, index + 1
            continue
        weight, index = _position(pattern, index)
        if weight:
            total, last = total + weight, weight
    return total + sum(outer for outer, _ in groups)


def _position(pattern: str, index: int) -> tuple[int, int]:
    """What stands at `index` weighs so much, and where the next begins."""
    letter = pattern[index]
    if letter in "|^$?*+":
        return 0, index + 1
    if letter == "\\":
        return _WEIGHTS.get(pattern[index + 1 : index + 2], 1), index + 2
    if letter == "[":
        end = _class_end(pattern, index)
        inner = pattern[index + 1 : end]
        named = max((_WEIGHTS.get(one, 1) for one in re.findall(r"\\(.)", inner)), default=1)
        return max(named, 4 if inner.startswith("^") else 1, len(inner) // 8), end + 1
    return (4 if letter == "." else 1), index + 1


def _class_end(pattern: str, start: int) -> int:
    """Index of the bracket that closes a class."""
    index = start + 1 + pattern.startswith("[^", start)
    index += pattern.startswith("]", index)
    while index < len(pattern) and pattern[index] != "]":
        index += 2 if pattern[index] == "\\" else 1
    return index
