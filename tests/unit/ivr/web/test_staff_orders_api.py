"""Orders of supervisors by the API: who may, what comes, what is refused, and the line that says so."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from ivr.errors import Conflict, IvrError
from ivr.web.api import answer_error
from ivr.web.auth import Gate
from ivr.web.staff_orders_api import StaffOrdersApi
from tests.unit.ivr.web.signed_in import SignedIn

ROLES = {"boss": ("supervisor",), "root": ("admin",), "ann": ("agent",)}
BOSS = {"who": "boss"}


@dataclass
class Orders:
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def move(self, *order: Any) -> Mapping[str, Any]:
        if order[1] == "queue:none":
            raise Conflict("there is no queue none")
        self.asked.append(("move", *order))
        return {"contact": order[0], "to": order[1]}

    async def drained(self) -> Mapping[str, Any]:
        return {"support": {"to": "sales"}}

    async def lent(self) -> Mapping[str, Any]:
        return {}

    async def drain(self, *order: Any) -> Mapping[str, Any]:
        self.asked.append(("drain", *order))
        return {"queue": order[0], "moved": 2, "failed": 0}

    async def open(self, queue: str) -> None:
        self.asked.append(("open", queue))

    async def lend(self, *order: Any) -> Mapping[str, Any]:
        self.asked.append(("lend", *order))
        return {"id": order[0]}

    async def give_back(self, agent_id: str) -> Mapping[str, Any]:
        self.asked.append(("give_back", agent_id))
        return {"id": agent_id}

    async def broadcast(self, *order: Any) -> Mapping[str, Any]:
        self.asked.append(("broadcast", *order))
        return {"id": "b1", "told": ["ann"], "away": []}


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
async def client(orders: Orders) -> AsyncIterator[httpx.AsyncClient]:
    api = StaffOrdersApi(cast(Any, orders), cast(Gate, SignedIn(ROLES)))
    app = Starlette(routes=api.routes, exception_handlers={IvrError: cast(Any, answer_error)})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here/api/v1") as client:
        yield client


DRAIN = ("queues/support/drain", {"to": "sales", "seconds": 60, "move": True})
SAID = {"text": "x" * 500, "teams": ["gold"]}
ALL: list[tuple[str, str, dict[str, Any] | None, tuple[Any, ...], str]] = [
    ("POST", "contacts/c-1/move", {"to": "queue:b"}, ("move", "c-1", "queue:b", None, "boss"), "contact c-1: moved to queue:b"),
    ("POST", *DRAIN, ("drain", "support", "sales", 60.0, True, "boss"), "queue support: drained into sales, 2"),
    ("DELETE", "queues/support/drain", None, ("open", "support"), "queue support: open again"),
    (
        "POST",
        "agents/ann/skills",
        {"skills": {"fax": 3}},
        ("lend", "ann", {"fax": 3}, 0.0, "boss"),
        "agent ann: skills for now",
    ),
    ("DELETE", "agents/ann/skills", None, ("give_back", "ann"), "agent ann: skills of the settings"),
    ("POST", "broadcasts", SAID, ("broadcast", "x" * 500, "info", [], ["gold"], "boss"), "broadcast b1 to 1 desks"),
]


@pytest.mark.parametrize(("method", "path", "body", "asked", "line"), ALL, ids=[f"{one[0]} {one[1]}" for one in ALL])
async def test_supervisors_order_and_it_leaves_a_line(
    client: httpx.AsyncClient,
    orders: Orders,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    body: dict[str, Any] | None,
    asked: tuple[Any, ...],
    line: str,
) -> None:
    caplog.set_level(logging.WARNING, "ivr.audit")
    for headers, status in (({}, 401), ({"who": "ann"}, 403), ({**BOSS, "origin": "http://evil"}, 403)):
        assert (await client.request(method, path, json=body, headers=headers)).status_code == status
    assert orders.asked == []
    assert (await client.request(method, path, json=body, headers=BOSS)).status_code in (200, 201)
    assert orders.asked == [asked]
    assert next(one.getMessage() for one in caplog.records).startswith(line)
    assert " by boss at " in caplog.text
    bearer = {"authorization": "Bearer t"}
    assert (await client.request(method, path, json=body, headers=bearer)).status_code in (200, 201)


async def test_what_stands_is_read(client: httpx.AsyncClient) -> None:
    assert (await client.get("orders")).status_code == 401
    assert (await client.get("orders", headers=BOSS)).json() == {"drained": {"support": {"to": "sales"}}, "lent": {}}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("contacts/c-1/move", {}),
        ("contacts/c-1/move", {"to": "queue:a", "priority": "high"}),
        ("contacts/c-1/move", {"to": "queue:a", "priority": True}),
        ("queues/a/drain", {"move": "yes"}),
        ("queues/a/drain", {"seconds": -1}),
        ("agents/ann/skills", {}),
        ("agents/ann/skills", {"skills": []}),
        ("agents/ann/skills", {"skills": {"fax": "3"}}),
        ("agents/ann/skills", {"skills": {"x" * 81: 3}}),
        ("broadcasts", {"text": "x" * 501}),
        ("broadcasts", {"text": "x", "agents": "ann"}),
        ("broadcasts", {"text": "x", "teams": [1]}),
    ],
)
async def test_bad_requests_order_nothing(client: httpx.AsyncClient, orders: Orders, path: str, body: dict[str, Any]) -> None:
    assert (await client.post(path, json=body, headers=BOSS)).status_code == 400
    assert orders.asked == []


async def test_what_cannot_be_says_why_and_leaves_no_line(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = await client.post("contacts/c-1/move", json={"to": "queue:none"}, headers=BOSS)
    assert (answer.status_code, answer.json()["error"]["message"]) == (409, "there is no queue none")
    assert not [one for one in caplog.records if one.name == "ivr.audit"]
