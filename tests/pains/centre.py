"""A call centre for tests: agents, callers who queue as soon as they call, and the proof that nothing is left of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ivr.acd.model import Agent, AgentState, Queue
from ivr.dialplan.loader import load
from ivr.session.agents import Agents
from ivr.session.parking import ParkingLot
from telephony.fake import FakeLeg
from telephony.leg import LegState, Party
from telephony.media.clip import Clip
from tests.unit.ivr.session.house import House
from tests.unit.ivr.session.test_transfers import FakeRoom

FLOW = """
flow: small
languages: [en]
defaults: { error: over }
states:
  main:
    switch: { of: caller.number, cases: { expert: expert, gold: gold }, otherwise: any }
  any:
    enqueue: { queue: support, need: { telecom: 1 } }
    on: { no_agents: over, timeout: over, closed: over, full: over }
  gold:
    enqueue: { queue: support, need: { telecom: 1 }, priority: 8 }
    on: { no_agents: over, timeout: over, closed: over, full: over }
  expert:
    enqueue: { queue: support, need: { telecom: 9 } }
    on: { no_agents: over, timeout: over, closed: over, full: over }
  over:
    hangup: normal
"""

IDLE = (AgentState.AVAILABLE, AgentState.WRAP_UP, AgentState.BREAK, AgentState.OFFLINE)


class Centre:
    """A `House` whose callers go straight into a queue."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.legs: list[FakeLeg] = []
        self.rooms: list[FakeRoom] = []
        self.lot = ParkingLot(("701",))
        house.services.flows.publish(load(FLOW))
        ringback = [Clip(Clip.tone(450, 0.04).samples, "ringback")]
        house.with_services(confer=self._confer, parking=self.lot, ringback=ringback, recognizer=None)
        self.buttons = Agents(house.store, house.log, house.talks, house.services.clock)
        self.buttons.find, self.buttons.parking = house.switchboard.find, self.lot

    def _confer(self, music: Sequence[Clip]) -> FakeRoom:
        self.rooms.append(FakeRoom())
        return self.rooms[-1]

    async def open(self, agents: int, *, wrap_up: float = 0.0, ring: float = 5.0, on_duty: bool = True) -> list[str]:
        """Define a queue and so many agents, on duty."""
        names = [f"agent-{number:03d}" for number in range(agents)]
        store = self.house.store
        queues = [Queue(name, ring_seconds=ring, wrap_up_seconds=wrap_up, missed_limit=0) for name in ("support", "billing")]
        await store.define_queues(queues)
        await store.define_agents([Agent(id=name, skills={"telecom": 5}) for name in names])
        for name in names if on_duty else ():
            await self.house.come(name)
        return names

    def call(self, number: str = "1001") -> tuple[FakeLeg, str]:
        leg = FakeLeg(f"pain-{len(self.legs)}", caller=Party(number, ""))
        self.legs.append(leg)
        return self.house.call(leg)

    async def talk(self, number: str = "1001") -> tuple[FakeLeg, str]:
        """A caller who talks with somebody."""
        leg, contact = self.call(number)
        await self.until(lambda: self.house.talks.has(contact))
        return leg, contact

    async def until(self, what: Callable[[], Any], seconds: float = 15.0) -> None:
        await self.house.until(what, seconds)

    async def until_states(self, *states: AgentState, seconds: float = 10.0) -> None:
        """Until every agent is in one of these."""
        async with asyncio.timeout(seconds):
            while not all(one.state in states for one in await self.house.store.agents()):  # noqa: ASYNC110  # in Redis
                await asyncio.sleep(0.02)

    def answered(self) -> list[str]:
        """The contacts that agents were joined with, in order."""
        return [data["id"] for _, _, data in self._shown("connected")]

    def rung(self) -> list[str]:
        """The contacts that were shown before they rang, in order."""
        return [data["id"] for kind, _, data in self.house.desk.log if kind == "present"]

    def _shown(self, phase: str) -> list[tuple[str, str, Mapping[str, Any]]]:
        return [entry for entry in self.house.desk.log if entry[0] == "contact" and entry[2].get("phase") == phase]

    async def nothing_left(self) -> None:
        """Nobody is rung or talks, no leg is up, nothing is in the store, and the sums are right. Raises AssertionError."""
        house, store = self.house, self.house.store
        await self.until(lambda: not len(house.switchboard))
        await self.until_states(*IDLE)
        up = [leg.id for leg in (*self.legs, *house.desk.legs, *house.dialled) if leg.state is not LegState.ENDED]
        assert not up, f"legs are still up: {up}"
        assert not len(house.talks)
        assert all("close" in bridge.done for bridge in house.bridges)
        await self.until_empty()
        for agent in await store.agents():
            assert not agent.held, f"{agent.id} holds {dict(agent.held)}"
        totals = await store.totals()
        counted = Counter(totals)
        assert counted["offers"] == sum(counted[name] for name in ("answered", "declined", "missed", "withdrawn")), totals
        left = counted["abandoned"] + counted["lost"]
        assert counted["enqueued"] == counted["answered"] - counted["requeued"] + left, totals

    async def until_in_queue(self, number: int, at_most: int = 1000) -> None:
        """Until so many contacts are in the store."""
        async with asyncio.timeout(10):
            while not number <= len(await self.house.store.contact_ids()) <= at_most:  # noqa: ASYNC110  # in Redis
                await asyncio.sleep(0.01)

    async def until_empty(self) -> None:
        store = self.house.store
        async with asyncio.timeout(10):
            while await store.contact_ids():  # noqa: ASYNC110  # in Redis
                await asyncio.sleep(0.02)
