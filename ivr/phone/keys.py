"""When which keys are pressed: `12#`, or `2s:1,5s:#`. Pure."""

from __future__ import annotations

import re

from ivr.errors import ConfigError

FIRST = 1.0
"""Seconds after the answer at which keys without a time are pressed."""
MOST = 64
_KEYS = re.compile(r"[0-9*#A-Da-d]{1,64}")
_TIMED = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(ms|s|m):([0-9*#A-Da-d]{1,64})")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}

Press = tuple[float, str]
"""Seconds after the answer, and the keys."""


def parse_keys(text: str) -> tuple[Press, ...]:
    """Keys in the order in which they are pressed. Raises ConfigError in one line."""
    if not text:
        return ()
    if _KEYS.fullmatch(text):
        return ((FIRST, text.upper()),)
    pressed: list[Press] = []
    for item in text.split(","):
        found = _TIMED.fullmatch(item.strip())
        if found is None or len(pressed) == MOST:
            raise ConfigError(f"--keys: '{text}' is neither keys such as 12# nor times and keys such as 2s:1,5s:#")
        pressed.append((float(found[1]) * _UNITS[found[2]], found[3].upper()))
    return tuple(sorted(pressed))
