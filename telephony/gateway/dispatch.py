"""One set of SIP listeners for several worker processes: each message goes to the worker that owns its call.

The owner follows from the Call-ID alone: CRC-32 modulo the number of workers. Whoever makes a Call-ID of its own makes one
that is its own (`owns`), so answers come back to where the request came from, and nobody needs a table. The exception is an
INVITE with Replaces (RFC 3891): it belongs to the worker of the dialog that it replaces, and so does its dialog from then on.

Frames are whole packets on a Unix socket between processes of one machine and one program version, hence `marshal`.
"""

from __future__ import annotations

import asyncio
import marshal
import re
import socket
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any
from zlib import crc32

from telephony.sip.flow import Flow

MESSAGE, SEND, FAILED, BINDINGS, READY, COUNTED, MOVED = range(7)
"""Kinds of frame: to a worker, from a worker, a far end that cannot be reached, registrations, ready, what was refused, a
dialog that stays where it was sent though another worker owns its Call-ID."""

MAX_WAITING = 4096
"""Frames that wait for one worker; more are dropped, and their senders repeat them."""
MOST_MOVED = 20_000
"""Dialogs that live elsewhere than their Call-ID says."""
BUFFER = 4 << 20
MOST_AT_ONCE = 64
MAX_FRAME = 1 << 17

_CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_REPLACES = re.compile(rb"^replaces[ \t]*:[ \t]*([^;\r\n]*)", re.IGNORECASE | re.MULTILINE)
_FIELDS = tuple(field.name for field in fields(Flow))
_of_flow = attrgetter(*_FIELDS)


def owner(call_id: bytes, workers: int) -> int:
    """Which of `workers` owns a Call-ID."""
    return crc32(call_id.strip()) % workers


def owns(index: int, workers: int) -> Callable[[str], bool]:
    """Tells whether a Call-ID is worker `index`'s own."""
    return lambda call_id: owner(call_id.encode(), workers) == index


class Whereabouts:
    """Finds the worker of a message. Looks at two headers, never parses, and costs the same for any message."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._asked: OrderedDict[bytes, int] = OrderedDict()
        """What anybody's Replaces moved: it leads there until a flood of others pushes it out."""
        self._moved: OrderedDict[bytes, int] = OrderedDict()
        """What a worker took."""

    def of(self, data: bytes) -> int:
        found = _CALL_ID.search(data)
        if found is None:
            return 0  # not a message that anybody owns; the first worker counts it
        call_id = found[1].strip()
        moved = self._elsewhere(call_id)
        if moved is not None:
            return moved
        if data.startswith(b"INVITE ") and (replaced := _REPLACES.search(data)) is not None:
            dialog = replaced[1].strip()
            index = self._elsewhere(dialog)
            if index is None:
                index = owner(dialog, self._workers)
            if index != owner(call_id, self._workers):
                _keep(self._asked, call_id, index)
            return index
        return owner(call_id, self._workers)

    def stays(self, call_id: bytes, index: int) -> None:
        """Worker `index` has taken this dialog, which replaces another: a stranger's Replaces is forgotten before it."""
        self._asked.pop(call_id, None)
        if index != owner(call_id, self._workers):
            _keep(self._moved, call_id, index)

    def _elsewhere(self, call_id: bytes) -> int | None:
        return self._moved.get(call_id, self._asked.get(call_id))


def _keep(table: OrderedDict[bytes, int], call_id: bytes, index: int) -> None:
    table[call_id] = index
    if len(table) > MOST_MOVED:
        table.popitem(last=False)


def frame(kind: int, body: Any, flow: Flow | None = None) -> bytes:
    """A packet for the other process; `body` is bytes or plain data."""
    return marshal.dumps((kind, body, None if flow is None else _of_flow(flow)))


def unframe(packet: bytes) -> tuple[int, Any, Flow | None]:
    kind, body, flow = marshal.loads(packet)
    return kind, body, None if flow is None else Flow(*flow)


class Channel:
    """One end of the packet socket between dispatcher and worker. `receive` gets (kind, body, flow).

    `closed` is called once when the other process is gone.
    """

    def __init__(
        self, end: socket.socket, receive: Callable[[int, Any, Flow | None], None], closed: Callable[[], None]
    ) -> None:
        end.setblocking(False)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        self._end, self._receive, self._closed = end, receive, closed
        self._waiting: deque[bytes] = deque()
        self._loop = asyncio.get_running_loop()
        self._open = True
        self.dropped = 0
        """Frames that found no room."""
        self._loop.add_reader(end.fileno(), self._read)

    def send(self, packet: bytes) -> None:
        """Send a frame, or keep it until there is room. Dropped and counted beyond `MAX_WAITING`, or `MAX_FRAME` octets."""
        if not self._open:
            return
        if len(packet) > MAX_FRAME:  # the system would take it for a broken socket, or the other end would read half of it
            self.dropped += 1
            return
        if not self._waiting:
            try:
                self._end.send(packet)
                return
            except BlockingIOError:
                self._loop.add_writer(self._end.fileno(), self._write)
            except OSError:
                self._lost()
                return
        if len(self._waiting) < MAX_WAITING:
            self._waiting.append(packet)
        else:
            self.dropped += 1

    def close(self) -> None:
        """Without effect the second time; `closed` is not called."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._end.fileno())
            self._loop.remove_writer(self._end.fileno())
            self._end.close()

    def _write(self) -> None:
        try:
            while self._waiting:
                self._end.send(self._waiting[0])
                self._waiting.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._lost()
            return
        self._loop.remove_writer(self._end.fileno())

    def _read(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                packet = self._end.recv(MAX_FRAME)
            except BlockingIOError:
                return
            except OSError:
                packet = b""
            if not packet:
                self._lost()
                return
            self._receive(*unframe(packet))
            if not self._open:
                return

    def _lost(self) -> None:
        if self._open:
            self.close()
            self._closed()


def channel_pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a packet socket; the second one is for the worker."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
