"""The flow files of this node: what they hold, whose change it was, and bringing them up to what is live."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import stat
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ivr.dialplan.environment_file import read_environment
from ivr.dialplan.loader import FlowStore
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.publishing.model import ENVIRONMENT, version_of

Today = Callable[[], date]
GIT_SECONDS = 2.0
LONGEST_PLACE = 500


@dataclass(frozen=True, slots=True)
class FlowFile:
    """What one file holds."""

    path: Path
    place: str
    """`HOST:PATH`: the same for all nodes that see this very file."""
    flow: str
    text: str

    @property
    def version(self) -> str:
        return version_of(self.text)


@dataclass(frozen=True, slots=True)
class Read:
    """The files at one moment: those without errors, by flow; what they are as flows; what was wrong."""

    files: Mapping[str, FlowFile] = field(default_factory=dict)
    flows: Sequence[Flow] = ()
    problems: Sequence[Problem] = ()


class FlowFiles:
    """The files that `store` reads, and the environment's. Its methods block: call them in a thread."""

    def __init__(
        self, store: FlowStore, host: str = "", writes: bool = True, environment: Path | None = None, today: Today = date.today
    ) -> None:
        self._store = store
        self._environment, self._today = environment, today
        self._host = host or socket.gethostname()
        self.writes = writes
        """Whether files are brought up to what is live."""

    def read(self) -> Read:
        """A file that changes while it is read is left out: it is read again when the change is told."""
        flows, problems = self._store.read()
        files: dict[str, FlowFile] = {}
        for flow in flows:
            text = self.text(Path(flow.file))
            if text is not None and version_of(text) == flow.version:
                files[flow.name] = FlowFile(Path(flow.file), self.place(Path(flow.file)), flow.name, text)
        if self._environment is not None:
            found, own = read_environment(self._environment, self._today())
            text = self.text(self._environment)
            problems = [*problems, *own]
            if found is not None and text is not None and version_of(text) == found.version:
                files[ENVIRONMENT] = FlowFile(self._environment, self.place(self._environment), ENVIRONMENT, text)
        return Read(files, flows, problems)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files and folders whose changes matter."""
        return self._store.paths if self._environment is None else (*self._store.paths, self._environment)

    def place(self, path: Path) -> str:
        return f"{self._host}:{path.resolve()}"[-LONGEST_PLACE:]

    def text(self, path: Path) -> str | None:
        """None where there is no such file, or none that can be read."""
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def path_for(self, flow: str) -> Path | None:
        """Where the file of a new flow belongs: None where the dialplans are single files."""
        if flow == ENVIRONMENT:
            return self._environment
        folder = next((path for path in self._store.paths if path.is_dir()), None)
        return folder / f"{flow}.yaml" if folder is not None else None

    def writable(self, path: Path) -> bool:
        """Whether `write` may be expected to work."""
        return self.writes and os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))

    def write(self, path: Path, text: str) -> None:
        """Replace a file at once and wholly; its mode and owner stay. Raises OSError; then nothing was changed."""
        target = path.resolve()  # a link stays a link
        mode, owner = 0o644, None
        with contextlib.suppress(FileNotFoundError):
            before = target.stat()
            mode, owner = stat.S_IMODE(before.st_mode), (before.st_uid, before.st_gid)
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fchmod(out.fileno(), mode)
                if owner is not None:
                    with contextlib.suppress(PermissionError):
                        os.fchown(out.fileno(), *owner)
                os.fsync(out.fileno())
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)


def git_notes(paths: Iterable[Path]) -> dict[Path, str]:
    """The subject of the last commit of each file that is in a git work tree as it was committed; takes seconds at most."""
    notes: dict[Path, str] = {}
    for path in paths:
        if _git(path, "status", "--porcelain", "--", path.name) == "":
            subject = _git(path, "log", "-1", "--format=%s", "--", path.name)
            if subject:
                notes[path] = subject.strip()
    return notes


def _git(path: Path, *arguments: str) -> str | None:
    """None where there is no git, no work tree, or no answer in time."""
    try:
        done = subprocess.run(
            ["git", "-C", str(path.parent), *arguments],
            capture_output=True,
            timeout=GIT_SECONDS,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
