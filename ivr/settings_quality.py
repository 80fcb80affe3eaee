"""Settings of scorecards, reviews and the work list of reviewers: `quality`."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.errors import ConfigError

MOODS = ("calm", "tense", "angry")


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """Which contacts are put before reviewers."""

    enabled: bool = True
    low_score: int = 60
    """Automatic scores below it; 0 for none."""
    moods: tuple[str, ...] = ("angry",)
    """How the caller felt at the end."""
    tags: tuple[str, ...] = ("complaint",)
    """Tags and intents of complaints."""
    random: int = 2
    """Of each agent a week, by chance."""
    most: int = 10
    """Of each agent a week, all reasons together."""


@dataclass(frozen=True, slots=True)
class QualityOptions:
    scorecards: tuple[str, ...] = ()
    """Folders with scorecards; empty: `scorecards` in each folder of `dialplans`."""
    automatic: bool = True
    """Review every contact with an agent by rule."""
    appeal_days: int = 7
    """For which an agent may appeal a published review; 0: there are no appeals."""
    sampling: SamplingOptions = field(default_factory=SamplingOptions)


def check_quality(options: QualityOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    place, sampling = f"{file}: quality", options.sampling
    if not 0 <= options.appeal_days <= 365:
        raise ConfigError(f"{place}.appeal_days: {options.appeal_days} is not from 0 to 365")
    for name in sampling.moods:
        if name not in MOODS:
            raise ConfigError(f"{place}.sampling.moods: '{name}' is none of {', '.join(MOODS)}")
    if not 0 <= sampling.low_score <= 100:
        raise ConfigError(f"{place}.sampling.low_score: {sampling.low_score} is not from 0 to 100")
    if not 0 <= sampling.random <= sampling.most <= 1000:
        raise ConfigError(
            f"{place}.sampling: random is 0 to most, most at most 1000; found {sampling.random} and {sampling.most}"
        )
