"""Fetch one file over HTTP so that a cut connection costs nothing: what came is kept and the next try goes on from there."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from ivr.errors import IvrError

BLOCK = 1 << 16
TRIES = 4
"""Connections that may be cut one after another without a single octet of progress."""
PAUSE = 1.0
"""Seconds waited after the first such connection; one more after each further one."""
TIMEOUT = 30.0
"""Seconds without an octet."""

Progress = Callable[[int, int], None]
"""Octets so far and in all; 0 in all where the server does not say."""


class DownloadFailed(IvrError):
    """The file could not be fetched; what came so far is kept."""


class NoRoom(IvrError):
    """The disk has no room for it."""


def need_room(directory: Path, octets: int) -> None:
    """Raises NoRoom, with both figures, where `directory` cannot take so many octets."""
    free = shutil.disk_usage(directory).free
    if octets > free:
        raise NoRoom(f"{directory} has {free / 1e6:.0f} MB free and {octets / 1e6:.0f} MB are needed")


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def download(url: str, target: Path, progress: Progress, *, room_factor: float = 3.5, timeout: float = TIMEOUT) -> None:
    """Fetch `url` to `target`, going on from `target`.part where one is left.

    `room_factor` times the size must be free: the zip and what comes out of it. Raises DownloadFailed, NoRoom.
    """
    part = target.with_name(target.name + ".part")
    idle = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            _fetch(url, part, progress, room_factor, timeout)
        except httpx.TransportError as error:
            grown = part.exists() and part.stat().st_size > before
            idle = 0 if grown else idle + 1
            if idle >= TRIES:
                raise DownloadFailed(f"{url}: {error or type(error).__name__}; what came is kept, try again later") from error
            time.sleep(idle * PAUSE)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DownloadFailed(f"{url}: {error}") from error
        else:
            part.replace(target)
            return


def _fetch(url: str, part: Path, progress: Progress, room_factor: float, timeout: float) -> None:
    done = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={done}-", "Accept-Encoding": "identity"} if done else {"Accept-Encoding": "identity"}
    with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if response.headers.get("content-range") == f"bytes */{done}":
                return  # it was whole already
            part.unlink()
            raise httpx.ReadError("the server's file changed; starting over")
        if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise DownloadFailed(f"{url}: the server answered {response.status_code} {response.reason_phrase}")
        if response.status_code == httpx.codes.OK:
            done = 0
        length = int(response.headers.get("content-length", 0))
        need_room(part.parent, int((done + length) * room_factor) - done)
        with part.open("ab" if done else "wb") as file:
            for block in response.iter_raw():  # as it comes: a cut connection loses nothing
                file.write(block)
                done += len(block)
                progress(done, done if not length else max(done, _whole(response, length)))


def _whole(response: httpx.Response, length: int) -> int:
    content_range: str = response.headers.get("content-range", "")
    total = content_range.rpartition("/")[2]
    return int(total) if total.isdigit() else length
