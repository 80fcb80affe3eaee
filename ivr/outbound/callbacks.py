"""The dialer of callbacks: looks whose turn comes, claims the row, has it called, and says in the row how that went.

One node at a time looks and dials (a turn in Redis, to keep the pace); that no customer is called twice the claim in SQL alone
sees to, whatever becomes of that turn. A node that is killed loses its leases after `LEASE` seconds, and others go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from ivr.errors import StoreUnavailable
from ivr.outbound.callbacks_plan import Patience, Turn
from ivr.records.followups import CALLBACK, number_of
from ivr.records.promises import Promises, Row

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks at whose turn comes."""
BEAT = 2.0
LEASE = 12.0
"""Seconds after which a dialer that says nothing is taken for gone."""
REFRESH = 5.0
"""Seconds between two looks at which numbers are promised a call."""
HOLD = 12.0
"""Seconds for which a customer who is on the line is not dialled; renewed while that lasts."""
AFTER_CRASH = 15.0
"""Seconds after the end of a lease until the number is dialled again."""
OLD = 86400.0
"""Seconds after the end of a window after which nobody is told any more that nobody called."""
STUBBORN = 60.0


@dataclass(frozen=True, slots=True)
class Tried:
    """How a call went."""

    outcome: str
    """`served busy no_answer machine unwanted hung_up unserved refused unreachable cancelled shutdown failed`."""
    detail: str = ""
    contact_id: str = ""
    answered_after: float | None = None
    """Seconds from dialling to the answer."""


