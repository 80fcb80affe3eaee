"""Where an utterance begins and ends, from voice probabilities. No I/O, no clock, no audio.

Time is counted in samples since the turn began, so the same audio gives the same decisions however fast it is fed. The
caller's audio goes through three states:

    IDLE     nothing voiced; nothing needs to be recognised
    OPEN     voiced, but not yet for `confirm` seconds: a cough, a click, or the start of speech
    SPEAKING confirmed speech

OPEN and SPEAKING end after `patience` seconds of silence, or when `longest` is reached. Whoever knows what was said so far may
set another patience for the utterance that is open (`wait`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

VOICED = 0.5
"""Probability from which a window counts as voiced."""
STILL_VOICED = 0.35
"""Probability above which a window that follows a voiced one still counts: the soft end of a word."""


class State(Enum):
    IDLE = "idle"
    OPEN = "open"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class Opened:
    """Something voiced began; audio from `start` on belongs to it."""

    start: int
    """Sample where the pre-roll begins, never before the end of the utterance before."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """It has been voiced long enough to be speech."""

    position: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The caller fell silent for `patience`, or spoke longer than `longest`."""

    last_voiced: int
    """Sample after the last voiced window."""
    voiced: int
    """Samples that were voiced."""
    confirmed: bool
    """False for a cough, a click or a very short word: the recogniser decides."""


Decision = Opened | Confirmed | Ended


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that turn probabilities into decisions."""

    patience: float = 0.5
    """Silence that ends an utterance, where `wait` says nothing else of it."""
    confirm: float = 0.3
    """Voiced audio, less the gaps in it, that makes speech of it."""
    pre_roll: float = 0.3
    """Audio kept from before the first voiced window: soft consonants begin there."""
    longest: float = 15.0
    """An utterance is cut here."""


class Endpointer:
    """Takes one probability a window, gives the decisions it leads to, in order.

    Confirmation leaks: silent windows inside an unconfirmed utterance are taken off its voiced time, so clicks that come now
    and then never add up to speech.
    """

    def __init__(self, timing: Timing, *, rate: int = 8000, window: int = 256) -> None:
        self._window = window
        self._rate = rate
        self._usual = self._patience = round(timing.patience * rate)
        self._confirm = round(timing.confirm * rate)
        self._pre_roll = round(timing.pre_roll * rate)
        self._longest = round(timing.longest * rate)
        self._position = 0
        self._floor = 0
        self._last_was_voiced = False
        self._begin()

    @property
    def state(self) -> State:
        return self._state

    @property
    def position(self) -> int:
        """Samples seen since the turn began."""
        return self._position

    @property
    def silence(self) -> float:
        """Seconds since the last voiced window of the utterance that is open; 0 where none is."""
        return 0.0 if self._state is State.IDLE else (self._position - self._last_voiced) / self._rate

    @property
    def voiced(self) -> int:
        """Voiced samples of the utterance that is open."""
        return self._voiced

    @property
    def keep_from(self) -> int:
        """Audio before this sample will never be asked for again."""
        if self._state is not State.IDLE:
            return self._start
        return max(self._floor, self._position - self._pre_roll)

    def push(self, probability: float) -> tuple[Decision, ...]:
        """Take the voice probability (0..1) of the next window."""
        begin = self._position
        self._position += self._window
        voiced = probability >= (STILL_VOICED if self._last_was_voiced else VOICED)
        self._last_was_voiced = voiced
        if self._state is State.IDLE:
            return self._while_idle(begin) if voiced else ()
        return self._while_open(voiced)

    @property
    def sounding(self) -> bool:
        """Whether the newest window counts as voiced."""
        return self._last_was_voiced

    def recount(self, heard: Iterable[tuple[int, bool | None]]) -> bool:
        """Count the windows of the utterance anew: where each begins, and whether it is the caller's voice, None for neither
        here nor there. What went before it does not belong to it any more. False, and OPEN or IDLE again, where they do not
        make speech.
        """
        first, self._score, self._voiced = -1, 0, 0
        for begin, voiced in heard:
            if voiced:
                first = begin if first < 0 else first
                self._voiced += self._window
                self._score += self._window
            elif voiced is False:
                self._score = max(0, self._score - self._window)
                first = first if self._score else -1
                self._voiced = self._voiced if self._score else 0
        if first < 0:
            self._begin()
            return False
        self._start = max(self._floor, first - self._pre_roll)
        self._state = State.SPEAKING if self._score >= self._confirm else State.OPEN
        return self._state is State.SPEAKING

    def wait(self, patience: float) -> tuple[Decision, ...]:
        """End the utterance that is open after `patience` seconds of silence: now, where it has lasted that long."""
        if self._state is State.IDLE:
            return ()
        self._patience = round(patience * self._rate)
        return self._ended() if self._position - self._last_voiced >= self._patience else ()

    def skip(self, windows: int) -> tuple[Decision, ...]:
        """As many windows of certain silence."""
        decisions: tuple[Decision, ...] = ()
        for _ in range(windows):
            decisions += self.push(0.0)
        return decisions

    def _begin(self) -> None:
        self._state = State.IDLE
        self._patience = self._usual
        self._start = 0
        self._voiced = 0
        self._score = 0
        self._last_voiced = 0
        self._last_was_voiced = False

    def _while_idle(self, begin: int) -> tuple[Decision, ...]:
        self._state = State.OPEN
        self._start = max(self._floor, begin - self._pre_roll)
        return (Opened(self._start), *self._while_open(True))

    def _while_open(self, voiced: bool) -> tuple[Decision, ...]:
        decisions: list[Decision] = []
        self._score = max(0, self._score + (self._window if voiced else -self._window))
        if voiced:
            self._voiced += self._window
            self._last_voiced = self._position
        if self._state is State.OPEN and self._score >= self._confirm:
            self._state = State.SPEAKING
            decisions.append(Confirmed(self._position))
        if self._position - self._last_voiced >= self._patience or self._position - self._start >= self._longest:
            decisions += self._ended()
        return tuple(decisions)

    def _ended(self) -> tuple[Ended]:
        ended = Ended(self._last_voiced, self._voiced, self._state is State.SPEAKING)
        self._floor = self._position
        self._begin()
        return (ended,)
