"""Turns found by their words: in both languages, by filters, page by page, and never longer than they are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.call import Speaker, Turn
from ivr.records import search
from ivr.records.indexing import INDEX
from ivr.records.retention import Retention
from ivr.records.schema import turn_words, turns
from ivr.records.search import Filters, Hits, TranscriptSearch
from ivr.records.words import parse
from ivr.records.writer import ContactLog
from tests.unit.ivr.records.samples import T0, a_call

DAY = 86_400.0
CALLER, AGENT, BOT = Speaker.CALLER, Speaker.AGENT, Speaker.BOT
CALLS = (
    ("c1", 0.0, "support", "wang", ((CALLER, "我要退款，上个月多扣了", "angry"), (AGENT, "好的，马上给您退款", "calm"))),
    ("c2", DAY, "sales", "li", ((CALLER, "I was charged a late fee, refunded twice", "tense"),)),
    ("c3", 9 * DAY, "support", "li", ((BOT, "您要退款吗", ""), (CALLER, "不退，查一下订单A-77", "calm"))),
)
QUERIES: tuple[tuple[str, list[tuple[str, int]]], ...] = (
    ("退款", [("c3", 0), ("c1", 1), ("c1", 0)]),
    ("退", [("c3", 1), ("c3", 0), ("c1", 1), ("c1", 0)]),
    ("退款 上个月", [("c1", 0)]),
    ("款退", []),
    ("退款 -您要", [("c1", 1), ("c1", 0)]),
    ("refund", [("c2", 0)]),
    ("LATE charge", [("c2", 0)]),
    ('"late fee"', [("c2", 0)]),
    ('"fee late"', []),
    ("re", []),
    ("a-77", [("c3", 1)]),
    ("NOT", []),
    ('退款" OR "x', []),
    ("x* AND (", []),
)
FILTERS: tuple[tuple[Filters, list[tuple[str, int]]], ...] = (
    (Filters(queue="support"), [("c3", 0), ("c1", 1), ("c1", 0)]),
    (Filters(agent="li"), [("c3", 0)]),
    (Filters(speakers=("caller",)), [("c1", 0)]),
    (Filters(speakers=("caller", "agent")), [("c1", 1), ("c1", 0)]),
    (Filters(mood="angry"), [("c1", 0)]),
    (Filters(since=T0 + DAY), [("c3", 0)]),
    (Filters(until=T0 + DAY), [("c1", 1), ("c1", 0)]),
    (Filters(since=T0 + DAY, until=T0 + 2 * DAY), []),
    (Filters(since=T0 + 30 * DAY), []),
)


@pytest.fixture
async def kept(log: ContactLog) -> None:
    """All calls, written one after the other."""
    for name, later, queue, agent, said in CALLS:
        call = a_call(name, T0 + later)
        made = [Turn(call.started_at + 5 + n, who, words, "zh", mood=mood) for n, (who, words, mood) in enumerate(said)]
        await log.open(replace(call, turns=tuple(made)), "n1")
        await log.close(name, queue=queue, agent_id=agent)


async def found(engine: AsyncEngine, query: str, filters: Filters | None = None, **options: Any) -> Hits:
    asked = parse(query)
    assert asked is not None
    indexed = options.pop("indexed", True)
    return await TranscriptSearch(engine, indexed=indexed).find(asked, filters or Filters(), **options)


def names(hits: Hits) -> list[tuple[str, int]]:
    return [(row["contact_id"], row["index"]) for row in hits.rows]


@pytest.mark.usefixtures("kept")
async def test_words_are_found_with_and_without_an_index(engine: AsyncEngine) -> None:
    for indexed in (True, False):
        for query, wanted in QUERIES:
            assert names(await found(engine, query, indexed=indexed)) == wanted, (query, indexed)
    (row,) = (await found(engine, "refund")).rows
    assert (row["contact"]["queue"], row["contact"]["started_at"]) == ("sales", T0 + DAY)
    assert row["text"] == "I was charged a late fee, refunded twice"


@pytest.mark.usefixtures("kept")
async def test_filters_and_pages_leave_what_they_say(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    for filters, wanted in FILTERS:
        assert names(await found(engine, "退款", filters)) == wanted, filters
    first = await found(engine, "退款", limit=2)
    assert names(first) == [("c3", 0), ("c1", 1)]
    second = await found(engine, "退款", limit=2, before=first.next)
    assert (names(second), second.next) == ([("c1", 0)], None)
    monkeypatch.setattr(search, "STEP", 1)
    monkeypatch.setattr(search, "MOST_SEEN", 2)
    short = await found(engine, "退款", Filters(mood="angry"))
    assert (names(short), short.seen) == ([], 2)  # it says how far it came, and goes on from there
    assert names(await found(engine, "退款", Filters(mood="angry"), before=short.next)) == [("c1", 0)]


@pytest.mark.usefixtures("kept")
async def test_days_without_calls_are_passed_over(engine: AsyncEngine) -> None:
    for until, want in ((T0 + 8 * DAY, [("c1", 1), ("c1", 0)]), (T0 - DAY, [])):
        hits = await found(engine, "退款", Filters(until=until))
        assert (names(hits), hits.seen, hits.next) == (want, len(want), None), "later ones are not looked at"
    hits = await found(engine, "退款", Filters(since=T0 + 30 * DAY))
    assert (names(hits), hits.seen) == ([], 0)


@pytest.mark.usefixtures("kept")
async def test_what_is_amended_purged_and_forgotten_is_not_found(engine: AsyncEngine, log: ContactLog) -> None:
    await log.turn("c1", 0, Turn(T0 + 5, CALLER, "我要[卡号]", "zh"))
    assert names(await found(engine, "上个月")) == []
    assert names(await found(engine, "卡号")) == [("c1", 0)]
    async with engine.begin() as connection:
        await connection.execute(delete(turns).where(turns.c.contact_id == "c1", turns.c.index == 0))
    assert names(await found(engine, "卡号")) == []
    await Retention(engine).purge({"transcripts": T0 + DAY / 2})
    assert names(await found(engine, "退款")) == [("c3", 0)]
    await Retention(engine).forget(["+8613800138000"])
    async with engine.connect() as connection:
        assert (await connection.execute(turn_words.select())).all() == []
        await connection.execute(text(f"INSERT INTO {INDEX}({INDEX}, rank) VALUES ('integrity-check', 1)"))
