"""Load models into this process: from what `ivr.speech.models.find_models` wants to engines.

One that is broken costs its own language and no other. sherpa-onnx ends the process where a model is not what it should be, so
such a model is tried in a child first.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ivr.errors import ConfigError, SpeechUnavailable
from ivr.speech.aliases import Aliases
from ivr.speech.engine import Engine
from ivr.speech.remote_model import RemoteModel
from ivr.speech.settings import Feed
from ivr.speech.sherpa_files import SherpaFiles, read_files
from ivr.speech.sherpa_model import SherpaModel
from ivr.speech.vosk_folder import tuned
from ivr.speech.vosk_model import VoskModel


def load(wanted: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Engine], dict[str, str]]:
    """Language to loaded model, and language to the reason why it was not. A model of two languages is loaded once."""
    shared: dict[tuple[Any, ...], Any] = {}
    loaded: dict[str, Engine] = {}
    failed: dict[str, str] = {}
    for language, want in wanted.items():
        try:
            loaded[language] = _load_one(language, want, shared)
        except (ConfigError, SpeechUnavailable) as error:
            failed[language] = str(error)
        except Exception as error:  # vosk raises bare Exception where a model is broken
            failed[language] = f"{want['path']}: {error}"
    return loaded, failed


def read_aliases(path: str) -> Aliases:
    """Aliases from a YAML file; none for an empty path. Raises ConfigError where the file is missing or wrong."""
    if not path:
        return Aliases()
    try:
        return Aliases.from_data(yaml.safe_load(Path(path).read_text("utf-8")), path)
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _load_one(language: str, want: Mapping[str, Any], shared: dict[tuple[Any, ...], Any]) -> Engine:
    aliases = read_aliases(want["aliases"])
    feed, alternatives, free = Feed(want["feed"]), int(want.get("alternatives", 0)), bool(want.get("free", False))
    match want.get("engine", "vosk"):
        case "vosk":
            model = _once(shared, ("vosk", want["path"]), lambda: _vosk(want["path"], speaker=False))
            spoken = want.get("speaker", "")
            speaker = _once(shared, ("speaker", spoken), lambda: _vosk(spoken, speaker=True)) if spoken else None
            return VoskModel(model, aliases, feed, speaker=speaker, alternatives=alternatives, free=free)
        case "sherpa":
            files = read_files(Path(want["path"]))
            recognizer = _once(shared, ("sherpa", want["path"]), lambda: _sherpa(files))
            return SherpaModel(recognizer, files, aliases, feed, tuple(want.get("hot_words", ())), free)
        case "remote":
            return RemoteModel(want["url"], language, aliases, feed, alternatives=alternatives, free=free)
        case engine:
            raise ConfigError(f"no speech engine {engine!r}; there are vosk, sherpa and remote")


def _once(shared: dict[tuple[Any, ...], Any], key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    if key not in shared:
        shared[key] = make()
    return shared[key]


def _vosk(path: str, *, speaker: bool) -> Any:
    import vosk

    vosk.SetLogLevel(-1)
    if speaker:
        return vosk.SpkModel(path)
    with tuned(Path(path)) as folder:
        return vosk.Model(str(folder))


def _sherpa(files: SherpaFiles) -> Any:
    if not _survives(files.load):
        raise SpeechUnavailable(f"{files.folder}: sherpa-onnx cannot load this model; its reason is above")
    return files.load()


def _survives(work: Callable[[], object]) -> bool:
    """Whether a child process does `work` and ends well. The caller has no threads."""
    reaping = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        child = os.fork()
        if child == 0:
            _end_after(work)
        return os.waitpid(child, 0)[1] == 0
    finally:
        signal.signal(signal.SIGCHLD, reaping)


def _end_after(work: Callable[[], object]) -> None:
    """Never returns: a child must not unwind into its parent's work."""
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)
