"""Links to a handover: signed, and valid for a while. Pure; the key and the time are given.

A token is `PAYLOAD.SIGNATURE`, both base64url without padding: the contact and the second at which it ends, and the first 20
octets of their HMAC-SHA-256. There is one spelling of each: readings are counted by it.
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
    return _signed(key, f"{int(until)}|{contact_id}".encode())


def contact_of(key: bytes, token: str, now: float) -> str:
    """The contact of a token. Raises NotFound where it is forged, damaged or over; which of these is nobody's business."""
    if len(token) > LONGEST or not token.isascii():
        raise NotFound(GONE)
    payload = token.partition(".")[0]
    try:
        said = base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise NotFound(GONE) from error
    if not hmac.compare_digest(token, _signed(key, said)):  # as text: base64 has several spellings of the same octets
        raise NotFound(GONE)
    until, _, contact_id = said.decode("utf-8", "replace").partition("|")
    if not until.isdecimal() or int(until) < now:
        raise NotFound(GONE)
    return contact_id


def _signed(key: bytes, payload: bytes) -> str:
    signature = hmac.new(key, b"handover|" + payload, hashlib.sha256).digest()[:SIGNATURE]
    return f"{_text(payload)}.{_text(signature)}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
