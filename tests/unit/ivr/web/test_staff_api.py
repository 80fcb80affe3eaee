"""Queues, agents and orders by the API: who may, what comes, what is refused, and the line that says so."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from ivr.errors import Conflict, IvrError, NotFound
from ivr.web.api import answer_error
from ivr.web.auth import Gate
from ivr.web.staff_api import StaffApi
from tests.unit.ivr.web.signed_in import SignedIn

ROLES = {"boss": ("supervisor",), "root": ("admin",), "ann": ("agent",), "bob": ("agent",)}


@dataclass
class Desk:
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def overview(self) -> Mapping[str, Any]:
        return {"queues": []}

    async def agents(self) -> list[Mapping[str, Any]]:
        return [{"id": "ann"}]

    async def explain_agent(self, agent_id: str) -> Mapping[str, Any]:
        return {"agent": agent_id, "verdict": "nobody_waits"}

    async def explain_contact(self, contact_id: str) -> Mapping[str, Any]:
        if contact_id != "c-1":
            raise NotFound("no such contact")
        return {"contact": contact_id, "verdict": "busy"}

    async def force(self, *order: Any) -> Mapping[str, Any]:
        self.asked.append(order)
        if order[1] == "nap":
            raise Conflict("'nap' is not available, break or offline")
        return {"id": order[0], "state": order[1]}

    async def breaks(self, agent_id: str) -> list[Mapping[str, Any]]:
        return []

    async def plan_break(self, *plan: Any) -> Mapping[str, Any]:
        self.asked.append(plan)
        return {"id": "ann|1|boss"}

    async def cancel_break(self, agent_id: str, plan_id: str) -> None:
        self.asked.append((agent_id, plan_id))

    async def history(self, agent_id: str, limit: int) -> list[Mapping[str, Any]]:
        self.asked.append((agent_id, limit))
        return [{"state": "break"}]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    api = StaffApi(cast(Any, desk), cast(Gate, SignedIn(ROLES)))
    app = Starlette(routes=api.routes, exception_handlers={IvrError: cast(Any, answer_error)})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        yield client


READS = (
    "/api/v1/queues",
    "/api/v1/agents",
    "/api/v1/agents/ann/states",
    "/api/v1/agents/ann/breaks",
    "/api/v1/contacts/c-1/explain",
)


@pytest.mark.parametrize("path", READS)
async def test_supervisors_administrators_and_the_token_may_look(client: httpx.AsyncClient, path: str) -> None:
    for headers in ({"who": "boss"}, {"who": "root"}, {"authorization": "Bearer t"}):
        assert (await client.get(path, headers=headers)).status_code == 200
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers={"who": "ann"})).status_code == 403


async def test_agents_may_ask_why_they_get_no_calls_themselves(client: httpx.AsyncClient) -> None:
    path = "/api/v1/agents/ann/explain"
    assert (await client.get(path, headers={"who": "ann"})).json()["verdict"] == "nobody_waits"
    assert (await client.get(path, headers={"who": "bob"})).status_code == 403
    assert (await client.get(path, headers={"who": "boss"})).status_code == 200
    assert (await client.get("/api/v1/contacts/c-2/explain", headers={"who": "boss"})).status_code == 404


async def test_an_order_is_done_and_leaves_a_line(
    client: httpx.AsyncClient, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    path, order = "/api/v1/agents/ann/state", {"state": "break", "reason": "meal", "seconds": 600}
    caplog.set_level(logging.WARNING, "ivr.audit")
    assert (await client.post(path, json=order, headers={"who": "boss"})).json() == {"id": "ann", "state": "break"}
    assert (await client.post(path, json={"state": "offline"}, headers={"authorization": "Bearer t"})).status_code == 200
    assert desk.asked == [("ann", "break", "meal", 600.0, "boss"), ("ann", "offline", "", 0.0, "api")]
    assert [line.getMessage().split(" at ")[0] for line in caplog.records] == [
        "agent ann: break meal by boss",
        "agent ann: offline by api",
    ]


async def test_orders_that_are_refused(client: httpx.AsyncClient, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    path = "/api/v1/agents/ann/state"
    boss = {"who": "boss"}
    assert (await client.post(path, json={"state": "break"}, headers={"who": "ann"})).status_code == 403
    assert (await client.post(path, json={"state": "break"}, headers={**boss, "origin": "http://evil"})).status_code == 403
    for body in (
        {},
        {"state": 3},
        {"state": "break", "seconds": "long"},
        {"state": "break", "seconds": -1},
        {"state": "x" * 81},
    ):
        assert (await client.post(path, json=body, headers=boss)).status_code == 400
    assert (await client.post(path, content=b"[]", headers=boss)).status_code == 400
    assert desk.asked == []
    assert (await client.post(path, json={"state": "nap"}, headers=boss)).status_code == 409
    assert not caplog.records, "what was not done leaves no line"


async def test_breaks_are_planned_and_taken_back(client: httpx.AsyncClient, desk: Desk) -> None:
    boss = {"who": "boss"}
    made = await client.post("/api/v1/agents/ann/breaks", json={"from": 10, "until": 700, "reason": "meal"}, headers=boss)
    assert (made.status_code, made.json()["id"]) == (201, "ann|1|boss")
    gone = await client.delete("/api/v1/agents/ann/breaks/ann%7C1%7Cboss", headers=boss)
    assert gone.status_code == 200
    assert desk.asked == [("ann", 10.0, 700.0, "meal", "boss"), ("ann", "ann|1|boss")]
    assert (await client.post("/api/v1/agents/ann/breaks", json={"from": 1}, headers=boss)).status_code == 400


async def test_states_are_limited(client: httpx.AsyncClient, desk: Desk) -> None:
    boss = {"who": "boss"}
    await client.get("/api/v1/agents/ann/states?limit=9999", headers=boss)
    assert desk.asked == [("ann", 500)]
    for limit in ("0", "-1", "x", "99999999"):
        assert (await client.get(f"/api/v1/agents/ann/states?limit={limit}", headers=boss)).status_code == 400
