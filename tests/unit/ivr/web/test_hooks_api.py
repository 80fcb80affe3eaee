"""`/api/v1/webhooks` over real tables and a far end that answers as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import httpx
import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette

from ivr.errors import IvrError
from ivr.hooks.house import HookHouse
from ivr.hooks.outbox import HookOutbox
from ivr.hooks.sending import HookSender, Target
from ivr.hooks.tables import deliveries, events, metadata
from ivr.web.api import answer_error
from ivr.web.auth import Gate
from ivr.web.hooks_api import HooksApi
from tests.unit.ivr.web.signed_in import SignedIn

T0 = 1_790_000_000.0
ROLES = {"boss": ("supervisor",), "root": ("admin",)}


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.sqlite'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for number in range(3):
            row = {
                "id": f"e{number}",
                "kind": "contact.ended",
                "at": T0 + number,
                "subject": "c1",
                "data": {"contact_id": "c1"},
            }
            await connection.execute(insert(events), row)
            status = "dead" if number else "sent"
            due = {"hook": "crm", "event_id": f"e{number}", "status": status, "attempts": 9, "next_at": T0, "reason": "no"}
            await connection.execute(insert(deliveries), {**due, "sent_at": None if number else T0 + 5})
    outbox = HookOutbox(engine, lambda: T0 + 60)
    far = httpx.MockTransport(lambda _: httpx.Response(500))
    sender = HookSender(outbox, {"crm": Target("crm", "https://crm.example:8443/in?key=geheim", "s" * 16)}, lambda: T0, far)
    api = HooksApi(HookHouse(outbox, sender, {"crm": ("contact.*",)}), cast(Gate, SignedIn(ROLES)))
    app = Starlette(routes=api.routes, exception_handlers={IvrError: answer_error})
    headers = {"authorization": "Bearer t"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here/api/v1", headers=headers) as client:
        yield client
    await sender.close()
    await engine.dispose()


async def test_what_waits_for_whom(web: httpx.AsyncClient) -> None:
    found = (await web.get("/webhooks")).json()
    [hook] = found["hooks"]
    assert hook == {
        "name": "crm",
        "where": "https://crm.example:8443",
        "events": ["contact.*"],
        "waiting": 0,
        "sent": 1,
        "dead": 2,
        "last_at": T0 + 5,
    }
    assert "contact.ended" in [kind["name"] for kind in found["kinds"]]


async def test_deliveries_in_pages_and_once_more(web: httpx.AsyncClient) -> None:
    page = (await web.get("/webhooks/deliveries?status=dead&limit=1")).json()
    [row] = page["deliveries"]
    assert (row["event_id"], row["kind"], row["status"], row["reason"]) == ("e2", "contact.ended", "dead", "no")
    [older] = (await web.get(f"/webhooks/deliveries?status=dead&before={page['next']}")).json()["deliveries"]
    assert older["event_id"] == "e1"
    assert (await web.post(f"/webhooks/deliveries/{row['id']}/retry")).json() == {"id": row["id"], "status": "waiting"}
    assert (await web.post(f"/webhooks/deliveries/{row['id']}/retry")).status_code == 409
    assert (await web.post("/webhooks/crm/revive")).json() == {"count": 1}
    assert (await web.get("/webhooks")).json()["hooks"][0]["waiting"] == 2


async def test_a_time_once_more_and_a_ping(web: httpx.AsyncClient) -> None:
    answer = await web.post("/webhooks/crm/replay", json={"from": T0, "until": T0 + 2})
    assert (answer.status_code, answer.json()) == (200, {"count": 2})
    found = (await web.post("/webhooks/crm/ping")).json()
    assert (found["taken"], found["status"], found["reason"]) == (False, 500, "the far end answered 500")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/nobody/ping", None, 404),
        ("POST", "/nobody/revive", None, 404),
        ("POST", "/nobody/replay", {"from": 1, "until": 2}, 404),
        ("POST", "/crm/replay", {"from": 2, "until": 1}, 400),
        ("POST", "/crm/replay", {"from": "now", "until": 1}, 400),
        ("POST", "/crm/replay", {"from": 1, "until": 2, "events": [1]}, 400),
        ("POST", "/crm/replay", {"from": 1, "until": 2, "events": []}, 400),
        ("POST", "/deliveries/99/retry", None, 404),
        ("POST", "/deliveries/x/retry", None, 400),
        ("GET", "/deliveries?status=gone", None, 400),
        ("GET", "/deliveries?hook=nobody", None, 404),
        ("GET", "/deliveries?limit=0", None, 400),
        ("GET", "/deliveries?before=x", None, 400),
        ("GET", "/deliveries?before=2147483648", None, 400),
        ("POST", "/deliveries/2147483648/retry", None, 400),
    ],
)
async def test_what_is_wrong_is_said(web: httpx.AsyncClient, method: str, path: str, body: object, status: int) -> None:
    answer = await web.request(method, f"/webhooks{path}", json=body)
    assert (answer.status_code, set(answer.json()["error"])) == (status, {"code", "message"})


async def test_who_may(web: httpx.AsyncClient) -> None:
    evil = await web.post("/webhooks/crm/ping", headers={"origin": "https://evil.example"})
    assert evil.status_code == 403
    del web.headers["authorization"]
    for who, status in (("", 401), ("boss", 403), ("root", 200)):
        for method, path in (("GET", ""), ("GET", "/deliveries"), ("POST", "/crm/ping"), ("POST", "/crm/revive")):
            assert (await web.request(method, f"/webhooks{path}", headers={"who": who})).status_code == status, (who, path)
