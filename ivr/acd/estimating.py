"""Estimates made by the node that decides, a little at a time, and read by all.

`{acd}:estimates` holds one curve for each kind of contact and `queue:<name>` for each queue; `{acd}:pace` what was learnt of
talks and breaks, for the node that decides next. Both go by themselves where nobody decides any more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

from ivr.acd.estimate import USUAL, Curve, Estimates, estimate, usual_of
from ivr.acd.model import Contact
from ivr.acd.outlook import Outlook, kind_of
from ivr.acd.pace import Pace
from ivr.acd.scripts import redis_errors, text
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable

logger = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two rounds of estimates."""
SHARE = 0.2
"""Of the time, at most, that goes into them."""
SLICE = 0.0005
"""Seconds after which others get their turn."""
KEPT = 30
"""Seconds for which estimates are believed."""
SAVE = 60.0
PACE_KEPT = 30 * 86_400
TOLD_AT_ONCE = 100
AT_ONCE = 20
"""Curves put into text at one go."""


class EstimateBoard:
    """What the leader foresaw, as any node reads it. Every method raises StoreUnavailable."""

    def __init__(self, store: AcdStore) -> None:
        self._store = store
        self._key, self._pace = store.key("estimates"), store.key("pace")

    async def of(self, contacts: Iterable[Contact], keys: Mapping[str, str] | None = None) -> dict[str, float | None]:
        """Contact id to the seconds that it will still wait; None where nobody can tell.

        `keys` has that of the kind of each contact, where they are known.
        """
        wanted = [(one, (keys or {}).get(one.id) or kind_of(one).key) for one in contacts]
        if not wanted:
            return {}
        names = {USUAL + one.queue: None for one, _ in wanted} | {key: None for _, key in wanted}
        found = await self._fields(list(names))
        told = ((name.removeprefix(USUAL), usual_of(raw)) for name, raw in found.items() if name.startswith(USUAL))
        known = {queue: one for queue, one in told if one is not None}
        missing = {one.key for one in known.values()} - found.keys()
        if missing:
            found |= await self._fields(list(missing))
        curves = {key: _curve(raw) for key, raw in found.items() if not key.startswith(USUAL)}
        estimates = Estimates(0.0, {key: one for key, one in curves.items() if one}, known)
        now = self._store.now()
        return {one.id: estimates.of(one, now, key) for one, key in wanted}

    async def newcomers(self, queues: Iterable[str]) -> dict[str, float | None]:
        """Queue to the seconds that somebody usual who comes now will wait; None where nobody can tell."""
        names = list(queues)
        found = await self._fields([USUAL + name for name in names]) if names else {}
        usual = {name: usual_of(found.get(USUAL + name, "")) for name in names}
        return {name: None if one is None else one.wait for name, one in usual.items()}

    async def put(self, estimates: Estimates) -> None:
        """Make these the estimates, in place of those before."""
        rows: dict[str, str] = {USUAL + name: one.text for name, one in estimates.usual.items()}
        for count, (key, curve) in enumerate(estimates.curves.items(), 1):
            rows[key] = json.dumps([[round(came, 3), None if at is None else round(at, 1)] for came, at in curve])
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
        redis = self._store.redis
        with redis_errors():
            async with redis.pipeline(transaction=True) as pipe:
                pipe.delete(self._key)
                if rows:
                    pipe.hset(self._key, mapping=cast(Mapping[Any, Any], rows))
                    pipe.expire(self._key, KEPT)
                await pipe.execute()

    async def pace(self) -> Pace:
        """What was learnt so far."""
        with redis_errors():
            raw = await cast(Awaitable[Any], self._store.redis.get(self._pace))
        return Pace.restored(_plain(raw))

    async def save(self, pace: Pace) -> None:
        with redis_errors():
            await self._store.redis.set(self._pace, json.dumps(pace.told(), separators=(",", ":")), ex=PACE_KEPT)

    async def _fields(self, names: list[str]) -> dict[str, str]:
        with redis_errors():
            found = await cast(Awaitable[list[Any]], self._store.redis.hmget(self._key, names))
        return {name: text(raw) for name, raw in zip(names, found, strict=True) if raw is not None}


