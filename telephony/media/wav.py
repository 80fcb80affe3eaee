"""RIFF WAVE headers for sound that is still growing, and their repair after a crash. No I/O, no clock.

A header of ours is 58 octets for every format, so that only two numbers change while the file grows. Sizes that were never
written (0 or 0xFFFFFFFF) mean "to the end of the file", as most players read them too.
"""

from __future__ import annotations

from struct import Struct

HEADER_SIZE = 58
PCM, MULAW = 1, 7
"""Format tags of linear PCM and G.711 µ-law."""

_HEADER = Struct("<4sI4s4sIHHIIHHH4sII4sI")
_OPEN = 0xFFFFFFFF
RIFF_SIZE_AT, FRAMES_AT, DATA_SIZE_AT = 4, 46, 54
"""Where the numbers stand that change."""


def header(tag: int, channels: int, rate: int, octets: int | None) -> bytes:
    """The first 58 octets of a file with `octets` of sound; None while nobody knows."""
    width = 1 if tag == MULAW else 2
    size = _OPEN if octets is None else octets
    riff = _OPEN if octets is None else min(_OPEN, HEADER_SIZE - 8 + octets + (octets & 1))
    block = channels * width
    frames = 0 if octets is None else octets // block
    return _HEADER.pack(
        *(b"RIFF", riff, b"WAVE", b"fmt ", 18, tag, channels, rate, rate * block, block, 8 * width, 0),
        *(b"fact", 4, frames, b"data", size),
    )


def repaired(first: bytes, file_size: int) -> bytes | None:
    """The right header for a file of ours that begins with `first`; None where it is right already, or is none of ours."""
    if len(first) < HEADER_SIZE or file_size < HEADER_SIZE:
        return None
    riff, _, wave, fmt, length, tag, channels, rate, _, block, _, _, fact, _, _, data, _ = _HEADER.unpack_from(first)
    if (riff, wave, fmt, length, fact, data) != (b"RIFF", b"WAVE", b"fmt ", 18, b"fact", b"data") or not block:
        return None
    octets = (file_size - HEADER_SIZE) // block * block
    right = header(tag, channels, rate, octets)
    return None if right == first[:HEADER_SIZE] else right
