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
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ivr.speech.aliases import Grammar
from ivr.speech.endpointer import Timing
from ivr.speech.hearing import Decoder, Heard, LoadedModel, Output, Partial, Started, Turn
from ivr.speech.voicing import Detectors
from ivr.speech.wire import LARGEST, Kind, Message, pack_json
from telephony.leg import FRAME_SAMPLES

GRAMMARS = 256
"""Phrase lists kept ready: flows use the same few again and again."""
DONE_EVERY = 10
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


@dataclass(slots=True)
class Worker:
    """Answers messages; `run` ends when the socket does."""

    link: socket.socket
    models: Mapping[str, LoadedModel]
    detectors: Detectors
    longest: float
    ears: dict[int, Ear] = field(default_factory=dict)
    grammars: OrderedDict[tuple[str, tuple[str, ...]], Grammar] = field(default_factory=OrderedDict)
    samples: int = 0

    def run(self) -> None:
        self._send(Message(Kind.HELLO, payload=pack_json({"pid": os.getpid()})))
        while packet := self.link.recv(LARGEST):
            self._take(Message.decode(packet))

    def _take(self, message: Message) -> None:
        match message.kind:
            case Kind.AUDIO:
                self._audio(message)
            case Kind.LISTEN:
                self._listen(message)
            case Kind.PAUSE | Kind.CLOSE:
                self._drop(message.stream)
            case Kind.UNHEARD:
                asked = message.json()
                grammar = self._grammar(asked["language"], tuple(asked["phrases"]))
                self._send(Message(Kind.ANSWER, message.stream, payload=pack_json(grammar.unheard)))
            case Kind.MEASURE:
                self._send(Message(Kind.ANSWER, message.stream, payload=pack_json(self._measure())))
            case _:
                raise ValueError(f"{message.kind.name} is not for a worker")

    def _listen(self, message: Message) -> None:
        self._drop(message.stream)
        asked = message.json()
        loaded = self.models[asked["language"]]
        phrases = tuple(asked["phrases"])
        grammar = self._grammar(asked["language"], phrases) if phrases else None
        if grammar is not None and not grammar.spoken:
            reason = "the model of this language can hear none of the phrases"
            self._send(Message(Kind.FAULT, message.stream, message.turn, payload=reason.encode()))
            return
        timing = Timing(asked["patience"], asked["confirm"], longest=self.longest)
        decoder = Decoder(_kaldi(loaded), loaded, grammar, words=bool(asked.get("words")))
        turn = Turn(decoder, self.detectors, timing)
        self.ears[message.stream] = Ear(message.turn, turn)

    def _audio(self, message: Message) -> None:
        ear = self.ears.get(message.stream)
        if ear is None or ear.turn_number != message.turn:
            return
        samples = np.frombuffer(message.payload, np.int16)
        self.samples += len(samples)
        for output in ear.turn.push(samples):
            self._send(_told(output, message))
        ear.messages += 1
        if ear.messages % DONE_EVERY == 0:
            frames = len(samples) // FRAME_SAMPLES
            self._send(Message(Kind.DONE, message.stream, message.turn, message.position + frames))

    def _drop(self, stream: int) -> None:
        ear = self.ears.pop(stream, None)
        if ear is not None:
            ear.turn.close()

    def _grammar(self, language: str, phrases: tuple[str, ...]) -> Grammar:
        key = (language, phrases)
        grammar = self.grammars.pop(key, None) or self.models[language].grammar(phrases)
        self.grammars[key] = grammar
        if len(self.grammars) > GRAMMARS:
            self.grammars.popitem(last=False)
        return grammar

    def _measure(self) -> dict[str, float]:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {
            "streams": len(self.ears),
            "audio_seconds": self.samples / 8000,
            "cpu_seconds": time.process_time(),
            "peak_kilobytes": kilobytes,
        }

    def _send(self, message: Message) -> None:
        self.link.send(message.encode())


def _kaldi(loaded: LoadedModel) -> Callable[[int, str | None], Any]:
    from vosk import KaldiRecognizer

    def make(rate: int, listed: str | None) -> object:
        return KaldiRecognizer(loaded.model, rate) if listed is None else KaldiRecognizer(loaded.model, rate, listed)

    return make


def _told(output: Output, message: Message) -> Message:
    match output:
        case Started():
            return Message(Kind.STARTED, message.stream, message.turn)
        case Partial(text):
            return Message(Kind.PARTIAL, message.stream, message.turn, payload=text.encode())
        case Heard(text, confidence, last_voiced):
            frame = max(0, last_voiced - 1) // FRAME_SAMPLES
            body = pack_json({"text": text, "confidence": round(confidence, 4)})
            return Message(Kind.HEARD, message.stream, message.turn, frame, body)
