"""Files beside the flows are followed while calls run, also where the system has no watch to give for a while."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from watchfiles import awatch

from ivr.dialplan import shelf as shelves
from ivr.dialplan import watch as watching
from ivr.dialplan.problems import Findings, Place, Problem
from ivr.dialplan.sheets import Sheet


@dataclass(slots=True)
class Shelf(shelves.Shelf[str]):
    """Takes whatever stands in the files, but for `wrong`."""

    WHAT = "sheets"

    text: str = ""

    def read(self) -> tuple[str, list[Problem], str]:
        def read(text: str, file: str, findings: Findings) -> Sheet:
            if text == "wrong":
                findings.error(Place(), "empty", text)
            return Sheet(text)

        sheets, problems, version = shelves.read_sheets(self.folders, read)
        return " ".join(sheet.file for sheet in sheets), problems, version

    def take(self, held: str) -> None:
        self.text = held


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)


@asynccontextmanager
async def running(shelf: Shelf) -> AsyncIterator[None]:
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        task = group.create_task(shelf.run())
        yield
        task.cancel()


async def test_a_change_is_taken_and_told(tmp_path: Path) -> None:
    file, told = tmp_path / "a.yaml", asyncio.Event()
    file.write_text("one", "utf-8")
    shelf = Shelf([tmp_path, tmp_path / "absent"], changed=[told.set])
    assert shelf.load() == []
    async with running(shelf):
        number = 0
        while not told.is_set():
            number += 1  # the watch may begin after the first of them
            file.write_text(f"two {number}", "utf-8")
            await asyncio.sleep(0.2)
    assert shelf.text.startswith("two ") and shelf.wrong == 0


async def test_a_watch_that_cannot_be_had_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else a node that has no watch left would go down with its calls."""
    file, told, refused = tmp_path / "a.yaml", asyncio.Event(), asyncio.Event()
    file.write_text("one", "utf-8")
    shelf = Shelf([tmp_path], changed=[told.set])
    assert shelf.load() == []

    def none_left(*_: object, **__: object) -> None:
        refused.set()
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(watching, "awatch", none_left)
    with caplog.at_level(logging.ERROR):
        async with running(shelf):
            await refused.wait()
            file.write_text("two", "utf-8")
            monkeypatch.setattr(watching, "awatch", awatch)
            await told.wait()
    assert shelf.text == "two"
    assert [record.message for record in caplog.records] == [
        "sheets cannot be watched, their changes are not seen: OS file watch limit reached"
    ]


async def test_the_log_has_what_is_wrong_and_the_old_ones_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("one", "utf-8")
    shelf = Shelf([tmp_path])
    assert shelf.load() == []
    with caplog.at_level(logging.ERROR):
        async with running(shelf):
            while not caplog.records:
                file.write_text("wrong", "utf-8")
                await asyncio.sleep(0.2)
    assert (shelf.text, shelf.wrong) == ("one", 1)
    assert "sheets have a problem, the old ones stay" in caplog.text


async def test_without_a_folder_nothing_is_followed(tmp_path: Path) -> None:
    await Shelf([tmp_path / "absent"]).run()
