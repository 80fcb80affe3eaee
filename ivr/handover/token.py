"""Links to a handover: signed, and valid for a while. Pure; the key and the time are given.

A token is `PAYLOAD.SIGNATURE`, both base64url without padding: the contact and the second at which it ends, and the first 20
octets of their HMAC-SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from ivr.errors import NotFound

LONGEST = 256
"""Characters of a token; a longer one is not looked at."""
SIGNATURE = 20
GONE = "this link is not valid, or not any more; ask whoever sent the caller"


def sign(key: bytes, contact_id: str, until: float) -> str:
    """A token for a contact, valid until `until` (epoch seconds)."""
    payload = f"{int(until)}|{contact_id}".encode()
    return f"{_text(payload)}.{_text(_mac(key, payload))}"


def contact_of(key: bytes, token: str, now: float) -> str:
    """The contact of a token. Raises NotFound where it is forged, damaged or over; which of these is nobody's business."""
    payload, dot, signature = token.partition(".")
    if not dot or len(token) > LONGEST or not token.isascii():
        raise NotFound(GONE)
    try:
        said, proof = _octets(payload), _octets(signature)
    except (binascii.Error, ValueError) as error:
        raise NotFound(GONE) from error
    if not hmac.compare_digest(proof, _mac(key, said)):
        raise NotFound(GONE)
    until, _, contact_id = said.decode("utf-8", "replace").partition("|")
    if not until.isdecimal() or int(until) < now:
        raise NotFound(GONE)
    return contact_id


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.new(key, b"handover|" + payload, hashlib.sha256).digest()[:SIGNATURE]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _octets(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
