"""Files that only the holder of a key can read: AES-256-GCM in chunks, so that a growing file needs no rewriting.

`HLSEAL1` and a 32-octet salt, then chunks: one octet that is 1 for the last, four of length, the sealed octets with their
tag. The file's own key is HKDF-SHA-256 of the key and the salt; nonces count the chunks, and the flag of the last one is
authenticated, so nothing can be cut, swapped or taken from another file without being seen.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from telephony.errors import PeerFault

MAGIC = b"HLSEAL1\n"
SALT = 32
CHUNK = 65536
"""Octets of plain text in one chunk at most."""
TAG = 16
"""Octets by which a chunk is longer than its plain text."""


class SealBroken(PeerFault):
    """The key is another one, or the file was changed."""


def key_of(text: str) -> bytes:
    """32 octets from 64 hexadecimal digits or from base64. Raises ValueError."""
    text = text.strip()
    try:
        key = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != 32:
        raise ValueError("the key must be 32 octets: 64 hexadecimal digits, or base64 (`openssl rand -base64 32`)")
    return key


class SealedWriter:
    """A file to write to and to flush; `close` marks the end."""

    def __init__(self, out: BinaryIO, key: bytes) -> None:
        salt = os.urandom(SALT)
        self._out, self._box, self._number = out, box_of(key, salt), 0
        self._held = bytearray()
        out.write(MAGIC + salt)

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) > CHUNK:
            self._seal(bytes(self._held[:CHUNK]), False)
            del self._held[:CHUNK]
        return len(data)

    def flush(self) -> None:
        """Seal what is held, so that a crash leaves it readable."""
        if self._held:
            self._seal(bytes(self._held), False)
            self._held.clear()
        self._out.flush()

    def close(self) -> None:
        self._seal(bytes(self._held), True)
        self._held.clear()
        self._out.close()

    def _seal(self, data: bytes, last: bool) -> None:
        head = bytes([last])
        sealed = self._box.encrypt(self._number.to_bytes(12, "big"), data, head)
        self._number += 1
        self._out.write(head + len(sealed).to_bytes(4, "big") + sealed)


def is_sealed(first: bytes) -> bool:
    return first.startswith(MAGIC)


def unseal(file: BinaryIO, key: bytes, *, whole: bool = False) -> Iterator[bytes]:
    """The plain chunks, in order. A file that a crash cut short ends with its last whole chunk; `whole` refuses it.

    Raises SealBroken for a wrong key, a changed file, or one that is no sealed file.
    """
    begin = file.read(len(MAGIC) + SALT)
    if not is_sealed(begin) or len(begin) < len(MAGIC) + SALT:
        raise SealBroken("this is no sealed file")
    box, number, last = box_of(key, begin[len(MAGIC) :]), 0, False
    while not last:
        head = file.read(5)
        length = int.from_bytes(head[1:], "big")
        sealed = file.read(length) if len(head) == 5 and TAG <= length <= CHUNK + TAG else b""
        if len(head) < 5 or len(sealed) < length or not sealed:
            if whole or (len(head) == 5 and not TAG <= length <= CHUNK + TAG):
                raise SealBroken("the file is cut short or was changed")
            return
        try:
            yield box.decrypt(number.to_bytes(12, "big"), sealed, head[:1])
        except InvalidTag:
            raise SealBroken("the key is another one, or the file was changed") from None
        number, last = number + 1, head[0] == 1


def box_of(key: bytes, salt: bytes) -> AESGCM:
    """What opens the chunks of the file with this salt."""
    return AESGCM(HKDF(SHA256(), 32, salt, b"hotline sealed file").derive(key))