@dataclass(slots=True, eq=False)
class Claim:
    """A row that is ours to dial."""

    row: Row
    holder: str
    contact_id: str
    renewed: float
    """On the loop's clock."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """The row is not ours any more: cancelled, or kept by another call. End the call, unless somebody talks."""
    served: bool = False

    @property
    def number(self) -> str:
        return number_of(CALLBACK, int(self.row["id"]))


class Caller(Protocol):
    async def __call__(self, claim: Claim, served: Callable[[], None]) -> Tried:
        """Call the customer and return how it went when that is over. `served` is called as a talk with an agent begins."""


class Planner(Protocol):
    async def __call__(self, due: Sequence[Row], active: Sequence[Row]) -> list[Turn]:
        """Those of `due` to dial now. Raises StoreUnavailable."""


class Talking(Protocol):
    def __call__(self) -> Collection[str]:
        """Numbers, in comparable form, that are on the line with this node."""


@dataclass(frozen=True, slots=True)
class House:
    """What the dialer needs of the rest."""

    call: Caller
    plan: Planner
    turn: Callable[[], Awaitable[bool]]
    """Whether this node is the one to look and dial; asked each time. Raises StoreUnavailable."""
    goes_on: Callable[[str], Awaitable[bool]]
    """Whether a contact is still being recorded: the call that made the promise. Raises StoreUnavailable."""
    talking: Talking
    same: Callable[[str], str]
    """A number in the form in which two can be compared."""
    give_up: Callable[[Row], Awaitable[None]]
    """Tell people that a customer could not be reached; the second time nothing happens. Raises StoreUnavailable."""
    clock: Callable[[], float]


class Callbacks:
    """`run` is the node's own task; it ends its calls when it is cancelled."""

    def __init__(self, promises: Promises, house: House, node: str, patience: Patience, at_once: int) -> None:
        self._promises, self._house, self._patience, self._room = promises, house, patience, at_once
        self._node = node
        self._claims: dict[str, Claim] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._refreshed = -REFRESH
        self.known: dict[str, list[Row]] = {}
        """Comparable number to what it is promised."""
        self.counts: Mapping[str, int] = {}
        self.outcomes: Counter[str] = Counter()
        self.dialled = 0

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._for_ever(self.look, LOOK))
                group.create_task(self._for_ever(self.beat, BEAT))
        finally:
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=5.0)

    async def _for_ever(self, work: Callable[[], Awaitable[None]], pause: float) -> None:
        while True:
            try:
                await work()
            except StoreUnavailable as error:
                log.warning("callbacks wait: %s", error)
            except Exception:
                log.exception("callbacks")
            await asyncio.sleep(pause)

    # --- looking

    async def look(self) -> None:
        """Mend what crashed, and dial whose turn comes. Raises StoreUnavailable."""
        now = self._house.clock()
        await self._refresh()
        if len(self._claims) >= self._room or not await self._house.turn():
            return
        await self._promises.make_comparable(self._house.same)
        await self._mend(now)
        due = await self._ready(await self._promises.due(now)) if self._patience.open(now) else []
        if not due:
            return
        chosen = await self._house.plan(due, await self._promises.dialing())
        rows = {row["id"]: row for row in due}
        for one in chosen[: self._room - len(self._claims)]:
            await self._claim(rows[one.id], one.wait)

    async def _ready(self, due: Sequence[Row]) -> list[Row]:
        """Those who are not on the line with us; one of each number."""
        busy, found = set(self._house.talking()), dict[str, Row]()
        for row in due:
            if row["callee"] in busy or row["callee"] in found:
                continue
            if row["origin"] == "caller" and not row["attempts"] and await self._house.goes_on(row["contact_id"]):
                continue
            found[row["callee"]] = row
        return list(found.values())

    async def _refresh(self) -> None:
        """Learn which numbers are promised a call, and leave those alone who are on the line with this node."""
        loop = asyncio.get_running_loop()
        if loop.time() - self._refreshed < REFRESH:
            return
        self._refreshed = loop.time()
        known: dict[str, list[Row]] = {}
        for row in await self._promises.open_numbers():
            known.setdefault(row["callee"] or self._house.same(row["number"]), []).append(row)
        self.known, self.counts = known, await self._promises.counts()
        held = [row["id"] for number in self._house.talking() for row in known.get(number, ())]
        if held:
            await self._promises.hold(held, self._house.clock() + HOLD)

    # --- what crashed or came too late

    async def _mend(self, now: float) -> None:
        for row in await self._promises.lapsed(now):
            log.warning("callback %s: its dialer is gone", _name(row))
            await self._follow(row, {"at": now, "outcome": "crashed"}, now, AFTER_CRASH)
        for row in await self._promises.overdue(now):
            if row["until_at"] > now - OLD:
                await self._house.give_up(row)
            if await self._promises.fail(row, {"at": now, "outcome": row["outcome"] or "too_late"}, now):
                log.warning("callback %s: nobody was called in time", _name(row))

    async def _follow(self, row: Row, tried: Mapping[str, Any], now: float, soonest: float | None = None) -> None:
        """Another try, `soonest` seconds from now where the customer is not to blame, or the end of them."""
        at = self._patience.next_try(int(row["attempts"]), float(row["until_at"]), now, soonest)
        if at is not None:
            await self._promises.again(row, tried, at, now)
            log.info("callback %s: %s, again in %.0f s", _name(row), tried["outcome"], at - now)
            return
        await self._house.give_up(row)
        if await self._promises.fail(row, tried, now):
            log.warning("callback %s: given up after %d calls: %s", _name(row), row["attempts"], tried["outcome"])

    # --- dialling

    async def _claim(self, row: Row, wait: float) -> None:
        contact_id = f"c-{uuid4().hex[:16]}"
        holder, now = f"{self._node}|{contact_id}", self._house.clock()
        if not await self._promises.claim(row["id"], holder, now, LEASE):
            return
        taken = {**row, "status": "dialing", "holder": holder, "attempts": row["attempts"] + 1}
        claim = Claim(taken, holder, contact_id, asyncio.get_running_loop().time())
        self._claims[holder] = claim
        self.dialled += 1
        log.info("callback %s: call %d, an agent is expected in %.0f s", claim.number, taken["attempts"], wait)
        task = asyncio.create_task(self._attempt(claim))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, claim: Claim) -> None:
        began = self._house.clock()
        tried = Tried("shutdown")
        serving: list[asyncio.Task[None]] = []
        try:
            tried = await self._house.call(claim, lambda: serving.append(asyncio.create_task(self._served(claim))))
        except Exception:
            log.exception("callback %s", claim.number)
            tried = Tried("failed", "a fault of ours")
        finally:
            if serving:
                await asyncio.wait(serving)
            self.outcomes[tried.outcome] += 1
            await self._over(claim, tried, began)
            self._claims.pop(claim.holder, None)

    async def _served(self, claim: Claim) -> None:
        """The promise is kept, and stays so whatever becomes of the talk."""
        claim.served = True
        await _until_written(
            lambda: self._promises.serve(claim.row["id"], claim.contact_id, "served", self._house.clock()), claim.number
        )

    async def _over(self, claim: Claim, tried: Tried, began: float) -> None:
        now = self._house.clock()
        told = {"at": began, "outcome": tried.outcome, "detail": tried.detail[:200], "seconds": round(now - began, 1)}
        told |= {"contact_id": tried.contact_id, "node": self._node, "answered_after": tried.answered_after}

        async def write() -> None:
            if claim.served:
                await self._promises.note(claim.row["id"], told, now)
            elif tried.outcome == "unwanted":
                if await self._promises.cancel(claim.row["id"], "unwanted", now):
                    await self._promises.note(claim.row["id"], told, now)
            elif not claim.gone.is_set():
                await self._follow(claim.row, told, now, LOOK if tried.outcome == "shutdown" else None)

        await _until_written(write, claim.number)

    async def beat(self) -> None:
        """Keep the leases; a row that is no longer ours, or could not be kept in time, is let go. Raises StoreUnavailable."""
        claims = [one for one in self._claims.values() if not one.served]
        now = asyncio.get_running_loop().time()
        for one in claims:
            if now - one.renewed > LEASE - BEAT:
                one.gone.set()
        if not claims:
            return
        kept = await self._promises.renew([one.holder for one in claims], self._house.clock() + LEASE)
        for one in claims:
            if one.holder in kept:
                one.renewed = now
            elif not one.served:
                one.gone.set()


async def _until_written(write: Callable[[], Awaitable[object]], number: str) -> None:
    """Try for a while where the database is away; then the end of the lease is what remains."""
    pause, left = 0.2, STUBBORN
    while True:
        try:
            await write()
            return
        except StoreUnavailable as error:
            if left <= 0:
                log.error("callback %s: how it went is not written: %s", number, error)
                return
        try:
            await asyncio.sleep(pause)
            left, pause = left - pause, min(5.0, pause * 2)
        except asyncio.CancelledError:  # the node stops: one more try, then the lease heals it
            left = 0.0


def _name(row: Row) -> str:
    return number_of(CALLBACK, int(row["id"]))
