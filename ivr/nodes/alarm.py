"""Alerts to the supervisors, on whichever node their pages are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ivr.errors import IvrError
from ivr.nodes.desks import PageMap
from ivr.nodes.link import NodeLink

log = logging.getLogger(__name__)

MOST_UNTOLD = 200
"""Alerts that are on their way at a time; more are dropped, for they stand in the log and in the records as well."""


class Pages(Protocol):
    """The pages of this node: `ivr.web.desk.DeskHub`."""

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None: ...


class Alarm:
    """`Services.alarm`: tells every supervisor who has a page open. Never raises, never waits."""

    def __init__(self, pages: Pages, link: NodeLink, where: PageMap, supervisors: Sequence[str]) -> None:
        self._pages, self._link, self._where, self._supervisors = pages, link, where, tuple(supervisors)
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, data: Mapping[str, Any], agent_id: str) -> None:
        """`agent_id` is the one who has the call, and is told already."""
        others = [one for one in self._supervisors if one != agent_id]
        if not others or len(self._tasks) >= MOST_UNTOLD:
            return
        task = asyncio.get_running_loop().create_task(self._tell(others, dict(data)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, supervisors: Sequence[str], data: Mapping[str, Any]) -> None:
        for one in supervisors:
            try:
                node = await self._where.of(one)
            except IvrError as error:
                log.warning("supervisor %s is not told of an alert: %s", one, error)
                continue
            if node == self._where.node:
                self._pages.push(one, "alert", data)
            elif node:
                self._link.tell(node, "desk.push", {"agent": one, "kind": "alert", "data": dict(data)})
