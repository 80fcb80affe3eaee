"""Skills for now: an agent has other skills than in the settings, until a time or until it is taken back."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from ivr.acd.model import Agent
from ivr.acd.scripts import Moves, redis_errors, text
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound, StoreUnavailable

log = logging.getLogger(__name__)

LONGEST = 24 * 3600.0
MOST = 50
"""Skills that are lent to one agent at most."""
EVERY = 2.0
"""Seconds between looks for what has run out."""


@dataclass(frozen=True, slots=True)
class Lent:
    """What differs from the settings."""

    skills: Mapping[str, int]
    """Skill to level; 0: without it."""
    by: str
    at: float
    """Epoch seconds."""
    until: float
    """Epoch seconds; 0: until it is taken back."""

    def view(self) -> dict[str, Any]:
        return {"skills": dict(self.skills), "by": self.by, "at": self.at, "until": self.until}

    @classmethod
    def of(cls, row: str) -> Lent:
        told = json.loads(row)
        return cls(told["skills"], told["by"], told["at"], told["until"])


def with_skills(own: Mapping[str, int], lent: Mapping[str, int]) -> dict[str, int]:
    """The skills that count: `own` ones, where nothing else is lent. Pure."""
    return {skill: level for skill, level in {**own, **lent}.items() if level > 0}


class Lending:
    """Works on the same keys as `AcdStore`. Everything raises StoreUnavailable where Redis cannot be reached.

    Where agents are defined anew, `run` lends again what was lent, within `EVERY`.
    """

    def __init__(self, store: AcdStore) -> None:
        self._store, self._moves = store, Moves(store.redis, store.prefix)

    async def all(self) -> dict[str, Lent]:
        """Agent to what is lent."""
        with redis_errors():
            rows = await cast(Awaitable[Mapping[Any, Any]], self._store.redis.hgetall(self._store.key("lent")))
        return {text(agent): Lent.of(text(row)) for agent, row in rows.items()}

    async def lend(self, agent_id: str, skills: Mapping[str, int], seconds: float, by: str) -> Agent:
        """Let the agent have these skills beside the others, 0 for none; what was lent before is forgotten. A call goes on.

        Raises NotFound, and Conflict with the cure.
        """
        if not skills or len(skills) > MOST:
            raise Conflict(f"name 1 to {MOST} skills with their levels")
        if not 0 <= seconds <= LONGEST:
            raise Conflict("skills are lent for 24 hours at most; 0 for until they are taken back")
        if bad := sorted(skill for skill, level in skills.items() if not 0 <= level <= 10):
            raise Conflict(f"the level of '{bad[0][:40]}' is outside 0..10; 0 takes the skill away")
        now = self._store.now()
        lent = Lent(dict(skills), by, now, now + seconds if seconds else 0.0)
        return await self._write(agent_id, lent)

    async def give_back(self, agent_id: str) -> Agent:
        """The skills of the settings count again. Raises NotFound where nothing is lent."""
        if agent_id not in await self.all():
            raise NotFound(f"agent {agent_id[:80]} has the skills of the settings")
        return await self._write(agent_id, None)

    async def keep(self) -> list[str]:
        """Give back what has run out, lend again what a new definition took; returns of whose it was the end."""
        now, over = self._store.now(), list[str]()
        for agent_id, lent in (await self.all()).items():
            ends = 0 < lent.until <= now
            try:
                if ends or await self._forgotten(agent_id, lent):
                    await self._write(agent_id, None if ends else lent)
            except NotFound:
                ends = True
                with redis_errors():
                    await self._store.redis.hdel(self._store.key("lent"), agent_id)
            over += [agent_id] if ends else []
        return over

    async def run(self) -> None:
        """Give back what runs out, until cancelled."""
        while True:
            try:
                for agent_id in await self.keep():
                    log.info("agent %s has the skills of the settings again", agent_id)
            except StoreUnavailable as error:
                log.debug("skills that are lent are not looked at: %s", error)
            await asyncio.sleep(EVERY)

    async def _forgotten(self, agent_id: str, lent: Lent) -> bool:
        agent = await self._store.agent(agent_id)
        return dict(agent.skills) != with_skills(await self._own(agent), lent.skills)

    async def _own(self, agent: Agent) -> Mapping[str, int]:
        """The skills of the settings."""
        with redis_errors():
            row = await cast(Awaitable[bytes | None], self._store.redis.hget(self._store.key(f"agent:{agent.id}"), "own"))
        own: Mapping[str, int] = json.loads(row) if row else agent.skills
        return own

    async def _write(self, agent_id: str, lent: Lent | None) -> Agent:
        agent = await self._store.agent(agent_id)
        try:
            agent = replace(agent, skills=with_skills(await self._own(agent), lent.skills if lent else {}))
        except ValueError as error:
            raise Conflict(str(error)) from error
        row, skills = json.dumps(lent.view()) if lent else "", json.dumps(dict(agent.skills))
        await self._moves.run("lend_skills", f"{self._store.now():.3f}", agent_id, skills, agent.profile, row)
        return agent
