"""A sealed file read from any place, as a player that seeks needs it. Blocking: use it in a thread.

Chunks stand one after another with their lengths, and each is opened by its number: where they begin is read once, without
opening any, and a part of the file costs the chunks that it lies in.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from typing import BinaryIO

from cryptography.exceptions import InvalidTag

from telephony.gateway.sealing import CHUNK, MAGIC, SALT, TAG, SealBroken, box_of, is_sealed

_HEAD = 5


class SealedReader:
    """`file` stays the caller's; it may not be written to meanwhile, but for growing."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        """Raises SealBroken for what is no sealed file, OSError."""
        begin = file.read(len(MAGIC) + SALT)
        if not is_sealed(begin) or len(begin) < len(MAGIC) + SALT:
            raise SealBroken("this is no sealed file")
        self._file, self._box = file, box_of(key, begin[len(MAGIC) :])
        self._chunks: list[tuple[int, int, int]] = []
        """Of each chunk: its place in the file, its length there, its first octet (1 for the last one)."""
        self._starts: list[int] = []
        """Where each one's plain text begins in the whole."""
        self.size = self._scan()
        """Octets of plain text; of a file that a crash cut short, as far as it is whole."""

    def read(self, start: int, count: int) -> bytes:
        """Octets `start` to `start + count` of the plain text, fewer at its end. Raises SealBroken, OSError."""
        count = min(count, self.size - start)
        if start < 0 or count <= 0:
            return b""
        number = bisect_right(self._starts, start) - 1
        skip, parts, had = start - self._starts[number], list[bytes](), 0
        while had < skip + count:
            parts.append(self._open(number))
            had += len(parts[-1])
            number += 1
        return b"".join(parts)[skip : skip + count]

    def _scan(self) -> int:
        at, plain, last = self._file.tell(), 0, 0
        end = self._file.seek(0, 2)
        while not last and at + _HEAD <= end:
            head = os.pread(self._file.fileno(), _HEAD, at)  # past the buffer, which would read the whole file
            length = int.from_bytes(head[1:], "big")
            if not TAG <= length <= CHUNK + TAG:
                raise SealBroken("the file was changed")
            if at + _HEAD + length > end:
                break
            last = head[0]
            self._starts.append(plain)
            self._chunks.append((at + _HEAD, length, last))
            plain += length - TAG
            at += _HEAD + length
        return plain

    def _open(self, number: int) -> bytes:
        at, length, last = self._chunks[number]
        self._file.seek(at)
        try:
            return self._box.decrypt(number.to_bytes(12, "big"), self._file.read(length), bytes([last]))
        except InvalidTag:
            raise SealBroken("the key is another one, or the file was changed") from None
