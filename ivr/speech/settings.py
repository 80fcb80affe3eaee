"""What an operator may choose about speech. Checked once; seconds are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from ivr.errors import ConfigError


class Feed(Enum):
    """How telephone audio (8 kHz) is brought to a model trained on 16 kHz. Which is best depends on the model: measure."""

    NATIVE_8K = "native8k"
    """The recogniser is told 8 kHz and upsamples itself."""
    RESAMPLE = "resample"
    """Band-limited interpolation to 16 kHz; nothing above 4 kHz."""
    BANDFILL = "bandfill"
    """To 16 kHz, with a weak mirror of the band below 4 kHz above it, so that no filter bank is empty."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """How one language is heard, beside the name of its model."""

    engine: str = "vosk"
    """"vosk", "sherpa" or "remote"."""
    url: str = ""
    """Of a vosk-server (ws://HOST:PORT), for "remote"."""
    hot_words: tuple[str, ...] = ()
    """What a sherpa transducer favours."""
    speaker: str = ""
    """Name of a speaker model, for Vosk."""
    alternatives: int = 0
    """Other readings wanted with each utterance."""
    free: bool = False
    """Decode everything and match the phrases afterwards."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """Whisper on utterances that were heard badly."""

    model: str = ""
    """Name of an installed model or a folder; "" for none."""
    below: float = 0.6
    """Confidence under which it is asked."""
    within: float = 2.0
    """Seconds after which the first hearing stands."""


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """Which model hears which language, and how much of the machine it may take."""

    models: Mapping[str, str] = field(default_factory=dict)
    """Language to model name ("vosk-model-small-cn-0.22"). A model in `directory` wins over one in a Python package."""
    directory: Path = Path("models")
    """Where `ivr models install` puts models."""
    aliases: Mapping[str, Path] = field(default_factory=dict)
    """Language to an alias file; where none is given, `aliases.yaml` or `aliases-LANGUAGE.yaml` beside the model is taken."""
    feed: Feed = Feed.RESAMPLE
    feed_by_language: Mapping[str, Feed] = field(default_factory=dict)
    """Where a language needs another than `feed`."""
    uses: Mapping[str, ModelUse] = field(default_factory=dict)
    """Language to how its model is used; Vosk with a closed list where none is given."""
    second_opinion: SecondOpinion = SecondOpinion()
    workers: int = 0
    """Processes; 0 for one a core."""
    streams_per_worker: int = 60
    """A worker takes no more turns at once than this."""
    chunk_frames: int = 2
    """20 ms frames sent to a worker in one message. More cost less and answer later."""
    longest_utterance: float = 15.0
    """Seconds after which an utterance is cut."""
    behind: float = 2.0
    """Seconds of a turn's audio that may wait for a worker before the turn is given up."""
    most_lag: float = 1.0
    """Seconds by which a worker may be behind its callers and still be given new turns."""
    start_timeout: float = 120.0
    """Seconds that loading all models may take."""

    def __post_init__(self) -> None:
        for name in ("streams_per_worker", "chunk_frames"):
            if getattr(self, name) < 1:
                raise ConfigError(f"speech.{name} must be at least 1, not {getattr(self, name)}")
        if self.workers < 0:
            raise ConfigError(f"speech.workers must be 0 (one a core) or more, not {self.workers}")
        for name in ("longest_utterance", "behind", "most_lag", "start_timeout"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"speech.{name} must be more than 0 seconds, not {getattr(self, name)}")
