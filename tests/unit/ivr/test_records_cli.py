"""`ivr records purge` and `ivr records forget`, from the settings to the rows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ivr.__main__ import main
from ivr.call import Caller
from ivr.records.database import open_database, sqlite_url
from ivr.records.schema import voicemails

ROW = {"contact_id": "c", "caller_name": "", "language": "en", "flow": "f", "box": "b", "seconds": 1.0, "transcript": ""}
ROW |= {"heard": False, "note": "", "created_at": 1_700_000_000.0, "updated_at": 1_700_000_000.0}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    async def fill() -> None:
        engine = await open_database(sqlite_url(tmp_path))
        async with engine.begin() as connection:
            for name, number in (("a", "+8613800138000"), ("b", "13800138000"), ("c", "+49301")):
                file = f"voicemail/b/2026/01/01/{name}.wav"
                await connection.execute(
                    voicemails.insert(), [{**ROW, "id": name, "caller_number": Caller(number).number, "file": file}]
                )
        await engine.dispose()

    asyncio.run(fill())
    sound = tmp_path / "calls" / "voicemail/b/2026/01/01/a.wav"
    sound.parent.mkdir(parents=True)
    sound.write_bytes(b"x")
    file = tmp_path / "hotline.yaml"
    file.write_text("data: .\nrecording: { folder: calls }\nretention: { voicemail: 30d }\n")
    return file


def left(config: Path) -> int:
    async def count() -> int:
        engine = await open_database(sqlite_url(config.parent))
        async with engine.connect() as connection:
            found = int((await connection.execute(select(func.count()).select_from(voicemails))).scalar_one())
        await engine.dispose()
        return found

    return asyncio.run(count())


def test_one_caller_is_forgotten_however_the_number_is_written(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", "forget", "138-0013-8000", "--config", str(config), "--dry-run"]) == 0
    assert capsys.readouterr().out == "would remove: 2 voicemail\n" and left(config) == 3
    assert main(["records", "forget", "+86 138 0013 8000", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "removed: 2 voicemail, 1 files\n" and left(config) == 1
    assert not list((config.parent / "calls").rglob("*.wav"))


def test_what_is_too_old_goes_by_the_settings_or_by_a_period(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["records", "purge", "--config", str(config), "--dry-run"]) == 0
    assert capsys.readouterr().out == "would remove: 3 voicemail\n"
    assert main(["records", "purge", "--older", "90d", "--kind", "recordings", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "removed: nothing\n"
    assert main(["records", "purge", "--older", "1y", "--config", str(config)]) == 0
    assert left(config) == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["purge", "--older", "soon"], "no period such as 90d"),
        (["purge", "--kind", "recordings"], "give --older 90d"),
        (["forget", "anonymous"], "no number of one caller"),
        (["forget", "1", "--data", "nowhere"], "there are no records"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    config: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    if "--data" in arguments:
        arguments = [*arguments[:-1], str(config.parent / "nowhere")]
    assert main(["records", *arguments, "--config", str(config)]) != 0
    error = capsys.readouterr().err
    assert why in error and len(error.strip().splitlines()) == 1
