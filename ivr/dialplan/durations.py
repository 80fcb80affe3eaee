"""Durations as flows write them: `300ms`, `15s`, `2m`, `1h`. Pure."""

from __future__ import annotations

import re

_FORM = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h)\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST = 24 * 3600.0


def seconds(text: str) -> float:
    """Seconds that `text` stands for. Raises ValueError, with the cure, on any other form and above a day."""
    match = _FORM.match(text)
    if match is None:
        raise ValueError("write a number with its unit: 300ms, 15s, 2m, 1h")
    value = float(match[1]) * _SECONDS[match[2]]
    if value > LONGEST:
        raise ValueError("at most 24h")
    return round(value, 3)
