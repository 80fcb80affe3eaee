"""What a node starts for the rows that calls leave behind: rows come over, notices go out, recordings are removed."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from redis.asyncio import Redis

from ivr.records.database import open_database, sqlite_url
from ivr.settings_notices import NoticeOptions
from ivr.wiring_followups import followup_parts
from tests.unit.ivr.records.samples import T0, a_notice


async def test_a_notice_without_a_channel_is_in_the_outbox_as_failed(redis_url: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        redis, engine = Redis.from_url(redis_url), await open_database(sqlite_url(tmp_path))
        stack.push_async_callback(redis.aclose)
        stack.push_async_callback(engine.dispose)
        parts = followup_parts(NoticeOptions(), None, stack, redis, engine)
        await parts.late.add("notifications", a_notice("wired", next_at=T0))
        async with asyncio.timeout(8.0):
            while not (rows := await parts.shelves.notifications.list(status="failed")):  # noqa: ASYNC110  # it is in SQL
                await asyncio.sleep(0.05)
        assert [(row["id"], row["reason"]) for row in rows] == [("wired", "the setting `notices.sms` is not there")]
        assert 'outcome="failed"} 1' in parts.metrics()


async def test_a_recording_goes_with_its_notes_and_nothing_else_does(redis_url: str, tmp_path: Path) -> None:
    folder, outside = tmp_path / "calls", tmp_path / "precious.wav"
    (folder / "voicemail").mkdir(parents=True)
    for one in (folder / "voicemail" / "a.wav", folder / "voicemail" / "a.json", folder / "voicemail" / "b.wav", outside):
        one.write_bytes(b"x")
    async with AsyncExitStack() as stack:
        redis, engine = Redis.from_url(redis_url), await open_database(sqlite_url(tmp_path))
        stack.push_async_callback(redis.aclose)
        stack.push_async_callback(engine.dispose)
        discard = followup_parts(NoticeOptions(), folder, stack, redis, engine).discard
        for name in ("voicemail/a.wav", "../precious.wav", "", "voicemail/none.wav"):
            discard(name)
        async with asyncio.timeout(5.0):
            while (folder / "voicemail" / "a.json").exists():  # noqa: ASYNC110  # a thread removes it
                await asyncio.sleep(0.01)
    assert sorted(one.name for one in folder.rglob("*.*")) == ["b.wav"] and outside.exists()
