"""Intents that every hotline knows, with their examples: a flow takes them in by `intents: { use: common }`. Pure.

They stand in `ivr/dialplan/library/NAME/INTENT.yaml`: a label, and by language one example or pattern a line
(`ivr.dialplan.patterns`). `out_of_scope` is what people say that is none of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from ivr.dialplan.patterns import expand

FOLDER = Path(__file__).parent / "library"
OUT_OF_SCOPE = "out_of_scope"
COMMON = "common"
SENTENCES = 16
"""Taken from one pattern when a model is trained."""
SAID_FIRST = 8
"""Examples of an intent that a recogniser is told, where it must have a list: they stand first."""
_WORDS = "_words"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Known:
    """An intent of a library."""

    name: str
    label: Mapping[str, str]
    examples: Mapping[str, tuple[str, ...]]
    """Language to examples and patterns, the commonest first."""

    def first(self, language: str) -> tuple[str, ...]:
        """What is said most."""
        plain = (text for text in self.examples.get(language, ()) if not any(mark in text for mark in "([<"))
        return tuple(text for text, _ in zip(plain, range(SAID_FIRST), strict=False))


@dataclass(frozen=True, slots=True)
class Library:
    """One collection of intents."""

    name: str
    intents: Mapping[str, Known]
    words: Mapping[str, Sequence[str]]

    def sentences(self, name: str, language: str) -> tuple[tuple[str, str], ...]:
        """Everything that is said for an intent, each with the line that it comes from."""
        lines = self.intents[name].examples.get(language, ())
        return tuple((text, line) for line in lines for text in expand(line, self.words, SENTENCES))


def names() -> tuple[str, ...]:
    """Which libraries there are."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))


@cache
def library(name: str) -> Library:
    """A library of `names()`; read once."""
    files = sorted((FOLDER / name).glob("*.yaml"))
    data = {path.stem: yaml.load(path.read_text("utf-8"), Loader=_LOADER) for path in files}
    words = data.pop(_WORDS, {})
    return Library(name, {one: _known(one, inner) for one, inner in data.items()}, words)


@cache
def digest(name: str) -> str:
    """Of everything in a library: another one after any change."""
    texts = (path.name.encode() + path.read_bytes() for path in sorted((FOLDER / name).glob("*.yaml")))
    return hashlib.sha256(b"\0".join(texts) + str(SENTENCES).encode()).hexdigest()[:16]


def _known(name: str, data: Mapping[str, object]) -> Known:
    texts = {key: tuple(line.strip() for line in str(value).splitlines() if line.strip()) for key, value in data.items()}
    label = data.get("label")
    texts.pop("label", None)
    return Known(name, dict(label) if isinstance(label, Mapping) else {}, texts)
