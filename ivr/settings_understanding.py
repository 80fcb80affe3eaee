"""Settings of what is made of words and voices: `understanding`."""

from __future__ import annotations

from collections.abc import Mapping
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


TRANSCRIBE = ("off", "phrases", "free")


@dataclass(frozen=True, slots=True)
class TalkOptions:
    """How a talk of caller and agent is heard, where the flow does not say (`talk:`)."""

    transcribe: str | bool = "phrases"
    """`phrases` hears what triggers and intents wait for, `free` every word (about 20 times dearer), `off` nothing."""
    queues: Mapping[str, str | bool] = field(default_factory=dict)
    """Queue to another way, for the talks that come out of it."""
    sure: float = 0.5
    """How certain (0..1) words must be to count."""

    def way(self, queue: str) -> str:
        """How the talks of a queue are heard: `off`, `phrases` or `free`. An `off` without quotes is false in YAML 1.1."""
        found = self.queues.get(queue, self.transcribe)
        return found if isinstance(found, str) else TRANSCRIBE[found]


@dataclass(frozen=True, slots=True)
class LlmOptions:
    """A language model that words summaries, on top of those by rule. It gets nothing private, and its words are marked."""

    url: str = ""
    """Base of an OpenAI-compatible endpoint, as `http://127.0.0.1:8081/v1`; empty: none."""
    model: str = ""
    key: str = ""
    """By `env:NAME`; empty for an endpoint that asks for none."""
    tasks: tuple[str, ...] = ("summary",)
    """What it may do: `summary`."""
    within: float = 5.0
    """Seconds it has; then the summary by rule stays. `5s`."""


@dataclass(frozen=True, slots=True)
class UnderstandingOptions:
    mood: MoodOptions = field(default_factory=MoodOptions)
    talk: TalkOptions = field(default_factory=TalkOptions)
    llm: LlmOptions = field(default_factory=LlmOptions)
    triggers: str = ""
    """File of triggers that all flows share."""


def check_understanding(options: UnderstandingOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    _check_llm(options.llm, f"{file}: understanding.llm")
    _check_talk(options.talk, f"{file}: understanding.talk")
    mood = options.mood
    if not 0 < mood.tense < mood.angry <= 1:
        raise ConfigError(
            f"{file}: understanding.mood: tense {mood.tense:g} and angry {mood.angry:g} are levels with 0 < tense < angry <= 1"
        )


def _check_llm(llm: LlmOptions, place: str) -> None:
    if not llm.url:
        return
    if not llm.url.startswith(("http://", "https://")):
        raise ConfigError(f"{place}.url: '{llm.url}' is not http://HOST:PORT/v1 or https://HOST/v1")
    if not llm.model:
        raise ConfigError(f"{place}.model: name the model that the endpoint is to use")
    unknown = [task for task in llm.tasks if task != "summary"]
    if unknown:
        raise ConfigError(f"{place}.tasks: '{unknown[0]}' is not summary")
    if not 0.2 <= llm.within <= 30:
        raise ConfigError(f"{place}.within: from 200ms to 30s, not {llm.within:g}s")


def _check_talk(talk: TalkOptions, place: str) -> None:
    ways = {"transcribe": talk.transcribe, **{f"queues.{name}": way for name, way in talk.queues.items()}}
    for name, way in ways.items():
        if way is not False and way not in TRANSCRIBE:
            raise ConfigError(f"{place}.{name}: '{way}' is not off, phrases or free")
    if not 0 <= talk.sure <= 1:
        raise ConfigError(f"{place}.sure: a confidence from 0 to 1, such as 0.5, not {talk.sure:g}")
