"""What flows understand: models trained from their examples, kept on disk by what they were made of.

A flow that takes in a library shares its model with all that do; only what a flow adds is trained for it. Training takes
seconds and happens elsewhere (`Minds.learn` blocks: in a worker or a command); until it is done the flow's own words are matched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ivr.dialplan import library
from ivr.dialplan.model import Flow
from ivr.understanding.classifier import OUT_OF_SCOPE, Mind, Model, from_bytes, to_bytes
from ivr.understanding.training import VERSION, Example, train

SHARPNESS = 4.0
"""From margins to probabilities; measured on examples left out of training."""
SUFFIX = ".mind"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one model is made of."""

    language: str
    libraries: tuple[str, ...]
    own: tuple[tuple[str, str, str], ...] = ()
    """Name, sentence and pattern of what a flow adds; empty for the libraries themselves."""

    @property
    def key(self) -> str:
        """The same for the same content."""
        said = [(name, library.digest(name)) for name in (self.libraries or (library.COMMON,))]
        return hashlib.sha256(repr((VERSION, self.language, self.libraries, said, self.own)).encode()).hexdigest()[:24]

    def examples(self) -> list[Example]:
        found = [Example(text, name, pattern) for name, text, pattern in self.own]
        for one in self.libraries or (library.COMMON,):
            shelf = library.library(one)
            names = shelf.intents if self.libraries else (OUT_OF_SCOPE,)
            found += [Example(text, name, line) for name in names for text, line in shelf.sentences(name, self.language)]
        return found

    def names(self) -> set[str]:
        if not self.own:
            return {name for one in self.libraries for name in library.library(one).intents}
        return {name for name, _, _ in self.own} | (set() if self.libraries else {OUT_OF_SCOPE})


def lessons(flow: Flow, language: str) -> tuple[Lesson, ...]:
    """What is to be learnt for a flow in one language."""
    found = [Lesson(language, flow.libraries)] if flow.libraries else []
    own = tuple(
        (intent.name, text, str(place.line))
        for intent in flow.intents.values()
        if not intent.library
        for text, place in intent.examples.get(language, ())
    )
    return (*found, Lesson(language, flow.libraries, own)) if own else tuple(found)


def cache_folder() -> Path:
    """Where models are kept that belong to no data folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hotline" / "minds"


@dataclass(slots=True)
class Minds:
    """Trained models by what they were made of."""

    folder: Path = field(default_factory=cache_folder)
    _models: dict[str, Model] = field(default_factory=dict)

    def mind(self, flow: Flow, language: str) -> Mind | None:
        """What the flow understands by what is in memory; None where something is still to be learnt, or nothing is."""
        models = [self._models.get(lesson.key) for lesson in lessons(flow, language)]
        ready = tuple(model for model in models if model is not None)
        shared = (name for one in flow.libraries for name in library.library(one).intents)
        everywhere = frozenset([OUT_OF_SCOPE, *shared])
        return Mind(ready, SHARPNESS, everywhere) if ready and len(ready) == len(models) else None

    def learn(self, flows: Iterable[Flow]) -> None:
        """Have every model of these flows in memory: from disk, else trained now. Takes seconds the first time."""
        for flow in flows:
            for language in flow.languages:
                for lesson in lessons(flow, language):
                    if lesson.key not in self._models:
                        self._models[lesson.key] = from_bytes(self.studied(lesson))

    def studied(self, lesson: Lesson) -> bytes:
        """The model of a lesson as a file, read or made; a folder that cannot be written costs time, and is no error."""
        path = self.folder / f"{lesson.key}{SUFFIX}"
        with contextlib.suppress(OSError, ValueError):
            data = path.read_bytes()
            from_bytes(data)
            return data
        data = to_bytes(train(lesson.examples(), lesson.names()))
        with contextlib.suppress(OSError):
            _write(path, data)
        return data


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing: several processes may write the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)
