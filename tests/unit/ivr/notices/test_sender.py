"""What is sent, tried again, and given up, on a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from ivr.errors import StoreUnavailable
from ivr.notices import sender as sending
from ivr.notices.channels import Notice, NotSent
from ivr.notices.sender import PAUSES, Sender

ROW: dict[str, Any] = {
    "id": "n1",
    "contact_id": "c1",
    "by": "sms",
    "recipient": "1",
    "subject": "",
    "text": "x",
    "language": "en",
}


class Box:
    """One notification and what became of it."""

    def __init__(self, row: Mapping[str, Any] = ROW) -> None:
        self.row = {**row, "attempts": 0}
        self.due: float | None = 0.0
        self.told: list[tuple[str, Any]] = []
        self.away = False

    async def claim(self, now: float, lease: float, most: int = 20) -> list[dict[str, Any]]:
        if self.away:
            raise StoreUnavailable("away")
        if self.due is None or self.due > now:
            return []
        self.due = now + lease
        self.row["attempts"] += 1
        return [self.row]

    async def sent(self, notice_id: str, now: float) -> None:
        self.due = None
        self.told.append(("sent", now))

    async def again(self, notice_id: str, at: float, reason: str) -> None:
        self.due = at
        self.told.append(("again", at))

    async def failed(self, notice_id: str, reason: str) -> None:
        self.due = None
        self.told.append(("failed", reason))


class Hook:
    def __init__(self, *errors: Exception | None) -> None:
        self.errors, self.got, self.closed = list(errors), list[Notice](), False

    async def send(self, notice: Notice) -> None:
        self.got.append(notice)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error

    async def close(self) -> None:
        self.closed = True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_it_is_sent_once() -> None:
    box, hook = Box(), Hook()
    sender = Sender(box, {"sms": hook}, Clock())
    assert await sender.work() == 1 and await sender.work() == 0
    assert box.told == [("sent", 0.0)] and len(hook.got) == 1
    assert 'hotline_notifications_total{outcome="sent"} 1' in sender.metrics()
    await sender.close()
    assert hook.closed


async def test_it_is_tried_ever_later_and_then_given_up(caplog: pytest.LogCaptureFixture) -> None:
    box, clock = Box(), Clock()
    sender = Sender(box, {"sms": Hook(*(NotSent("busy", again=True) for _ in range(9)))}, clock)
    while box.due is not None:
        clock.now = box.due
        await sender.work()
    begins = [sum(PAUSES[: number + 1]) for number in range(len(PAUSES))]
    assert box.told == [*(("again", at) for at in begins), ("failed", "busy")]
    assert "notification n1 by sms of contact c1 failed: busy" in caplog.text


@pytest.mark.parametrize("error", [NotSent("no such number", again=False), None])
async def test_what_cannot_help_is_not_tried_again(error: NotSent | None) -> None:
    box = Box(ROW if error else {**ROW, "by": "pigeon"})
    await Sender(box, {"sms": Hook(error)}, Clock()).work()
    assert box.told == [("failed", "no such number" if error else "the setting `notices.pigeon` is not there")]


async def test_a_defect_of_ours_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    box = Box()
    await Sender(box, {"sms": Hook(RuntimeError("a defect"))}, Clock()).work()
    assert box.told == [("again", PAUSES[0])] and "a defect" in caplog.text


async def test_a_store_that_is_away_does_not_end_the_task(caplog: pytest.LogCaptureFixture) -> None:
    box = Box()
    box.away = True
    task = asyncio.create_task(Sender(box, {}, Clock()).run())
    async with asyncio.timeout(2.0):
        while "notifications wait: away" not in caplog.text:  # noqa: ASYNC110  # the log is what is waited for
            await asyncio.sleep(0.005)
    assert not task.done()
    task.cancel()


async def test_what_is_being_sent_at_the_end_of_the_node_is_not_sent_again() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Hook):
        async def send(self, notice: Notice) -> None:
            begun.set()
            await go_on.wait()

    box = Box()
    running = asyncio.create_task(Sender(box, {"sms": Slow()}, lambda: 7.0).run())
    async with asyncio.timeout(5):
        await begun.wait()
        running.cancel()
        await asyncio.sleep(0.01)
        go_on.set()
        await asyncio.wait([running])
    assert running.cancelled() and box.told == [("sent", 7.0)]


async def test_a_channel_without_an_end_fails_before_another_node_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Hook):
        async def send(self, notice: Notice) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(sending, "LONGEST", 0.01)
    box = Box()
    async with asyncio.timeout(5):
        assert await Sender(box, {"sms": Slow()}, lambda: 0.0).work() == 1
    assert box.told == [("again", PAUSES[0])]
    assert sending.LONGEST < sending.LEASE
