"""Settings of what is made of words and voices: `understanding`."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.errors import ConfigError


@dataclass(frozen=True, slots=True)
class MoodOptions:
    """What all flows begin with; a flow's own `mood:` block wins."""

    enabled: bool = True
    """Whether moods are told at all; without it no `angry` edge is taken but by its closed list of phrases."""
    voice: bool = True
    """Whether loudness, pitch and speech rate count besides the words and what the caller does."""
    tense: float = 0.35
    """Level (0..1) from which a caller is tense."""
    angry: float = 0.65
    """Level from which a caller is angry; it lies above `tense`."""


@dataclass(frozen=True, slots=True)
class UnderstandingOptions:
    mood: MoodOptions = field(default_factory=MoodOptions)


def check_understanding(options: UnderstandingOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    mood = options.mood
    if not 0 < mood.tense < mood.angry <= 1:
        raise ConfigError(
            f"{file}: understanding.mood: tense {mood.tense:g} and angry {mood.angry:g} are levels with 0 < tense < angry <= 1"
        )
