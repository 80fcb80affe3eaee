"""Agents whose device is a phone: on duty while it can be rung, and off duty as soon as it cannot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from ivr.errors import IvrError
from ivr.session.agents import Agents

log = logging.getLogger(__name__)

MOST_NEWS = 10_000
"""Registrations that may wait to be told; what is more is found at the next look."""
LOOK_SECONDS = 30.0
"""Between looks at every phone, for news that were lost or could not be told."""


class Devices:
    """`phones` are agents to their device; `reachable` tells whether a user has a phone registered, None for no user of ours.

    A device that is no user of ours, a SIP URI or a number, counts as reachable always.
    """

    def __init__(self, agents: Agents, phones: Mapping[str, str], reachable: Callable[[str], bool | None]) -> None:
        self._agents = agents
        self._phones = dict(phones)
        self._reachable = reachable
        self._news: asyncio.Queue[str] = asyncio.Queue(MOST_NEWS)
        self._on_duty: set[str] = set()
        agents.phone_gone = self.gone
        agents.presence.seen = self.seen

    def gone(self, agent_id: str) -> str:
        """The phone of this agent where it is not registered, else ""."""
        device = self._phones.get(agent_id, "")
        return device if device and self._reachable(device) is False else ""

    def seen(self) -> list[tuple[str, str, str]]:
        """`(agent, "phone" or "phone_away", device)` of each."""
        return [(one, "phone_away" if self.gone(one) else "phone", device) for one, device in self._phones.items()]

    def changed(self, user: str, contacts: int) -> None:
        """Hear that a user has registered, or has no contact left; never blocks."""
        if user in self._phones.values() and not self._news.full():
            log.info("phone %s: %s", user, f"{contacts} contacts" if contacts else "not registered any more")
            self._news.put_nowait(user)

    async def run(self) -> None:
        """Put agents on duty and off it; runs until cancelled."""
        while True:
            for agent_id, device in self._phones.items():
                await self._judge(agent_id, device)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    while True:
                        await self._tell(await self._news.get())
            except TimeoutError:
                continue

    async def _tell(self, user: str) -> None:
        for agent_id, device in self._phones.items():
            if device == user:
                await self._judge(agent_id, device)

    async def _judge(self, agent_id: str, device: str) -> None:
        there = self._reachable(device) is not False
        try:
            if there and agent_id not in self._on_duty:
                self._on_duty.add(agent_id)
                await self._agents.on_duty([agent_id])
                log.info("agent %s: on duty: phone %s can be rung", agent_id, device)
            elif not there and agent_id in self._on_duty:
                self._on_duty.discard(agent_id)
                await self._agents.off_duty(agent_id, "phone not registered")
                log.info("agent %s: off duty: phone %s is not registered", agent_id, device)
        except IvrError as error:
            self._on_duty ^= {agent_id}
            log.warning("agent %s: %s", agent_id, error)
