"""Has a running node learn what its flows understand, beside the calls: in a process of its own, one model after another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from subprocess import TimeoutExpired

from ivr.dialplan.model import Flow
from ivr.minds import Lesson, Minds

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between looks for flows that are new."""
AGAIN_SECONDS = 60.0
"""After a training that failed."""


class Learning:
    """Keeps `minds` up to date with the flows of a node; `run` goes on until cancelled."""

    def __init__(self, minds: Minds, flows: Callable[[], Iterable[Flow]]) -> None:
        """`flows` gives every version on which calls may run."""
        self._minds, self._flows = minds, flows
        self._known: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            done = await self.look()
            await asyncio.sleep(LOOK_SECONDS if done else AGAIN_SECONDS)

    async def look(self) -> bool:
        """Learn what flows that are new want; False where something of it could not be learnt."""
        flows = list(self._flows())
        versions = frozenset(flow.version for flow in flows)
        if versions == self._known:
            return True
        self._minds.meet(flows)
        wanted = await asyncio.to_thread(self._minds.wanted, flows)
        done = [await self._learnt(lesson) for lesson in wanted]
        if all(done):
            self._known = versions
        return all(done)

    async def _learnt(self, lesson: Lesson) -> bool:
        try:
            await asyncio.to_thread(self._minds.learn, [lesson], apart=True)
        except (OSError, ValueError, TimeoutExpired) as error:
            log.error("intents in %s are not learnt yet: %s", lesson.language, error)
            return False
        return True
