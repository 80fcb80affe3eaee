"""The words of recordings and how long they last, from the catalogues alone: what a simulated call is spoken with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from ivr.dialplan.events import Prompt, Utterance
from ivr.dialplan.mocks import reading_seconds
from ivr.errors import ConfigError
from ivr.speech.catalog import CATALOG, read_catalog
from ivr.speech.prompts import PromptLibrary, Recording, languages_in, recording_files
from telephony.media.clip import Clip

MUSIC_SECONDS = 30.0
"""How long a recording lasts of which nothing is known."""
_NOTHING = Clip.silence(0.02)


class RecordedWording:
    """What recordings say (`ivr.dialplan.mocks.Wording`). Texts that nobody recorded yet are read at the speed of people."""

    def __init__(self, texts: Mapping[tuple[str, str], str], seconds: Mapping[tuple[str, str], float]) -> None:
        """Both by language ("" for none) and name; `seconds` knows everything that is recorded."""
        recordings = {key: Recording(_NOTHING, text, Path()) for key, text in texts.items()}
        self._library = PromptLibrary(recordings, {language for language, _ in texts if language})
        self._seconds = dict(seconds)
        self._known = {name for _, name in (*texts, *seconds)}
        self._cached = lru_cache(maxsize=4096)(self._library.text)

    @classmethod
    def load(cls, folders: Iterable[Path]) -> RecordedWording:
        """From prompt folders, later ones over earlier ones; none at all is nothing recorded. Raises ConfigError."""
        texts: dict[tuple[str, str], str] = {}
        seconds: dict[tuple[str, str], float] = {}
        present = [folder for folder in folders if folder.is_dir()]
        languages = languages_in(present)
        for folder in present:
            texts |= _written(folder / "texts.yaml")
            seconds |= dict.fromkeys(recording_files(folder, languages), MUSIC_SECONDS)
            for entry in read_catalog(folder / CATALOG):
                seconds[entry.language, entry.name] = entry.seconds or MUSIC_SECONDS
                if entry.text:
                    texts[entry.language, entry.name] = entry.text
        return cls(texts, seconds)

    def text(self, utterances: Sequence[Utterance]) -> str:
        """What the caller hears."""
        return self._cached(tuple(utterances))

    def seconds(self, utterance: Utterance) -> float:
        """How long it lasts; what is not recorded as long as a person needs to read it."""
        if isinstance(utterance, Prompt):
            for language in (utterance.language, ""):
                if (language, utterance.name) in self._seconds:
                    return self._seconds[language, utterance.name]
        return reading_seconds(self.text((utterance,)), utterance.language)

    def missing(self, utterance: Utterance) -> bool:
        """True for a prompt that has no recording, where there are recordings at all."""
        if not self._seconds or not isinstance(utterance, Prompt):
            return False
        return not any((language, utterance.name) in self._seconds for language in (utterance.language, ""))


def _written(path: Path) -> dict[tuple[str, str], str]:
    """Texts of `texts.yaml`, recorded or not."""
    try:
        data = yaml.safe_load(path.read_text("utf-8")) or {} if path.is_file() else {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected a name and its texts, such as `welcome: {{ zh: 您好 }}`")
    found: dict[tuple[str, str], str] = {}
    for name, inner in data.items():
        for language, text in inner.items() if isinstance(inner, dict) else ():
            if isinstance(text, str):
                found[str(language), str(name)] = text
    return found
