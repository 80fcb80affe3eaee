"""The record of who did what takes whatever strangers send, on one line of the log and in every database."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from ivr.accounts.tables import metadata
from ivr.accounts.trail import Trail

FORGED = "mei\n2026-11-22 10:00:00 W ivr.audit root at 10.0.0.1: signed out: root\x00"


async def test_what_a_stranger_sends_forges_no_line_and_stops_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'audit.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    trail = Trail(engine)
    with trail.listening():
        await trail.note("", "203.0.113.9", "sign-in locked", FORGED, "half a letter: \ud83d")
        with monkeypatch.context() as patch:  # what is kept for a report of this test must be text that can be sent
            patch.setattr(logging.getLogger("ivr.audit"), "propagate", False)
            logging.getLogger("ivr.audit").warning("file %s was played", "of another encoding: \udcff")
        await trail.note("", "10.0.0.1", "signed in", "王 Fang")
    assert "\n" not in caplog.messages[0] and "\x00" not in caplog.messages[0]
    lines = await trail.lines(9)
    assert [line["subject"] for line in lines] == ["王 Fang", "", FORGED.replace("\n", "\\n").replace("\x00", "\\x00")]
    assert (lines[2]["note"], lines[1]["what"]) == (
        "half a letter: \\ud83d",
        "file of another encoding: \\udcff was played",
    )
    await engine.dispose()
