"""Alerts reach the supervisors wherever their pages are, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from ivr.errors import StoreUnavailable
from ivr.nodes.alarm import MOST_UNTOLD, Alarm
from ivr.nodes.desks import PageMap
from ivr.nodes.link import NodeLink


class Where:
    """Pages by agent; one who is not named has none."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.node, self.pages = "here", pages

    async def of(self, agent_id: str) -> str:
        if agent_id == "broken":
            raise StoreUnavailable("no Redis")
        return self.pages.get(agent_id, "")


class Told:
    """What pages of this node, and other nodes, were told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        self.told.append(("here", agent_id, kind))

    def tell(self, node: str, name: str, data: Mapping[str, Any]) -> None:
        assert name == "desk.push"
        self.told.append((node, str(data["agent"]), str(data["kind"])))


def alarm(told: Told, *supervisors: str) -> Alarm:
    where = Where({"boss": "here", "far": "there", "busy": "here"})
    return Alarm(told, cast(NodeLink, told), cast(PageMap, where), supervisors)


async def settled(alarm: Alarm) -> None:
    while alarm._tasks:
        await asyncio.wait(alarm._tasks)


async def test_every_page_of_a_supervisor_is_told_once() -> None:
    told = Told()
    ring = alarm(told, "broken", "boss", "far", "away", "busy")
    ring({"contact_id": "c-1"}, "busy")  # who has the call knows already
    await settled(ring)
    assert told.told == [("here", "boss", "alert"), ("there", "far", "alert")]


async def test_a_flood_of_alerts_is_bounded() -> None:
    told = Told()
    ring = alarm(told, "boss")
    for _ in range(MOST_UNTOLD * 3):
        ring({}, "")
    await settled(ring)
    assert len(told.told) == MOST_UNTOLD
