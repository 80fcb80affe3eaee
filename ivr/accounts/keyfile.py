"""The key that seals secrets of authenticator apps, where the settings have none: a file of the data folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from ivr.errors import ConfigError

NAME = "accounts.key"
OCTETS = 32


def key_of_file(folder: Path, make: bool) -> bytes | None:
    """The 32 octets of `accounts.key` (mode 600, hexadecimal); made where it is missing and `make` is set, else None.

    Raises ConfigError for a file that holds no key: another one would open nothing of what this one closed.
    """
    path = folder / NAME
    try:
        if make and not path.exists():
            _make(path)
        with contextlib.suppress(FileNotFoundError):
            key = bytes.fromhex(path.read_text("ascii").strip())
            if len(key) != OCTETS:
                raise ConfigError(f"{path}: it must hold 64 hexadecimal digits; put the copy of your backup there")
            path.chmod(0o600)
            return key
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}; put the copy of your backup there") from error
    return None


def _make(path: Path) -> None:
    """Written whole before it has its name: of processes that start at once, one makes the key that all read."""
    number, name = tempfile.mkstemp(prefix=f".{NAME}-", dir=path.parent)  # containers that share the folder have the same pids
    draft = Path(name)
    try:
        with os.fdopen(number, "w") as out:
            out.write(secrets.token_hex(OCTETS) + "\n")
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
