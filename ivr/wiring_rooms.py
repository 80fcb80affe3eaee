"""From settings to the rooms that only a node with pages has: what is written, the wallboard, quality."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any, Protocol

from ivr.acd.routing import Router
from ivr.dialplan.loader import FlowStore
from ivr.nodes.desks import PageMap
from ivr.nodes.link import NodeLink
from ivr.scenes.model import Line
from ivr.settings import Settings
from ivr.stores import Stores
from ivr.web.desk import DeskHub
from ivr.web.parts import AgentActions, WebParts
from ivr.wiring_accounts import AccountParts
from ivr.wiring_calls import CallParts
from ivr.wiring_messages import message_house, teller
from ivr.wiring_quality import quality_parts
from ivr.wiring_reminders import reminding
from ivr.wiring_side import SideParts
from ivr.wiring_tickets import Hours
from ivr.wiring_wall import on_wall


class Tasks(Protocol):
    """The node's own tasks."""

    def start(self, *works: Coroutine[Any, Any, None]) -> None: ...


async def page_rooms(
    settings: Settings,
    stores: Stores,
    router: Router,
    link: NodeLink,
    where: PageMap,
    hub: DeskHub,
    agents: AgentActions,
    flows: FlowStore,
    side: SideParts,
    signing: AccountParts,
    calls: CallParts,
    stack: AsyncExitStack,
    tasks: Tasks,
) -> Callable[[WebParts], WebParts]:
    """Put them together and start them; returns what hands them to the pages."""

    def hours() -> Hours:
        return flows.environment.hours

    def lines() -> Mapping[str, Line]:
        return side.bench.shelf.book.lines

    written = message_house(settings, stores, router, link, where, hub, agents, stack, tasks.start, hours, side.bench)
    shown = on_wall(settings, stores, calls.left, stack, tasks.start, written.parts.tickets.due)
    judged = await quality_parts(settings, stores, flows, lines, signing.books.people, teller(hub, link, where))
    tasks.start(judged.run())
    if (reminded := reminding(settings, stores, hub, calls.left)) is not None:
        tasks.start(reminded.run())
    return lambda web: judged.web(shown.web(written.web(signing.web(web))))
