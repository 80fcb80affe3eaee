"""Signatures of webhooks: HMAC-SHA-256 over the time and the body, so that nobody invents one or plays an old one again. Pure.

hotline-timestamp: 1790000000
hotline-signature: v1=<64 hex digits>
"""

from __future__ import annotations

import hashlib
import hmac

SKEW = 300.0
"""Seconds by which the far clock may be wrong."""
TIMESTAMP, SIGNATURE = "hotline-timestamp", "hotline-signature"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=...` of `TIMESTAMP.BODY`."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signed(secret: str, body: bytes, now: float) -> dict[str, str]:
    """The two headers."""
    timestamp = str(int(now))
    return {TIMESTAMP: timestamp, SIGNATURE: signature(secret, timestamp, body)}


def refusal(secret: str, timestamp: str, given: str, body: bytes, now: float) -> str:
    """Why it is not believed, in words; "" where it is."""
    if not timestamp.isdecimal() or not timestamp.isascii() or len(timestamp) > 12:
        return f"send the time in epoch seconds as {TIMESTAMP}"
    if not hmac.compare_digest(given.encode(), signature(secret, timestamp, body).encode()):
        return f"{SIGNATURE} is wrong: v1= and the HMAC-SHA-256 of TIMESTAMP.BODY in hex"
    if abs(now - int(timestamp)) > SKEW:
        return f"{TIMESTAMP} is more than {SKEW:g} s away from our clock"
    return ""
