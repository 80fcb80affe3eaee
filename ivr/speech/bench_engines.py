"""The engines of a measurement: each with every feed it takes, one at a time, in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.speech.engine import Engine, EngineStream, Hypothesis
from ivr.speech.loading import load
from ivr.speech.models import find_models, kind_of, locate
from ivr.speech.second_opinion import surer
from ivr.speech.settings import Feed, SpeechSettings
from ivr.speech.whisper_model import WhisperModel

MOST_THREADS = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing to measure."""

    language: str
    model: str
    feed: Feed | None
    """None where it makes no difference."""
    engine: Engine


class WhisperEngine:
    """Whisper alone, as if it were an engine: what a second opinion could do at best."""

    name = "whisper"

    def __init__(self, folder: Path) -> None:
        self.model = WhisperModel(folder, min(MOST_THREADS, os.cpu_count() or 1))

    def create_stream(self, language: str, rate: int, phrases: Sequence[str], *, words: bool = False) -> EngineStream:
        return _WhisperStream(self.model, language, tuple(phrases))

    def unheard(self, phrases: Sequence[str]) -> tuple[str, ...]:
        return ()


class _WhisperStream:
    def __init__(self, model: WhisperModel, language: str, phrases: tuple[str, ...]) -> None:
        self._model, self._language, self._phrases = model, language, phrases
        self._kept: list[NDArray[np.int16]] = []

    def accept(self, samples: NDArray[np.int16]) -> None:
        self._kept.append(samples)

    def partial(self) -> str:
        return ""

    def final(self) -> Hypothesis:
        samples, self._kept = np.concatenate(self._kept), []
        opinion = self._model.hear(samples, self._language, self._phrases)
        return surer(Hypothesis(), opinion.text, opinion.confidence, self._phrases)

    def reset(self) -> None:
        self._kept = []


def candidates(settings: SpeechSettings, feeds: Sequence[Feed]) -> Iterator[Candidate]:
    """Every language of the settings with every feed; those that cannot be loaded are left out (`missing` names them)."""
    found, _ = find_models(replace(settings, second_opinion=replace(settings.second_opinion, model="")))
    for language, want in found.items():
        ways = [None] if want["engine"] == "whisper" else [feed for feed in feeds if _takes(want, feed)]
        engines, _ = load({language: want})
        for feed in ways:
            if language in engines:
                yield Candidate(language, settings.models[language], feed, _fed(engines[language], feed))


def missing(settings: SpeechSettings) -> dict[str, str]:
    """Language to why it cannot be measured, with the cure."""
    found, lacking = find_models(settings)
    _, failed = load(found)
    return {**lacking, **failed}


def whispers(name: str, languages: Sequence[str], directory: Path) -> list[Candidate]:
    """Whisper for each language; none where the model is not installed."""
    folder = locate(name, directory) or Path(name)
    if kind_of(folder) != "whisper":
        return []
    engine = WhisperEngine(folder)
    return [Candidate(language, folder.name, None, engine) for language in languages]


def _takes(want: dict[str, Any], feed: Feed) -> bool:
    return want["engine"] != "sherpa" or feed is not Feed.NATIVE_8K


def _fed(engine: Engine, feed: Feed | None) -> Engine:
    return engine if feed is None else replace(engine, feed=feed)  # type: ignore[type-var]
