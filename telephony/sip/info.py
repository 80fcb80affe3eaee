"""Keys in the body of INFO: `application/dtmf-relay` and `application/dtmf`, as phones send them. Pure."""

from __future__ import annotations

import re

_SIGNAL = re.compile(r"^\s*signal\s*=\s*(\S{1,2})\s*$", re.IGNORECASE | re.MULTILINE)
_NUMBERS = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
"""Event numbers of RFC 4733 that some phones send in place of the key."""


def digit_of(content_type: str, body: bytes) -> str | None:
    """The key that a body of this media type names, one of `0123456789*#ABCD`; None where it names none."""
    text = body[:256].decode("ascii", "replace")
    if content_type == "application/dtmf-relay":
        found = _SIGNAL.search(text)
        text = found[1] if found else ""
    text = text.strip().upper()
    key = _NUMBERS.get(text, text)
    return key if len(key) == 1 and key in "0123456789*#ABCD" else None
