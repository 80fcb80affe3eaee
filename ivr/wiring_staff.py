"""From settings to the rules of when agents work: their actions, the desk of supervisors, and the tasks behind both."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.acd.lending import Lending
from ivr.acd.routing import Router
from ivr.acd.store import AcdStore
from ivr.nodes.desks import PageMap
from ivr.nodes.link import NodeLink
from ivr.records.agent_states import AgentStates
from ivr.records.followups import FollowUps
from ivr.records.reader import ContactReader
from ivr.records.whole import WholeContacts
from ivr.records.writer import ContactLog
from ivr.session.agents import Agents
from ivr.session.planning import DailyBreak, keep_plans
from ivr.session.services import Services
from ivr.session.staff import Staff
from ivr.session.staff_orders import MovesHere, Pages, StaffOrders
from ivr.session.switchboard import Switchboard
from ivr.session.talks import Talks
from ivr.session.wrapping import WrapUps
from ivr.settings import Settings
from ivr.settings_duty import DAYS
from ivr.settings_outcomes import chosen_outcomes
from ivr.web.parts import WebParts


@dataclass(frozen=True, slots=True)
class StaffParts:
    """What a node needs for its agents."""

    settings: Settings
    store: AcdStore
    states: AgentStates
    engine: AsyncEngine

    @property
    def reasons(self) -> list[str]:
        return [one.name for one in self.settings.breaks]

    def agents(self, log: ContactLog, talks: Talks, where: PageMap) -> Agents:
        found = Agents(self.store, log, talks, time.time, where, self.reasons)
        records, left = WholeContacts(log, ContactReader(self.engine)), FollowUps(self.engine, time.time)
        found.wrapping = WrapUps(chosen_outcomes(self.settings.dispositions), left.open_ticket, records.find)
        return found

    def web(self, parts: WebParts) -> WebParts:
        breaks = [{"name": one.name, "zh": one.zh, "en": one.en} for one in self.settings.breaks]
        return replace(parts, staff=Staff(self.store, self.states, breaks))

    def orders(self, link: NodeLink, where: PageMap, pages: Pages, switchboard: Switchboard, services: Services) -> StaffOrders:
        """What supervisors order; from now on this node moves its callers, whichever node is asked."""
        here = MovesHere(link, switchboard.find, services.waits, services.talks, services.queues, switchboard.flows)
        return StaffOrders(self.store, link, here, where, pages)

    async def run(self, agents: Agents, router: Router) -> None:
        """Keep states and planned breaks, and let the node that decides mend who is stuck, until cancelled."""
        agents.presence.mends = lambda: router.matching.leads
        async with asyncio.TaskGroup() as group:
            group.create_task(self.states.run())
            group.create_task(Lending(self.store).run())
            group.create_task(keep_plans(self.store, planned_of(self.settings)))


def staff_parts(settings: Settings, store: AcdStore, redis: Redis, engine: AsyncEngine) -> StaffParts:
    return StaffParts(settings, store, AgentStates(redis, engine), engine)


def planned_of(settings: Settings) -> list[DailyBreak]:
    """The breaks of every day, of every agent."""
    return [
        DailyBreak(agent.id, one.minute, one.length, one.reason, frozenset(DAYS.index(day) for day in one.days))
        for agent in settings.agents
        for one in agent.breaks
    ]
