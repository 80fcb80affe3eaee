"""What begins and ends by itself: the node that comes first does it, once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Problem
from ivr.publishing import tables
from ivr.publishing.change import Change
from ivr.publishing.ledger import Ledger
from ivr.publishing.model import CLOCK, Version
from ivr.publishing.moves import bring_back, start_due

log = logging.getLogger(__name__)

Check = Callable[[Mapping[str, str]], Awaitable[tuple[Mapping[str, Flow], Sequence[Problem]]]]
MOST_AT_ONCE = 100


class Clockwork:
    """`check` gives the flows and the problems of flow to text, as this node finds them."""

    def __init__(self, ledger: Ledger, check: Check) -> None:
        self._ledger = ledger
        self._check = check

    async def strike(self, now: float) -> list[int]:
        """End what is over, then begin what is due, one change each; their serials. Raises StoreUnavailable."""
        made: list[int] = []
        for move in (self._end, self._begin):
            for _ in range(MOST_AT_ONCE):
                async with self._ledger.change(now) as change:
                    await move(change)
                if not change.made:
                    break
                made.append(change.serial)
        return made

    async def _end(self, change: Change) -> None:
        over = [one for one in (await change.standings()).values() if one.until is not None and one.until <= change.at]
        if not over:
            return
        together = [one for one in over if one.until == min(other.until for other in over if other.until is not None)]
        for one in together:
            await bring_back(change, one)
        await change.done(CLOCK, "the time is over", "back", {one.flow: one.number for one in together})
        log.info("flows %s: the time of their versions is over", ", ".join(one.flow for one in together))

    async def _begin(self, change: Change) -> None:
        table = tables.versions
        due = await change.versions(table.c.fate == "scheduled", table.c.from_at <= change.at)
        if not due:
            return
        first = min(due, key=lambda one: (one.start or 0.0, one.serial))
        together = [one for one in due if one.serial == first.serial]
        reason = await self._refusal(change, together)
        if reason:
            for one in together:
                await change.settle(one, "refused", reason)
            log.error("flows %s do not begin as scheduled: %s", ", ".join(one.flow for one in together), reason)
        else:
            await start_due(change, together)
        await change.done(first.author, reason or first.note, "refuse" if reason else "start")

    async def _refusal(self, change: Change, versions: Sequence[Version]) -> str:
        if any(one.until is not None and one.until <= change.at for one in versions):
            return "its time was over before a node could begin it"
        _, problems = await self._check({one.flow: await change.text(one.flow, one.version) for one in versions})
        wrong = [one for one in problems if one.severity == "error"]
        return str(wrong[0]).replace("\n    ", "; ") if wrong else ""
