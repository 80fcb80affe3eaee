"""Values on their way to be read aloud: what a flow computed becomes the text of a `Value`, or is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ivr.dialplan.expression import EvaluationError
from ivr.dialplan.slots.plates import PROVINCES

VALUES = ("amount", "number", "digits", "date", "time", "datetime", "phone", "plate", "ordinal", "wait")
"""Kinds of value that can be read."""

WAITS = (1, 2, 3, 5, 10, 15, 20, 30, 31)
"""Minutes of waiting that people say; the last stands for more than half an hour."""

_TIME = re.compile(r"(?:[01]?\d|2[0-4]):[0-5]\d(?::\d\d(?:\.\d+)?)?")
_PLATE = re.compile(rf"[A-Z0-9{PROVINCES}挂学警港澳]{{5,9}}\Z")


def spoken_value(kind: str, value: Any, source: str, year: int = 0) -> str:
    """The text of a value as `Value` has it. Raises EvaluationError where it is not one that can be read so.

    `year` is the one that goes without saying in dates.
    """
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    read = _READERS.get(kind)
    found = _number(kind, text) if read is None else read(text, year)
    if found:
        return found
    raise EvaluationError(f"`{source}` is no {kind} that can be read")


def minutes_told(seconds: float) -> int:
    """A wait as one of `WAITS`, the next longer one: what is promised must not be too short."""
    return next((one for one in WAITS if seconds <= one * 60), WAITS[-1])


def _wait(text: str, year: int) -> str:
    """Minutes of a wait that is given in seconds."""
    seconds = _number("number", text)
    return str(minutes_told(float(seconds))) if seconds and float(seconds) >= 0 else ""


def _digits(text: str, year: int) -> str:
    row = re.sub(r"[^0-9X]", "", text.upper())
    return row[:64] if row.strip("X") else ""


def _phone(text: str, year: int) -> str:
    row = re.sub(r"[^0-9]", "", text)
    return ("+" if text.startswith("+") else "") + row if 0 < len(row) <= 20 else ""


def _plate(text: str, year: int) -> str:
    row = re.sub(r"[\s·.-]", "", text.upper())
    return row if _PLATE.match(row) else ""


def _date(text: str, year: int) -> str:
    """A date of ISO 8601, "~" before it where its year goes without saying."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return ""
    return f"{'~' if day.year == year else ''}{day.isoformat()}"


def _time(text: str, year: int) -> str:
    """HH:MM, or two of them with a slash between; seconds and a zone are left out."""
    begins, slash, ends = text.partition("/")
    first, second = _TIME.match(begins), _TIME.match(ends)
    if first is None or (slash and second is None):
        return ""
    return _minutes(first[0]) + (f"/{_minutes(second[0])}" if second is not None else "")


def _minutes(text: str) -> str:
    hour, minute = text.split(":")[:2]
    return f"{int(hour):02}:{minute}"


def _datetime(text: str, year: int) -> str:
    day, time = _date(text, year), _time(text[11:], year) if len(text) > 10 and text[10] in "T " else ""
    return f"{day}T{time}" if day and time else day if len(text) == 10 else ""


def _number(kind: str, text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        return ""
    if kind == "ordinal" and (number < 1 or number != number.to_integral_value()):
        return ""
    rounded = number.quantize(Decimal("0.01")) if kind == "amount" else number
    found = f"{rounded:f}"
    return found.rstrip("0").rstrip(".") if "." in found else found


_READERS: Mapping[str, Callable[[str, int], str]] = {
    "digits": _digits,
    "phone": _phone,
    "plate": _plate,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "wait": _wait,
}
