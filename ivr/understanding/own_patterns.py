"""What a house wants taken out besides: regular expressions of its own, held to what cannot run away. Pure.

Allowed are literals, classes, groups, choices, anchors, and a few repetitions up to `MOST_TIMES` that hold neither repetitions
nor choices. No look-around and no references back: so a text costs a bounded number of steps a character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ivr.errors import ConfigError

_PARSER: Any = vars(re)["_parser"]
"""Of the standard library; what type checkers know of it differs."""
MOST_LENGTH = 200
MOST_TIMES = 32
MOST_REPEATS = 2
"""Repetitions of changing length in one pattern."""
MOST_TEXT = 500
"""Characters that are looked at from the beginning of a text, and from its end: what was said last stands there."""

_ALLOWED = frozenset(
    ("LITERAL", "NOT_LITERAL", "ANY", "IN", "BRANCH", "SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT", "AT", "RANGE", "CATEGORY")
)

_WORDS = {"BRANCH": "a choice in a repetition", "GROUPREF": "a reference back"}
_WORDS |= {"ASSERT": "look-around", "ASSERT_NOT": "look-around"}


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """A name, which the mask shows, and what it stands for."""

    name: str
    expression: re.Pattern[str]

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it stands in the text; empty matches count for nothing."""
        length = len(text)
        parts = ((0, length),) if length <= 2 * MOST_TEXT else ((0, MOST_TEXT), (length - MOST_TEXT, length))
        for begin, end in parts:
            for found in self.expression.finditer(text[begin:end]):
                if found.end() > found.start():
                    yield begin + found.start(), begin + found.end()


def own_pattern(name: str, text: str) -> OwnPattern:
    """Compile one. Raises ConfigError with what is wrong and what to write."""
    if not re.fullmatch(r"[A-Za-z\u4e00-\u9fff][\w -]{0,31}", name):
        raise ConfigError(f"'{name}' is no name of a pattern: letters, digits, - and _, at most 32")
    if not text or len(text) > MOST_LENGTH:
        raise ConfigError(f"the pattern '{name}' must have 1 to {MOST_LENGTH} characters, it has {len(text)}")
    try:
        expression = re.compile(text, re.IGNORECASE)
        tree = _PARSER.parse(text, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(f"the pattern '{name}' cannot be read: {error}") from None
    if _repeats(name, tree, inside=False) > MOST_REPEATS:
        raise ConfigError(f"the pattern '{name}' has more than {MOST_REPEATS} repetitions; write what is fixed as it is")
    return OwnPattern(name, expression)


def _repeats(name: str, tree: Any, *, inside: bool) -> int:
    """How many repetitions of changing length there are. Raises ConfigError for what is not allowed."""
    count = 0
    for kind, argument in tree:
        what = str(kind)
        if what not in _ALLOWED or (what == "BRANCH" and inside):
            raise ConfigError(f"the pattern '{name}' uses {_WORDS.get(what, what.lower())}, which may take for ever")
        if what in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, body = argument
            if int(most) > MOST_TIMES or (inside and least != most):
                cure = f"`{{1,{MOST_TIMES}}}` at most, and none within another"
                raise ConfigError(f"the pattern '{name}' repeats too often: write {cure}, in place of `*` and `+`")
            count += (least != most) + _repeats(name, body, inside=True)
        elif what == "SUBPATTERN":
            count += _repeats(name, argument[-1], inside=inside)
        elif what == "BRANCH":
            count += sum(_repeats(name, branch, inside=inside) for branch in argument[1])
    return count
