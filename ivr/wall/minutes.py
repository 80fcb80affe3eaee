"""What the records say of each minute, kept in SQL: counted anew as often as one likes, it comes out the same.

A contact counts in the minute in which it ended, a survey in that of its answer, a promise in that in which it was given, and
agents in each minute of their duty. Rows outlive the contacts that they were counted from.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.records.database import sql_errors
from ivr.records.schema import agent_states, callbacks, contacts, surveys, turns
from ivr.wall.occupied import MINUTE, occupied
from ivr.wall.sums import NAMES, WHOLE, Sums

KEPT_SECONDS = 400 * 86400.0
AGAIN_SECONDS = 7 * 86400.0
"""Who calls about the same within this time was not helped the first time."""
LOOK_BACK = 12 * 3600.0
"""A state of an agent that began longer ago is not looked for."""
OUTBOUND = "outbound"
ELSEWHERE = ("message", "ticket", OUTBOUND)
"""Channels whose contacts are not in the figures of calls in: without a talk, or called by an agent."""
SLICE = 50
"""Rows that are read before others get a turn."""
AT_ONCE = 1800.0
"""Seconds of records that are counted in one go."""

metadata = MetaData()
minutes = Table(
    "wall_minutes",
    metadata,
    Column("minute", Integer, primary_key=True, autoincrement=False),
    Column("queue", String(128), primary_key=True),
    *(Column(name, Integer if name in WHOLE else Float(53), nullable=False, server_default="0") for name in NAMES),
)
"""`minute` is the epoch second with which it begins; `queue` is "" for what was in none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as in time, and who as somebody."""

    within: float = 20.0
    """Seconds, of queues that `by_queue` does not name."""
    by_queue: Mapping[str, float] = field(default_factory=dict)
    short: float = 5.0
    """Seconds: who hangs up sooner could not have been answered."""
    survey: str = ""
    """Name of the survey whose points are satisfaction; "" for any."""
    nobody: Collection[str] = ("",)
    """What stands, in small letters, where a number was withheld."""

    def of(self, queue: str) -> float:
        return self.by_queue.get(queue, self.within)


class Minutes:
    """Counts, and reads what was counted. Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._limits, self._clock = engine, limits, clock

    async def count(self, start: float, end: float) -> None:
        """Count the minutes that begin from `start` to `end` anew. Whatever was counted of them before is replaced."""
        begin = start // MINUTE * MINUTE
        while begin < end:
            until = min(end, begin + AT_ONCE)
            await self._count(begin, until)
            begin += AT_ONCE

    async def last(self) -> int | None:
        """The newest minute that was counted, None where none was."""
        with sql_errors():
            async with self._engine.connect() as connection:
                found = (await connection.execute(select(func.max(minutes.c.minute)))).scalar()
        return None if found is None else int(found)

    async def first(self) -> float | None:
        """When the oldest contact of the records ended, None where there is none."""
        with sql_errors():
            async with self._engine.connect() as connection:
                found = (await connection.execute(select(func.min(contacts.c.ended_at)))).scalar()
        return None if found is None else float(found)

    async def sums(self, start: float, end: float) -> dict[str, Sums]:
        """Queue to what happened from `start` to `end`; "" is what was in no queue."""
        added = [(func.max if name == "longest" else func.sum)(minutes.c[name]).label(name) for name in NAMES]
        query = select(minutes.c.queue, *added).where(minutes.c.minute >= start, minutes.c.minute < end)
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query.group_by(minutes.c.queue))).mappings().all()
        return {row["queue"]: Sums.of(dict(row)) for row in rows}

    async def steps(
        self, start: float, end: float, step: int, queue: str | None = None, *, together: bool = False
    ) -> list[tuple[int, str, Sums]]:
        """`(second after start, queue, sums)` of each stretch of `step` seconds in which something happened, in order.

        All queues together have the name "".
        """
        second = (_whole(minutes.c.minute - int(start), step, self._engine.dialect.name) * step).label("second")
        added = [(func.max if name == "longest" else func.sum)(minutes.c[name]).label(name) for name in NAMES]
        name: Any = literal("").label("queue") if together else minutes.c.queue
        query = select(second, name, *added).where(minutes.c.minute >= start, minutes.c.minute < end).order_by(second)
        if queue is not None:
            query = query.where(minutes.c.queue == queue)
        query = query.group_by(second) if together else query.group_by(second, minutes.c.queue)
        found: list[tuple[int, str, Sums]] = []
        with sql_errors():
            async with self._engine.connect() as connection:
                for number, row in enumerate(await _rows(connection, query)):
                    found.append((int(row["second"]), row["queue"], Sums.of(row)))
                    if number % SLICE == SLICE - 1:
                        await asyncio.sleep(0)
        return found

    async def clean(self) -> None:
        """Forget what is older than 400 days."""
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(delete(minutes).where(minutes.c.minute < self._clock() - KEPT_SECONDS))

    # --- below

    async def _count(self, start: float, end: float) -> None:
        found: defaultdict[tuple[int, str], dict[str, Any]] = defaultdict(dict)
        with sql_errors():
            async with self._engine.connect() as connection:
                for query in self._queries(start, end):
                    for told in await _rows(connection, query):
                        found[int(told.pop("minute")), str(told.pop("queue") or "")].update(told)
                for minute, (duty, busy) in (await self._work(connection, start, end)).items():
                    found[minute, ""].update(duty=duty, busy=busy)
                known = await self._known(connection, start, end)
            fresh = {where: _row(told) for where, told in found.items()}
            changed = [
                {"minute": at, "queue": queue, **row} for (at, queue), row in fresh.items() if known.get((at, queue)) != row
            ]
            gone = known.keys() - fresh.keys()
            if changed or gone:
                await self._write(changed, gone)

    async def _known(self, connection: AsyncConnection, start: float, end: float) -> dict[tuple[int, str], dict[str, Any]]:
        query = select(minutes).where(minutes.c.minute >= start, minutes.c.minute < end)
        return {(row.pop("minute"), row.pop("queue")): row for row in await _rows(connection, query)}

    async def _write(self, changed: Sequence[Mapping[str, Any]], gone: Iterable[tuple[int, str]]) -> None:
        async with self._engine.begin() as connection:
            for minute, queue in gone:
                await connection.execute(delete(minutes).where(minutes.c.minute == minute, minutes.c.queue == queue))
            if changed:
                insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                told = insert(minutes)
                fresh = {name: told.excluded[name] for name in NAMES}
                await connection.execute(told.on_conflict_do_update(index_elements=["minute", "queue"], set_=fresh), changed)

    def _queries(self, start: float, end: float) -> list[Any]:
        dialect = self._engine.dialect.name
        ended = (_whole(contacts.c.ended_at, MINUTE, dialect) * MINUTE).label("minute")
        queue = func.coalesce(contacts.c.queue, "").label("queue")
        over = and_(contacts.c.ended_at >= start, contacts.c.ended_at < end, contacts.c.channel.not_in(ELSEWHERE))
        made = and_(contacts.c.ended_at >= start, contacts.c.ended_at < end, contacts.c.channel == OUTBOUND)
        said = and_(turns.c.speaker == "caller", turns.c.medium == "speech", turns.c.confidence.is_not(None))
        points = and_(surveys.c.created_at >= start, surveys.c.created_at < end, surveys.c.score.between(1, 5))
        if self._limits.survey:
            points = and_(points, surveys.c.name == self._limits.survey)
        answered = (_whole(surveys.c.created_at, MINUTE, dialect) * MINUTE).label("minute")
        promised = (_whole(callbacks.c.created_at, MINUTE, dialect) * MINUTE).label("minute")
        given = and_(callbacks.c.created_at >= start, callbacks.c.created_at < end)
        given = and_(given, callbacks.c.updated_at >= start)  # always so, and there is an index to find it by
        return [
            select(ended, queue, *self._counted()).where(over).group_by(ended, queue),
            select(ended, queue, *_made()).where(made).group_by(ended, queue),
            select(ended, queue, func.sum(turns.c.confidence).label("confidence"), func.count().label("recognised"))
            .select_from(contacts.join(turns, turns.c.contact_id == contacts.c.id))
            .where(over, said)
            .group_by(ended, queue),
            select(answered, queue, func.sum(surveys.c.score).label("csat"), func.count().label("surveys"))
            .select_from(surveys.outerjoin(contacts, contacts.c.id == surveys.c.contact_id))
            .where(points)
            .group_by(answered, queue),
            select(promised, callbacks.c.queue.label("queue"), func.count().label("callbacks"))
            .where(given)
            .group_by(promised, callbacks.c.queue),
        ]

    def _counted(self) -> list[Any]:
        """What is said of contacts, each under its name in `Sums`."""
        c = contacts.c
        limits: Any = self._limits.within
        if self._limits.by_queue:
            limits = case(dict(self._limits.by_queue), value=c.queue, else_=self._limits.within)
        offered, talked = c.queued_at.is_not(None), c.connected_at.is_not(None)
        gone = and_(c.disposition == "abandoned", offered)
        level, mood = c.handover["mood_level"].as_float(), c.handover["mood"].as_string()
        felt = level.is_not(None)
        served = and_(
            c.disposition.in_(("served", "self_served")), func.lower(c.caller_number).not_in(sorted(self._limits.nobody))
        )
        wrapped = and_(talked, c.wrap_up_ended_at > c.ended_at)
        return [
            func.count().label("calls"),
            _number(offered, "offered"),
            _number(talked, "answered"),
            _number(and_(talked, func.coalesce(c.wait_seconds, 0.0) <= limits), "within"),
            _number(gone, "abandoned"),
            _number(and_(gone, c.wait_seconds < self._limits.short), "short"),
            _number(and_(c.disposition == "overflowed", offered), "overflowed"),
            _number(c.disposition == "self_served", "self_served"),
            _number(and_(c.disposition == "left_flow", ~offered), "left_flow"),
            _number(served, "known"),
            _number(and_(served, _called_before()), "again"),
            _number(felt, "moods"),
            _number(and_(felt, mood == "angry"), "angry"),
            _added(talked, c.wait_seconds, "waited"),
            _added(talked, c.talk_seconds, "talk"),
            _added(wrapped, c.wrap_up_ended_at - c.ended_at, "wrap"),
            _added(felt, level, "mood"),
            func.max(func.coalesce(c.wait_seconds, 0.0)).label("longest"),
        ]

    async def _work(self, connection: AsyncConnection, start: float, end: float) -> dict[int, tuple[float, float]]:
        s = agent_states.c
        during = select(s.agent_id, s.state, s.at).where(s.at >= start, s.at < end).order_by(s.at, s.id)
        rows = await _rows(connection, _before(start)) + await _rows(connection, during)
        return await asyncio.to_thread(occupied, rows, start, min(end, self._clock()))


