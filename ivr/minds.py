"""What flows understand: models trained from their examples, kept on disk by what they were made of.

A flow that takes in a library shares its model with all that do; only what a flow adds is trained for it. Training takes
seconds and scikit-learn, so it is done in a process of its own (`python -m ivr.minds`) or by a command that may wait.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from ivr.dialplan import library
from ivr.dialplan.events import Phrase
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Place
from ivr.understanding.classifier import OUT_OF_SCOPE, Mind, Model, from_bytes, to_bytes
from ivr.understanding.meaning import Meaning, meant

log = logging.getLogger(__name__)

VERSION = 6
"""Of what is made from the same examples; a new number makes all of it anew."""
SHARPNESS = 4.0
"""From margins to probabilities: with it, of what is 0.7 likely 70 % are right, on examples left out of training."""
FEW_SHARPNESS = 10.0
"""The same where all examples are a flow's own, few and told apart by little."""
SUFFIX = ".mind"
MOST_FLOWS = 500
"""Versions of flows whose models can be asked for; the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one model is made of."""

    language: str
    libraries: tuple[str, ...]
    own: tuple[tuple[str, str, str], ...] = ()
    """Name, sentence and pattern of what a flow adds; empty for the libraries themselves."""
    kinds: tuple[tuple[str, str], ...] = ()
    """Name to the wider one that it is a kind of."""

    @property
    def key(self) -> str:
        """The same for the same content."""
        said = [(name, library.digest(name)) for name in self._shelves]
        return hashlib.sha256(repr((VERSION, self.language, self.libraries, said, self.own, self.kinds)).encode()).hexdigest()[
            :24
        ]

    @property
    def _shelves(self) -> tuple[str, ...]:
        """Where examples are taken from; what is none of a flow's intents it learns from `common` in any case."""
        return self.libraries or (library.COMMON,)

    def train(self) -> Model | None:
        """The model; None where there is nothing to tell apart."""
        from ivr.understanding.training import Example, train

        found = [Example(text, name, pattern) for name, text, pattern in self.own]
        names = {name for name, _, _ in self.own}
        for one in self._shelves:
            shelf = library.library(one)
            taken = tuple(shelf.intents) if self.libraries else (OUT_OF_SCOPE,)
            found += [Example(text, name, line) for name in taken for text, line in shelf.sentences(name, self.language)]
            names |= set() if self.own else set(taken)
        if not names or len({one.name for one in found}) < 2:
            return None
        return train(found, names, dict(self.kinds), alone=not self.libraries)


def lessons(flow: Flow, language: str) -> tuple[Lesson, ...]:
    """What is to be learnt for a flow in one language; nothing for one without intents."""
    found = [Lesson(language, flow.libraries)] if flow.libraries else []
    own = tuple(
        (intent.name, text, str(number))
        for intent in flow.intents.values()
        if not intent.library
        for text, number in _numbered(intent.examples.get(language, ()))
    )
    kinds = tuple((name, wider) for name, wider in _kinds(flow).items() if any(one == name for one, _, _ in own))
    return (*found, Lesson(language, flow.libraries, own, kinds)) if own else tuple(found)


def _numbered(examples: Sequence[tuple[str, Place]]) -> list[tuple[str, int]]:
    """Each with the number of the line that it comes from, counted among them: elsewhere a flow may gain and lose lines."""
    numbers: dict[int, int] = {}
    return [(text, numbers.setdefault(place.line, len(numbers))) for text, place in examples]


def _kinds(flow: Flow) -> dict[str, str]:
    return {intent.name: intent.kind_of for intent in flow.intents.values() if intent.kind_of}


