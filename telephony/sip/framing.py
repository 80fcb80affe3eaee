"""Cutting a byte stream into SIP messages by Content-Length (RFC 3261 §18.3, RFC 5626 §3.5.1). Pure."""

from __future__ import annotations

import re

from telephony.errors import MalformedMessage
from telephony.sip.message import MAX_BYTES

PING = b"\r\n\r\n"
PONG = b"\r\n"
_LENGTH = re.compile(rb"\r\n(?:content-length|l)[ \t]*:[ \t]*(?:\r\n[ \t]+)?(\d{1,10})[ \t]*(?=\r\n)", re.IGNORECASE)


class Framer:
    """Collects what arrives on one stream. Work is linear in the bytes, however they are cut into segments."""

    def __init__(self, *, dialled: bool = False) -> None:
        """`dialled` where we opened the stream: then we ping, and blank lines are the answers (RFC 5626 §4.4.1)."""
        self._dialled = dialled
        self._buffer = bytearray()
        self._searched = 0
        self._needed = 0
        self.pings = 0
        """Keep-alive pings seen; each asks for one PONG."""
        self.pongs = 0
        """Answers to pings of ours."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take a segment and return the whole messages that it completes.

        Raises MalformedMessage for a message without Content-Length or beyond the limit: such a stream cannot be followed on.
        """
        self._buffer += data
        messages = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    @property
    def pending(self) -> int:
        """Bytes of a message that is not complete yet."""
        return len(self._buffer)

    def _next(self) -> bytes | None:
        if not self._needed:
            self._skip_keep_alive()
            end = self._buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
            if end < 0:
                self._searched = len(self._buffer)
                if self._searched > MAX_BYTES:
                    raise MalformedMessage("headers are too long", 513)
                return None
            self._needed = end + 4 + _content_length(bytes(self._buffer[: end + 2]))
            if self._needed > MAX_BYTES:
                raise MalformedMessage("message is too large", 513)
        if len(self._buffer) < self._needed:
            return None
        message = bytes(self._buffer[: self._needed])
        del self._buffer[: self._needed]
        self._needed = self._searched = 0
        return message

    def _skip_keep_alive(self) -> None:
        if not self._buffer.startswith((b"\r", b"\n")):
            return
        blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
        if self._dialled:
            self.pongs += 1
            del self._buffer[:blank]
            self._searched = 0
            return
        self.pings += blank // len(PING)
        # Half a ping stays, so that its second half is still counted; a lone CRLF before a message is skipped (§7.5).
        keep = 0 if blank < len(self._buffer) else blank % len(PING)
        del self._buffer[: blank - keep]
        self._searched = 0


def _content_length(head: bytes) -> int:
    found = _LENGTH.findall(head)
    if len(found) != 1:
        raise MalformedMessage("a message on a stream needs one Content-Length")
    return int(found[0])