class Estimating:
    """Makes estimates from an outlook for as long as this node decides."""

    def __init__(self, store: AcdStore, outlook: Callable[[], Outlook]) -> None:
        """`outlook` gives the one that is followed at the time."""
        self.board = EstimateBoard(store)
        self._store, self._outlook = store, outlook
        self._dice = random.Random(store.now()).random
        self._last: Estimates | None = None
        self._waiting = 0
        self.longest = 0.0
        """Seconds for which the event loop was held at one go, at most."""

    async def run(self) -> None:
        """Go on until cancelled. Redis away is waited for; a mistake in here costs estimates, not decisions."""
        saved = self._store.now()
        while True:
            began = time.perf_counter()
            try:
                await self.once()
                if self._store.now() - saved >= SAVE:
                    await self.board.save(self._outlook().pace)
                    saved = self._store.now()
            except StoreUnavailable as error:
                logger.debug("no estimates: %s", error)
            except Exception:
                logger.exception("waits cannot be estimated")
            await asyncio.sleep(max(EVERY - (time.perf_counter() - began), EVERY / 4))

    async def once(self) -> Estimates:
        """Foresee how everybody will wait, and tell all nodes. Raises StoreUnavailable."""
        self._last = found = await self._foresee()
        self._waiting = self._outlook().waiting
        await self.board.put(found)
        return found

    def metrics(self) -> str:
        """Prometheus text of the node that decides; "" of others."""
        if self._last is None or self._store.now() - self._last.at > KEPT:
            return ""
        lines = ["# TYPE hotline_queue_waiting gauge", f"hotline_queue_waiting {self._waiting}"]
        lines.append("# TYPE hotline_queue_estimated_wait_seconds gauge")
        waits = ((name, one.wait) for name, one in sorted(self._last.usual.items()))
        lines += [
            f'hotline_queue_estimated_wait_seconds{{queue="{name}"}} {wait:g}' for name, wait in waits if wait is not None
        ]
        lines += ["# TYPE hotline_queue_estimating_longest_seconds gauge"]
        return "\n".join([*lines, f"hotline_queue_estimating_longest_seconds {self.longest:.6f}"]) + "\n"

    async def _foresee(self) -> Estimates:
        began = time.perf_counter()
        for found in estimate(self._outlook(), self._store.now(), self._dice):
            spent = time.perf_counter() - began
            if found is not None:
                return found
            if spent >= SLICE:
                self.longest = max(self.longest, spent)
                await asyncio.sleep(spent * (1 / SHARE - 1))
                began = time.perf_counter()
        raise AssertionError("an estimate ends with estimates")


class Waits(Protocol):
    """A place in a queue that is told how long it will last."""

    contact: Contact
    kind: str
    """`Kind.key` of the contact."""

    def foresee(self, seconds: float | None) -> None: ...


class Foretelling:
    """Tells the places of one node what was foreseen."""

    def __init__(self, store: AcdStore) -> None:
        self.board = EstimateBoard(store)
        self._store = store
        self._next = 0.0

    async def tell(self, places: Sequence[Waits]) -> None:
        """Raises StoreUnavailable."""
        for start in range(0, len(places), TOLD_AT_ONCE):
            some = places[start : start + TOLD_AT_ONCE]
            found = await self.board.of((place.contact for place in some), {place.contact.id: place.kind for place in some})
            for place in some:
                place.foresee(found.get(place.contact.id))

    async def tell_all(self, places: Sequence[Waits]) -> None:
        """The same, as often as there is something new. Raises StoreUnavailable."""
        now = self._store.now()
        if places and now >= self._next:
            self._next = now + EVERY * 0.9
            await self.tell(places)


def _curve(raw: str) -> Curve:
    """What makes no sense is no curve."""
    try:
        return tuple((float(came), None if at is None else float(at)) for came, at, *_ in json.loads(raw))
    except (TypeError, ValueError):
        return ()


def _plain(raw: Any) -> Any:
    try:
        return None if raw is None else json.loads(text(raw))
    except ValueError:
        return None
