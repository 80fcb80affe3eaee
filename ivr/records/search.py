"""What was said, found by its words: the newest first, in steps that no query can make long.

Hits come by the number under which the words were kept, which grows as calls end. One call of `find` looks at `MOST_SEEN`
candidates at most; where filters leave few of them it says how far it came, and goes on from there when asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, column, func, literal, not_, or_, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.elements import ColumnElement

from ivr.records.database import sql_errors
from ivr.records.indexing import INDEX
from ivr.records.schema import contacts, turn_words, turns
from ivr.records.words import Query, Term

FIRST_STEP, STEP, MOST_SEEN = 200, 2_000, 20_000
"""Candidates that the first statement, each other one, and a whole search looks at."""
LATE = 86_400.0
"""Seconds after which no turn is written any more, but by a node that was away for so long."""
NEVER = 1 << 62
"""Above all numbers."""
SLACK = 2_000
"""Numbers by which the turns of long calls may stand after those of short ones that began later."""

_CONTACT = (
    *("id", "started_at", "queue", "agent_id", "caller_number", "caller_name", "language"),
    *("intent", "disposition", "recordings"),
)
_index = table(INDEX, column("rowid"), column(INDEX))


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must be besides; empty for whatever."""

    queue: str = ""
    agent: str = ""
    speakers: tuple[str, ...] = ()
    mood: str = ""
    since: float | None = None
    """Epoch seconds."""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Hits:
    rows: Sequence[Mapping[str, Any]]
    """Columns of the turn, and `contact` with those of its contact; the latest first."""
    next: int | None
    """Where it goes on; None where all was seen."""
    seen: int
    """Candidates that were looked at."""


class TranscriptSearch:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine, *, indexed: bool = True) -> None:
        """`indexed` False looks row by row, as it is done where the database has no FTS5."""
        self._engine, self._wish = engine, indexed
        self._indexed: bool | None = None

    async def find(self, query: Query, filters: Filters, limit: int = 50, before: int | None = None) -> Hits:
        """The latest turns with these words; `before` is `next` of the page before."""
        rows: list[dict[str, Any]] = []
        seen, most = 0, max(1, limit)
        with sql_errors():
            async with self._engine.connect() as connection:
                matched = await self._matching(connection, query)
                low, high = await _numbers(connection, filters)
                high = before if before is not None and (high is None or before < high) else high
                while seen < MOST_SEEN:
                    step = STEP if seen else min(STEP, FIRST_STEP)
                    ids = await _ids(connection, matched, low, high, step)
                    seen += len(ids)
                    found = await self._rows(connection, ids, filters, most - len(rows)) if ids else []
                    rows += found
                    if len(rows) >= most:
                        return Hits(rows, rows[-1]["number"], seen)
                    if len(ids) < step:
                        return Hits(rows, None, seen)
                    high = ids[-1]
        return Hits(rows, high, seen)

    async def _matching(self, connection: AsyncConnection, query: Query) -> Select[Any]:
        """The numbers of turns with these words."""
        if self._indexed is None:
            there = text("SELECT 1 FROM sqlite_master WHERE name = :name")
            sqlite = connection.dialect.name == "sqlite"
            self._indexed = self._wish and sqlite and bool((await connection.execute(there, {"name": INDEX})).scalar())
        if self._indexed:
            return select(_index.c.rowid).where(_index.c[INDEX].op("MATCH")(fts(query)))
        return select(turn_words.c.id).where(
            *(_like(one) for one in query.wanted), *(not_(_like(one)) for one in query.unwanted)
        )

    async def _rows(self, connection: AsyncConnection, ids: Sequence[int], filters: Filters, most: int) -> list[dict[str, Any]]:
        """Those of the turns that the filters leave, the latest first."""
        query = (
            select(
                turn_words.c.id.label("number"),
                *(turns.c[name] for name in ("contact_id", "index", "at", "speaker", "text", "medium", "mood")),
                *(contacts.c[name].label(f"of_{name}") for name in _CONTACT),
            )
            .select_from(turn_words)
            .join(turns, and_(turns.c.contact_id == turn_words.c.contact_id, turns.c.index == turn_words.c.index))
            .join(contacts, contacts.c.id == turns.c.contact_id)
            .where(turn_words.c.id.in_(ids), *_wanted(filters))
            .order_by(turn_words.c.id.desc())
            .limit(most)
        )
        return [_told(dict(row)) for row in (await connection.execute(query)).mappings()]


def fts(query: Query) -> str:
    """The query in FTS5's own words; every word is quoted, so none of them is an operator."""
    wanted = " AND ".join(_phrase(one) for one in query.wanted)
    return f"({wanted}){''.join(f' NOT {_phrase(one)}' for one in query.unwanted)}"


def _phrase(term: Term) -> str:
    return f'"{term.text}"{" *" if term.begins else ""}'


def _like(term: Term) -> ColumnElement[bool]:
    """As `_phrase`, over the words with a blank at both ends. Words are letters and digits: none is a wildcard."""
    pattern = f"% {term.text}{'' if term.begins else ' '}%"
    return (literal(" ") + turn_words.c.words + literal(" ")).like(pattern)


def _wanted(filters: Filters) -> list[ColumnElement[bool]]:
    made: list[ColumnElement[bool]] = []
    for kept, value in ((contacts.c.queue, filters.queue), (contacts.c.agent_id, filters.agent), (turns.c.mood, filters.mood)):
        if value:
            made.append(kept == value)
    if filters.speakers:
        made.append(or_(*(turns.c.speaker == one for one in filters.speakers)))
    if filters.since is not None:
        made.append(turns.c.at >= filters.since)
    if filters.until is not None:
        made.append(turns.c.at < filters.until)
    return made


async def _numbers(connection: AsyncConnection, filters: Filters) -> tuple[int | None, int | None]:
    """Below and from which numbers on no turn of the time that is wanted lies; None where any is wanted."""
    at, number = turn_words.c.at, turn_words.c.id
    low = high = None
    if (since := filters.since) is not None:
        begin = select(func.min(at)).where(at >= since).scalar_subquery()
        first = (await connection.execute(select(func.min(number)).where(at >= begin, at < begin + LATE))).scalar()
        low = NEVER if first is None else first - SLACK
    if (until := filters.until) is not None:
        end = select(func.max(at)).where(at < until).scalar_subquery()
        last = (await connection.execute(select(func.max(number)).where(at > end - LATE, at <= end))).scalar()
        high = 0 if last is None else last + 1
    return low, high


async def _ids(connection: AsyncConnection, matched: Select[Any], low: int | None, high: int | None, step: int) -> list[int]:
    """The highest numbers of a step, the highest first."""
    number: ColumnElement[Any] = next(iter(matched.selected_columns))
    if low is not None:
        matched = matched.where(number >= low)
    if high is not None:
        matched = matched.where(number < high)
    return [row[0] for row in (await connection.execute(matched.order_by(number.desc()).limit(step))).all()]


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in row.items() if not name.startswith("of_")}
    return {**own, "contact": {name: row[f"of_{name}"] for name in _CONTACT}}
