"""A recognition worker: one forked process, one thread, many calls.

It reads `ivr.speech.wire` messages until its socket closes.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ivr.errors import SpeechUnavailable
from ivr.speech.answering import deliver
from ivr.speech.detecting import DetectingStream
from ivr.speech.endpointer import Timing
from ivr.speech.engine import Engine, EngineStream
from ivr.speech.hearing import Heard, Output, Partial, Started, Turn
from ivr.speech.patience import ROWS, Expected, Patience
from ivr.speech.wire import LARGEST, Kind, Message, pack_json
from telephony.leg import FRAME_SAMPLES

RATE = 8000
"""Of the audio that calls send."""
DONE_EVERY = 5
"""Audio messages after which the engine is told how far a turn is."""
_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Be killed by the kernel when the process `parent` ends; end at once where it has ended already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


@dataclass(slots=True)
class Ear:
    """What a worker knows of one stream."""

    turn_number: int
    turn: Turn
    messages: int = 0
    spent: float = 0.0
    """CPU seconds since the engine was told last."""


@dataclass(slots=True)
class Worker:
    """Answers messages; `run` ends when the socket does."""

    link: socket.socket
    engines: Mapping[str, Engine]
    """Language to what hears it."""
    longest: float
    ears: dict[int, Ear] = field(default_factory=dict)
    samples: int = 0

    def run(self) -> None:
        self._send(Message(Kind.HELLO, payload=pack_json({"pid": os.getpid()})))
        while packet := self.link.recv(LARGEST):
            self._take(Message.decode(packet))

    def _take(self, message: Message) -> None:
        match message.kind:
            case Kind.AUDIO | Kind.AUDIO_OVER:
                self._audio(message)
            case Kind.LISTEN:
                self._listen(message)
            case Kind.PAUSE | Kind.CLOSE:
                self._drop(message.stream)
            case Kind.UNHEARD:
                asked = message.json()
                unheard = self.engines[asked["language"]].unheard(asked["phrases"])
                self._send(Message(Kind.ANSWER, message.stream, payload=pack_json(unheard)))
            case Kind.MEASURE:
                self._send(Message(Kind.ANSWER, message.stream, payload=pack_json(self._measure())))
            case _:
                raise ValueError(f"{message.kind.name} is not for a worker")

    def _listen(self, message: Message) -> None:
        self._drop(message.stream)
        asked = message.json()
        try:
            stream = self._stream(asked)
        except SpeechUnavailable as error:
            self._send(Message(Kind.FAULT, message.stream, message.turn, 1, str(error).encode()))
            return
        timing = Timing(asked["patience"], asked["confirm"], longest=self.longest)
        closed = bool(asked["phrases"]) and not asked["words"]
        phrases = [phrase for listed in (asked["phrases"], *asked["also"].values()) for phrase in listed] if closed else ()
        patience = Patience(timing.patience, phrases, Expected(asked["expects"], asked["least"], asked["most"]))
        twice = closed and not asked["also"] and asked["expects"] not in ROWS
        self.ears[message.stream] = Ear(message.turn, Turn(stream, timing, patience, again=twice))

    def _stream(self, asked: Mapping[str, Any]) -> EngineStream:
        """One stream, or one over those of several languages. Raises SpeechUnavailable where none can hear its phrases."""
        streams: dict[str, EngineStream] = {}
        refused: list[SpeechUnavailable] = []
        for language, phrases in ((asked["language"], asked["phrases"]), *asked["also"].items()):
            try:
                streams[language] = self.engines[language].create_stream(language, RATE, phrases, words=asked["words"])
            except SpeechUnavailable as error:
                refused.append(error)
        if not streams:
            raise refused[0]
        return DetectingStream(streams) if asked["also"] else streams[asked["language"]]

    def _audio(self, message: Message) -> None:
        ear = self.ears.get(message.stream)
        if ear is None or ear.turn_number != message.turn:
            return
        samples, played = np.frombuffer(message.payload, np.int16), None
        if message.kind is Kind.AUDIO_OVER:
            samples, played = np.split(samples, 2)
        self.samples += len(samples)
        before = time.thread_time()
        fault = partial(Message, Kind.FAULT, message.stream, message.turn)
        deliver(
            ear.turn.push(samples, played),
            lambda output: self._send(_told(output, message)),
            lambda reason: self._send(fault(payload=reason.encode())),
        )
        ear.messages += 1
        ear.spent += time.thread_time() - before
        if ear.messages % DONE_EVERY == 0:
            position = message.position + len(samples) // FRAME_SAMPLES
            body = pack_json([round(ear.spent, 6), ear.turn.speaking])
            self._send(Message(Kind.DONE, message.stream, message.turn, position, body))
            ear.spent = 0.0

    def _drop(self, stream: int) -> None:
        self.ears.pop(stream, None)

    def _measure(self) -> dict[str, float]:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {
            "streams": len(self.ears),
            "audio_seconds": self.samples / RATE,
            "cpu_seconds": time.process_time(),
            "peak_kilobytes": kilobytes,
        }

    def _send(self, message: Message) -> None:
        self.link.send(message.encode())


def _told(output: Output, message: Message) -> Message:
    match output:
        case Started():
            return Message(Kind.STARTED, message.stream, message.turn)
        case Partial(text):
            return Message(Kind.PARTIAL, message.stream, message.turn, payload=text.encode())
        case Heard(said, begun, last_voiced, voice):
            frame = max(0, last_voiced - 1) // FRAME_SAMPLES
            offset = begun / RATE
            words = [[one.text, round(offset + one.start, 3), round(offset + one.end, 3), one.confidence] for one in said.words]
            told = {"text": said.text, "confidence": round(said.confidence, 4), "words": words, "language": said.language}
            facts = None if voice is None else (voice.seconds, voice.level, voice.pitch, voice.rate)
            body = pack_json({**told, "alternatives": said.alternatives, "speaker": said.speaker, "voice": facts})
            return Message(Kind.HEARD, message.stream, message.turn, frame, body)
