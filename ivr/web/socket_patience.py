"""A WebSocket whose peer reads nothing ends, and keeps no more here than a bounded rest meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

ENDING_SECONDS = 15.0
"""From the end of what serves a socket to that of the connection: asyncio alone waits for ever for who reads nothing."""
UNREAD = 1 << 20
"""Octets: a peer that sends pings and reads no answers is dropped at that many."""


class PatientSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol with one clock and one bound; messages are bounded by `ivr.web.page_socket`."""

    ending_seconds = ENDING_SECONDS

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._ending: asyncio.TimerHandle | None = None

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._end()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._end()

    def handle_ping(self) -> None:
        super().handle_ping()
        if self.transport.get_write_buffer_size() > UNREAD:
            self.transport.abort()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ending is not None:
            self._ending.cancel()
        super().connection_lost(exc)

    def _end(self) -> None:
        if self._ending is None and not self.disconnected:
            self._ending = self.loop.call_later(self.ending_seconds, self.transport.abort)
