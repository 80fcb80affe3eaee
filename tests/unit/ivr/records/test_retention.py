"""What is kept no longer than it may be, and what is forgotten of one caller."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.call import Caller
from ivr.errors import StoreUnavailable
from ivr.quality import tables as judged_by
from ivr.records.followups import FollowUps
from ivr.records.retention import BATCH, KINDS, Retention, files_of
from ivr.records.schema import callbacks, contacts, notifications, surveys, tickets, turns, voicemails
from ivr.records.sweeping import DAY, Sweeper, remove_days, remove_files
from ivr.records.writer import ContactLog
from tests.unit.ivr.records.samples import CALLBACK, HEARD, T0, TICKET, WHO, a_call

NOW = datetime(2026, 11, 22, 12, 0).astimezone()


class Files:
    def __init__(self) -> None:
        self.gone: list[str] = []

    async def __call__(self, names: Sequence[str]) -> int:
        self.gone += names
        return len(names)


async def count(engine: AsyncEngine, table: Any) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def rows(engine: AsyncEngine, table: Any) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(select(table))).mappings()]


async def a_contact(log: ContactLog, name: str, at: float, **fields: Any) -> None:
    await log.open(a_call(name, at), "node")
    await log.turn(name, 1, HEARD)
    told = {"recordings": [{"file": f"2026/01/01/{name}-1.wav"}], "handover": {"summary": "words"}, "note": "a note"}
    await log.close(name, **{**told, "ended_at": at + 60, **fields})


def voicemail(name: str, at: float) -> dict[str, Any]:
    more = {"id": name, "box": "support", "file": f"voicemail/support/2026/01/01/{name}.wav", "seconds": 3.0}
    return {**WHO, **more, "transcript": "hello", "heard": False, "note": "", "created_at": at, "updated_at": at}


async def add(engine: AsyncEngine, table: Any, row: dict[str, Any]) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(table), [row])


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def retention(engine: AsyncEngine, files: Files) -> Retention:
    return Retention(engine, files)


async def test_sound_goes_and_the_contact_stays(
    log: ContactLog, engine: AsyncEngine, retention: Retention, files: Files
) -> None:
    await a_contact(log, "old", T0)
    await a_contact(log, "new", T0 + 10 * DAY)
    assert (await retention.purge({"recordings": T0 + DAY}, dry_run=True)).rows == {"recordings": 1}
    assert files.gone == []
    removed = await retention.purge({"recordings": T0 + DAY})
    assert (removed.rows, removed.files, files.gone) == ({"recordings": 1}, 1, ["2026/01/01/old-1.wav"])
    assert {row["id"]: len(row["recordings"]) for row in await rows(engine, contacts)} == {"old": 0, "new": 1}
    assert await count(engine, turns) == 4
    assert str(await retention.purge({"recordings": T0 + DAY})) == "nothing"


async def test_words_go_and_the_rest_of_the_row_stays(log: ContactLog, engine: AsyncEngine, retention: Retention) -> None:
    await a_contact(log, "old", T0)
    await a_contact(log, "new", T0 + 10 * DAY)
    assert (await retention.purge({"transcripts": T0 + DAY}, dry_run=True)).rows == {"transcripts": 1}
    assert (await retention.purge({"transcripts": T0 + DAY})).rows == {"transcripts": 1}
    by_name = {row["id"]: row for row in await rows(engine, contacts)}
    old, new = by_name["old"], by_name["new"]
    assert (old["handover"], old["slots"], old["note"], old["intent"]) == ({}, {}, "", "bill")
    assert new["handover"] == {"summary": "words"} and new["note"] == "a note"
    assert {row["contact_id"] for row in await rows(engine, turns)} == {"new"}
    assert (await retention.purge({"transcripts": T0 + DAY})).rows == {}


async def test_contacts_go_with_their_turns_and_sound(
    log: ContactLog, engine: AsyncEngine, retention: Retention, files: Files
) -> None:
    for name in ("a", "b"):
        await a_contact(log, name, T0)
    await a_contact(log, "new", T0 + 10 * DAY)
    assert (await retention.purge({"contacts": T0 + DAY})).rows == {"contacts": 2}
    assert [row["id"] for row in await rows(engine, contacts)] == ["new"]
    assert {row["contact_id"] for row in await rows(engine, turns)} == {"new"} and len(files.gone) == 2


async def test_more_than_one_batch_goes(engine: AsyncEngine, retention: Retention, files: Files) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(voicemails), [voicemail(f"v{n}", T0) for n in range(BATCH + 7)])
    removed = await retention.purge({"voicemail": T0 + 1})
    assert removed.rows == {"voicemail": BATCH + 7} and len(files.gone) == BATCH + 7 and await count(engine, voicemails) == 0


async def test_follow_ups_go_once_they_are_done(engine: AsyncEngine, retention: Retention) -> None:
    store = FollowUps(engine, lambda: T0)
    for number, status in enumerate(("open", "pending", "solved", "closed")):
        await store.open_ticket(f"t{number}", {**TICKET, "status": status})
    for number, status in enumerate(("waiting", "done", "failed", "cancelled")):
        await store.schedule_callback(f"c{number}", {**CALLBACK, "status": status})
    removed = await retention.purge({"tickets": T0 + 1})
    assert removed.rows == {"tickets": 2, "callbacks": 3}
    assert {row["status"] for row in await rows(engine, tickets)} == {"open", "pending"}
    assert [row["status"] for row in await rows(engine, callbacks)] == ["waiting"]


async def test_everything_of_one_caller_is_forgotten(
    log: ContactLog, engine: AsyncEngine, retention: Retention, files: Files
) -> None:
    await a_contact(log, "mine", T0)
    await log.open(replace(a_call("other", T0), caller=Caller("+49301234")), "node")
    await log.close("other")
    store = FollowUps(engine, lambda: T0)
    await store.open_ticket("t", TICKET)
    await store.schedule_callback("c", {**CALLBACK, "caller_number": "+49301", "number": "+8613800138000"})
    await add(engine, voicemails, voicemail("v", T0))
    survey = {**WHO, "id": "s", "name": "nps", "answers": {}, "score": 9.0, "agent_id": "", "created_at": T0}
    await add(engine, surveys, survey)
    notice: dict[str, Any] = {
        "id": "n",
        "contact_id": "else",
        "by": "sms",
        "recipient": "+8613800138000",
        "subject": "",
        "text": "hi",
    }
    notice |= {"language": "zh", "status": "sent", "attempts": 1, "reason": "", "created_at": T0, "next_at": T0}
    await add(engine, notifications, notice)
    numbers = ["+8613800138000", "13800138000"]
    counted = await retention.forget(numbers, dry_run=True)
    removed = await retention.forget(numbers)
    assert (
        counted.rows
        == removed.rows
        == dict.fromkeys(("contacts", "voicemail", "tickets", "callbacks", "surveys", "notifications"), 1)
    )
    assert removed.files == 2 and [row["id"] for row in await rows(engine, contacts)] == ["other"]
    assert all([await count(engine, table) == 0 for table in (voicemails, tickets, callbacks, surveys, notifications)])


def test_files_are_those_that_a_column_names() -> None:
    assert files_of([{"file": "a.wav"}, {"file": ""}, {}, 7]) == ["a.wav"] and files_of(None) == []


# --- files


def sound(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sound")
    path.with_suffix(".json").write_text("{}")
    path.with_suffix(".levels").write_bytes(b"levels")
    return path


def test_days_that_are_over_go_and_others_stay(tmp_path: Path) -> None:
    old, new = sound(tmp_path, "2026/01/02/a.wav"), sound(tmp_path, "2026/11/21/b.wav")
    message = sound(tmp_path, "voicemail/support/2026/01/02/c.wav")
    odd = sound(tmp_path, "2026/99/99/d.wav")
    assert remove_days(tmp_path, {"": 30 * DAY, "voicemail": 0.0}, NOW.timestamp()) == 1
    assert not old.exists() and not old.with_suffix(".json").exists() and not (tmp_path / "2026" / "01").exists()
    assert new.exists() and message.exists() and odd.exists()
    assert remove_days(tmp_path, {"voicemail": 30 * DAY}, NOW.timestamp()) == 1 and not message.exists()


def test_a_name_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "calls", tmp_path / "precious.wav"
    sound(inside, "a.wav")
    outside.write_bytes(b"x")
    assert remove_files(inside, ["a.wav", "../precious.wav", str(outside), "missing.wav"]) == 1
    assert not (inside / "a.json").exists() and not (inside / "a.levels").exists()
    assert outside.exists() and list(inside.iterdir()) == []


# --- the daily sweep


class Notes:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    async def __call__(self, what: str, subject: str) -> None:
        self.lines.append((what, subject))


def sweeper(retention: Retention, redis: Redis, folder: Path | None, notes: Notes, **kept: float) -> Sweeper:
    return Sweeper(retention, redis, kept, "03:30", folder, notes, lambda: NOW)


async def test_one_node_sweeps_the_rows_and_each_its_own_sound(
    log: ContactLog, engine: AsyncEngine, redis: Redis, retention: Retention, tmp_path: Path
) -> None:
    await a_contact(log, "old", NOW.timestamp() - 100 * DAY)
    notes, folders = Notes(), [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        sound(folder, "2026/01/02/a.wav")
    one, two = (sweeper(retention, redis, folder, notes, recordings=30 * DAY, contacts=50 * DAY) for folder in folders)
    first, second = await one.sweep(), await two.sweep()
    assert first.rows["contacts"] == 1 and second.rows == {} and second.files == 1
    assert [what for what, _ in notes.lines] == ["retention: removed"] * 2 and "1 contacts" in notes.lines[0][1]
    assert await count(engine, contacts) == 0


async def test_it_runs_at_once_and_then_at_its_time_of_day(redis: Redis, retention: Retention) -> None:
    notes = Notes()
    made = sweeper(retention, redis, None, notes, contacts=DAY)
    assert made._until_next() == pytest.approx(15.5 * 3600)
    task = asyncio.create_task(made.run())
    async with asyncio.timeout(5):
        while not await redis.exists("retention:rows"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes.lines == [], "nothing was removed, so nothing is noted"


async def test_sound_is_kept_no_longer_than_its_contact(redis: Redis, retention: Retention, tmp_path: Path) -> None:
    old = sound(tmp_path, "2026/01/02/a.wav")
    os.utime(old)
    assert (await sweeper(retention, redis, tmp_path, Notes(), contacts=30 * DAY).sweep()).files == 1
    assert not old.exists() and set(KINDS) >= {"recordings", "contacts"}


async def test_rows_are_tried_again_after_the_database_was_away(
    log: ContactLog, redis: Redis, retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_contact(log, "old", NOW.timestamp() - 100 * DAY)
    made, purge = sweeper(retention, redis, None, Notes(), contacts=DAY), retention.purge

    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(retention, "purge", away)
    with pytest.raises(StoreUnavailable):
        await made.sweep()
    monkeypatch.setattr(retention, "purge", purge)
    assert (await made.sweep()).rows["contacts"] == 1


async def test_what_was_judged_goes_with_its_contact(log: ContactLog, engine: AsyncEngine, retention: Retention) -> None:
    for name, at in (("old", T0), ("new", T0 + 10 * DAY)):
        await a_contact(log, name, at)
        judged = {"contact_id": name, "agent_id": "anna", "at": at, "created_at": at, "text": "well done", "by": "wei"}
        await add(engine, judged_by.coaching, {**judged, "id": name, "review_id": "", "answer": ""})
        review: dict[str, Any] = {"id": f"r-{name}", "contact_id": name, "calibration": "", "card": "hotline", "version": "1"}
        review |= {"evaluator": "wei", "agent_id": "anna", "queue": "", "mood": "", "ended_at": at, "state": "draft", "rev": 1}
        review |= {"answers": {}, "comment": "", "fatal": [], "covered": 1.0, "created_at": at, "updated_at": at}
        await add(engine, judged_by.reviews, review)
        await add(engine, judged_by.history, {"review_id": f"r-{name}", "at": at, "by": "wei", "what": "created", "detail": {}})
        await add(engine, judged_by.looked, {"contact_id": name, "at": at})
    await retention.purge({"contacts": T0 + DAY})
    for table, column in (("coaching", "id"), ("looked", "contact_id"), ("reviews", "contact_id")):
        assert [row[column] for row in await rows(engine, getattr(judged_by, table))] == ["new"]
    assert [row["review_id"] for row in await rows(engine, judged_by.history)] == ["r-new"]
