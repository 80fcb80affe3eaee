"""Files are followed through everything that is done to their folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from watchfiles import awatch

from ivr.dialplan import watch as watching
from ivr.dialplan.watch import watch


@asynccontextmanager
async def watched(folder: Path, told: asyncio.Event) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(watch([folder], told.set, stop=stop))
        yield
        stop.set()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)


async def test_a_link_that_is_turned_to_another_folder_is_told(tmp_path: Path) -> None:
    """How a deployment puts a whole release in the place of another."""
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "small.yaml").write_text(name, "utf-8")
    link, fresh, told = tmp_path / "current", tmp_path / "fresh", asyncio.Event()
    link.symlink_to(tmp_path / "first")
    async with watched(link, told):
        await asyncio.sleep(0.2)
        assert not told.is_set()
        fresh.symlink_to(tmp_path / "second")
        fresh.replace(link)
        await told.wait()
        told.clear()
        while not told.is_set():
            (tmp_path / "second" / "small.yaml").write_text("newer", "utf-8")
            await asyncio.sleep(0.1)


async def test_a_watch_that_cannot_be_had_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The system has no more watches to give, for a while: whoever waits for files must not end by that."""
    right, refused, told = awatch, asyncio.Event(), asyncio.Event()

    def none_left(*_: object, **__: object) -> None:
        refused.set()
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr(watching, "awatch", none_left)
    with caplog.at_level(logging.ERROR):
        async with watched(tmp_path, told):
            await refused.wait()
            monkeypatch.setattr(watching, "awatch", right)
            await told.wait()  # something may have changed meanwhile
    assert [record.message for record in caplog.records] == [
        "flow files cannot be watched, their changes are not seen: OS file watch limit reached"
    ]
