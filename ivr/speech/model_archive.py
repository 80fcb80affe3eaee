"""Unpack a model from a zip or tar that may be broken or hostile: all is checked before anything is written."""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ivr.errors import IvrError
from ivr.speech.download import need_room

LARGEST = 8 << 30
"""Octets a model may unpack to."""
MOST_FILES = 2000
SUFFIXES = (".zip", ".tar.bz2", ".tar.gz", ".tar.xz", ".tgz", ".tar")


class ModelInvalid(IvrError):
    """What was downloaded or given is not the model it should be."""


def suffix_of(name: str) -> str:
    """The ending by which an archive is known, `.zip` where it has none of them."""
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), ".zip")


def unpack(archive: Path, draft: Path) -> None:
    """Everything that is in it, in `draft`. Raises ModelInvalid, NoRoom."""
    try:
        if suffix_of(archive.name) == ".zip":
            _unzip(archive, draft)
        else:
            _untar(archive, draft)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise ModelInvalid(f"{archive.name} cannot be unpacked: {error}") from error


def _unzip(archive: Path, draft: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        members = file.infolist()
        for member in members:
            _check_name(archive, member.filename, stat.S_ISLNK(member.external_attr >> 16))
        _check_size(archive, draft, sum(member.file_size for member in members), len(members))
        file.extractall(draft)


def _untar(archive: Path, draft: Path) -> None:
    """Read twice: the sizes stand between the files, so what is too large is known only after a first look."""
    with tarfile.open(archive) as file:
        size = count = 0
        for member in file:
            _check_name(archive, member.name, not (member.isfile() or member.isdir()))
            size, count = size + member.size, count + 1
            if size > LARGEST or count > MOST_FILES:
                break
        _check_size(archive, draft, size, count)
        file.extractall(draft, filter="data")


def _check_name(archive: Path, name: str, link: bool) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or link:
        raise ModelInvalid(f"{archive.name} has an entry that leads out of it: {name!r}")


def _check_size(archive: Path, draft: Path, size: int, count: int) -> None:
    if size > LARGEST or count > MOST_FILES:
        raise ModelInvalid(f"{archive.name} would unpack to {size / 1e6:.0f} MB in {count} files: too much for a model")
    need_room(draft.parent, size)
