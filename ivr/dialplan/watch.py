"""Tells of changed files while calls run. With `ivr.dialplan.shelf` the only part of `ivr.dialplan` that waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import aclosing
from pathlib import Path

from watchfiles import Change, awatch

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""Between looks whether the folders are still the same ones, and between attempts to watch them."""


def is_flow(change: Change, path: str) -> bool:
    name = Path(path).name
    return name.endswith(".yaml") and not name.endswith(".test.yaml") and not name.startswith(".")


async def watch(
    paths: Iterable[Path],
    changed: Callable[[], None],
    wanted: Callable[[Change, str], bool] = is_flow,
    what: str = "flow files",
    *,
    stop: asyncio.Event | None = None,
) -> None:
    """Call `changed` whenever a file that is `wanted` changes in these files and folders, until cancelled or `stop` is set.

    A folder that was put in the place of another (removed and made again, or a link that was turned) counts as a change.
    Where nothing can be watched the log says so of `what`, and it is tried again.
    """
    folders = {path if path.is_dir() else path.parent for path in paths}
    missed, told = False, ""
    while stop is None or not stop.is_set():
        try:
            await _watch(folders, changed, wanted, stop, missed)
            told = ""
        except OSError as error:
            if told != str(error):
                log.error("%s cannot be watched, their changes are not seen: %s", what, error)
            told = str(error)
            await asyncio.sleep(LOOK_SECONDS)
        missed = True


async def follow(
    paths: Iterable[Path], again: Callable[[], Awaitable[None]], wanted: Callable[[Change, str], bool], what: str
) -> None:
    """As `watch`, for what takes its time: `again` is awaited after a change, once for all that changed meanwhile."""
    fresh = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(watch(paths, fresh.set, wanted, what))
        while True:
            await fresh.wait()
            fresh.clear()
            await again()


async def _watch(
    folders: Collection[Path],
    changed: Callable[[], None],
    wanted: Callable[[Change, str], bool],
    stop: asyncio.Event | None,
    missed: bool,
) -> None:
    """Until the folders are others, or `stop` is set; what was `missed` before is told of first. Raises OSError."""
    held = _identities(folders)
    news = awatch(
        *folders,
        watch_filter=wanted,
        stop_event=stop,
        debounce=200,
        step=50,
        rust_timeout=int(LOOK_SECONDS * 1000),
        yield_on_timeout=True,
    )
    async with aclosing(news) as heard:
        async for changes in heard:
            if _identities(folders) != held:
                return
            if changes or missed:
                missed = False
                changed()


def _identities(folders: Collection[Path]) -> dict[Path, tuple[int, int] | None]:
    """What tells a folder from another of the same name; None for one that is not there."""
    return {folder: _identity(folder) for folder in folders}


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
