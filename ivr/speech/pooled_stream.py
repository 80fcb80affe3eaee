"""Recognition of one call on the event loop's side: frames out to a worker, its words back as events. Nothing here blocks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ivr.errors import SpeechUnavailable
from ivr.speech.pool_tally import PoolTally, Prices
from ivr.speech.recognizer import (
    PartialHeard,
    RecognitionEvent,
    RecognitionLost,
    SpeechStarted,
    SpokenWord,
    UtteranceHeard,
    VoiceFacts,
)
from ivr.speech.settings import SpeechSettings
from ivr.speech.wire import LARGEST, Kind, Message, pack_json
from ivr.speech.worker_link import WorkerLink
from telephony.leg import FRAME_SAMPLES, Frame

FRAME_SECONDS = 0.02
TIMES_KEPT = 2048
"""Frames whose time of arrival is remembered: 41 s, more than the longest utterance."""
SILENCE: Frame = np.zeros(FRAME_SAMPLES, np.int16)


class Placement(Protocol):
    """What a stream needs of its pool."""

    settings: SpeechSettings
    tally: PoolTally
    prices: Prices

    def place(self, *languages: str) -> WorkerLink:
        """The worker that has the most room. Raises SpeechUnavailable, SpeechBusy."""


class PooledStream:
    """Recognition of one call; see `ivr.speech.recognizer.RecognitionStream`."""

    def __init__(
        self, number: int, pool: Placement, loop: asyncio.AbstractEventLoop, handler: Callable[[RecognitionEvent], None]
    ) -> None:
        self.number = number
        self.dropped = 0
        """Frames of this call that no worker heard."""
        self._pool = pool
        self._loop = loop
        self._handler = handler
        self._link: WorkerLink | None = None
        self._turn = 0
        self._closed = False
        self._free = self._speaking = False
        self._begin()

    def _begin(self) -> None:
        self._chunk: list[Frame] = []
        self._played: list[Frame | None] = []
        self._frames = 0
        self._done = 0
        self._speaking = False
        self._times: deque[float] = deque(maxlen=TIMES_KEPT)

    @property
    def load(self) -> float:
        """Share of a core that this turn is expected to take."""
        return self._pool.prices.of(free=self._free, speaking=self._speaking)

    def listen(
        self,
        language: str,
        phrases: Sequence[str],
        *,
        patience: float = 0.5,
        confirm: float = 0.3,
        words: bool = False,
        expects: str = "",
        length: tuple[int, int] = (0, 0),
        also: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.pause()
        if self._closed:
            raise SpeechUnavailable("this stream was closed")
        asked = {"language": language, "phrases": list(phrases), "patience": patience, "confirm": confirm, "words": words}
        others = {name: list(listed) for name, listed in (also or {}).items()}
        body = pack_json({**asked, "expects": expects, "least": length[0], "most": length[1], "also": others})
        if len(body) > LARGEST // 2:
            raise SpeechUnavailable(f"a list of {len(phrases)} phrases is too long to be listened for")
        link = self._pool.place(language, *others)
        self._turn += 1
        self._begin()
        self._free = not phrases
        self._link = link
        link.turns[self.number] = self
        link.send(Message(Kind.LISTEN, self.number, self._turn, payload=body))

    def feed(self, frame: Frame, played: Frame | None = None) -> None:
        if self._link is None:
            return
        self._times.append(self._loop.time())
        self._frames += 1
        self._chunk.append(frame)
        self._played.append(played)
        if len(self._chunk) >= self._pool.settings.chunk_frames:
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

    def lost(self, reason: str, *, deaf: bool = False) -> None:
        """End the turn from the worker's side and say so."""
        self.pause()
        self._pool.tally.lost += 1
        self._handler(RecognitionLost(self._loop.time(), reason, deaf))

    def told(self, message: Message) -> None:
        """Turn a worker's message into an event; one of an earlier turn is ignored."""
        if message.turn != self._turn:
            return
        now = self._loop.time()
        match message.kind:
            case Kind.STARTED:
                self._speaking = True
                self._handler(SpeechStarted(now))
            case Kind.PARTIAL:
                self._handler(PartialHeard(now, message.payload.decode()))
            case Kind.HEARD:
                self._speaking = False
                heard = self._heard(message.json(), message.position, now)
                self._pool.tally.heard(now - heard.speech_ended_at)
                self._handler(heard)
            case Kind.DONE:
                self._took(message.position, message.json(), now)
            case Kind.FAULT:
                self.lost(message.payload.decode(), deaf=message.position == 1)

    def _took(self, position: int, told: Sequence[Any], now: float) -> None:
        """Learn how far the worker is, and what that cost it."""
        cpu, speaking = float(told[0]), bool(told[1])
        audio = (position - self._done) * FRAME_SECONDS
        self._pool.prices.paid(free=self._free, speaking=speaking, cpu=cpu, audio=audio)
        self._done = position
        if self._link is not None:
            self._link.was_behind(max(0.0, now - self._time_of(position - 1, now)))

    def _heard(self, told: Mapping[str, Any], position: int, now: float) -> UtteranceHeard:
        words = tuple(
            SpokenWord(text, self._time_at(start, now), self._time_at(end, now), sure)
            for text, start, end, sure in told["words"]
        )
        return UtteranceHeard(
            at=now,
            text=told["text"],
            confidence=float(told["confidence"]),
            speech_ended_at=self._time_of(position, now),
            words=words,
            alternatives=tuple((text, float(sure)) for text, sure in told["alternatives"]),
            speaker=tuple(told["speaker"]),
            voice=None if told["voice"] is None else VoiceFacts(*told["voice"]),
            language=told["language"],
        )

    def _send_chunk(self, link: WorkerLink) -> None:
        chunk, self._chunk = self._chunk, []
        played, self._played = self._played, []
        position, kind, frames = self._frames - len(chunk), Kind.AUDIO, chunk
        if any(one is not None for one in played):
            kind, frames = Kind.AUDIO_OVER, [*chunk, *(SILENCE if one is None else one for one in played)]
        if not link.send(Message(kind, self.number, self._turn, position, np.concatenate(frames).tobytes())):
            self.dropped += len(chunk)
            self._pool.tally.dropped += len(chunk)
        if (self._frames - self._done) * FRAME_SECONDS > self._pool.settings.behind:
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
