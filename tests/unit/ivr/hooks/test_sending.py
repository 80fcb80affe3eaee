"""The way to a hook: signed, tried again ever later, dead at last, and brought back to life."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound, StoreUnavailable
from ivr.hooks import outbox as outboxes
from ivr.hooks.outbox import HookOutbox
from ivr.hooks.sending import AT_ONCE, PAUSES, HookSender, Target
from ivr.hooks.tables import deliveries, events
from ivr.messages.signing import refusal
from tests.unit.ivr.hooks.conftest import T0, Clock

SECRET = "0123456789abcdef"
CRM = Target("crm", "https://crm.example/in?key=1", SECRET)
Handler = Callable[[httpx.Request], httpx.Response]


async def happened(engine: AsyncEngine, count: int = 1, kind: str = "contact.ended", at: float = T0) -> None:
    async with engine.begin() as connection:
        for number in range(count):
            name = f"{kind}:{number}:{at}"
            row = {"id": name, "kind": kind, "at": at + number, "subject": "c1", "data": {"contact_id": "李"}}
            await connection.execute(insert(events), row)
            due = {"hook": "crm", "event_id": name, "status": "waiting", "attempts": 0, "next_at": at, "reason": ""}
            await connection.execute(insert(deliveries), due)


def sender(engine: AsyncEngine, clock: Clock, answer: Handler) -> tuple[HookOutbox, HookSender]:
    outbox = HookOutbox(engine, clock)
    return outbox, HookSender(outbox, {"crm": CRM}, clock, httpx.MockTransport(answer))


async def test_an_event_arrives_signed_and_once(engine: AsyncEngine, clock: Clock) -> None:
    got: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(204)

    await happened(engine)
    outbox, mine = sender(engine, clock, answer)
    assert await mine.work("crm") == 1
    assert await mine.work("crm") == 0
    [request] = got
    body, headers = request.content, request.headers
    assert refusal(SECRET, headers["hotline-timestamp"], headers["hotline-signature"], body, clock.now) == ""
    assert refusal("another secret!!", headers["hotline-timestamp"], headers["hotline-signature"], body, clock.now)
    assert json.loads(body) == {"id": f"contact.ended:0:{T0}", "type": "contact.ended", "at": T0, "data": {"contact_id": "李"}}
    assert headers["idempotency-key"] == f"contact.ended:0:{T0}"
    assert headers["hotline-event"] == "contact.ended"
    [row] = await outbox.list("crm", "sent", None, 10)
    assert (row["attempts"], row["answered"], row["sent_at"]) == (1, 204, T0)
    assert 'hotline_webhook_deliveries_total{hook="crm",outcome="sent"} 1' in mine.metrics()
    await mine.close()


async def test_who_does_not_answer_is_tried_again_ever_later_and_then_it_is_dead(engine: AsyncEngine, clock: Clock) -> None:
    tries: list[tuple[float, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append((clock.now, request.headers["hotline-signature"]))
        if len(tries) % 2:
            raise httpx.ConnectError("nobody there")
        return httpx.Response(503)

    await happened(engine)
    outbox, mine = sender(engine, clock, answer)
    for pause in (*PAUSES, 0.0):
        assert await mine.work("crm") == 1
        clock.now += pause - 0.001
        assert await mine.work("crm") == 0, "not before its time"
        clock.now += 0.001
    assert [at for at, _ in tries] == [T0 + sum(PAUSES[:number]) for number in range(len(PAUSES) + 1)]
    assert len({signature for _, signature in tries}) == len(tries), "signed anew for each time"
    [row] = await outbox.list("crm", "dead", None, 10)
    assert (row["reason"], row["answered"], row["attempts"]) == ("no answer: ConnectError", None, len(PAUSES) + 1)
    assert (await outbox.figures())["crm"] == {"waiting": 0, "sent": 0, "dead": 1, "last_at": None}
    await mine.close()


@pytest.mark.parametrize(("status", "then"), [(400, "dead"), (404, "dead"), (302, "dead"), (429, "waiting"), (408, "waiting")])
async def test_what_another_try_cannot_turn_is_dead_at_once(engine: AsyncEngine, clock: Clock, status: int, then: str) -> None:
    await happened(engine)
    outbox, mine = sender(engine, clock, lambda _: httpx.Response(status, headers={"location": "https://evil.example"}))
    await mine.work("crm")
    [row] = await outbox.list("crm", None, None, 10)
    assert (row["status"], row["answered"], row["reason"]) == (then, status, f"the far end answered {status}")
    await mine.close()


async def test_a_node_that_dies_leaves_it_to_another(engine: AsyncEngine, clock: Clock) -> None:
    await happened(engine, 3)
    outbox = HookOutbox(engine, clock)
    first = await outbox.claim("crm", 60.0, 2)
    assert [row["attempts"] for row in first] == [1, 1]
    assert len(await outbox.claim("crm", 60.0, 10)) == 1
    assert await outbox.claim("crm", 60.0, 10) == []
    assert await outbox.claim("other", 60.0, 10) == []
    clock.now += 60
    again = await outbox.claim("crm", 60.0, 10)
    assert sorted(row["attempts"] for row in again) == [2, 2, 2]


async def test_dead_ones_come_back_to_life(engine: AsyncEngine, clock: Clock) -> None:
    await happened(engine, 3)
    outbox = HookOutbox(engine, clock)
    rows = await outbox.claim("crm", 60.0, 10)
    for row in rows:
        await outbox.dead(row["id"], 400, "no")
    await outbox.retry(rows[0]["id"])
    with pytest.raises(Conflict):
        await outbox.retry(rows[0]["id"])
    with pytest.raises(NotFound):
        await outbox.retry(999)
    assert await outbox.revive("crm") == 2
    assert await outbox.revive("crm") == 0
    assert [row["attempts"] for row in await outbox.claim("crm", 60.0, 10)] == [1, 1, 1], "from the first try on"


async def test_a_time_is_played_again_under_the_same_ids(
    engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await happened(engine, 3)
    await happened(engine, 2, "ticket.opened", T0 + 100)
    outbox = HookOutbox(engine, clock)
    clock.now += 200
    for row in await outbox.claim("crm", 60.0, 10):
        await outbox.sent(row["id"], 200)
    assert await outbox.replay("crm", ["contact.*"], T0 + 1, T0 + 1000) == 2
    assert {row["event_id"] for row in await outbox.claim("crm", 60.0, 10)} == {f"contact.ended:{n}:{T0}" for n in (1, 2)}
    assert await outbox.replay("new", ["*"], T0, T0 + 1000) == 5, "a hook that was not there then"
    assert len(await outbox.claim("new", 60.0, 10)) == 5
    assert await outbox.replay("crm", ["*"], T0 + 5000, T0 + 6000) == 0
    monkeypatch.setattr(outboxes, "MOST_REPLAYED", 4)
    with pytest.raises(Conflict, match="ask for a shorter time"):
        await outbox.replay("new", ["*"], T0, T0 + 1000)
    monkeypatch.setattr(outboxes, "MOST_REPLAYED", 2)
    await happened(engine, 40, "agent.state", T0 - 100)
    assert await outbox.replay("crm", ["ticket.*"], T0 - 100, T0 + 1000) == 2, "however much else happened before"


async def test_a_ping_is_sent_at_once_and_kept_nowhere(engine: AsyncEngine, clock: Clock) -> None:
    bodies: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(401)

    outbox, mine = sender(engine, clock, answer)
    found = await mine.ping("crm")
    assert (found.taken, found.status, found.final) == (False, 401, True)
    assert bodies[0]["type"] == "ping"
    assert await outbox.list(None, None, None, 10) == []
    await mine.close()


async def test_what_is_under_way_is_taken_by_nobody_else_however_slow_the_far_end(engine: AsyncEngine, clock: Clock) -> None:
    others: list[Any] = []
    outbox = HookOutbox(engine, clock)
    slow = Target("crm", CRM.url, SECRET, 30.0)

    async def answer(_: httpx.Request) -> httpx.Response:
        clock.now += slow.longest - 1
        others.extend(await outbox.claim("crm", 60.0, 10))
        return httpx.Response(200)

    mine = HookSender(outbox, {"crm": slow}, clock, httpx.MockTransport(answer))
    await happened(engine)
    assert await mine.work("crm") == 1
    assert others == []
    await mine.close()


async def test_one_that_cannot_be_marked_leaves_no_other_alone(
    engine: AsyncEngine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await happened(engine, 3)
    outbox, mine = sender(engine, clock, lambda _: httpx.Response(200))
    mark = outbox.sent

    async def sent(number: int, answered: int) -> None:
        if number == 1:
            raise StoreUnavailable("the database is away")
        await asyncio.sleep(0)
        await mark(number, answered)

    monkeypatch.setattr(outbox, "sent", sent)
    with pytest.raises(StoreUnavailable):
        await mine.work("crm")
    assert len(await outbox.list("crm", "sent", None, 10)) == 2, "nothing goes on behind our back"
    await mine.close()


async def test_nobody_there_is_asked_by_one_batch_at_a_time(engine: AsyncEngine, clock: Clock) -> None:
    tries: list[httpx.Request] = []
    more = asyncio.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        if len(tries) > AT_ONCE:
            more.set()
        raise httpx.ConnectError("nobody there")

    await happened(engine, 5 * AT_ONCE)
    _, mine = sender(engine, clock, answer)
    running = asyncio.create_task(mine.run())
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.8):
                await more.wait()
        assert len(tries) == AT_ONCE
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await mine.close()
