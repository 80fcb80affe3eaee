"""Has actions done: written down, sent at once, tried again ever later, given up with the reason; each change is told."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ivr.actions.hook import Outcome
from ivr.errors import Conflict, StoreUnavailable
from ivr.records.runs import shown

log = logging.getLogger(__name__)

PAUSES = (1.0, 4.0, 15.0, 60.0, 300.0)
"""Seconds before the second, third, ... try."""
LEASE = 60.0
"""Seconds for which a try is ours: longer than any lasts."""
LONGEST = 45.0
"""Seconds after which a far end that still answers, drop by drop, has failed: before another node takes the action over."""
LOOK_SECONDS = 1.0


class Kept(Protocol):
    """`ivr.records.runs.Runs`."""

    async def add(self, row: Mapping[str, Any], lease: float) -> tuple[dict[str, Any], bool]: ...

    async def claim(self, lease: float, most: int = 20) -> list[dict[str, Any]]: ...

    async def put(self, run_id: str, **values: Any) -> dict[str, Any]: ...

    async def again(self, run_id: str, lease: float) -> dict[str, Any]: ...


class Far(Protocol):
    """`ivr.actions.hook.Hook`."""

    async def send(self, body: Mapping[str, Any], now: float) -> Outcome: ...

    async def close(self) -> None: ...


class Doing:
    """Of one node."""

    def __init__(
        self,
        kept: Kept,
        hooks: Mapping[str, tuple[Far, int]],
        clock: Callable[[], float],
        tell: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        """`hooks`: name to the far end and how often it is tried. `tell` brings (agent, a run) to the agent's page."""
        self._kept, self._hooks, self._clock, self._tell = kept, hooks, clock, tell
        self._tasks: set[asyncio.Task[None]] = set()
        self.counted: Counter[str] = Counter()
        """`done`, `refused`, `again` and `failed` so far."""

    async def start(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Write one down and send it; returns it as the page takes it, before there is an answer. Raises Conflict."""
        if row["hook"] not in self._hooks:
            raise Conflict(f"the setting `workbench.hooks.{row['hook']}` is not there")
        written, fresh = await self._kept.add(row, LEASE)
        if fresh:
            self._go(written)
        return shown(written)

    async def again(self, run_id: str) -> dict[str, Any]:
        """Another round of one that failed. Raises Conflict, NotFound."""
        row = await self._kept.again(run_id, LEASE)
        self._go(row)
        return shown(row)

    async def run(self) -> None:
        """Send what is due again, and what a node that died left, until cancelled."""
        while True:
            try:
                for row in await self._kept.claim(LEASE):
                    self._go(row)
            except StoreUnavailable as error:
                log.warning("actions wait: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def close(self) -> None:
        """What is under way is broken off; whoever comes after tries it again."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for far, _ in self._hooks.values():
            await far.close()

    def metrics(self) -> str:
        """Prometheus text."""
        lines = [
            f'hotline_actions_total{{outcome="{name}"}} {self.counted[name]}' for name in ("done", "refused", "again", "failed")
        ]
        return "\n".join(["# TYPE hotline_actions_total counter", *lines]) + "\n"

    def _go(self, row: Mapping[str, Any]) -> None:
        task = asyncio.create_task(self._one(row))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sent(self, far: Far, row: Mapping[str, Any]) -> Outcome:
        try:
            async with asyncio.timeout(LONGEST):
                return await far.send(row["body"], self._clock())
        except TimeoutError:
            return Outcome("again", f"no end within {LONGEST:g} s")

    async def _one(self, row: Mapping[str, Any]) -> None:
        far, tries = self._hooks.get(row["hook"], (None, 0))
        outcome = Outcome("failed", f"the setting `workbench.hooks.{row['hook']}` is not there")
        if far is not None:
            outcome = await self._sent(far, row)
        values: dict[str, Any] = {"status": outcome.status, "reason": outcome.reason, "answer": dict(outcome.answer)}
        if outcome.status == "again" and row["attempts"] < tries:
            pause = PAUSES[min(row["attempts"], len(PAUSES)) - 1]
            values |= {"status": "waiting", "next_at": self._clock() + pause}
        elif outcome.status == "again":
            values["status"] = "failed"
        self.counted["again" if values["status"] == "waiting" else values["status"]] += 1
        if values["status"] in ("failed", "refused"):
            log.warning("action %s of contact %s: %s: %s", row["action"], row["contact_id"], values["status"], outcome.reason)
        try:
            now = await self._kept.put(row["id"], **values)
        except StoreUnavailable as error:
            log.error("action %s: what came of it is not kept: %s", row["id"], error)
            return
        self._tell(row["agent_id"], {"contact_id": row["contact_id"], "run": shown(now)})
