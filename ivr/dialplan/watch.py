"""Picks up changed flow files while calls run. The only part of `ivr.dialplan` that waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from watchfiles import Change, awatch

from ivr.dialplan.loader import FlowStore
from ivr.dialplan.problems import render

log = logging.getLogger(__name__)


Changed = Callable[[list[str]], None]


async def watch(store: FlowStore, changed: Changed | None = None, *, stop: asyncio.Event | None = None) -> None:
    """Reload `store` whenever a flow file changes, until cancelled or `stop` is set; `changed` gets the names of new flows.

    A wrong file is logged with its problems and changes nothing.
    """
    folders = {path if path.is_dir() else path.parent for path in store.paths}
    async for _ in awatch(*folders, watch_filter=_is_flow, stop_event=stop, debounce=200, step=50):
        names = store.adopt(*await asyncio.to_thread(store.read))
        if store.problems:
            log.error("flows have problems:\n%s", render(store.problems))
        for name in names:
            log.info("flow %s is now version %s", name, store.flows[name].version)
        if changed is not None and names:
            changed(names)


def _is_flow(change: Change, path: str) -> bool:
    name = Path(path).name
    return name.endswith(".yaml") and not name.endswith(".test.yaml") and not name.startswith(".")
