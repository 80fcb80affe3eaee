"""What a prompt directory should hold, and how each recording of it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from ivr.errors import ConfigError, SpeechUnavailable
from ivr.speech.catalog import CATALOG, Entry, read_catalog, text_key
from ivr.speech.music import MUSIC_VERSION, hold_music
from ivr.speech.prompts import SUFFIXES
from ivr.speech.recording import MASTER_RATE, finish, resample, write_recording
from ivr.speech.values import pieces
from ivr.speech.voice import RATE, Voice

TEXTS = "texts.yaml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one that flows are read with: it takes `fixed? }`, which the other refuses."""
_FINISH = "2"
"""Version of trimming and levelling: a new one renders everything again."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One recording that a directory should hold."""

    name: str
    language: str
    text: str = ""
    voiced: str = ""
    """What the voice is given, where that is not the text."""


def wanted_texts(path: Path) -> list[Wanted]:
    """Return what a `texts.yaml` asks for: `name: { language: text }`. Raises ConfigError with the place."""
    if not path.is_file():
        return []
    data = _yaml(path)
    if not isinstance(data, Mapping):
        raise ConfigError(f"{path}: expected `name: {{ language: text }}` on each line")
    found: list[Wanted] = []
    for name, texts in data.items():
        if not isinstance(texts, Mapping) or not all(isinstance(text, str) and text.strip() for text in texts.values()):
            raise ConfigError(f"{path}: {name}: expected a text for each language, such as {{ zh: 您好, en: Hello }}")
        found += [Wanted(str(name), str(language), text.strip()) for language, text in texts.items()]
    return found


def wanted_values(languages: Iterable[str]) -> list[Wanted]:
    """Return the pieces that values are read with."""
    return [Wanted(piece.name, language, piece.text, piece.voiced) for language in languages for piece in pieces(language)]


def wanted_words(flow: Path, languages: Sequence[str]) -> list[Wanted]:
    """Return the texts written in a flow, `{ zh: ..., en: ... }`, but for those with expressions in them."""
    found = {(language, text_key(text)): text for language, text in _texts_in(_yaml(flow), frozenset(languages))}
    return [Wanted(f"words/{_hash(language, key)}", language, text) for (language, key), text in found.items() if key]


def _texts_in(node: Any, languages: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        if node and languages.issuperset(node):
            yield from ((lang, text) for lang, text in node.items() if isinstance(text, str) and "{" not in text)
        for child in node.values():
            yield from _texts_in(child, languages)
    elif isinstance(node, list):
        for child in node:
            yield from _texts_in(child, languages)


def said_text(one: Wanted) -> str:
    """Return the text as a voice is given it: Chinese closed by a stop, without which short words come out slurred.

    A piece of a value ends its breath; any other open text, "您的余额是", goes on.
    """
    text = one.voiced or one.text
    if one.language != "zh" or not text[-1:].isalnum():
        return text
    return text + ("。" if one.name.startswith("values/") else "，")


class Studio:
    """Makes the recordings of one directory and keeps its catalogue."""

    def __init__(self, directory: Path, voice: Voice, rate: int = MASTER_RATE) -> None:
        """`rate` is that of what is rendered, in samples a second; another than the usual one renders everything again."""
        self._directory, self._rate = directory, rate
        self._voice = voice
        self.entries = {(entry.language, entry.name): entry for entry in read_catalog(directory / CATALOG)}

    def missing(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        """Return what has to be rendered, shortest first: no file yet, or a file of ours with an outdated text or voice."""
        unmade = [one for one in wanted if self._is_unmade(one)]
        return sorted(unmade, key=lambda one: len(one.text))

    def render(self, one: Wanted) -> Entry:
        """Make one recording and enter it. Raises SpeechUnavailable."""
        path = self._path(one)
        samples = self._speak(one) if one.language else hold_music(self._rate)
        write_recording(path, samples, self._rate)
        speaker, model, licence = self._credits(one)
        seconds = round(len(samples) / self._rate, 2)
        entry = Entry(one.name, one.language, one.text, speaker, model, licence, self._key(one), file_hash(path), seconds)
        self.entries[one.language, one.name] = entry
        return entry

    def _speak(self, one: Wanted) -> NDArray[np.int16]:
        samples = resample(self._voice.render(said_text(one), one.language), RATE, self._rate)
        piece = one.name.startswith("values/")
        samples = finish(samples, self._rate, lead=10 if piece else 20, tail=30 if piece else 120)
        if not len(samples):
            raise SpeechUnavailable(f"{self._voice.model} says nothing for {one.text!r} in {one.language!r}")
        return samples

    def _is_unmade(self, one: Wanted) -> bool:
        path, entry = self._path(one), self.entries.get((one.language, one.name))
        if not path.is_file():
            others = path.parent.glob(f"{path.stem}.*")
            return not any(other.suffix.lower() in SUFFIXES for other in others)
        return entry is not None and entry.audio == file_hash(path) and entry.key != self._key(one)

    def _path(self, one: Wanted) -> Path:
        return self._directory / one.language / f"{one.name}.wav"

    def _credits(self, one: Wanted) -> tuple[str, str, str]:
        if not one.language:
            return "synthesiser", "hotline", "GPL-3.0-or-later"
        return self._voice.speaker(one.language), self._voice.model, self._voice.licence

    def _key(self, one: Wanted) -> str:
        rate = () if self._rate == MASTER_RATE else (str(self._rate),)
        if not one.language:
            return _hash(one.name, MUSIC_VERSION, *rate)
        return _hash(said_text(one), self._voice.model, self._voice.speaker(one.language), _FINISH, *rate)


def file_hash(path: Path) -> str:
    """Return 12 hex digits that change with the file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text("utf-8"), _LOADER)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from None
