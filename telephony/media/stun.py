"""STUN binding requests of an ICE agent and our answers (RFC 8489, RFC 8445 §7.3). No I/O, no clock.

Only what a lite agent hears: a check that is signed with our password. Whatever else comes gets no answer at all, so nobody
can use us to send anything to anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import zlib
from dataclasses import dataclass
from struct import Struct

MAGIC = 0x2112A442
MAX_BYTES = 1280
MOST_ATTRIBUTES = 32

_REQUEST = 0x0001
_SUCCESS = 0x0101
_USERNAME = 0x0006
_INTEGRITY = 0x0008
_XOR_ADDRESS = 0x0020
_USE_CANDIDATE = 0x0025
_FINGERPRINT = 0x8028
_FINGERPRINT_XOR = 0x5354554E
_DIGEST_SIZE = 20
_PAIR = Struct("!HH")


@dataclass(frozen=True, slots=True)
class Check:
    """A binding request whose signature is right."""

    transaction: bytes
    username: str
    nominates: bool
    """The far end has chosen this path (USE-CANDIDATE)."""


def is_stun(data: bytes) -> bool:
    """RFC 7983 §7, and the magic cookie."""
    return len(data) >= 20 and data[0] < 4 and data[4:8] == MAGIC.to_bytes(4, "big")


def read_check(data: bytes, password: str) -> Check | None:
    """The check in a datagram; None for anything else, unsigned and wrongly signed ones included. Never raises."""
    if not is_stun(data) or len(data) > MAX_BYTES or int.from_bytes(data[:2], "big") != _REQUEST:
        return None
    if int.from_bytes(data[2:4], "big") != len(data) - 20 or len(data) % 4:
        return None
    username, nominates, position = "", False, 20
    for _ in range(MOST_ATTRIBUTES):
        if position + 4 > len(data):
            return None
        kind, size = (
            int.from_bytes(data[position : position + 2], "big"),
            int.from_bytes(data[position + 2 : position + 4], "big"),
        )
        value = data[position + 4 : position + 4 + size]
        if len(value) != size:
            return None
        if kind == _INTEGRITY:
            signed = hmac.compare_digest(value, _signature(data[:position], password))
            return Check(data[8:20], username, nominates) if signed else None
        if kind == _USERNAME:
            username = value.decode("utf-8", "replace")
        nominates = nominates or kind == _USE_CANDIDATE
        position += 4 + size + -size % 4
    return None


def success(check: Check, source: tuple[str, int], password: str) -> bytes:
    """The answer to a check that came from `source`."""
    address = ipaddress.ip_address(source[0])
    mask = MAGIC.to_bytes(4, "big") + check.transaction
    packed = bytes(a ^ b for a, b in zip(address.packed, mask, strict=False))
    value = bytes((0, 1 if address.version == 4 else 2)) + (source[1] ^ MAGIC >> 16).to_bytes(2, "big") + packed
    message = _head(_SUCCESS, 0) + check.transaction + _attribute(_XOR_ADDRESS, value)
    message += _attribute(_INTEGRITY, _signature(message, password))
    return _closed(message)


def request(transaction: bytes, username: str, password: str, *, nominates: bool = False) -> bytes:
    """A check, as the far end makes it; `transaction` is 12 random octets."""
    message = _head(_REQUEST, 0) + transaction + _attribute(_USERNAME, username.encode())
    message += _attribute(_USE_CANDIDATE, b"") if nominates else b""
    message += _attribute(_INTEGRITY, _signature(message, password))
    return _closed(message)


def _head(kind: int, size: int) -> bytes:
    return kind.to_bytes(2, "big") + size.to_bytes(2, "big") + MAGIC.to_bytes(4, "big")


def _attribute(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)


def _signature(before: bytes, password: str) -> bytes:
    """Of what stands before it, with a length that already counts it (RFC 8489 §14.5)."""
    size = len(before) - 20 + 4 + _DIGEST_SIZE
    return hmac.new(password.encode(), before[:2] + size.to_bytes(2, "big") + before[4:], hashlib.sha1).digest()


def _closed(message: bytes) -> bytes:
    """With the right length and a fingerprint at the end (§14.7)."""
    message = message[:2] + (len(message) - 20 + 8).to_bytes(2, "big") + message[4:]
    return message + _attribute(_FINGERPRINT, (zlib.crc32(message) ^ _FINGERPRINT_XOR).to_bytes(4, "big"))
