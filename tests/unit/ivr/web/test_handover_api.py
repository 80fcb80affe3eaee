"""Handovers by link and by API, and vCon: who may, what comes, and the line that says so."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from jsonschema import Draft202012Validator
from starlette.applications import Starlette

from ivr.errors import IvrError, NotFound
from ivr.handover.document import schema
from ivr.web.api import answer_error
from ivr.web.app import _unknown
from ivr.web.auth import Gate
from ivr.web.handover_api import MOST_INLINE, HandoverApi, HandoverDesk
from ivr.web.parts import WebParts
from tests.unit.ivr.handover.samples import record
from tests.unit.ivr.web.test_calls_api import SignedIn

BOSS, ROOT = {"who": "boss"}, {"who": "root"}
ENTRIES = [
    {"file": "a.wav", "seconds": 60.0, "started_at": 1_790_000_001.0},
    {"file": "lost.wav", "seconds": 1.0},
    {"file": "running.wav"},
    {"file": ""},
]


@dataclass
class House:
    """Contacts, links and shelves; also the `WebParts` of the routes."""

    sound: bytes = b"RIFFsound"
    origins: tuple[str, ...] = ("https://desk.example.org",)
    shelves: Any = None
    asked: list[str] = field(default_factory=list)

    async def get(self, contact_id: str) -> Mapping[str, Any]:
        if contact_id != "c-1":
            raise NotFound("no such contact")
        return record(turns=200, recordings=ENTRIES)

    def link(self, contact_id: str) -> str:
        return f"https://us/{contact_id}"

    async def contact_of(self, token: str) -> str:
        if token != "good":
            raise NotFound("this link is not valid")
        return "c-1"

    async def recording(self, file: str, form: str, start: float, end: float | None) -> bytes:
        if file == "lost.wav":
            raise NotFound("gone")
        return self.sound

    async def list(self, limit: int, contact_id: str) -> Sequence[Mapping[str, Any]]:
        return [{"number": f"T-{contact_id}"}]


def client(house: House, **headers: str) -> httpx.AsyncClient:
    api = HandoverApi(HandoverDesk(house, house, 8192), cast(WebParts, house), cast(Gate, SignedIn()))
    app = Starlette(routes=api.routes, exception_handlers={IvrError: _answer})
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here", headers=headers)


async def _answer(request: Any, error: Exception) -> Any:
    return answer_error(request, error)


async def test_the_schema_is_there_for_everybody() -> None:
    async with client(House()) as http:
        response = await http.get("/api/v1/schemas/handover.json")
    assert response.headers["content-type"] == "application/schema+json"
    assert response.json() == schema()


async def test_a_link_needs_no_account_is_bounded_and_written_down(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ivr.audit")
    async with client(House()) as http:
        response = await http.get("/api/v1/handover/good")
        forged = await http.get("/api/v1/handover/bad")
    assert response.headers["content-type"] == "application/vnd.hotline.handover+json"
    assert response.headers["cache-control"] == "no-store"
    Draft202012Validator(schema()).validate(response.json())
    assert len(response.content) <= 8192
    assert response.json()["left_out"]["turns"] > 0
    assert (forged.status_code, forged.json()["error"]["code"]) == (404, "not_found")
    assert [entry.message for entry in caplog.records] == ["handover of c-1 given by its link at 127.0.0.1"]


async def test_a_fault_does_not_write_the_link_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads the log must not read what was said."""
    house = House()
    house.get = None  # type: ignore[method-assign, assignment]
    api = HandoverApi(HandoverDesk(house, house, 8192), cast(WebParts, house), cast(Gate, SignedIn()))
    app = Starlette(routes=api.routes, exception_handlers={Exception: _unknown})
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        assert (await http.get("/api/v1/handover/good")).status_code == 500
    assert "GET /api/v1/handover/… failed" in caplog.text
    assert "handover/good" not in caplog.text


async def test_a_browser_gets_a_page_without_scripts() -> None:
    async with client(House(), accept="text/html,*/*") as http:
        response = await http.get("/api/v1/handover/good")
    assert response.headers["content-type"].startswith("text/html")
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "Wants to pay." in response.text


async def test_a_supervisor_gets_it_with_a_fresh_link() -> None:
    async with client(House(), **BOSS) as http:
        found = (await http.get("/api/v1/contacts/c-1/handover")).json()
        assert (await http.get("/api/v1/contacts/c-9/handover")).status_code == 404
    assert found["link"] == "https://us/c-1"
    async with client(House()) as http:
        assert (await http.get("/api/v1/contacts/c-1/handover")).status_code == 401


async def test_a_vcon_names_recordings_with_their_hash(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ivr.audit")
    house = House()
    house.shelves = cast(Any, type("Shelves", (), {"tickets": house, "callbacks": house, "surveys": house}))
    async with client(house, **BOSS) as http:
        response = await http.get("/api/v1/contacts/c-1/vcon")
    assert response.headers["content-type"] == "application/vcon+json"
    (dialog,) = response.json()["dialog"]
    assert dialog["url"] == "https://desk.example.org/api/v1/contacts/c-1/recordings/1?format=wav"
    assert dialog["content_hash"].startswith("sha512-")
    tickets = next(one for one in response.json()["attachments"] if one["type"] == "tickets")
    assert json.loads(tickets["body"]) == [{"number": "T-c-1"}]
    assert [entry.message for entry in caplog.records] == ["vCon of c-1 given to boss at 127.0.0.1, audio url"]


async def test_recordings_within_a_vcon_are_for_administrators_and_bounded() -> None:
    house = House()
    async with client(house, **BOSS) as http:
        assert (await http.get("/api/v1/contacts/c-1/vcon?audio=inline")).status_code == 401
        assert (await http.get("/api/v1/contacts/c-1/vcon?audio=none")).json()["dialog"][0].get("url") is None
        assert (await http.get("/api/v1/contacts/c-1/vcon?audio=loud")).status_code == 409
    async with client(house, **ROOT) as http:
        (dialog,) = (await http.get("/api/v1/contacts/c-1/vcon?audio=inline")).json()["dialog"]
        assert len(dialog["body"]) == 12
        house.sound = b"x" * (MOST_INLINE + 1)
        response = await http.get("/api/v1/contacts/c-1/vcon?audio=inline")
    assert (response.status_code, "ask for audio=url" in response.json()["error"]["message"]) == (409, True)
    assert len(hashlib.sha512(b"").digest()) == 64
