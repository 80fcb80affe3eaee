"""SRTP keys in the description itself: a=crypto (RFC 4568, RFC 7714 §14). Pure; keys are never part of a repr.

What we do not do makes a line unusable, not the stream: a key that needs an MKI, several keys, and every session parameter
that changes the packets (RFC 4568 §6.3). The far end lists other lines beside it, or is turned away with 488.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

SUITES = {
    "AES_CM_128_HMAC_SHA1_80": 16 + 14,
    "AES_CM_128_HMAC_SHA1_32": 16 + 14,
    "AEAD_AES_128_GCM": 16 + 12,
    "AEAD_AES_256_GCM": 32 + 12,
}
"""Crypto suite to octets of its master key and salt together."""

MOST_LINES = 16
"""a=crypto lines of one stream that are read."""

_LINE = re.compile(
    r"(\d{1,9})[ \t]+([A-Za-z0-9_]{1,40})[ \t]+inline:([A-Za-z0-9+/=]{1,64})((?:\|[^ \t;|]{1,40}){0,2})((?:[ \t]+\S+)*)"
)
_LIFETIME = re.compile(r"2\^(\d{1,2})|(\d{1,15})")
_MOST_PACKETS = 2**48
"""A master key's packets at most (RFC 3711 §9.2)."""


@dataclass(frozen=True, slots=True)
class Crypto:
    """One a=crypto line."""

    tag: int
    suite: str
    key: bytes = field(repr=False)
    """Master key, then master salt."""

    def line(self) -> str:
        return f"a=crypto:{self.tag} {self.suite} inline:{base64.b64encode(self.key).decode()}"


@dataclass(frozen=True, slots=True)
class SdesKeys:
    """What both sides put into their descriptions: each encrypts with its own."""

    suite: str
    ours: bytes = field(repr=False)
    theirs: bytes = field(repr=False)
    tag: int = field(default=1, compare=False)
    """A line's number in its description: another one does not make another key."""


def usable(values: Iterable[str], suites: Iterable[str]) -> list[Crypto]:
    """The lines that we can work with, in their order, which is the far end's preference (§5.1.2)."""
    wanted = frozenset(suites)
    found = (parse(value) for _, value in zip(range(MOST_LINES), values, strict=False))
    return [one for one in found if one is not None and one.suite in wanted]


def parse(value: str) -> Crypto | None:
    """The value of an a=crypto, None where it is malformed or asks for what we do not do."""
    found = _LINE.fullmatch(value.strip())
    if found is None:
        return None
    tag, suite, encoded, options, parameters = found.groups()
    if not all(_lasting(option) for option in options.split("|")[1:]) or not all(map(_harmless, parameters.split())):
        return None
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        return None
    return Crypto(int(tag), suite.upper(), key) if len(key) == SUITES.get(suite.upper()) else None


def _lasting(option: str) -> bool:
    """True for a lifetime; an MKI (`1:4`) is nothing we can send or read (§6.1)."""
    found = _LIFETIME.fullmatch(option)
    return found is not None and 0 < (2 ** int(found[1]) if found[1] else int(found[2])) <= _MOST_PACKETS


def _harmless(parameter: str) -> bool:
    """True for what may be left aside: the window size hint, and whatever the far end marked so with "-" (§6.3.7, §6.3.8)."""
    return parameter.startswith("-") or parameter.upper().startswith("WSH=")
