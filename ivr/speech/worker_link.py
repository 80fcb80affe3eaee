"""The event loop's end of a recognition worker. Nothing here blocks."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from ivr.errors import SpeechUnavailable
from ivr.speech.wire import LARGEST, Kind, Message, pack_json

PENDING = 512
"""Messages that wait for a busy worker beside what the socket holds; audio beyond that is dropped and counted."""
HUNG = 5.0
"""Seconds without a word from a worker that owes us one, after which it is killed."""
SMOOTH = 0.3
"""Weight of a new lag against those before."""
FADE = 0.5
"""Seconds in which a lag that nobody measures any more is half forgotten."""


class Listener(Protocol):
    """A turn that a worker hears."""

    @property
    def load(self) -> float:
        """Share of a core that it is expected to take."""

    def told(self, message: Message) -> None:
        """Take what the worker says about it."""

    def lost(self, reason: str) -> None:
        """Learn that it is over."""


class WorkerLink:
    """One worker: a socket, what waits to be sent, the turns it hears."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, ended: Callable[[WorkerLink], None]) -> None:
        self.turns: dict[int, Listener] = {}
        self.pid = 0
        self.dropped = 0
        """Audio messages this worker did not get."""
        self.ready: asyncio.Future[None] = loop.create_future()
        self._answers: dict[int, asyncio.Future[object]] = {}
        self._questions = 0
        self._pending: deque[bytes] = deque()
        self._sock: socket.socket | None = sock
        self._loop = loop
        self._ended = ended
        self._spoke_at = self._measured_at = loop.time()
        self._lag = 0.0
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        loop.add_reader(sock, self._readable)

    @property
    def open(self) -> bool:
        """Whether turns may be sent to it: it takes them once it has started."""
        return self._sock is not None

    @property
    def alive(self) -> bool:
        return self._sock is not None and self.pid != 0

    @property
    def load(self) -> float:
        """Share of a core that its turns are expected to take."""
        return sum(turn.load for turn in self.turns.values())

    @property
    def lag(self) -> float:
        """Seconds by which it is behind its callers, as measured over the last moments."""
        waiting = len(self._pending) / PENDING  # the socket is full: there is at least that much more
        return float(self._lag * 0.5 ** ((self._loop.time() - self._measured_at) / FADE) + waiting)

    def was_behind(self, seconds: float) -> None:
        """Take note of how old audio was when the worker was through with it."""
        self._lag += SMOOTH * (seconds - self._lag)
        self._measured_at = self._loop.time()

    def send(self, message: Message) -> bool:
        """Hand over or queue; False where audio had to be dropped."""
        if self._sock is None:
            return False
        if self._pending:
            return self._queue(message)
        try:
            self._sock.send(message.encode())
        except BlockingIOError:
            self._loop.add_writer(self._sock, self._writable)
            return self._queue(message)
        except ConnectionError:
            return False  # the reader sees the end of the socket and tells everyone
        return True

    async def ask(self, kind: Kind, body: object = None) -> object:
        """Put a question to the worker. Raises SpeechUnavailable where it ends before it answers."""
        self._questions += 1
        number = self._questions
        future: asyncio.Future[object] = self._loop.create_future()
        self._answers[number] = future
        self.send(Message(kind, number, payload=pack_json(body)))
        try:
            async with asyncio.timeout(HUNG):
                return await future
        except TimeoutError:
            raise SpeechUnavailable("the recognition worker does not answer") from None
        finally:
            self._answers.pop(number, None)

    def kill_if_hung(self) -> None:
        """End a worker that has been silent for too long while turns wait for it; the engine starts another."""
        if self.pid and self._loop.time() - self._spoke_at > HUNG:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def close(self, reason: str = "recognition was shut down") -> None:
        """Close the socket, by which the worker ends; its turns are lost. Without effect the second time."""
        if self._sock is None:
            return
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        self._sock = None
        if not self.ready.done():
            self.ready.cancel()
        for future in self._answers.values():
            if not future.done():
                future.set_exception(SpeechUnavailable(reason))
        for stream in list(self.turns.values()):
            stream.lost(reason)

    def _queue(self, message: Message) -> bool:
        if message.kind in (Kind.AUDIO, Kind.AUDIO_OVER) and len(self._pending) >= PENDING:
            self.dropped += 1
            return False
        self._pending.append(message.encode())
        return True

    def _writable(self) -> None:
        assert self._sock is not None
        try:
            while self._pending:
                self._sock.send(self._pending[0])
                self._pending.popleft()
        except BlockingIOError:
            return
        except ConnectionError:
            self._pending.clear()
        self._loop.remove_writer(self._sock)

    def _readable(self) -> None:
        while self._sock is not None:
            try:
                packet = self._sock.recv(LARGEST)
            except BlockingIOError:
                return
            except ConnectionError:
                packet = b""
            if not packet:
                self._ended(self)  # first, so that those whom it leaves find another one
                self.close("the recognition worker ended")
                return
            self._spoke_at = self._loop.time()
            self._take(Message.decode(packet))

    def _take(self, message: Message) -> None:
        match message.kind:
            case Kind.HELLO:
                self.pid = message.json()["pid"]
                self.ready.set_result(None)
            case Kind.ANSWER:
                future = self._answers.get(message.stream)
                if future is not None and not future.done():
                    future.set_result(message.json())
            case _:
                stream = self.turns.get(message.stream)
                if stream is not None:
                    stream.told(message)
