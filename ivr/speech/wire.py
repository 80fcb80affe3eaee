"""Messages between the event loop and a recognition worker. No I/O.

One message is one packet of a SOCK_SEQPACKET socket: a header of thirteen octets in network order
(kind, stream, turn, position) and a payload.
`position` counts 20 ms frames since the turn began. Audio travels as raw 16-bit samples; nothing is pickled.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

HEADER = struct.Struct("!BIII")
LARGEST = 192 * 1024
"""Octets of one message; a longer phrase list is refused before it is sent."""


class Kind(IntEnum):
    # to the worker
    LISTEN = 1
    """JSON: language, phrases, patience, confirm, words, expects, least, most, also (language to its phrases)."""
    AUDIO = 2
    """Samples at 8 kHz, native order; position is the number of the first frame."""
    PAUSE = 3
    CLOSE = 4
    UNHEARD = 5
    """JSON: language, phrases; `stream` is the number of the question."""
    MEASURE = 6
    AUDIO_OVER = 7
    """As AUDIO, and as many samples again: what was played to the caller in the same time."""
    # from the worker
    HELLO = 16
    """JSON: pid."""
    STARTED = 17
    PARTIAL = 18
    """UTF-8 text."""
    HEARD = 19
    """JSON: text, confidence, words, alternatives, speaker, language, as `ivr.speech.engine.Hypothesis`, and voice, the four
    numbers of `VoiceFacts` or nothing; position is the last voiced frame, times of words are seconds since the turn began."""
    DONE = 20
    """All audio up to frame `position` of this turn was taken; JSON: CPU seconds that this took since the last time, and
    whether the caller speaks."""
    ANSWER = 21
    """JSON: what was asked for; `stream` is the number of the question."""
    FAULT = 22
    """UTF-8 reason: this turn cannot be heard; position 1 where no other turn for the same could be."""


@dataclass(frozen=True, slots=True)
class Message:
    kind: Kind
    stream: int = 0
    turn: int = 0
    position: int = 0
    payload: bytes = b""

    def encode(self) -> bytes:
        return HEADER.pack(self.kind, self.stream, self.turn, self.position) + self.payload

    @classmethod
    def decode(cls, packet: bytes) -> Message:
        """Raises ValueError where the packet is none of ours."""
        if len(packet) < HEADER.size:
            raise ValueError(f"a message of {len(packet)} octets")
        kind, stream, turn, position = HEADER.unpack_from(packet)
        return cls(Kind(kind), stream, turn, position, packet[HEADER.size :])

    def json(self) -> Any:
        return json.loads(self.payload)


def pack_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
