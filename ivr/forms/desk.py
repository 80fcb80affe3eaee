"""Reads and writes parts of the settings and of the environment file, so that two people never overwrite each other.

A file changes whole or not at all, and only where the server would take the new one. What it was before is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ivr.errors import ConfigError, Conflict, NotFound, Stale
from ivr.forms import parts as forms
from ivr.forms.parts import PARTS, Part
from ivr.forms.yaml_edit import NotEdited, edited, parsed

KEPT = 20
"""Older versions of a file that are kept."""
LARGEST = 1 << 18
"""Characters of a part as JSON."""

_NO_ENVIRONMENT = ": name a file under `environment` in the settings"

Check = Callable[[Path], None]
"""Raises ConfigError where the server would refuse this file."""


class InvalidForm(ConfigError):
    """The server would not start with it; `problems` says why: `{message, cure, path, file, line, column, severity, code}`."""

    def __init__(self, message: str, problems: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message)
        self.problems = problems


class FormDesk:
    """The forms over one settings file and its environment file."""

    def __init__(
        self,
        settings: Path,
        environment: Path | None,
        history: Path,
        check: Mapping[str, Check],
        seal: Callable[[str], str],
        applied: Callable[[str], bool] = lambda part: False,
        clock: Callable[[], float] = time.time,
        scenes: Path | None = None,
    ) -> None:
        """`check` has one for `settings`, one for `environment`, and one for `scenes`, the file of knowledge cards, where there
        is one; `seal` hashes a password of an agent.

        `applied` puts a part that was just written into force and says whether it is.
        """
        self._files = {"settings": settings, "environment": environment, "scenes": scenes}
        self._history, self._check, self._seal, self._applied, self._clock = history, check, seal, applied, clock
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(16)

    def parts(self) -> list[dict[str, Any]]:
        return [
            {"part": one.name, "title": {"zh": one.zh, "en": one.en}, "file": str(file), "effect": one.effect}
            for one in PARTS.values()
            if (file := self._files[one.home]) is not None
        ]

    def read(self, part: str) -> dict[str, Any]:
        """The part as it stands in its file. Raises NotFound, ConfigError."""
        form, file = self._form(part)
        return self._told(form, file, _text(file, form.scenes))

    def write(self, part: str, value: Any, stamp: str, by: str) -> dict[str, Any]:
        """Write the part's value into its file: as `read`, with `restart` and `warnings`.

        Raises NotFound, Stale with both values as JSON, InvalidForm.
        """
        form, file = self._form(part)
        if len(json.dumps(value)) > LARGEST:
            raise InvalidForm(f"{part}: larger than {LARGEST} characters", [])
        with self._lock:
            text = _text(file, form.scenes)
            before = self._value(form, text)
            if stamp != self._stamp(before):
                theirs = forms.plain(_safe(form, before))
                raise Stale(
                    f"{part} was changed by somebody else meanwhile",
                    yours=json.dumps(value, ensure_ascii=False),
                    theirs=json.dumps(theirs, ensure_ascii=False),
                    base=None,
                    stamp=self._stamp(before),
                )
            changed = self._changed(form, file, text, before, value)
            if changed != text:
                self._keep(file, text, by)
                _put(file, changed)
            now = form.home != "settings" or changed == text or self._applied(part)  # in the order in which they were written
        told = self._told(form, file, changed)
        return {**told, "restart": [] if now else [part], "warnings": []}

    def _form(self, part: str) -> tuple[Part, Path]:
        form = PARTS.get(part)
        file = None if form is None else self._files[form.home]
        if form is None or file is None:
            cure = "" if form is None else ": there is no folder for scenes" if form.scenes else _NO_ENVIRONMENT
            raise NotFound(f"there is no form for {part[:40]}{cure}")
        return form, file

    def _told(self, form: Part, file: Path, text: str) -> dict[str, Any]:
        value = self._value(form, text)
        shown = forms.plain(_safe(form, value))
        about = {"part": form.name, "file": str(file), "line": _line(text, [form.key]), "effect": form.effect}
        return {**about, "stamp": self._stamp(value), "value": shown, "schema": form.schema}

    def _stamp(self, value: Any) -> str:
        """Names a value. Keyed, since who sees the rest of it could otherwise find a short password by trying."""
        said = json.dumps(forms.plain(value), ensure_ascii=False).encode()
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()[:16]

    def _value(self, form: Part, text: str) -> Any:
        """What stands under the part's key. Raises ConfigError."""
        data = _parsed(text)
        value = data.get(form.key)
        return form.empty if value is None else value

    def _changed(self, form: Part, file: Path, text: str, before: Any, value: Any) -> str:
        """The text with the new value, checked. Raises InvalidForm."""
        try:
            for _ in forms.walk(value):
                pass
            wanted = forms.with_skills(before, value) if form.name == "skills" else value
            seal = self._seal if form.key == "agents" else _open
            wanted = forms.unmasked(wanted, before, seal)
        except ConfigError as error:
            raise self._invalid(form, file, text, str(error), "") from None
        data = _parsed(text)
        try:
            changed = edited(text, {**data, form.key: wanted} if wanted or form.key in data else data)
        except (NotEdited, yaml.YAMLError) as error:
            raise Conflict(f"{file}: {error}") from None
        self._proved(form, file, changed)
        return changed

    def _proved(self, form: Part, file: Path, text: str) -> None:
        """Raises InvalidForm where the server would refuse the text."""
        trial = file.with_name(f".{file.name}.{os.getpid()}.trial")
        try:
            _written(trial, text)
            self._check[form.home](trial)
        except InvalidForm:
            raise
        except ConfigError as error:
            raise self._invalid(form, file, text, str(error), str(trial)) from None
        except OSError as error:
            raise Conflict(f"{file}: {error.strerror}; the server may not write there") from None
        finally:
            trial.unlink(missing_ok=True)

    def _invalid(self, form: Part, file: Path, text: str, message: str, trial: str) -> InvalidForm:
        said = message.replace(trial, str(file)) if trial else message
        place, path = _path_in(said.removeprefix(f"{file}: "), form.key)
        line = _line(text, [form.key, *path]) or 1
        problem = {"message": place, "cure": "", "path": path, "file": str(file), "line": line, "column": 1}
        return InvalidForm(said, [{**problem, "severity": "error", "code": "settings"}])

    def _keep(self, file: Path, text: str, by: str) -> None:
        """A copy of what is about to be replaced, for people; the last `KEPT`."""
        try:
            self._history.mkdir(parents=True, exist_ok=True, mode=0o700)
            moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(self._clock()))
            name = f"{file.stem}-{moment}-{hashlib.sha256(text.encode()).hexdigest()[:8]}{file.suffix}"
            copy = self._history / name
            _written(copy, f"# before {by} changed it\n{text}")
            for old in sorted(self._history.glob(f"{file.stem}-*{file.suffix}"))[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError as error:
            raise Conflict(f"{self._history}: {error.strerror}; what was there before could not be kept") from None


def _shown(form: Part, value: Any) -> Any:
    return forms.skills_of(value) if form.name == "skills" else value


def _safe(form: Part, value: Any) -> Any:
    """As it may be shown; the name of a card may be a word that elsewhere hides a secret."""
    return value if form.scenes else forms.masked(_shown(form, value))


def _open(value: str) -> str:
    return value


def _text(file: Path, new: bool = False) -> str:
    """What the file says; nothing where it is not there, and may be `new`. Raises Conflict."""
    try:
        return file.read_text("utf-8") if file.exists() or not new else ""
    except OSError as error:
        raise Conflict(f"{file}: {error.strerror}") from None


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = parsed(text)
    except (NotEdited, yaml.YAMLError) as error:
        raise Conflict(f"the file cannot be read as a form: {' '.join(str(error).split())[:200]}") from None
    if data is not None and not isinstance(data, dict):
        raise Conflict("the file has no keys at its top")
    return data or {}


def _put(file: Path, text: str) -> None:
    """The file with another text, with its mode, whole or not at all. Raises Conflict."""
    real = file.resolve()
    part = real.with_name(f".{real.name}.{os.getpid()}.part")
    try:
        _written(part, text)
        part.chmod(real.stat().st_mode & 0o777 if real.exists() else 0o644)
        part.replace(real)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Conflict(f"{file}: {error.strerror}; the server may not write there") from None


def _written(path: Path, text: str) -> None:
    """A file on the disk that nobody else can read, from its first octet: the text has secrets."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def _path_in(message: str, key: str) -> tuple[str, list[str]]:
    """`agents[0].skills: wrong` as the words and the path below the part."""
    place, colon, words = message.partition(": ")
    steps = [name or number for name, number in _STEP.findall(place)] if colon and " " not in place else []
    if not steps or steps[0] not in (key, "skills"):
        return message, []
    return words, steps[1:]


def _line(text: str, path: Sequence[str]) -> int | None:
    """Where a value stands, as far as the path exists."""
    try:
        node = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None
    line = None
    for step in path:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and step.isdecimal() and int(step) < len(node.value):
            found = (node.value[int(step)], node.value[int(step)])
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