async def _rows(connection: AsyncConnection, query: Any) -> list[dict[str, Any]]:
    """In slices: rows are made on the event loop."""
    found: list[dict[str, Any]] = []
    async for rows in (await connection.stream(query)).mappings().partitions(SLICE):
        found += [dict(row) for row in rows]
    return found


def _before(start: float) -> Any:
    """The last state of each agent before `start`. It steps from agent to agent by the index, and passes over all others."""
    s, other = agent_states.c, agent_states.alias("other").c
    agents = select(func.min(s.agent_id).label("agent")).cte("agents", recursive=True)
    following = select(func.min(other.agent_id)).where(other.agent_id > agents.c.agent).scalar_subquery()
    agents = agents.union_all(select(following).where(agents.c.agent.is_not(None)))
    mine = (other.agent_id == agents.c.agent, other.at < start, other.at >= start - LOOK_BACK)
    last = select(other.id).where(*mine).order_by(other.at.desc(), other.id.desc()).limit(1).scalar_subquery()
    return select(s.agent_id, s.state, s.at).select_from(agents.join(agent_states, s.id == last))


def _called_before() -> Any:
    """The same number called about the same within the week before, as far as is known."""
    earlier, now = contacts.alias("earlier"), contacts.c
    about = or_(earlier.c.intent == now.intent, earlier.c.intent.is_(None), now.intent.is_(None))
    when = and_(earlier.c.started_at < now.started_at, earlier.c.started_at >= now.started_at - AGAIN_SECONDS)
    called = and_(earlier.c.caller_number == now.caller_number, earlier.c.channel.not_in(ELSEWHERE))
    return exists().where(called, when, about).correlate(contacts)


def _made() -> list[Any]:
    """What is said of calls that agents made."""
    reached = contacts.c.connected_at.is_not(None)
    talk = _added(reached, contacts.c.talk_seconds, "outbound_talk")
    return [func.count().label("outbound"), _number(reached, "reached"), talk]


def _number(where: Any, name: str) -> Any:
    return func.sum(case((where, 1), else_=0)).label(name)


def _added(where: Any, value: Any, name: str) -> Any:
    return func.sum(case((where, func.coalesce(value, 0.0)), else_=0.0)).label(name)


def _whole(value: Any, step: int, dialect: str) -> Any:
    """How often `step` is in a value that is not below 0: PostgreSQL rounds where it casts, SQLite may have no `floor`."""
    return cast(func.floor(value / float(step)) if dialect == "postgresql" else value / float(step), Integer)


def _row(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: (int if name in WHOLE else float)(told.get(name) or 0) for name in NAMES}