def cache_folder() -> Path:
    """Where models are kept by commands, which have no data folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hotline" / "minds"


@dataclass(slots=True)
class Minds:
    """Trained models, and which of them a version of a flow has."""

    folder: Path = field(default_factory=cache_folder)
    """Where models are kept; they are also taken from where commands keep theirs."""
    waits: bool = False
    """Whether who asks for what was not learnt yet waits until it is: for commands, never for a server."""
    _flows: dict[str, Flow] = field(default_factory=dict)
    _lessons: dict[tuple[str, str], tuple[Lesson, ...]] = field(default_factory=dict)
    _models: dict[str, Model] = field(default_factory=dict)
    _minds: dict[tuple[str, str], Mind] = field(default_factory=dict)

    def meet(self, flows: Iterable[Flow]) -> None:
        """Know flows by their versions, and those that they call."""
        for flow in flows:
            for one in (flow, *flow.subflows.values()):
                self._flows.setdefault(one.version, one)
        while len(self._flows) > MOST_FLOWS:
            oldest = self._flows.pop(next(iter(self._flows)))
            for language in oldest.languages:
                self._lessons.pop((oldest.version, language), None)
                self._minds.pop((oldest.version, language), None)

    def understand(self, text: str, phrases: Sequence[Phrase], version: str, language: str) -> Meaning:
        """What a text means where a flow of that version listens for `phrases`; by them alone while nothing is learnt."""
        return meant(text, phrases, lambda: self.mind(version, language))

    def mind(self, version: str, language: str) -> Mind | None:
        """What is understood in a language; None where something of it is not learnt yet, or there is nothing."""
        flow = self._flows.get(version)
        if flow is None or not flow.intents:
            return None
        if self.waits and (version, language) not in self._minds:
            self.learn(self.wanted([flow], language))
        if (version, language) not in self._minds:
            models = [self._models.get(lesson.key) for lesson in self._of(flow, language)]
            ready = tuple(model for model in models if model is not None)
            if not ready or len(ready) < len(models):
                return None
            shared = (name for one in flow.libraries for name in library.library(one).intents)
            sharpness = SHARPNESS if flow.libraries else FEW_SHARPNESS
            everywhere = frozenset([OUT_OF_SCOPE, *shared])
            self._minds[version, language] = Mind(ready, sharpness, everywhere, _kinds(flow))
        return self._minds[version, language]

    def _of(self, flow: Flow, language: str) -> tuple[Lesson, ...]:
        key = (flow.version, language)
        if key not in self._lessons:
            self._lessons[key] = lessons(flow, language)
        return self._lessons[key]

    def wanted(self, flows: Iterable[Flow], language: str = "") -> list[Lesson]:
        """What is still to be learnt for flows, in one language or in all of them."""
        found = {
            lesson.key: lesson
            for flow in flows
            for one in flow.languages
            if language in ("", one)
            for lesson in self._of(flow, one)
        }
        return [lesson for key, lesson in found.items() if key not in self._models]

    def learn(self, wanted: Iterable[Lesson]) -> None:
        """Have these models in memory: from disk, else trained. Blocks."""
        for lesson in wanted:
            if not self.recall(lesson) and (data := self.make(lesson)) is not None:
                self._models[lesson.key] = from_bytes(data)

    def recall(self, lesson: Lesson) -> bool:
        """Have a model in memory that is on disk; False where it is not. Blocks for as long as the disk does."""
        data = self._read(lesson)
        if data is not None:
            self._models[lesson.key] = from_bytes(data)
        return data is not None

    def _path(self, lesson: Lesson) -> Path:
        return self.folder / f"{lesson.key}{SUFFIX}"

    def _read(self, lesson: Lesson) -> bytes | None:
        for path in dict.fromkeys((self._path(lesson), cache_folder() / self._path(lesson).name)):
            with contextlib.suppress(OSError):
                data = path.read_bytes()
                try:
                    from_bytes(data)
                except ValueError as error:
                    log.warning("%s is made anew: %s", path, error)
                    continue
                return data
        return None

    def make(self, lesson: Lesson) -> bytes | None:
        """Train and keep; a folder that cannot be written costs time, and is no error."""
        model = lesson.train()
        if model is None:
            return None
        data = to_bytes(model)
        with contextlib.suppress(OSError):
            _write(self._path(lesson), data)
        return data

    def request(self, lesson: Lesson) -> bytes:
        """What `python -m ivr.minds` reads on its standard input to make this model."""
        return json.dumps({"folder": str(self.folder), "lesson": asdict(lesson)}).encode()


@cache
def shared() -> Minds:
    """Those of this process, for commands and trials, which wait for what is to be learnt."""
    return Minds(waits=True)


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing: several processes may write the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)


def main() -> int:
    """Train what is written on standard input, at the lowest priority: calls come first."""
    os.nice(10)
    told = json.load(sys.stdin)
    given = told["lesson"]
    own = tuple((str(name), str(text), str(pattern)) for name, text, pattern in given["own"])
    kinds = tuple((str(name), str(wider)) for name, wider in given["kinds"])
    Minds(Path(told["folder"])).make(Lesson(str(given["language"]), tuple(given["libraries"]), own, kinds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
