"""SIP over WebSocket (RFC 7118): one message a WebSocket message, on connections that the far end opens."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from http import HTTPStatus

from websockets.exceptions import InvalidOrigin, InvalidState
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Origin, Subprotocol

from telephony.net.stream import Connection, Owner, StreamLimits
from telephony.sip.framing import PING, PONG
from telephony.sip.message import MAX_BYTES

_quiet = logging.getLogger(f"{__name__}.protocol")
_quiet.setLevel(logging.CRITICAL)  # what a stranger's handshake lacks is counted, not told line by line


class WebSocketConnection(Connection):
    """A connection that a browser or another WebSocket client opened."""

    greets = True

    def __init__(self, owner: Owner, *, dialled: bool = False, name: str = "", origins: Sequence[str] = ()) -> None:
        """`origins` are the pages that may connect; () for any."""
        super().__init__(owner, dialled=dialled, name=name)
        self._protocol = ServerProtocol(
            subprotocols=[Subprotocol("sip")],
            origins=[Origin(one) for one in origins] or None,
            max_size=MAX_BYTES,
            logger=_quiet,
        )
        self._parts: bytearray | None = None
        self._faulty = False
        self.greeted = False
        """The WebSocket handshake is over."""

    @property
    def pending(self) -> bool:
        return self._parts is not None

    def take(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._greet(event)
            elif isinstance(event, Frame):
                self._take_frame(event)
        self._count_fault()
        self._flush()

    def send(self, message: bytes) -> None:
        """Send a message as text where it is UTF-8: that is what every client reads."""
        try:
            message.decode("utf-8")
        except UnicodeDecodeError:
            send = self._protocol.send_binary
        else:
            send = self._protocol.send_text
        with contextlib.suppress(InvalidState):  # the far end is closing
            send(message)
        self._flush()

    def keep_alive(self, now: float) -> None:
        """Ping: no browser can, so the server does (RFC 7118 §6)."""
        if not self.pinged and self.greeted:
            with contextlib.suppress(InvalidState):
                self._protocol.send_ping(b"")
                self.pinged, self.answers = now, True  # RFC 6455 §5.5.2: whoever is there answers
            self._flush()

    def farewell(self) -> None:
        with contextlib.suppress(InvalidState):
            self._protocol.send_close(CloseCode.GOING_AWAY)
        self._flush()
        super().farewell()

    def overdue(self, now: float, limits: StreamLimits, *, full: bool = False) -> str:
        if not self.greeted:
            return "handshake timeout" if now - self.since > limits.handshake else ""
        return super().overdue(now, limits, full=full)

    def _greet(self, request: Request) -> None:
        response = self._protocol.accept(request)
        self._protocol.send_response(response)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.greeted = True
            self._owner.opened(self)

    def _count_fault(self) -> None:
        """Count once why the library gives this connection up."""
        fault = self._protocol.handshake_exc or self._protocol.parser_exc
        if fault is None or self._faulty:
            return
        self._faulty = True
        strange = isinstance(fault, InvalidOrigin)
        self._owner.refuse("origin" if strange else "broken stream" if self.greeted else "websocket handshake")

    def _take_frame(self, frame: Frame) -> None:
        self.pinged = 0.0
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            if frame.fin:
                self._take_message(bytes(frame.data))
            else:
                self._parts, self.begun = bytearray(frame.data), self.heard
        elif frame.opcode is Opcode.CONT and self._parts is not None:
            self._parts += frame.data
            if frame.fin:
                message, self._parts = bytes(self._parts), None
                self._take_message(message)

    def _take_message(self, message: bytes) -> None:
        self.spoken = True
        if message.strip(b"\r\n"):
            self._owner.heard(message, self)
        elif message.startswith(PING):  # some clients keep alive as on TCP
            self.send(PONG)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.write(data)
            elif self.transport is not None:
                self.transport.close()
