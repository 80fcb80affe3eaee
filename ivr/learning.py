"""Has a running node learn what its flows understand, beside the calls: in a process of its own, one model after another."""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterable

from ivr.dialplan.model import Flow
from ivr.minds import Lesson, Minds

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between looks for flows that are new."""
SECONDS = 300.0
"""How long one training may take on a busy machine."""
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
            if await asyncio.to_thread(self._minds.recall, lesson):
                return True
            if fault := await _made_apart(self._minds.request(lesson)):
                log.error("intents in %s were not learnt, the flow's own words are matched: %s", lesson.language, fault)
                return False
            await asyncio.to_thread(self._minds.recall, lesson)
        except OSError as error:
            log.error("intents in %s are not learnt yet: %s", lesson.language, error)
            return False
        return True


async def _made_apart(request: bytes) -> str:
    """Train in a process of its own, which ends with whoever waits for it; why that failed, or ""."""
    command = (sys.executable, "-m", "ivr.minds")
    child = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=DEVNULL, stderr=PIPE)
    try:
        async with asyncio.timeout(SECONDS):
            _, said = await child.communicate(request)
    except TimeoutError:
        return f"training took more than {SECONDS:g} s"
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return said.decode("utf-8", "replace").strip()[-500:] or f"ended with {child.returncode}" if child.returncode else ""
