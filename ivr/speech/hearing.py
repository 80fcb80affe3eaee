"""One call's turns inside a worker: voice gate, end-pointing, engine.

The engine hears nothing until speech is confirmed; then it gets the pre-roll and what came since in one go. So silence and
coughs cost no more than the voice gate. A word too short to be confirmed is still recognised in the silence after it: "好"
takes 0.2 s. In a silence the engine is asked what it believes, and `Patience` says whether that is all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivr.speech.echo_guard import EchoGuard
from ivr.speech.endpointer import Confirmed, Decision, Ended, Endpointer, State, Timing
from ivr.speech.engine import EngineStream, Hypothesis
from ivr.speech.patience import QUICK, Patience
from ivr.speech.recognizer import VoiceFacts
from ivr.speech.tape import Tape
from ivr.speech.voice_facts import measure
from ivr.speech.voicing import WINDOW, Voicing

RATE = 8000
SHORTEST = 1024
"""Voiced samples (128 ms) under which an unconfirmed sound is not worth recognising."""
BITE = 1600
"""Samples an engine is fed at once: smaller ones cost more for each second of audio."""
LOOK = 0.19
"""Seconds of silence from which the engine is asked what was said so far: one window before the least patience."""
SHORT = 17600
"""Samples (2.2 s with the pre-roll) of an utterance that is worth hearing twice to end it at once: an engine takes audio in
pieces of up to 0.7 s, so of a word or two it believes nothing yet when the caller is silent."""


@dataclass(frozen=True, slots=True)
class Heard:
    said: Hypothesis
    begun: int
    """First sample that the engine heard of it; its word times count from here."""
    last_voiced: int
    """Samples since the turn began."""
    voice: VoiceFacts | None = None
    """None where nothing was said."""


@dataclass(frozen=True, slots=True)
class Started:
    pass


@dataclass(frozen=True, slots=True)
class Partial:
    text: str


Output = Started | Partial | Heard


class Turn:
    """Audio in, outputs out. One turn of one call."""

    def __init__(
        self,
        stream: EngineStream,
        timing: Timing,
        patience: Patience | None = None,
        *,
        again: bool = False,
    ) -> None:
        """`again`: a short utterance may be heard twice, which only a closed list makes cheap."""
        self._stream = stream
        self._voicing = Voicing()
        self._endpointer = Endpointer(timing, window=WINDOW)
        self._patience = patience or Patience(timing.patience)
        self._again = again
        self._tape = Tape()
        self._guard: EchoGuard | None = None
        self._begin(0)

    def _begin(self, position: int) -> None:
        self._begun = self._fed = position
        """Where the utterance begins, and up to where the engine has heard it."""
        self._said: Hypothesis | None = None
        """What was said, where that was asked for before the end."""
        self._twice = False
        self._last_partial = ""

    @property
    def speaking(self) -> bool:
        """Whether the engine has work with it."""
        return self._endpointer.state is State.SPEAKING

    def push(self, samples: NDArray[np.int16], played: NDArray[np.int16] | None = None) -> list[Output]:
        """Take the next samples (8 kHz, any number) and as many that were played to the caller meanwhile, None for silence."""
        tape, endpointer = self._tape, self._endpointer
        tape.append(self._against(samples, played))
        outputs: list[Output] = []
        for probability in self._probabilities():
            at = endpointer.position
            decisions = endpointer.push(probability)
            if self._guard is not None and endpointer.state is not State.IDLE:
                self._guard.note(at, endpointer.sounding)
            for decision in decisions:
                outputs += self._obey(decision)
            if endpointer.silence >= LOOK:
                for decision in self._look():
                    outputs += self._obey(decision)
        if self.speaking and endpointer.position - self._fed >= BITE:
            self._feed_until(endpointer.position)
            outputs += self._partials()
        tape.forget(endpointer.keep_from)
        return outputs

    def _probabilities(self) -> Iterator[float]:
        """Those of the windows that are there: together, but for an echo, which may be taken off in between."""
        tape, position = self._tape, self._endpointer.position
        end = tape.end - (tape.end - position) % WINDOW
        step = WINDOW if self._guard is not None else max(WINDOW, end - position)
        for begin in range(position, end, step):
            yield from self._voicing.probabilities(tape.part(begin, begin + step))

    def _obey(self, decision: Decision) -> list[Output]:
        match decision:
            case Confirmed():
                return [Started()] if self._guard is None or self._is_caller(self._guard) else []
            case Ended(last_voiced, voiced, confirmed):
                return self._end(last_voiced, voiced, confirmed)
        self._begin(self._endpointer.keep_from)
        return []

    def _against(self, samples: NDArray[np.int16], played: NDArray[np.int16] | None) -> NDArray[np.int16]:
        """Note what is played; the samples as they came, or with the echo taken off where somebody speaks over it."""
        if played is None and self._guard is None:
            return samples
        if self._guard is None:
            self._guard = EchoGuard(self._tape.end, WINDOW)
        self._guard.hear(samples, played)
        if self._guard.over:
            self._guard = None
        elif self.speaking:
            return self._guard.cleaned(len(samples))
        return samples

    def _is_caller(self, guard: EchoGuard) -> bool:
        """Whether what is confirmed is more than our own echo; then the engine hears it without that."""
        if not guard.confirms(self._endpointer):
            return False
        cleaned = guard.cleaned(self._tape.end - self._tape.begin)
        self._tape.part(self._tape.end - len(cleaned), self._tape.end)[:] = cleaned
        if self._fed > self._begun:  # it was asked in a silence, and has heard the echo
            self._stream.reset()
        self._begin(self._endpointer.keep_from)
        return True

    def _look(self) -> tuple[Decision, ...]:
        """Ask in a silence what was said so far, and how long to wait after that."""
        endpointer = self._endpointer
        if endpointer.voiced < SHORTEST or (self._guard is not None and not self.speaking):
            return ()
        self._feed_until(endpointer.position)
        wait = self._patience.after(self._stream.partial())
        if wait > QUICK and self._again and not self._twice and endpointer.silence >= QUICK:
            wait = self._hear_twice(wait)
        return endpointer.wait(wait)

    def _hear_twice(self, wait: float) -> float:
        """End a short utterance on trial: if that is a whole phrase it stands, else the engine hears it anew and goes on."""
        self._twice = True
        if self._fed - self._begun > SHORT:
            return wait
        said = self._stream.final()
        found = self._patience.after(said.text)
        if said.text and found <= QUICK:
            self._said = said
            return found
        self._stream.accept(self._tape.part(self._begun, self._fed))
        return wait

    def _end(self, last_voiced: int, voiced: int, confirmed: bool) -> list[Output]:
        if self._guard is not None:
            voiced = voiced if confirmed else self._guard.voiced()
            self._guard.forget()
        if not confirmed and voiced < SHORTEST:
            return []
        if self._said is None:
            self._feed_until(self._endpointer.position)
        said = self._said or self._stream.final()
        voice = measure(self._tape.part(self._begun, last_voiced), RATE) if said.text or confirmed else None
        heard = Heard(said, self._begun, last_voiced, voice)
        if confirmed:
            return [heard]
        return [Started(), heard] if said.text else []

    def _feed_until(self, position: int) -> None:
        if position > self._fed:
            self._stream.accept(self._tape.part(self._fed, position))
            self._fed = position

    def _partials(self) -> list[Output]:
        text = self._stream.partial()
        if text in ("", "…", self._last_partial):
            return []
        self._last_partial = text
        return [Partial(text)]
