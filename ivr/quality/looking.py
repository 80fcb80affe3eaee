"""Reviews by rule: every contact with an agent that is over is looked at once, by one node for all, and some go to reviewers.

What is due is read from the tables: a restart forgets nothing, and a contact that came into SQL late is found.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from redis.asyncio import Redis
from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import StoreUnavailable
from ivr.quality.judging import Judge
from ivr.quality.reviews import Reviews
from ivr.quality.sampling import Rules, choose
from ivr.quality.sql import Clock, Row, insert_of, rows
from ivr.quality.tables import AUTOMATIC
from ivr.quality.tables import looked as table
from ivr.quality.worklist import SINCE, WorkList
from ivr.records.database import sql_errors, turn
from ivr.records.schema import contacts

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
LOCK, LOCK_MILLISECONDS = "quality:looking", 60_000
AT_ONCE = 20
PAUSE = 0.1
"""Seconds between two contacts: calls come first where many are due."""
SETTLED = 3.0
"""Seconds after its end in which the last rows of a contact may still come."""
WRAP_UP = 300.0
"""Seconds for which the wrap-up is waited for: it says what became of the contact."""
SHORT, LONG = 900.0, 2 * 86400.0
"""Seconds that are looked back over, each time and each `LONG_LOOK` seconds."""
LONG_LOOK = 600.0
SAMPLE_SECONDS, SAMPLE_LONG = 5.0, 300.0
"""Between choices among what was reviewed meanwhile, and among all of two weeks: chance has time."""
KEPT = 7 * 86400.0
"""Seconds for which it is remembered that a contact was looked at; longer than anybody looks back."""


class Looking:
    """`run` is the node's own task."""

    def __init__(
        self,
        redis: Redis,
        engine: AsyncEngine,
        judge: Judge,
        reviews: Reviews,
        work: WorkList,
        sampling: Rules | None,
        clock: Clock,
        prefix: str = "{acd}",
        pause: float = PAUSE,
    ) -> None:
        """`sampling` None puts nothing before reviewers."""
        self._redis, self._engine, self._judge, self._reviews, self._work = redis, engine, judge, reviews, work
        self._sampling, self._clock, self._key = sampling, clock, f"{prefix}:{LOCK}"
        self._pause = pause
        self._long = self._sampled = self._drawn = 0.0
        self._fresh = True
        """Something was reviewed since the last choice."""

    async def run(self) -> None:
        """For ever."""
        while True:
            busy = False
            try:
                async with turn(self._redis, self._key, LOCK_MILLISECONDS) as mine:
                    if mine:
                        busy = await self.look() == AT_ONCE
                        await self.sample()
            except StoreUnavailable as error:
                log.warning("reviews by rule wait: %s", error)
            except Exception:  # one contact that makes no sense must not end all reviews
                log.exception("reviews by rule wait")
            await asyncio.sleep(0.2 if busy else LOOK_SECONDS)

    async def look(self) -> int:
        """Review what is due, at most `AT_ONCE`; how many were looked at. Raises StoreUnavailable."""
        now = self._clock()
        long = now - self._long >= LONG_LOOK
        due = await self._due(now, now - (LONG if long else SHORT))
        for row in due:
            try:
                await self._one(row)
            except StoreUnavailable:
                raise
            except Exception:
                log.exception("contact %s cannot be reviewed by rule, and is left out", row["id"])
            await self._looked(row["id"], now)
            await asyncio.sleep(self._pause)
        if long and len(due) < AT_ONCE:  # else the rest of the long look is still to come
            self._long = now
            with sql_errors():
                async with self._engine.begin() as connection:
                    await connection.execute(delete(table).where(table.c.at < now - KEPT))
        return len(due)

    async def sample(self) -> int:
        """Put some into the work list, now and then; how many. Raises StoreUnavailable."""
        now, rules = self._clock(), self._sampling
        whole = now - self._drawn >= SAMPLE_LONG
        if rules is None or not (whole or (self._fresh and now - self._sampled >= SAMPLE_SECONDS)):
            return 0
        candidates = await self._work.candidates(now - SINCE, 0.0 if whole else self._sampled)
        picked = await self._work.picked(now - SINCE)
        picks = await asyncio.to_thread(choose, candidates, picked, rules if whole else replace(rules, random=0), now)
        count = await self._work.put(picks, {one.contact_id: one for one in candidates})
        self._sampled, self._drawn, self._fresh = now, now if whole else self._drawn, False
        return count

    async def _due(self, now: float, since: float) -> list[Row]:
        c = contacts.c
        there = select(table.c.contact_id).where(table.c.contact_id == c.id).exists()
        wrapped = or_(c.wrap_up_ended_at.is_not(None), c.ended_at < now - WRAP_UP)
        over = and_(c.ended_at >= since, c.ended_at <= now - SETTLED, c.connected_at.is_not(None))
        query = select(contacts).where(over, c.agent_id.is_not(None), c.agent_id != "", wrapped, ~there)
        return await rows(self._engine, query.order_by(c.ended_at).limit(AT_ONCE))

    async def _one(self, row: Row) -> None:
        judged = await self._judge.of(row)
        if judged is None:
            return
        values = {**judged.about, "evaluator": AUTOMATIC, "calibration": ""}
        await self._reviews.make(judged.card.to_dict(), values, judged.answers, judged.score)
        self._fresh = True

    async def _looked(self, contact_id: str, now: float) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                statement = insert_of(connection)(table).on_conflict_do_nothing(index_elements=["contact_id"])
                await connection.execute(statement, {"contact_id": contact_id, "at": now})
