"""The catalogue of recordings: who says what, in which voice, under which licence. Written by `ivr prompts render`."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from ivr.errors import ConfigError

CATALOG = "catalog.yaml"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where it is there: every command that speaks reads a catalogue."""
_HEADER = """\
# Every recording of this folder: what it says, who speaks, and under which licence the voice is used.
# Written by `ivr prompts render`; texts belong into texts.yaml. A file put in a recording's place is kept.
recordings:
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording as the catalogue describes it."""

    name: str
    language: str
    """"" for what has no language: music."""
    text: str = ""
    voice: str = ""
    """Who speaks: a voice of the model, or a person."""
    model: str = ""
    licence: str = ""
    key: str = ""
    """Hash of text, voice, model and finish: another key means it has to be rendered again."""
    audio: str = ""
    """Hash of the file as it was rendered: another hash means that a person put another recording there."""
    seconds: float = 0.0


def read_catalog(path: Path) -> list[Entry]:
    """Return the entries of a catalogue, none where the file is missing. Raises ConfigError with the place."""
    if not path.is_file():
        return []
    try:
        data = yaml.load(path.read_text("utf-8"), _LOADER) or {}
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from None
    rows = data.get("recordings") if isinstance(data, Mapping) else None
    if not isinstance(rows, list):
        raise ConfigError(f"{path}: expected a list under 'recordings'")
    return [_entry(path, number, row) for number, row in enumerate(rows, start=1)]


def _entry(path: Path, number: int, row: Any) -> Entry:
    known = Entry.__dataclass_fields__
    if not isinstance(row, Mapping) or not {"name", "language"} <= row.keys():
        raise ConfigError(f"{path}: recording {number} needs a name and a language")
    unknown = sorted(str(field) for field in row if field not in known)
    if unknown:
        raise ConfigError(f"{path}: recording {number} ({row['name']}) has unknown fields: {', '.join(unknown)}")
    seconds = row.get("seconds", 0.0)
    if not isinstance(seconds, int | float):
        raise ConfigError(f"{path}: recording {number} ({row['name']}): seconds is not a number: {seconds!r}")
    return Entry(seconds=seconds, **{field: str(value) for field, value in row.items() if field != "seconds"})


def write_catalog(path: Path, entries: Iterable[Entry]) -> None:
    """Write a catalogue, one line a recording, ordered by name; the file changes whole or not at all."""
    rows = []
    for entry in sorted(entries, key=lambda entry: (entry.name.startswith("values/"), entry.name, entry.language)):
        fields = {field: value for field, value in asdict(entry).items() if value != "" or field == "language"}
        rows.append("  - " + json.dumps(fields, ensure_ascii=False) + "\n")
    part = path.with_name(path.name + ".part")
    part.write_text(_HEADER + "".join(rows), "utf-8")
    part.replace(path)


def text_key(text: str) -> str:
    """Return what two texts have in common that sound the same: their words, without case, width and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(char if char.isalnum() else " " for char in folded).split()
    return (" " if folded.isascii() else "").join(words)
