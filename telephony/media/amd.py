"""Who answered a call that we placed: a person, a machine, or the beep after which a message may be left. No I/O, no clock.

A person says "hello?" and waits; a machine talks on. The detector counts voice and silence in 20 ms frames: its time is the
number of frames, so it runs the same on a call and on a file. After `machine` it goes on listening for the beep.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from telephony.media.spectrum import dbfs, mean_square

FRAME_MS = 20
_BINS = np.hanning(160).astype(np.float32)
_PAD = 800
"""Points of the spectrum: 10 Hz apart."""


class Answerer(Enum):
    HUMAN = "human"
    MACHINE = "machine"
    BEEP = "beep"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    answerer: Answerer
    reason: str
    """`short_greeting`, `long_greeting`, `many_words`, `beep`, `no_voice`, or `time_out`."""
    at_ms: int
    """Milliseconds after the first frame."""
    greeting_ms: int
    words: int


@dataclass(frozen=True, slots=True)
class AmdSettings:
    """Milliseconds, unless told otherwise."""

    initial_silence: int = 3500
    """Nobody speaks for so long: `unknown`, because a person may be listening too."""
    long_greeting: int = 1800
    """A greeting as long is a machine's."""
    after_greeting: int = 800
    """Silence after a short greeting that makes it a person's."""
    word_gap: int = 80
    """Silence that parts two words."""
    shortest_word: int = 100
    most_words: int = 4
    """More are a machine's."""
    total: int = 6000
    """Without a verdict by then: `unknown`."""
    beep: int = 180
    """One steady tone for so long is a beep."""
    beep_wait: int = 45000
    """How long after `machine` a beep is waited for."""
    voice_dbfs: float = -42.0
    """Louder frames are voice; the threshold rises with the noise of the line."""


class AnswerDetector:
    """`hear` returns a verdict when there is one: first who answered, and after a machine the beep. Then `over` is True."""

    __slots__ = (
        "_beeping",
        "_gap",
        "_greeting",
        "_ms",
        "_noise",
        "_pitch",
        "_settings",
        "_spoken",
        "_voiced",
        "_words",
        "over",
        "verdict",
    )

    def __init__(self, settings: AmdSettings | None = None) -> None:
        self._settings = settings or AmdSettings()
        self._ms = self._greeting = self._words = self._voiced = self._gap = self._beeping = 0
        self._spoken = False
        self._noise = -70.0
        self._pitch = 0.0
        self.verdict: Verdict | None = None
        """The last one."""
        self.over = False
        """True when nothing more will be found."""

    def hear(self, frame: NDArray[np.int16]) -> Verdict | None:
        """Take 160 samples, 8 kHz mono."""
        if self.over:
            return None
        self._ms += FRAME_MS
        level = dbfs(mean_square(frame))
        if self._beeps(frame, level):
            return self._decide(Answerer.BEEP, "beep")
        self._count(self._is_voice(level))
        if self.verdict is not None:
            self.over = self._ms - self.verdict.at_ms >= self._settings.beep_wait
            return None
        return self._judge()

    def _is_voice(self, level: float) -> bool:
        """Louder than the line's own noise, whose level is followed slowly upwards and at once downwards."""
        self._noise = min(level, self._noise + 0.05) if level > self._noise else max(level, -70.0)
        return level > max(self._settings.voice_dbfs, self._noise + 12.0)

    def _count(self, voice: bool) -> None:
        """A word is voice of some length, ended by a gap; the greeting runs from the first word to the end of the last."""
        if voice:
            self._voiced += FRAME_MS
            if self._voiced == self._settings.shortest_word or (
                not self._spoken and self._voiced > self._settings.shortest_word
            ):
                self._words += 1
                self._greeting += self._voiced + (self._gap if self._spoken else 0)
                self._spoken = True
            elif self._voiced > self._settings.shortest_word:
                self._greeting += FRAME_MS
            if self._voiced >= self._settings.shortest_word:
                self._gap = 0
            return
        self._gap += FRAME_MS
        if self._gap >= self._settings.word_gap:
            if 0 < self._voiced < self._settings.shortest_word:  # a click: it was silence
                self._gap += self._voiced
            self._voiced = 0

    def _judge(self) -> Verdict | None:
        limits = self._settings
        if self._greeting >= limits.long_greeting:
            return self._decide(Answerer.MACHINE, "long_greeting")
        if self._words > limits.most_words:
            return self._decide(Answerer.MACHINE, "many_words")
        if self._spoken and self._gap >= limits.after_greeting:
            return self._decide(Answerer.HUMAN, "short_greeting")
        if not self._spoken and self._ms >= limits.initial_silence:
            return self._decide(Answerer.UNKNOWN, "no_voice")
        if self._ms >= limits.total:
            return self._decide(Answerer.UNKNOWN, "time_out")
        return None

    def _decide(self, answerer: Answerer, reason: str) -> Verdict:
        self.verdict = Verdict(answerer, reason, self._ms, self._greeting, self._words)
        self.over = answerer is not Answerer.MACHINE
        return self.verdict

    def _beeps(self, frame: NDArray[np.int16], level: float) -> bool:
        """One tone between 350 and 2000 Hz that holds the energy of the frames and its pitch, for `beep` milliseconds."""
        pitch = pitch_of(frame) if level > self._settings.voice_dbfs else 0.0
        steady = pitch > 0 and abs(pitch - self._pitch) <= 15.0
        self._beeping = self._beeping + FRAME_MS if steady else FRAME_MS if pitch else 0
        self._pitch = pitch
        return self._beeping >= self._settings.beep


def pitch_of(frame: NDArray[np.int16]) -> float:
    """Hz of the one tone that a 20 ms frame consists of, 10 Hz apart; 0.0 where it is anything else."""
    spectrum = np.abs(np.fft.rfft(frame.astype(np.float32) * _BINS, _PAD)) ** 2
    peak = int(spectrum.argmax())
    if not 35 <= peak <= 200:
        return 0.0
    near = float(spectrum[max(0, peak - 10) : peak + 11].sum())
    return peak * 10.0 if near >= 0.93 * float(spectrum.sum()) else 0.0
