"""How a voice sounds beside the same caller's calm one: louder, higher, faster. Pure.

Nothing is said before two calm turns are known. Medians, and a caller's own spread, keep one odd measurement from counting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log2
from statistics import median

from ivr.speech.recognizer import VoiceFacts
from ivr.understanding.mood_reasons import Reason, reason

FEWEST, MOST = 2, 5
"""Calm turns from which a voice is compared, and up to which they are kept."""
SHORTEST = 0.3
"""Voiced seconds under which a voice tells nothing."""
SPREADS = 2.5
"""How many of the caller's own spreads a voice must lie away."""

_LOUD, _HIGH, _FAST = 0.5, 0.35, 0.2
"""The most that each counts as evidence: a voice alone makes a caller tense, and angry only where it goes on."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What is kept of a calm turn."""

    level: float
    """dBFS."""
    pitch: float
    """Semitones above 1 Hz; 0 where unknown."""
    rate: float
    """log2 of syllables a second; 0 where unknown."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """Beside the calm voice."""

    louder: float = 0.0
    """dB."""
    higher: float = 0.0
    """Semitones."""
    faster: float = 1.0
    """Times the calm rate."""
    spread: Voice = field(default_factory=lambda: Voice(0.0, 0.0, 0.0))
    """How far the calm turns lie from each other."""


def voice_of(facts: VoiceFacts | None) -> Voice | None:
    """What is kept; None where there is too little to compare."""
    if facts is None or facts.seconds < SHORTEST:
        return None
    return Voice(facts.level, 12 * log2(facts.pitch) if facts.pitch > 1 else 0.0, log2(facts.rate) if facts.rate > 0.1 else 0.0)


def heard(voices: tuple[Voice, ...], facts: VoiceFacts | None) -> tuple[Voice, ...]:
    """The calm voices with one more, as long as there is room."""
    found = voice_of(facts)
    return voices if found is None or len(voices) >= MOST else (*voices, found)


def compare(voices: Sequence[Voice], facts: VoiceFacts | None) -> Sounds:
    """How `facts` sound beside the calm voices; `Sounds()` where too little is known."""
    now = voice_of(facts)
    if now is None or len(voices) < FEWEST:
        return Sounds()
    calm, spread = (
        Voice(*(measure([getattr(one, name) for one in voices]) for name in ("level", "pitch", "rate")))
        for measure in (_middle, _spread)
    )
    return Sounds(
        now.level - calm.level,
        now.pitch - calm.pitch if now.pitch and calm.pitch else 0.0,
        2 ** (now.rate - calm.rate) if now.rate and calm.rate else 1.0,
        spread,
    )


def strain(sounds: Sounds) -> list[tuple[float, Reason]]:
    """Evidence of a raised voice, each with its reason; empty for a calm one."""
    faster = log2(max(sounds.faster, 0.1))
    found = [
        (_LOUD * _ramp(sounds.louder, 3.0, 8.0, sounds.spread.level), reason("louder", float(sounds.louder))),
        (_HIGH * _ramp(sounds.higher, 2.0, 4.0, sounds.spread.pitch), reason("higher", float(sounds.higher))),
        (_FAST * _ramp(faster, 0.3, 0.5, sounds.spread.rate), reason("faster", 100 * (sounds.faster - 1))),
    ]
    return [one for one in found if one[0] > 0]


def _ramp(value: float, dead: float, width: float, spread: float) -> float:
    """0 within `dead` or the caller's own spread, 1 from `width` beyond."""
    return min(1.0, max(0.0, value - max(dead, SPREADS * spread)) / width)


def _middle(values: Sequence[float]) -> float:
    known = [one for one in values if one]
    return median(known) if known else 0.0


def _spread(values: Sequence[float]) -> float:
    """1.48 times the median distance from the median: as a standard deviation, without its outliers."""
    middle = _middle(values)
    return 1.4826 * _middle([abs(one - middle) or 1e-9 for one in values if one])
