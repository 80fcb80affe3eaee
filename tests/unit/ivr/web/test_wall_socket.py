"""Boards: who may, what they get, what they may ask; slow and wild ones cost nobody else anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ivr.errors import IvrError, NotFound
from ivr.wall.board import Board
from ivr.web.api import answer_error
from ivr.web.auth import Gate
from ivr.web.wall_api import WallApi, WallParts
from ivr.web.wall_socket import WallHub
from tests.unit.ivr.web.signed_in import SignedIn

ROLES = {"boss": ("supervisor",), "root": ("admin",), "ann": ("agent",), "q": ("quality",)}


class FakeAlerts:
    def __init__(self) -> None:
        self.did: list[tuple[str, ...]] = []

    async def rows(self) -> list[dict[str, Any]]:
        return [{"id": "slow|support"}]

    async def acknowledge(self, alert_id: str, by: str, note: str, now: float) -> dict[str, Any]:
        if alert_id != "slow|support":
            raise NotFound("this alert is gone; it closed by itself")
        self.did.append(("acknowledge", by, note))
        return {"id": alert_id, "acknowledged_by": by}

    async def own(self, alert_id: str, owner: str) -> dict[str, Any]:
        self.did.append(("own", owner))
        return {"id": alert_id, "owner": owner}


class House:
    def __init__(self) -> None:
        self.alerts = FakeAlerts()
        self.board = Board(100, {"within": {"support": 20.0}})
        self.hub = WallHub(self.board, self.alerts, lambda: 5.0)
        self.asked: list[tuple[str, date, int, int]] = []
        api = WallApi(WallParts(self.hub, self.history, lambda: date(2026, 11, 22), lambda: 5.0), cast(Gate, SignedIn(ROLES)))
        app = Starlette(routes=api.routes, exception_handlers={IvrError: answer_error})
        self.client = TestClient(app, base_url="http://here")

    async def history(self, queue: str, day: date, step: int, weeks: int) -> Mapping[str, Any]:
        self.asked.append((queue, day, step, weeks))
        return {"queue": queue}

    def tell(self, kind: str, row: dict[str, Any]) -> None:
        message = self.board.changed(kind, [row], 5.0)
        assert message is not None
        self.hub.tell(message)


@pytest.fixture
def house() -> Iterator[House]:
    found = House()
    with found.client:
        yield found


@pytest.mark.parametrize("who", ["", "ann", "q", "nobody"])
def test_only_supervisors_and_administrators(house: House, who: str) -> None:
    with pytest.raises(WebSocketDisconnect), house.client.websocket_connect("/ws/wall", headers={"who": who}):
        pass
    for path in ("/api/v1/wall", "/api/v1/wall/formulas", "/api/v1/wall/history", "/api/v1/wall/alerts"):
        assert house.client.get(path, headers={"who": who}).status_code in (401, 403)
    for path in ("/api/v1/wall/alerts/x/acknowledge", "/api/v1/wall/alerts/x/owner"):
        assert house.client.post(path, headers={"who": who}, json={}).status_code in (401, 403)
    assert house.alerts.did == []


def test_another_sites_page_gets_nothing(house: House) -> None:
    headers = {"who": "boss", "origin": "https://evil.example"}
    with pytest.raises(WebSocketDisconnect), house.client.websocket_connect("/ws/wall", headers=headers):
        pass
    answer = house.client.post("/api/v1/wall/alerts/slow|support/owner", headers=headers, json={"owner": "x"})
    assert answer.status_code == 403 and house.alerts.did == []


def test_a_page_gets_everything_then_what_changes_and_after_a_reconnect_what_it_missed(house: House) -> None:
    house.tell("queues", {"name": "support", "waiting": 1})
    headers = {"who": "boss"}
    with house.client.websocket_connect("/ws/wall", headers=headers) as page:
        page.send_json({"type": "ping", "id": "early", "data": {}})
        page.send_json({"type": "resume", "data": {"seq": 0}})
        first = page.receive_json()
        assert (first["type"], first["seq"], first["data"]["queues"][0]["waiting"]) == ("snapshot", 101, 1)
        page.send_json({"type": "ping", "id": "c1", "data": {}})
        assert page.receive_json()["data"] == {"id": "c1", "ok": True}
        assert len(house.hub) == 1
        house.client.portal.call(house.tell, "agents", {"id": "ann", "state": "break"})  # type: ignore[union-attr]
        assert page.receive_json()["data"] == {"agents": [{"id": "ann", "state": "break"}], "gone": []}
    house.client.portal.call(house.tell, "agents", {"id": "ann", "state": "offline"})  # type: ignore[union-attr]
    with house.client.websocket_connect("/ws/wall", headers={"who": "root"}) as page:
        page.send_json({"type": "resume", "data": {"seq": 102}})
        assert page.receive_json()["data"]["agents"][0]["state"] == "offline"
    with house.client.websocket_connect("/ws/wall", headers=headers) as page:
        page.send_json({"type": "resume", "data": {"seq": "x"}})
        assert page.receive_json()["type"] == "snapshot"


def test_orders_of_a_page(house: House) -> None:
    with house.client.websocket_connect("/ws/wall", headers={"who": "boss"}) as page:
        page.send_json({"type": "resume", "data": {"seq": 0}})
        page.receive_json()

        def ask(kind: str, data: Any) -> dict[str, Any]:
            page.send_json({"type": kind, "id": "c", "data": data})
            return cast("dict[str, Any]", page.receive_json()["data"])

        assert ask("acknowledge", {"alert": "slow|support", "note": "on it"})["ok"]
        assert ask("own", {"alert": "slow|support", "owner": "anna"})["ok"]
        assert house.alerts.did == [("acknowledge", "boss", "on it"), ("own", "anna")]
        assert "gone" in ask("acknowledge", {"alert": "x"})["error"]
        assert "at most 500" in ask("acknowledge", {"alert": "x", "note": "y" * 501})["error"]
        assert "at most 200" in ask("own", {"alert": 7})["error"]
        assert "does not know" in ask("shout", None)["error"]
        page.send_text("[]")
        with pytest.raises(WebSocketDisconnect) as closed:
            page.receive_json()
        assert closed.value.code == 4005


def test_the_same_by_http(house: House) -> None:
    house.tell("queues", {"name": "support", "waiting": 1})
    headers = {"who": "boss"}
    get = house.client.get
    assert get("/api/v1/wall", headers=headers).json()["queues"] == [{"name": "support", "waiting": 1}]
    formulas = get("/api/v1/wall/formulas", headers={"authorization": "Bearer t"}).json()["formulas"]
    assert {"name", "unit", "zh", "en"} <= formulas[0].keys()
    assert get("/api/v1/wall/history", headers=headers).json() == {"queue": ""}
    get("/api/v1/wall/history?queue=support&day=2026-11-01&step=60&weeks=2", headers=headers)
    assert house.asked == [("", date(2026, 11, 22), 900, 1), ("support", date(2026, 11, 1), 60, 2)]
    for wrong in ("day=today", "day=0001-01-01", "step=7", "step=٣", "weeks=0", "weeks=99", "queue=" + "x" * 200):
        assert get(f"/api/v1/wall/history?{wrong}", headers=headers).status_code == 400, wrong
    alert = "/api/v1/wall/alerts/slow|support"
    post = house.client.post
    assert post(f"{alert}/acknowledge", headers=headers, json={"note": "yes"}).json()["acknowledged_by"] == "boss"
    assert post(f"{alert}/owner", headers=headers, json={"owner": "ann"}).json()["owner"] == "ann"
    assert post("/api/v1/wall/alerts/x/acknowledge", headers=headers, json={}).status_code == 404
    assert post(f"{alert}/owner", headers=headers, json={"owner": 5}).status_code == 400
    assert json.loads(house.hub.snapshot())["type"] == "snapshot"
