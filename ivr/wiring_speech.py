"""Which model hears which language, from the settings and what is installed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ivr.settings import Settings
from ivr.speech.models import locate
from ivr.speech.settings import Feed, ModelUse, SecondOpinion, SpeechSettings

KNOWN_MODELS = {
    "zh": ("vosk-model-cn-0.22", "vosk-model-small-cn-0.22"),
    "en": ("vosk-model-en-us-0.22", "vosk-model-en-us-0.22-lgraph", "vosk-model-small-en-us-0.15"),
}
"""Looked for where the settings name no model, best first."""


def speech_settings(settings: Settings, languages: Iterable[str], data: Path) -> SpeechSettings:
    """Which model hears which language: as the settings say, else the best one that is installed."""
    options, second = settings.speech, settings.speech.second_opinion
    folder = Path(options.models_dir) if options.models_dir else data / "models"
    named = {language: options.of(language) for language in options.models}
    models = {language: one.model or one.url for language, one in named.items()}
    if not models:
        for language in languages:
            installed = (name for name in KNOWN_MODELS.get(language, ()) if locate(name, folder) is not None)
            if name := next(installed, ""):
                models[language] = name
    if not options.enabled:
        models = {}
    return SpeechSettings(
        models=models,
        directory=folder,
        aliases={language: Path(path) for language, path in options.aliases.items()},
        feed=Feed(options.feed),
        feed_by_language={language: Feed(one.feed) for language, one in named.items()},
        uses={
            language: ModelUse(one.engine, one.url, one.hot_words, one.speaker, one.alternatives, one.free)
            for language, one in named.items()
        },
        second_opinion=SecondOpinion(second.model, second.below, second.within),
        workers=options.workers,
        streams_per_worker=options.turns_per_worker,
    )
