"""Recognition of one call on the event loop's side: frames out to a worker, its words back as events. Nothing here blocks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ivr.errors import SpeechUnavailable
from ivr.speech.recognizer import PartialHeard, RecognitionEvent, RecognitionLost, SpeechStarted, SpokenWord, UtteranceHeard
from ivr.speech.settings import SpeechSettings
from ivr.speech.wire import LARGEST, Kind, Message, pack_json
from ivr.speech.worker_link import WorkerLink
from telephony.leg import Frame

FRAME_SECONDS = 0.02
TIMES_KEPT = 2048
"""Frames whose time of arrival is remembered: 41 s, more than the longest utterance."""


class Placement(Protocol):
    """What a stream needs of the engine."""

    settings: SpeechSettings

    def place(self, language: str) -> WorkerLink:
        """The worker with the fewest turns. Raises SpeechUnavailable."""


class PooledStream:
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
