"""Examples written short: `查[一下](我的|这个月的)账单` stands for six sentences. Pure.

Round brackets choose one of their parts, square brackets may be left out, `<name>` is one of a list of words. What a pattern
stands for is worked out in an order of its own, so that the first few already try every part of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

MARKS = "()[]|<>"
MOST = 64
"""Sentences that are taken from one pattern."""
DEEPEST = 8
LONGEST = 2000
_TOKEN = re.compile(r"[()\[\]|]|<[^<>()\[\]|]*>|[^()\[\]|<>]+|[<>]")
_GAPS = re.compile(r"\s+")
_GOLDEN = 0.618033988749895

Words = Mapping[str, Sequence[str]]


class PatternError(ValueError):
    """What is wrong with a pattern, in one sentence."""


@dataclass(frozen=True, slots=True)
class Text:
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    of: tuple[Part, ...]


Part = Text | Row | Choice


def is_pattern(text: str) -> bool:
    """Whether a text is more than the sentence itself."""
    return any(mark in text for mark in MARKS)


def expand(pattern: str, words: Words, most: int = MOST) -> tuple[str, ...]:
    """Up to `most` of the sentences that a pattern stands for, spread over all of them. Raises PatternError."""
    if not is_pattern(pattern):
        return (pattern,)
    tree = parse(pattern, words)
    total = count(tree)
    step = _step(total) if total > most else 1
    texts = (_sentence(tree, index * step % total) for index in range(min(total, most)))
    return tuple(dict.fromkeys(filter(None, texts)))


def parse(pattern: str, words: Words) -> Part:
    """The parts of a pattern. Raises PatternError."""
    if len(pattern) > LONGEST:
        raise PatternError(f"a pattern has at most {LONGEST} characters")
    tokens = _TOKEN.findall(pattern)
    part, rest = _choice(tokens, 0, words, 0)
    if rest < len(tokens):
        raise PatternError(f"`{tokens[rest]}` closes what nothing opened")
    return part


def _choice(tokens: Sequence[str], at: int, words: Words, depth: int) -> tuple[Part, int]:
    """Parts with `|` between them, up to a closing bracket or the end; where that is."""
    if depth > DEEPEST:
        raise PatternError(f"brackets stand {DEEPEST} deep at most")
    found: list[Part] = []
    row: list[Part] = []
    while at < len(tokens) and tokens[at] not in ")]":
        token = tokens[at]
        at += 1
        if token == "|":
            found.append(Row(tuple(row)))
            row = []
        elif token in "([":
            inner, at = _choice(tokens, at, words, depth + 1)
            closing = ")" if token == "(" else "]"
            if at >= len(tokens) or tokens[at] != closing:
                raise PatternError(f"`{token}` is not closed by `{closing}`")
            at += 1
            row.append(Choice((Text(""), inner)) if token == "[" else inner)
        else:
            row.append(_leaf(token, words))
    found.append(Row(tuple(row)))
    return (found[0] if len(found) == 1 else Choice(tuple(found))), at


def _leaf(token: str, words: Words) -> Part:
    if token[0] not in "<>":
        return Text(token)
    name = token.strip("<>")
    if len(token) == 1 or not name:
        raise PatternError("a list of words is written `<name>`")
    if name not in words:
        known = ", ".join(f"<{one}>" for one in sorted(words)) or "none here"
        raise PatternError(f"there are no words `<{name}>`: {known}")
    return Choice(tuple(Text(one) for one in words[name]))


def count(part: Part) -> int:
    """How many sentences it stands for, the same ones counted again."""
    match part:
        case Text():
            return 1
        case Row(parts):
            total = 1
            for one in parts:
                total *= count(one)
            return total
        case Choice(of):
            return sum(count(one) for one in of)


def _sentence(tree: Part, number: int) -> str:
    return _GAPS.sub(" ", _pick(tree, number)).strip()


def _pick(part: Part, number: int) -> str:
    """The sentence of that number, from 0."""
    match part:
        case Text(words):
            return words
        case Row(parts):
            said = []
            for one in reversed(parts):
                number, here = divmod(number, count(one))
                said.append(_pick(one, here))
            return "".join(reversed(said))
        case Choice(of):
            for one in of:
                if number < count(one):
                    return _pick(one, number)
                number -= count(one)
    return ""


def _step(total: int) -> int:
    """A stride through `total` numbers that soon has been everywhere and meets none twice."""
    step = max(1, round(total * _GOLDEN))
    while gcd(step, total) != 1:
        step += 1
    return step
