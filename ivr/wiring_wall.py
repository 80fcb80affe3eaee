"""From settings to the wallboard: what each node tells, what boards show, and what one node watches for all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from typing import Any

from ivr.acd.routing import Router
from ivr.profile.identity import NOBODY
from ivr.records.late import LateRows
from ivr.session.on_board import CallsOnBoard
from ivr.session.services import Services
from ivr.settings import Settings
from ivr.stores import Stores
from ivr.wall.board import Board
from ivr.wall.caring import Caring
from ivr.wall.figures import FORMULAS
from ivr.wall.hands import AlertShelf
from ivr.wall.keeper import Due, Keeper
from ivr.wall.live import Live
from ivr.wall.minutes import Limits, Minutes
from ivr.wall.showing import Showing
from ivr.wall.telling import Teller
from ivr.wall.today import Today, day_of, history
from ivr.web.parts import WebParts
from ivr.web.wall_api import WallParts
from ivr.web.wall_socket import WallHub
from ivr.wiring_followups import FollowUpParts
from ivr.wiring_outbound import trunk_view
from telephony.gateway.sip import SipGateway

Work = Coroutine[Any, Any, None]


@dataclass(frozen=True, slots=True)
class WallHouse:
    """Boards of a node that serves pages."""

    hub: WallHub
    live: Live
    showing: Showing
    keeper: Keeper
    minutes: Minutes

    def web(self, parts: WebParts) -> WebParts:
        async def two_days(queue: str, day: date, step: int, weeks: int) -> Mapping[str, Any]:
            return await history(self.minutes, queue, day, step, weeks, time.time())

        return replace(parts, wall=WallParts(self.hub, two_days, lambda: day_of(time.time()), time.time))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (self.live.run(), self.showing.run(), self.keeper.run()):
                group.create_task(work)


def wall_house(settings: Settings, stores: Stores, late: LateRows | None, stack: AsyncExitStack) -> WallHouse:
    """The boards, not running yet. `late` takes messages about alerts."""
    limits = limits_of(settings)
    minutes = Minutes(stores.engine, limits, time.time)
    board, shelf = Board(int(time.time() * 1000), board_settings(settings, limits)), AlertShelf(stores.redis)
    hub = WallHub(board, shelf)
    stack.callback(hub.close)
    live, today = Live(stores.acd, board, limits.of, hub.tell), Today(minutes)
    caring = Caring(live, stores.acd, stores.engine, settings.care.breathing, time.time)

    async def send(row: Mapping[str, Any]) -> None:
        assert late is not None
        await late.add("notifications", row)

    keeper = Keeper(
        live,
        minutes,
        today,
        shelf,
        caring,
        settings.alerts,
        None if late is None else send,
        settings.node,
        stores.redis,
        limits.of,
        f"{settings.web.public_url.rstrip('/')}/wall" if settings.web.public_url else "",
        on_call=settings.on_call,
    )
    return WallHouse(hub, live, Showing(live, today, shelf, limits.of), keeper, minutes)


def on_wall(
    settings: Settings,
    stores: Stores,
    left: FollowUpParts | None,
    stack: AsyncExitStack,
    start: Callable[[Work], None],
    due: Due,
) -> WallHouse:
    """The boards, running; `due` are tickets of which a clock runs out."""
    house = wall_house(settings, stores, None if left is None else left.late, stack)
    house.keeper.due = due
    start(house.run())
    return house


def limits_of(settings: Settings) -> Limits:
    wall = settings.wall
    return Limits(wall.within, dict(wall.queues), wall.short, wall.survey, NOBODY)


def board_settings(settings: Settings, limits: Limits) -> dict[str, Any]:
    """`settings` of docs/wall.md."""
    return {
        "within": {name: limits.of(name) for name in settings.queues},
        "breaks": [{"name": one.name, "zh": one.zh, "en": one.en} for one in settings.breaks],
        "formulas": [one.told() for one in FORMULAS],
    }


def teller_of(settings: Settings, stores: Stores, services: Services, sip: SipGateway, router: Router) -> Work:
    """What this node tells all boards, for as long as it lives."""
    calls = CallsOnBoard(lambda: services.running, settings.node, time.time)
    started = time.time()

    def about() -> Mapping[str, Any]:
        trunks = [{name: value for name, value in trunk_view(one).items() if name in TRUNK} for one in sip.trunks]
        told = [{**one, "down": one["state"] == "down" or one["registered"] is False} for one in trunks]
        return {"leads": router.matching.leads, "version": version("hotline"), "started_at": started, "trunks": told}

    return Teller(stores.redis, settings.node, calls.rows, about, time.time).run()


TRUNK = frozenset({"name", "state", "calls_in", "calls_out", "registered"})
