"""A source that is a YAML file of ours, read again when it changes. A file that went wrong leaves the last good one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ivr.errors import ConfigError
from ivr.profile.answer import NotThere
from ivr.profile.asking import Text, written
from ivr.profile.identity import normal_number
from ivr.profile.shape import Path as Steps
from ivr.profile.shape import at

log = logging.getLogger(__name__)

MAX_OCTETS = 16_777_216
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class StaticQuestion:
    """Which part of the file answers."""

    table: Steps = ()
    """Where it begins."""
    key: Text | None = None
    """The entry that is wanted; None gives all of it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Entries by key; keys meet in the form of `normal_number`."""

    entries: Mapping[str, Any]
    prefixes: tuple[str, ...] = ()
    """Of a list: what stood there as `+8610*`."""
    lengths: tuple[int, ...] = ()

    @classmethod
    def of(cls, data: Any) -> Table:
        """A mapping by its keys; a list of values says of each that it is `listed`."""
        if isinstance(data, Mapping):
            return cls({normal_number(str(key)): value for key, value in data.items()})
        if not isinstance(data, list):
            return cls({})
        names = [normal_number(str(item)) for item in data if isinstance(item, str | int)]
        prefixes = frozenset(name[:-1] for name in names if name.endswith("*"))
        listed = {name: {"listed": True, "key": name} for name in names if not name.endswith("*")}
        listed |= {f"{name}*": {"listed": True, "key": f"{name}*"} for name in prefixes}
        return cls(listed, tuple(prefixes), tuple(sorted({len(name) for name in prefixes}, reverse=True)))

    def find(self, key: str) -> Any:
        """Raises NotThere."""
        wanted = normal_number(key)
        if wanted in self.entries and not wanted.endswith("*"):
            return self.entries[wanted]
        for length in self.lengths:
            if length <= len(wanted) and (found := self.entries.get(f"{wanted[:length]}*")) is not None:
                return found
        raise NotThere("no such entry")


class StaticBackend:
    """Answers from memory; looks once a second whether the file has changed, when it is asked."""

    def __init__(self, path: Path, questions: Mapping[str, StaticQuestion], clock: Callable[[], float]) -> None:
        """Raises ConfigError where the file is missing or is no YAML."""
        self._path, self._questions, self._clock = path, questions, clock
        self._stamp = _stamp(path)
        self._tables = self._read()
        self._looked: float = clock()

    async def fetch(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """Raises NotThere, Unaskable."""
        await self._look()
        question, (data, table) = self._questions[operation], self._tables[operation]
        if question.key is None:
            return data
        value = question.key.value(arguments)
        if value is None or value == "":
            raise NotThere("nothing to look for")
        return table.find(written(value))

    async def close(self) -> None:
        """Nothing is open."""

    def _read(self) -> dict[str, tuple[Any, Table]]:
        data = read_yaml(self._path)
        parts = {name: at(data, question.table) for name, question in self._questions.items()}
        keyed = {name for name, question in self._questions.items() if question.key is not None}
        return {name: (part, Table.of(part) if name in keyed else Table({})) for name, part in parts.items()}

    async def _look(self) -> None:
        """One caller at a time looks; the others are answered from what is known."""
        now = self._clock()
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        stamp = await asyncio.to_thread(_stamp, self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._tables = await asyncio.to_thread(self._read)
        except ConfigError as error:
            log.error("%s; what it said before stays", error)
            return
        log.info("%s was read again", self._path)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file does; None while it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_yaml(path: Path) -> Any:
    """The file as plain data. Raises ConfigError."""
    try:
        if path.stat().st_size > MAX_OCTETS:
            raise ConfigError(f"{path}: larger than {MAX_OCTETS >> 20} MiB; put so much into a database")
        return yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise ConfigError(f"{path}{where}: not YAML: {getattr(error, 'problem', None) or error}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not YAML: {type(error).__name__}") from error
