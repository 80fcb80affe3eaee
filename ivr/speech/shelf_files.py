"""What lies in prompt folders and what lay there before: files, texts, and a journal of every change. No decisions.

Older recordings are kept beside a journal, one line a change, in a folder of the server's data.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ivr.errors import Conflict, NotFound
from ivr.speech.catalog import CATALOG, Entry, read_catalog, write_catalog
from ivr.speech.prompts import languages_in, recording_files
from ivr.speech.rendering import TEXTS, wanted_texts

KEPT = 20
"""Older recordings of one prompt in one language."""
LONGEST_JOURNAL = 200
LONGEST_NAME = 200
"""Octets of a prompt's name: it becomes the name of a file."""
_PART = re.compile(r"[^\W_][\w-]{0,79}|_[\w-]{1,79}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a journal: what happened to a recording, and what was there before."""

    version: str
    """Of the recording that was replaced or removed; "" where there was none."""
    at: float
    by: str
    what: str
    """`replaced`, `rendered`, `removed`, `restored`, `text`."""
    source: str = ""
    """Of the new recording: `upload`, `microphone`, `rendered`, `file`."""
    seconds: float = 0.0
    """Of the recording that was replaced."""
    made: str = ""
    """Hash of the new recording."""


def checked_name(name: str) -> str:
    """The name of a prompt. Raises NotFound for what can be none."""
    steps = name.split("/")
    if len(steps) > 4 or len(name.encode()) > LONGEST_NAME or not all(_PART.fullmatch(step) for step in steps):
        raise NotFound("a prompt's name is letters, digits, _ and -, with / between")
    return name


def checked_language(language: str) -> str:
    """ "" for `-`. Raises NotFound for what can be no language."""
    if language == "-":
        return ""
    if not _LANGUAGE.fullmatch(language):
        raise NotFound("a language is written zh, en or pt-BR, and - where there is none")
    return language


class Folders:
    """The prompt folders of the settings: the later one wins, and what is new goes there."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._read: dict[Path, tuple[tuple[int, int], Any]] = {}

    @property
    def languages(self) -> list[str]:
        return languages_in(self._folders)

    @property
    def newest(self) -> Path:
        """Raises Conflict where there is none."""
        if not self._folders:
            raise Conflict("no prompt folder is there: name one under `prompts` in the settings")
        return self._folders[-1]

    def recordings(self) -> dict[tuple[str, str], tuple[Path, Path]]:
        """(language, name) to the folder and the file that is heard. Raises ConfigError."""
        found: dict[tuple[str, str], tuple[Path, Path]] = {}
        for folder in self._folders:
            for key, path in recording_files(folder, languages_in([folder])).items():
                found[key] = (folder, path)
        return found

    def entries(self) -> dict[tuple[str, str], Entry]:
        return {(one.language, one.name): one for folder in self._folders for one in self._of(folder / CATALOG, read_catalog)}

    def _of(self, path: Path, read: Callable[[Path], Any]) -> Any:
        """What a file says, read once for each version of it. Raises ConfigError."""
        if not path.is_file():
            return []
        seen = path.stat()
        key = (seen.st_mtime_ns, seen.st_size)
        if path not in self._read or self._read[path][0] != key:
            self._read[path] = (key, read(path))
        return self._read[path][1]

    def texts(self) -> dict[str, dict[str, str]]:
        """Prompt to its texts by language, those of later folders over earlier ones."""
        found: dict[str, dict[str, str]] = {}
        for folder in self._folders:
            for one in self._of(folder / TEXTS, wanted_texts):
                found.setdefault(one.name, {})[one.language] = one.text
        return found

    def of(self, language: str, name: str) -> tuple[Path, Path] | None:
        return self.recordings().get((language, name))


def writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def enter(folder: Path, entry: Entry | None, language: str, name: str) -> None:
    """Put an entry into a folder's catalogue, or take it out. Raises ConfigError, Conflict."""
    path = folder / CATALOG
    entries = {(one.language, one.name): one for one in read_catalog(path)}
    if entry is None and (language, name) not in entries:
        return
    entries.pop((language, name), None)
    if entry is not None:
        entries[language, name] = entry
    try:
        write_catalog(path, entries.values())
    except OSError as error:
        raise Conflict(f"{path}: {error.strerror}; the server may not write there") from None


class Journal:
    """What happened to the recordings, by prompt and language."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _of(self, language: str, name: str) -> Path:
        return self._folder / (language or "-") / name.replace("/", "+")  # no name has a +

    def changes(self, language: str, name: str) -> list[Change]:
        """The newest first. A line that cannot be read is left out."""
        path = self._of(language, name) / "journal.jsonl"
        if not path.is_file():
            return []
        found = [_change(line) for line in path.read_text("utf-8").splitlines()[-LONGEST_JOURNAL:]]
        return [one for one in reversed(found) if one is not None]

    def keep(self, language: str, name: str, before: Path | None, change: Change) -> None:
        """Write a change down, with a copy of the recording that goes. Raises Conflict, and nothing was changed then."""
        folder = self._of(language, name)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            if before is not None and change.version:
                (folder / f"{change.version}{before.suffix.lower()}").write_bytes(before.read_bytes())
            with (folder / "journal.jsonl").open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(change), ensure_ascii=False) + "\n")
            kept = sorted(one for one in folder.iterdir() if one.name != "journal.jsonl")
            for old in kept[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise Conflict(f"{folder}: {error.strerror}; what was there before could not be kept") from None

    def recording(self, language: str, name: str, version: str) -> Path:
        """An older recording. Raises NotFound."""
        folder = self._of(language, name)
        if re.fullmatch(r"\d{8}T\d{6}-[0-9a-f]{4,12}", version) and folder.is_dir():
            for path in folder.glob(f"{version}.*"):
                return path
        raise NotFound(f"there is no version {version[:40]} of {name}")

    def count(self, language: str, name: str) -> int:
        """Recordings that are kept."""
        folder = self._of(language, name)
        return sum(1 for one in folder.iterdir() if one.name != "journal.jsonl") if folder.is_dir() else 0


def _change(line: str) -> Change | None:
    try:
        data: Any = json.loads(line)
        return Change(**data) if isinstance(data, Mapping) else None
    except (ValueError, TypeError):
        return None
