"""HTTP/1.1 over one connection, with an end to peers that send their headers or take their answers a drop at a time."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger(__name__)

HEADER_SECONDS = 20.0
"""From the connection, or the first octet of a further request, to the end of the headers."""
TAKING_SECONDS = 60.0
TAKEN, PIECES = 48 * 1024, 10
"""Octets of an answer that piles up here that a peer takes in that time, or a tenth of it where that is more, or the rest."""
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class PatientHttp(H11Protocol):
    """uvicorn's protocol with two clocks. Bodies are bounded by `ivr.web.shields`, sockets by `ivr.web.page_socket`."""

    header_seconds, taking_seconds = HEADER_SECONDS, TAKING_SECONDS

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._asking: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._left = self._step = 0
        """Octets that were still to be taken when the clock began, and how many must be taken before it ends."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._asking = self.loop.call_later(self.header_seconds, self._asks_too_slowly)

    def connection_lost(self, exc: Exception | None) -> None:
        self._asking, self._taking = _stopped(self._asking), _stopped(self._taking)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._asking = _stopped(self._asking)
        elif self._asking is None:
            self._asking = self.loop.call_later(self.header_seconds, self._asks_too_slowly)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():  # asyncio waits for ever for the peer to take the rest
            self._take()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._take()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._taking = _stopped(self._taking)

    def _asks_too_slowly(self) -> None:
        self._asking = None
        if self.transport.is_closing():
            return
        if self.conn.trailing_data[0]:  # who said nothing is told nothing: browsers open connections ahead
            self.transport.write(TOO_SLOW)
        self.transport.close()

    def _take(self) -> None:
        if self._taking is None:
            self._left = self.transport.get_write_buffer_size()
            self._step = max(TAKEN, self._left // PIECES)
            self._taking = self.loop.call_later(self.taking_seconds, self._taken)

    def _taken(self) -> None:
        self._taking, left = None, self.transport.get_write_buffer_size()
        if self._left - left >= self._step:  # an answer in one piece: a slow line takes it in several such times
            self._left = left
            self._taking = self.loop.call_later(self.taking_seconds, self._taken)
            return
        log.info("a page took its answer too slowly and is dropped")
        self.transport.abort()


def _stopped(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
