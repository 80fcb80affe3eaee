"""An action is signed, sent, tried again ever later, and given up; each change is kept and told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from ivr.actions import doing
from ivr.actions.doing import PAUSES, Doing
from ivr.actions.hook import Hook
from ivr.errors import Conflict, NotFound
from ivr.messages.signing import refusal
from ivr.records.database import open_database, sqlite_url
from ivr.records.runs import Runs

SECRET = "a-secret-of-sixteen"
Answer = Callable[[httpx.Request], httpx.Response]


def row(run_id: str = "r-1", **more: Any) -> dict[str, Any]:
    body = {"id": run_id, "action": "refund", "fields": {"amount": 5}}
    where = {"id": run_id, "contact_id": "c-1", "action": "refund", "hook": "shop", "agent_id": "emma"}
    return {**where, "fields": {"amount": 5}, "body": body, **more}


class Bench:
    """A database, a far end that answers as it is told, and a clock that stands."""

    def __init__(self, runs: Runs, times: list[float]) -> None:
        self.times, self.runs = times, runs
        self.requests: list[httpx.Request] = []
        self.answers: list[Answer] = []
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.news = asyncio.Event()
        hook = Hook("https://shop.example/actions", SECRET, transport=httpx.MockTransport(self._answer))
        self.doing = Doing(runs, {"shop": (hook, 3)}, lambda: self.times[0], self._tell)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.pop(0)(request)

    def _tell(self, agent: str, data: Mapping[str, Any]) -> None:
        self.told.append((agent, data))
        self.news.set()

    async def next(self) -> Mapping[str, Any]:
        async with asyncio.timeout(20):
            await self.news.wait()
        self.news.clear()
        return dict(self.told[-1][1]["run"])

    async def look(self) -> int:
        """What the node's loop does once."""
        rows = await self.runs.claim(60.0)
        for one in rows:
            self.doing._go(one)
        return len(rows)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    engine = await open_database(sqlite_url(tmp_path))
    times = [1_800_000_000.0]
    made = Bench(Runs(engine, lambda: times[0]), times)
    yield made
    await made.doing.close()
    await engine.dispose()


def says(status: int, body: object = None) -> Answer:
    return lambda request: httpx.Response(status, json=body if body is not None else {})


def plain(body: bytes) -> Answer:
    return lambda request: httpx.Response(200, content=body)


def lost(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there")


async def test_what_is_sent_is_signed_and_its_answer_is_told(bench: Bench) -> None:
    bench.answers = [says(200, {"message": {"zh": "好", "en": "Done"}, "data": {"refund": "R-1", "parts": [1]}, "else": 1})]
    assert (await bench.doing.start(row()))["status"] == "waiting"
    run = await bench.next()
    assert bench.told[0][0] == "emma"
    assert (run["status"], run["answer"]) == (
        "done",
        {"message": {"zh": "好", "en": "Done"}, "data": {"refund": "R-1", "parts": "[1]"}},
    )
    assert not {"body", "hook", "next_at"} & set(run), "a page is not told what only the far end needs"
    (request,) = bench.requests
    stamp, given = request.headers["hotline-timestamp"], request.headers["hotline-signature"]
    assert refusal(SECRET, stamp, given, request.content, bench.times[0]) == ""
    assert refusal("another-secret", stamp, given, request.content, bench.times[0]) != ""
    assert request.headers["idempotency-key"] == "r-1"
    assert json.loads(request.content)["fields"] == {"amount": 5}


async def test_the_same_order_again_is_the_same_one(bench: Bench) -> None:
    bench.answers = [says(200)]
    await bench.doing.start(row())
    await bench.next()
    assert (await bench.doing.start(row()))["status"] == "done"
    assert len(bench.requests) == 1


async def test_a_refusal_is_not_tried_again(bench: Bench) -> None:
    bench.answers = [says(409, {"error": "too much"})]
    await bench.doing.start(row())
    run = await bench.next()
    assert (run["status"], run["reason"], run["answer"]) == ("refused", "the far end answered 409", {"message": "too much"})
    bench.times[0] += 3600
    assert await bench.look() == 0


async def test_who_does_not_answer_is_tried_again_ever_later_and_given_up(bench: Bench) -> None:
    bench.answers = [lost, says(503), says(429)]
    await bench.doing.start(row())
    run = await bench.next()
    assert (run["status"], run["attempts"], run["reason"]) == ("waiting", 1, "no answer: ConnectError")
    assert await bench.look() == 0, "not before its time"
    for number, pause in enumerate(PAUSES[:2], 2):
        bench.times[0] += pause
        assert await bench.look() == 1
        assert await bench.look() == 0, "nobody else takes what is being sent"
        run = await bench.next()
        assert run["attempts"] == number
    assert (run["status"], run["reason"]) == ("failed", "the far end answered 429")
    assert len({request.headers["idempotency-key"] for request in bench.requests}) == 1
    assert bench.doing.counted == {"again": 2, "failed": 1}

    bench.answers = [says(200)]
    assert (await bench.doing.again("r-1"))["status"] == "waiting"
    assert (await bench.next())["status"] == "done"
    with pytest.raises(Conflict):
        await bench.doing.again("r-1")
    with pytest.raises(NotFound):
        await bench.doing.again("r-2")


async def test_what_a_dead_node_left_is_taken_over(bench: Bench) -> None:
    """It was written down and perhaps sent; after the lease it is sent again under the same id."""
    await bench.runs.add(row(), 60.0)
    assert await bench.look() == 0
    bench.times[0] += 61
    bench.answers = [says(200)]
    assert await bench.look() == 1
    assert (await bench.next())["status"] == "done"


EMPTY = (b"", b"not json", b"[1]", b"[" * 100_000, b'{"message": "' + b"x" * 70_000 + b'"}', b'{"message": 5}')


async def test_an_answer_that_says_nothing_is_done_all_the_same(bench: Bench) -> None:
    for number, body in enumerate(EMPTY):
        bench.answers = [plain(body)]
        await bench.doing.start(row(f"r-{number}"))
        run = await bench.next()
        assert (run["status"], run["answer"]) == ("done", {}), body[:20]


async def test_a_hook_that_is_not_there_is_refused(bench: Bench) -> None:
    with pytest.raises(Conflict, match=r"workbench\.hooks\.crm"):
        await bench.doing.start(row(hook="crm"))


async def test_one_contact_has_no_end_of_actions(bench: Bench) -> None:
    for number in range(50):
        await bench.runs.add(row(f"r-{number}"), 60.0)
    with pytest.raises(Conflict, match="50 actions"):
        await bench.runs.add(row("r-50"), 60.0)
    assert len(await bench.runs.of("c-1")) == 50
    assert await bench.runs.of("c-2") == []


async def test_an_answer_without_an_end_is_no_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    monkeypatch.setattr(doing, "LONGEST", 0.1)
    bench.answers.append(lambda request: httpx.Response(200, content=drops()))
    await bench.doing.start(row())
    run = await bench.next()
    assert (run["status"], run["reason"]) == ("waiting", "no end within 0.1 s")
