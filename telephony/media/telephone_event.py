"""Keys as RTP events: RFC 4733 telephone-event, events 0-15. No I/O, no clock."""

from __future__ import annotations

from collections import deque
from struct import Struct

DIGITS = "0123456789*#ABCD"
"""Digits by event code (RFC 4733 §3.2)."""

_PAYLOAD = Struct("!BBH")
_END = 0x80
_VOLUME = 10
"""-10 dBm0, within the range receivers expect (§2.3.4)."""

_LATE = 10
"""Seconds: an event this much older than the last is late; older still, the source's clock restarted."""

_TONE_TICKS = 5
_GAP_TICKS = 3
_END_PACKETS = 3


class EventReceiver:
    """Reports each key press once, from whichever of its packets comes first.

    All packets of an event carry the timestamp of its start, so marker, first and end packets may all be lost as long as
    one packet arrives.
    """

    __slots__ = ("_code", "_duration", "_late", "_timestamp")

    def __init__(self, clock: int = 8000) -> None:
        """`clock` is that of the voice codec, in Hz, and so that of the events (RFC 4733 §2.1)."""
        self._late = _LATE * clock
        self._timestamp = -1
        self._code = -1
        self._duration = 0

    def receive(self, payload: bytes, timestamp: int) -> str | None:
        """Give the digit that was pressed, or None: known already, not a digit, or malformed."""
        if len(payload) < 4:
            return None
        code, _, duration = _PAYLOAD.unpack_from(payload)
        if code >= len(DIGITS):
            return None
        if timestamp == self._timestamp:
            self._duration = max(self._duration, duration)
            return None
        if self._timestamp >= 0 and (self._timestamp - timestamp) & 0xFFFFFFFF < self._late:
            return None
        continued = code == self._code and self._is_next_segment(timestamp)
        self._timestamp, self._code, self._duration = timestamp, code, duration
        return None if continued else DIGITS[code]

    def _is_next_segment(self, timestamp: int) -> bool:
        """A key held longer than 65535 units goes on as a new event that begins where the last ended (§2.5.1.3)."""
        return self._duration == 0xFFFF and (timestamp - self._timestamp) & 0xFFFFFFFF == 0xFFFF


class EventSender:
    """Turns digits into one payload each 20 ms: 100 ms of tone, 60 ms apart, the end sent three times (§2.5.1.4)."""

    __slots__ = ("_queue", "_tick", "step")

    def __init__(self) -> None:
        self.step = 160
        """Timestamp units in 20 ms, by the clock of the voice codec."""
        self._queue: deque[int] = deque()
        self._tick = 0

    def add(self, digits: str) -> None:
        """Queue `digits`; characters that are no digit are left out."""
        self._queue.extend(code for code in map(DIGITS.find, digits.upper()) if code >= 0)

    def clear(self) -> None:
        self._queue.clear()
        self._tick = 0

    def __bool__(self) -> bool:
        """True while there is something to send or a gap to keep."""
        return bool(self._queue)

    def next(self) -> tuple[bytes, bool] | None:
        """Payload for this tick and whether it begins an event; None in a gap. Call once each 20 ms while true."""
        self._tick = tick = self._tick + 1
        code = self._queue[0]
        if tick == _TONE_TICKS + _GAP_TICKS:
            self._queue.popleft()
            self._tick = 0
        if tick < _TONE_TICKS:
            return _PAYLOAD.pack(code, _VOLUME, tick * self.step), tick == 1
        if tick < _TONE_TICKS + _END_PACKETS:
            return _PAYLOAD.pack(code, _END | _VOLUME, _TONE_TICKS * self.step), False
        return None
