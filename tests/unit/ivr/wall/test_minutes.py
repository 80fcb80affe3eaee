"""What the records say of a minute; the same when it is counted twice."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import event, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.schema import agent_states, callbacks, contacts, surveys, turns
from ivr.wall.figures import figures
from ivr.wall.minutes import KEPT_SECONDS, Limits, Minutes
from ivr.wall.occupied import occupied
from ivr.wall.sums import Sums, total
from ivr.wall.today import day_of, history, points
from tests.unit.ivr.wall.conftest import T0, Clock


def a_contact(name: str, **changes: Any) -> dict[str, Any]:
    plain = {column.name: None for column in contacts.columns if column.nullable}
    texts = {column.name: "" for column in contacts.columns if not column.nullable}
    lists: dict[str, Any] = {
        "slots": {},
        "tags": [],
        "profile": {},
        "quality": {},
        "recordings": [],
        "signalling": {},
        "handover": {},
    }
    row = {**plain, **texts, **lists, "queueing": {}, "id": name, "channel": "sip", "started_at": T0, "ended_at": T0 + 30}
    return {**row, "disposition": "left_flow", **changes}


def a_talk(name: str, queue: str | None = "support", wait: float = 10.0, **changes: Any) -> dict[str, Any]:
    asked = {"queue": queue, "queued_at": T0, "connected_at": T0 + wait, "wait_seconds": wait, "talk_seconds": 20.0}
    return a_contact(name, **{**asked, "agent_id": "anna", "disposition": "served", **changes})


async def put(engine: AsyncEngine, table: Any, *rows: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(table), list(rows))


@pytest.fixture
def book(engine: AsyncEngine, clock: Clock) -> Minutes:
    clock.now = T0 + 3600
    return Minutes(engine, Limits(by_queue={"quick": 5.0}, nobody=("", "anonymous")), clock)


async def test_contacts_count_once_where_they_ended(book: Minutes, engine: AsyncEngine) -> None:
    await put(
        engine,
        contacts,
        a_talk("c1", wrap_up_ended_at=T0 + 45, handover={"mood": "angry", "mood_level": 0.9}),
        a_talk("c2", wait=30.0, handover={"mood": "calm", "mood_level": 0.1}),
        a_talk("c3", "quick"),
        a_contact("c4", queue="support", queued_at=T0, wait_seconds=40.0, disposition="abandoned"),
        a_contact("c5", queue="support", queued_at=T0, wait_seconds=2.0, disposition="abandoned"),
        a_contact("c6", queue="support", queued_at=T0, wait_seconds=60.0, disposition="overflowed", ended_at=T0 + 70),
        a_contact("c7", disposition="self_served"),
        a_contact("c8", disposition="left_flow", ended_at=T0 + 61),
        a_contact("c9", channel="message", disposition="served"),
        a_talk("c10", None, channel="outbound"),
        a_contact("c11", channel="outbound", disposition="unanswered"),
    )
    for _ in range(2):
        await book.count(T0, T0 + 120)
    found = await book.sums(T0, T0 + 120)
    support, quick, none = found["support"], found["quick"], found[""]
    assert support == Sums(
        calls=5, offered=5, answered=2, within=1, abandoned=2, short=1, overflowed=1, waited=40.0, longest=60.0, talk=40.0,
        wrap=15.0, mood=1.0, moods=2, angry=1,
    )  # fmt: skip
    assert (quick.answered, quick.within) == (1, 0)
    assert (none.calls, none.self_served, none.left_flow) == (2, 1, 1)
    assert (none.outbound, none.reached, none.outbound_talk) == (2, 1, 20.0)
    told = figures(total([support, quick, none]))
    assert (told["calls"], told["service_level"], told["aht"]) == (8, 0.25, 25.0)
    assert (told["outbound"], told["reached"], told["outbound_talk"]) == (2, 0.5, 20.0)
    steps = await book.steps(T0, T0 + 120, 60, "support")
    assert [(second, sums.calls) for second, _, sums in steps] == [(0, 4), (60, 1)]


async def test_a_contact_that_was_changed_or_removed_is_counted_anew(book: Minutes, engine: AsyncEngine) -> None:
    await put(engine, contacts, a_talk("c1"))
    await book.count(T0, T0 + 60)
    async with engine.begin() as connection:
        await connection.execute(contacts.update().values(wrap_up_ended_at=T0 + 90, queue="other"))
    await book.count(T0, T0 + 60)
    found = await book.sums(T0, T0 + 60)
    assert list(found) == ["other"] and found["other"].wrap == 60.0
    assert await book.last() == int(T0)


async def test_who_calls_again_about_the_same_was_not_helped_the_first_time(book: Minutes, engine: AsyncEngine) -> None:
    who: dict[str, Any] = {"caller_number": "+86138"}
    await put(
        engine,
        contacts,
        a_talk("old", **who, intent="bill", started_at=T0 - 9 * 86400, ended_at=T0 - 9 * 86400 + 60),
        a_talk("c1", **who, intent="bill", started_at=T0 - 86400, ended_at=T0 - 86400 + 60),
        a_talk("c2", **who, intent="bill"),
        a_talk("c3", **who, intent="fault", started_at=T0 - 1),
        a_talk("c4", caller_number=""),
    )
    await book.count(T0, T0 + 60)
    assert (await book.sums(T0, T0 + 60))["support"].known == 2
    assert (await book.sums(T0, T0 + 60))["support"].again == 1
    await book.count(T0 - 86400, T0 - 86400 + 120)
    assert (await book.sums(T0 - 86400, T0))["support"].again == 0


async def test_whom_we_called_or_wrote_to_and_who_withheld_the_number_did_not_call_again(
    book: Minutes, engine: AsyncEngine
) -> None:
    before: dict[str, Any] = {"started_at": T0 - 3600, "ended_at": T0 - 3500}
    await put(
        engine,
        contacts,
        a_talk("c1", caller_number="+86138"),
        a_talk("o1", caller_number="+86138", channel="outbound", **before),
        a_contact("m1", caller_number="+86138", channel="message", disposition="served", **before),
        a_talk("c2", caller_number="Anonymous"),
        a_talk("c3", caller_number="anonymous", **before),
    )
    await book.count(T0 - 3600, T0 + 60)
    sums = (await book.sums(T0 - 3600, T0 + 60))["support"]
    assert (sums.answered, sums.known, sums.again) == (3, 1, 0)


async def test_a_line_of_all_queues_is_added_up_where_the_rows_are(book: Minutes, engine: AsyncEngine) -> None:
    await put(engine, contacts, *(a_talk(f"c{number}", f"q{number}", wait=number) for number in range(3)))
    await book.count(T0, T0 + 60)
    ((second, queue, sums),) = await book.steps(T0, T0 + 60, 60, together=True)
    assert (second, queue, sums.answered, sums.longest, sums.waited) == (0, "", 3, 2.0, 3.0)
    told = await history(book, "", day_of(T0), 3600, 1, T0 + 60)
    assert [point["answered"] for point in told["today"]] == [3] and told["before"] == []
    told = await history(book, "q1", day_of(T0), 3600, 1, T0 + 60)
    assert [point["asa"] for point in told["today"]] == [1.0]


async def test_a_day_of_many_queues_lets_others_have_turns() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    told = await points((second, f"q{queue}", Sums(calls=1)) for second in range(96) for queue in range(3))
    task.cancel()
    assert told[95][""]["calls"] == 3 and turns >= 95


async def test_what_was_said_surveyed_and_promised(book: Minutes, engine: AsyncEngine) -> None:
    said = {"contact_id": "c1", "at": T0, "text": "x", "language": "zh", "state": "", "intent": "", "mood": ""}
    caller = {**said, "speaker": "caller", "medium": "speech"}
    told = {"contact_id": "c1", "caller_number": "", "caller_name": "", "language": "", "flow": ""}
    survey = {**told, "name": "csat", "answers": {}, "agent_id": "", "created_at": T0 + 59}
    promised = {column.name: "" for column in callbacks.columns if column.name != "id" and not column.nullable}
    numbers = dict.fromkeys(
        ("priority", "attempts", "from_at", "until_at", "updated_at", "queued_at", "next_at", "lease_until"), 0
    )
    await put(engine, contacts, a_talk("c1"))
    await put(
        engine,
        turns,
        {**caller, "index": 0, "confidence": 0.5},
        {**caller, "index": 1, "confidence": 0.9},
        {**caller, "index": 2, "confidence": None},
        {**caller, "index": 3, "confidence": 0.1, "speaker": "agent"},
    )
    await put(
        engine, surveys, {**survey, "id": "s1", "score": 4.0}, {**survey, "id": "s2", "score": 9.0},
        {**survey, "id": "s3", "score": 2.0, "contact_id": "gone"},
    )  # fmt: skip
    day = {"created_at": T0 + 1, "updated_at": T0 + 1}
    lists = {"needs": {}, "handover": {}, "place": {}, "profile": {}, "tries": [], "at_once": False}
    await put(engine, callbacks, {**promised, **numbers, **lists, "queue": "support", "request": "r", **day})
    await book.count(T0, T0 + 60)
    found = await book.sums(T0, T0 + 60)
    support = found["support"]
    assert (round(support.confidence, 6), support.recognised) == (1.4, 2)
    assert (support.csat, support.surveys, support.callbacks) == (4.0, 1, 1)
    assert found[""].csat == 2.0


async def test_agents_at_work(book: Minutes, engine: AsyncEngine) -> None:
    def was(number: int, at: float, state: str, agent: str = "anna") -> dict[str, Any]:
        return {"id": str(number), "agent_id": agent, "at": T0 + at, "state": state, "reason": "", "by": ""}

    await put(
        engine, agent_states, was(1, -600, "offline"), was(2, -300, "available"), was(3, 20, "in_call"), was(4, 80, "break"),
        was(5, 100, "available"), was(6, 10, "available", "bob"), was(7, -90000, "available", "gone"),
    )  # fmt: skip
    await book.count(T0, T0 + 120)
    rows = {second: sums for second, _, sums in await book.steps(T0, T0 + 120, 60)}
    assert (rows[0].duty, rows[0].busy) == (110.0, 40.0)
    assert (rows[60].duty, rows[60].busy) == (100.0, 20.0)


async def test_nothing_that_is_counted_again_and_again_reads_a_whole_table(book: Minutes, engine: AsyncEngine) -> None:
    asked: list[tuple[str, Any]] = []

    def ask(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    event.listen(engine.sync_engine, "before_cursor_execute", ask)
    await book.count(T0, T0 + 60)
    event.remove(engine.sync_engine, "before_cursor_execute", ask)
    plans = []
    async with engine.connect() as connection:
        for statement, values in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plans += [str(row[-1]) for row in plan]
    tables = {word for line in plans for word in re.findall(r"SEARCH (\w+)", line)}
    assert {"contacts", "surveys", "callbacks", "turns", "agent_states", "wall_minutes"} <= tables
    assert [line for line in plans if line.startswith("SCAN") and line not in ("SCAN agents", "SCAN CONSTANT ROW")] == []


async def test_what_is_very_old_is_forgotten(book: Minutes, engine: AsyncEngine) -> None:
    assert await book.last() is None
    await put(engine, contacts, a_talk("c1", ended_at=T0 - KEPT_SECONDS - 60), a_talk("c2"))
    await book.count(T0 - KEPT_SECONDS - 60, T0 - KEPT_SECONDS)
    await book.count(T0, T0 + 60)
    await book.clean()
    assert [sums.calls for sums in (await book.sums(0, T0 + 60)).values()] == [1]


def test_a_state_spreads_over_the_minutes_it_lasted() -> None:
    states = [{"agent_id": "a", "state": "wrap_up", "at": 30.0}, {"agent_id": "a", "state": "offline", "at": 150.0}]
    assert occupied(states, 0.0, 300.0) == {0: (30.0, 30.0), 60: (60.0, 60.0), 120: (30.0, 30.0)}
    assert occupied([], 0.0, 300.0) == {}
