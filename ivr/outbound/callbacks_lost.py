"""Calls whose audio died with their node become callbacks with the place they had."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ivr.acd.lost import Lost, LostContacts
from ivr.call import Disposition
from ivr.records.followups import FollowUps

log = logging.getLogger(__name__)

GRACE = 5.0
"""Seconds for which a contact stays lost before it is promised a call: a node that hung and comes back takes its own again."""
FEWEST_DIGITS = 3
UNFINISHED = ("", Disposition.LOST.value)
"""Of calls that broke off; any other had ended, though Redis was not told of it any more."""
MINE = "callback"
"""Channel of calls that are callbacks themselves: their row goes on by its lease."""

Record = Callable[[str], Awaitable[Mapping[str, Any] | None]]
"""`WholeContacts.find`: what was written of a contact. Its node may have come back and closed it as lost meanwhile."""


class LostCalls:
    """`take` is called again and again by every node: `FollowUps` makes one row of a contact, whoever asks."""

    def __init__(
        self, lost: LostContacts, record: Record, followups: FollowUps, window: float, clock: Callable[[], float]
    ) -> None:
        self._lost, self._record, self._followups, self._window, self._clock = lost, record, followups, window, clock
        self.promised = 0

    async def take(self) -> int:
        """Make rows of those who are lost for long enough; returns how many. Raises StoreUnavailable."""
        made = 0
        for one in await self._lost.before(self._clock() - GRACE):
            made += await promise_lost(one, await self._record(one.id), self._followups, self._window, self._clock())
            await self._lost.forget([one.id])
        self.promised += made
        return made


async def promise_lost(lost: Lost, record: Mapping[str, Any] | None, followups: FollowUps, window: float, now: float) -> bool:
    """Promise a call to whom the dead node had on the line; False where nobody can be called. Raises StoreUnavailable."""
    number = str((record or {}).get("caller_number") or "")
    if record is None or record["channel"] == MINE or sum(map(str.isdigit, number)) < FEWEST_DIGITS:
        log.warning("contact %s of node %s is lost, and there is nobody to call", lost.id, lost.node)
        return False
    if record["disposition"] not in UNFINISHED:
        log.info("contact %s of node %s was over: %s", lost.id, lost.node, record["disposition"])
        return False
    if not set(number) <= set("+0123456789"):
        log.warning("contact %s of node %s is lost, and has no number that can be called", lost.id, lost.node)
        return False
    given = await followups.schedule_callback(f"lost:{lost.id}", row_of_lost(lost, record, window, now))
    log.warning("contact %s of node %s is lost: callback %s", lost.id, lost.node, given["number"])
    return True


def row_of_lost(lost: Lost, record: Mapping[str, Any], window: float, now: float) -> dict[str, Any]:
    """The columns of the callback, with what the call had told by then."""
    was = lost.place
    place: dict[str, Any] = {
        "queue": lost.queue,
        "needs": dict(was.get("needs") or {}),
        "priority": int(was.get("priority", 5)),
    }
    place |= {"prefer": list(was.get("prefer") or ()), "only": list(was.get("only") or ())}
    place["exclude"] = list(was.get("excluded") or ())
    place["relax"] = [[after, dict(needs)] for after, needs in was.get("relax") or ()]
    place["where"] = [{"team": teams, "site": sites} for teams, sites in was.get("where") or ()]
    told = {name: record[name] for name in ("intent", "slots", "tags") if record.get(name)}
    return {
        "number": record["caller_number"],
        "contact_id": lost.id,
        "caller_number": record["caller_number"],
        "caller_name": record["caller_name"],
        "language": record["language"],
        "flow": record["flow"],
        "called": record["called"],
        "origin": "lost",
        "queue": lost.queue,
        "needs": place["needs"],
        "place": place,
        "priority": min(10, max(0, place["priority"])),
        "reason": "the call broke off",
        "handover": {**told, **(record.get("handover") or {})},
        "profile": {},
        "queued_at": lost.enqueued_at,
        "from_at": now,
        "until_at": now + window,
    }
