"""Install, list and remove speech models. Nothing half-done is ever visible: a model appears by one rename."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from ivr.errors import ConfigError, IvrError, NotFound
from ivr.speech.download import Progress, download, need_room, sha256
from ivr.speech.model_archive import ModelInvalid, suffix_of, unpack
from ivr.speech.models import KINDS, in_package, is_model, kind_of


class ModelsLocked(IvrError):
    """Another process is changing the model directory."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    name: str
    language: str
    megabytes: int
    """Of the download; 0 where that is not known."""
    licence: str
    url: str = ""
    package: str = ""
    """A requirement for pip, where the model comes as a Python package."""
    sha256: str = ""
    """Of the archive."""
    engine: str = "vosk"
    files: tuple[str, ...] = ()
    """What is fetched from `url`, where that is a folder."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    name: str
    language: str
    """"" where the catalogue does not know the model."""
    megabytes: int
    licence: str
    path: Path | None
    """None: not installed."""
    engine: str = ""


def catalogue() -> Mapping[str, CatalogueEntry]:
    """Every model `install` knows, by name."""
    data = yaml.safe_load(resources.files("ivr.speech").joinpath("models_catalog.yaml").read_text("utf-8"))
    return {name: CatalogueEntry(name, **{**entry, "files": tuple(entry.get("files", ()))}) for name, entry in data.items()}


def list_models(directory: Path) -> tuple[ModelStatus, ...]:
    """What is installed and what could be, installed ones first."""
    known = catalogue()
    folders = sorted(path for path in directory.iterdir() if is_model(path)) if directory.is_dir() else []
    paths = {entry.name: in_package(entry.name) for entry in known.values()} | {path.name: path for path in folders}
    statuses = [_status(name, known.get(name), path) for name, path in paths.items()]
    return tuple(sorted(statuses, key=lambda s: (s.path is None, s.language, s.megabytes, s.name)))


def _status(name: str, entry: CatalogueEntry | None, path: Path | None) -> ModelStatus:
    if entry is None:
        return ModelStatus(name, "", 0, "", path, kind_of(path) if path else "")
    return ModelStatus(name, entry.language, entry.megabytes, entry.licence, path, entry.engine)


def choose_models(languages: tuple[str, ...], directory: Path) -> dict[str, str]:
    """For each language the largest installed Vosk model the catalogue names for it; a language without one is left out."""
    installed = [status for status in list_models(directory) if status.path is not None]
    chosen: dict[str, str] = {}
    for status in sorted(installed, key=lambda s: s.megabytes):
        for language in status.language.split() if status.engine == "vosk" else ():
            if language in languages:
                chosen[language] = status.name
    return chosen


def install(name: str, directory: Path, progress: Progress, base_url: str | None = None) -> Path:
    """Download and unpack a model of the catalogue; its folder. One that is installed is left as it is.

    `base_url` replaces the address up to the file name (a mirror). Raises NotFound, DownloadFailed, NoRoom, ModelInvalid,
    ModelsLocked.
    """
    entry = catalogue().get(name)
    if entry is None:
        raise NotFound(f"no model {name!r} in the catalogue; it has {', '.join(sorted(catalogue()))}")
    if entry.package:
        return _install_package(entry)
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        if is_model(directory / name):
            return directory / name
        if entry.files:
            return _install_files(entry, directory, progress, base_url)
        suffix = suffix_of(entry.url)
        url = entry.url if base_url is None else f"{base_url.rstrip('/')}/{name}{suffix}"
        archive = directory / f"{name}{suffix}"
        download(url, archive, progress)
        try:
            _verify(archive, entry.sha256 or _seen(directory).get(name, ""), name)
            return _unpack(archive, name, directory, entry.engine)
        finally:
            archive.unlink(missing_ok=True)


def _install_files(entry: CatalogueEntry, directory: Path, progress: Progress, base_url: str | None) -> Path:
    """A model of single files: those that came whole before are not fetched again."""
    base = entry.url if base_url is None else f"{base_url.rstrip('/')}/{entry.name}"
    draft = directory / f".{entry.name}.files"
    draft.mkdir(exist_ok=True)
    need_room(directory, entry.megabytes * 1_000_000 - sum(path.stat().st_size for path in draft.iterdir()))
    before = 0
    for file in entry.files:
        _check_name(file)
        target = draft / file
        if not target.is_file():
            download(f"{base}/{file}", target, _after(before, progress), room_factor=1.05)
        before += target.stat().st_size
    digest = hashlib.sha256("".join(f"{file} {sha256(draft / file)}\n" for file in entry.files).encode()).hexdigest()
    expected = entry.sha256 or _seen(directory).get(entry.name, "")
    if expected and digest != expected:
        shutil.rmtree(draft)
        raise ModelInvalid(f"{entry.name}: checksum of its files is {digest}, expected {expected}; nothing was installed")
    _settle(draft, entry.name, directory, entry.engine)
    _record(directory, entry.name, digest)
    return directory / entry.name


def _after(before: int, progress: Progress) -> Progress:
    return lambda done, whole: progress(before + done, before + whole if whole else 0)


def import_model(given: Path, directory: Path, name: str = "") -> Path:
    """Install a model from an archive or a folder that was carried here; its folder. Raises as `install`.

    `name` defaults to the file's. What was carried is left as it is.
    """
    name = name or given.name.removesuffix(suffix_of(given.name))
    _check_name(name)
    if not given.exists():
        raise NotFound(f"{given} is no file and no folder")
    directory.mkdir(parents=True, exist_ok=True)
    entry = catalogue().get(name)
    with _locked(directory):
        if given.is_dir():
            return _import_folder(given, directory, name, entry.engine if entry else "")
        expected = entry.sha256 if entry and not entry.files else ""
        _verify(given, expected or _seen(directory).get(name, ""), name)
        return _unpack(given, name, directory, entry.engine if entry else "")


def _import_folder(given: Path, directory: Path, name: str, engine: str) -> Path:
    if not is_model(given):
        raise ModelInvalid(f"{given} holds no model of a kind that is known: {', '.join(KINDS)}")
    need_room(directory, sum(path.stat().st_size for path in given.rglob("*") if path.is_file()))
    draft = directory / f".{name}.unpacking"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        shutil.copytree(given, draft)
        _settle(draft, name, directory, engine)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return directory / name


def remove(name: str, directory: Path) -> None:
    """Delete an installed model. Raises NotFound where it is not in `directory`, ConfigError for one in a Python package."""
    _check_name(name)
    folder = directory / name
    if not is_model(folder):
        if in_package(name) is not None:
            raise ConfigError(f"{name} belongs to a Python package: pip uninstall {name}")
        raise NotFound(f"{name} is not installed in {directory}")
    with _locked(directory):
        doomed = directory / f".{name}.removed"
        shutil.rmtree(doomed, ignore_errors=True)
        folder.rename(doomed)
        shutil.rmtree(doomed)


def _install_package(entry: CatalogueEntry) -> Path:
    found = in_package(entry.name)
    if found is not None:
        return found
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", entry.package], check=False)
    found = in_package(entry.name)
    if done.returncode or found is None:
        raise ModelInvalid(f"pip could not install {entry.package}")
    return found


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelsLocked(f"another process is changing {directory}") from None
        yield


def _seen(directory: Path) -> dict[str, str]:
    """Checksums recorded when each model was first installed here."""
    file = directory / "installed.json"
    if not file.is_file():
        return {}
    data: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return {name: str(entry["sha256"]) for name, entry in data.items()}


def _record(directory: Path, name: str, checksum: str) -> None:
    seen = {known: {"sha256": value} for known, value in (_seen(directory) | {name: checksum}).items()}
    draft = directory / ".installed.json"
    draft.write_text(json.dumps(seen, indent=1, sort_keys=True) + "\n", "utf-8")
    draft.replace(directory / "installed.json")


def _verify(archive: Path, expected: str, name: str) -> None:
    if expected and sha256(archive) != expected:
        raise ModelInvalid(f"{name}: checksum is {sha256(archive)}, expected {expected}; nothing was installed")


def _check_name(name: str) -> None:
    if not name or name.startswith(".") or PurePosixPath(name).name != name:
        raise ConfigError(f"{name!r} is not a model name")


def _unpack(archive: Path, name: str, directory: Path, engine: str = "") -> Path:
    """Raises ModelInvalid where the archive holds no model, or none for `engine`."""
    draft = directory / f".{name}.unpacking"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        unpack(archive, draft)
        inner = [draft, *(path for path in draft.iterdir() if path.is_dir())]
        model = next((path for path in inner if is_model(path)), None)
        if model is None:
            raise ModelInvalid(f"{archive.name} holds no model of a kind that is known: {', '.join(KINDS)}")
        _settle(model, name, directory, engine)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _record(directory, name, sha256(archive))
    return directory / name


def _settle(model: Path, name: str, directory: Path, engine: str) -> None:
    """Put a whole model into its place. Raises ModelInvalid where it is none for `engine`."""
    if engine and kind_of(model) != engine:
        raise ModelInvalid(f"{name} should be a model for {engine}, and is {kind_of(model) or 'none'}")
    target = directory / name
    shutil.rmtree(target, ignore_errors=True)
    model.rename(target)
