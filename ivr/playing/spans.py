"""Stretches of time, in seconds. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

Span = tuple[float, float]

HAN_SECONDS, WORD_SECONDS = 0.28, 0.45
"""Of one Chinese character, of one word."""
_HAN = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"[A-Za-z0-9]+(?:['’-][A-Za-z]+)*")


def spoken_seconds(text: str) -> float:
    """About how long it takes to say a text."""
    return len(_HAN.findall(text)) * HAN_SECONDS + len(_WORD.findall(text)) * WORD_SECONDS


def seconds(value: object) -> float | None:
    """Epoch seconds of a number or a time in ISO 8601."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        return None


def joined(spans: Iterable[Span], gap: float = 0.0) -> list[Span]:
    """In order, those that meet or are at most `gap` apart as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1] + gap:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > start:
            found.append((start, end))
    return found


def common(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Where both are; each in order and without overlaps."""
    found: list[Span] = []
    here = there = 0
    while here < len(some) and there < len(others):
        start, end = max(some[here][0], others[there][0]), min(some[here][1], others[there][1])
        if start < end:
            found.append((start, end))
        if some[here][1] <= others[there][1]:
            here += 1
        else:
            there += 1
    return found


def without(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What of `some` lies in none of `others`; each in order and without overlaps."""
    found: list[Span] = []
    number = 0
    for start, end in some:
        while number < len(others) and others[number][1] <= start:
            number += 1
        at, step = start, number
        while step < len(others) and others[step][0] < end:
            if others[step][1] > at:
                if others[step][0] > at:
                    found.append((at, others[step][0]))
                at = others[step][1]
            step += 1
        if at < end:
            found.append((at, end))
    return found
