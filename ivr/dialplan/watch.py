"""Tells of changed flow files while calls run. The only part of `ivr.dialplan` that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import Change, awatch


async def watch(paths: Iterable[Path], changed: Callable[[], None], *, stop: asyncio.Event | None = None) -> None:
    """Call `changed` whenever a flow file in these files and folders changes, until cancelled or `stop` is set."""
    folders = {path if path.is_dir() else path.parent for path in paths}
    async for _ in awatch(*folders, watch_filter=_is_flow, stop_event=stop, debounce=200, step=50):
        changed()


def _is_flow(change: Change, path: str) -> bool:
    name = Path(path).name
    return name.endswith(".yaml") and not name.endswith(".test.yaml") and not name.startswith(".")
