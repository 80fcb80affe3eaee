"""The event loop's end of a recognition worker, and the streams it carries. Nothing here blocks."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import numpy as np

from ivr.errors import SpeechUnavailable
from ivr.speech.recognizer import PartialHeard, RecognitionEvent, RecognitionLost, SpeechStarted, SpokenWord, UtteranceHeard
from ivr.speech.settings import SpeechSettings
from ivr.speech.wire import LARGEST, Kind, Message, pack_json
from telephony.leg import Frame

PENDING = 512
"""Messages that wait for a busy worker beside what the socket holds; audio beyond that is dropped and counted."""
FRAME_SECONDS = 0.02
TIMES_KEPT = 2048
"""Frames whose time of arrival is remembered: 41 s, more than the longest utterance."""
HUNG = 5.0
"""Seconds without a word from a worker that owes us one, after which it is killed."""


class WorkerLink:
    """One worker: a socket, what waits to be sent, the turns it hears."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, ended: Callable[[WorkerLink], None]) -> None:
        self.turns: dict[int, VoskStream] = {}
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
        self._spoke_at = loop.time()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        loop.add_reader(sock, self._readable)

    @property
    def alive(self) -> bool:
        return self._sock is not None and self.pid != 0

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
        if message.kind is Kind.AUDIO and len(self._pending) >= PENDING:
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
                self.close("the recognition worker ended")
                self._ended(self)
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


class Placement(Protocol):
    """What a stream needs of the engine."""

    settings: SpeechSettings

    def place(self, language: str) -> WorkerLink:
        """The worker with the fewest turns. Raises SpeechUnavailable."""


class VoskStream:
    """Recognition of one call; see `ivr.speech.recognizer.RecognitionStream`."""

    def __init__(
        self, number: int, engine: Placement, loop: asyncio.AbstractEventLoop, handler: Callable[[RecognitionEvent], None]
    ) -> None:
        self.number = number
        self.dropped = 0
        """Frames of this call that no worker heard."""
        self._engine = engine
        self._loop = loop
        self._handler = handler
        self._link: WorkerLink | None = None
        self._turn = 0
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        self._chunk: list[Frame] = []
        self._frames = 0
        self._done = 0
        self._times: deque[float] = deque(maxlen=TIMES_KEPT)

    def listen(
        self, language: str, phrases: Sequence[str], *, patience: float = 0.5, confirm: float = 0.3, words: bool = False
    ) -> None:
        self.pause()
        if self._closed:
            raise SpeechUnavailable("this stream was closed")
        asked = {"language": language, "phrases": list(phrases), "patience": patience, "confirm": confirm, "words": words}
        body = pack_json(asked)
        if len(body) > LARGEST // 2:
            raise SpeechUnavailable(f"a list of {len(phrases)} phrases is too long to be listened for")
        link = self._engine.place(language)
        self._turn += 1
        self._begin()
        self._link = link
        link.turns[self.number] = self
        link.send(Message(Kind.LISTEN, self.number, self._turn, payload=body))

    def feed(self, frame: Frame) -> None:
        if self._link is None:
            return
        self._times.append(self._loop.time())
        self._frames += 1
        self._chunk.append(frame)
        if len(self._chunk) >= self._engine.settings.chunk_frames:
            self._send_chunk(self._link)

    def pause(self) -> None:
        link = self._link
        if link is None:
            return
        self._link = None
        link.turns.pop(self.number, None)
        link.send(Message(Kind.PAUSE, self.number, self._turn))

    def close(self) -> None:
        self.pause()
        self._closed = True

    def lost(self, reason: str) -> None:
        """End the turn from the worker's side and say so."""
        self.pause()
        self._handler(RecognitionLost(self._loop.time(), reason))

    def told(self, message: Message) -> None:
        """Turn a worker's message into an event; one of an earlier turn is ignored."""
        if message.turn != self._turn:
            return
        now = self._loop.time()
        match message.kind:
            case Kind.STARTED:
                self._handler(SpeechStarted(now))
            case Kind.PARTIAL:
                self._handler(PartialHeard(now, message.payload.decode()))
            case Kind.HEARD:
                self._handler(self._heard(message.json(), message.position, now))
            case Kind.DONE:
                self._done = message.position
            case Kind.FAULT:
                self.lost(message.payload.decode())

    def _heard(self, told: Mapping[str, Any], position: int, now: float) -> UtteranceHeard:
        words = tuple(
            SpokenWord(text, self._time_at(start, now), self._time_at(end, now), sure)
            for text, start, end, sure in told["words"]
        )
        others = tuple((text, float(sure)) for text, sure in told["alternatives"])
        ended_at = self._time_of(position, now)
        return UtteranceHeard(
            now, told["text"], float(told["confidence"]), ended_at, words, others, tuple(told.get("speaker", ()))
        )

    def _send_chunk(self, link: WorkerLink) -> None:
        chunk, self._chunk = self._chunk, []
        position = self._frames - len(chunk)
        if not link.send(Message(Kind.AUDIO, self.number, self._turn, position, np.concatenate(chunk).tobytes())):
            self.dropped += len(chunk)
        if (self._frames - self._done) * FRAME_SECONDS > self._engine.settings.behind:
            link.kill_if_hung()
            self.lost("the recognition worker is too far behind")

    def _time_at(self, seconds: float, now: float) -> float:
        """When the audio at `seconds` of this turn was fed."""
        frame, rest = divmod(seconds, FRAME_SECONDS)
        return self._time_of(int(frame), now) + rest

    def _time_of(self, frame: int, now: float) -> float:
        """When frame number `frame` of this turn was fed."""
        index = frame - (self._frames - len(self._times))
        return self._times[index] if 0 <= index < len(self._times) else now
