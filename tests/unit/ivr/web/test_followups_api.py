"""Tickets, callbacks, surveys, messages and notifications by the API: who may, what comes, what may be changed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from ivr.errors import IvrError
from ivr.records.database import open_database, sqlite_url
from ivr.records.followups import FollowUps
from ivr.records.late import LateRows
from ivr.records.shelf import Shelves
from ivr.web.auth import Gate
from ivr.web.followups_api import FollowUpsApi
from ivr.web.parts import WebParts
from tests.unit.ivr.records.samples import CALLBACK, T0, TICKET, WHO, a_notice
from tests.unit.ivr.web.test_calls_api import SignedIn, _answer

MESSAGE = {
    **WHO,
    "id": "m1",
    "box": "sales",
    "file": "voicemail/sales/m1.wav",
    "seconds": 3.5,
    "transcript": "回电",
    "heard": False,
}
MESSAGE |= {"note": "", "created_at": T0, "updated_at": T0}
SURVEY = {**WHO, "id": "s1", "name": "csat", "answers": {"score": 4}, "score": 4.0, "agent_id": "anna", "created_at": T0}


@dataclass
class Parts:
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)
    recorded: bool = True
    messages: None = None

    @property
    def recording(self) -> Any:
        return self._sound if self.recorded else None

    async def _sound(self, file: str, form: str, start: float, end: float | None) -> bytes:
        self.asked.append((file, form))
        return b"sound"

    def discard(self, file: str) -> None:
        self.discarded.append(file)


@pytest.fixture
async def engine(redis_url: str, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(sqlite_url(tmp_path))
    follow, redis = FollowUps(engine, lambda: T0), Redis.from_url(redis_url)
    late = LateRows(redis, engine)
    for number in range(3):
        await follow.open_ticket(f"c{number}:1", TICKET)
    await follow.schedule_callback("c1:2", CALLBACK)
    await late.add("voicemails", MESSAGE)
    await late.add("surveys", SURVEY)
    await late.add("notifications", a_notice(status="failed", reason="no such number"))
    await late.drain()
    yield engine
    await redis.aclose()
    await engine.dispose()


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
async def web(engine: AsyncEngine, parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    api = FollowUpsApi(cast(WebParts, parts), Shelves.of(engine, lambda: T0 + 60), cast(Gate, SignedIn()))
    app = Starlette(routes=api.routes, exception_handlers={IvrError: _answer})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here", headers={"authorization": "Bearer t"}) as client:
        yield client


async def test_tickets_in_pages(web: httpx.AsyncClient) -> None:
    first = (await web.get("/api/v1/tickets?limit=2&status=open")).json()
    assert [row["id"] for row in first["tickets"]] == ["T-000003", "T-000002"] and first["next"] == "T-000002"
    second = (await web.get(f"/api/v1/tickets?limit=2&before={first['next']}")).json()
    assert [row["id"] for row in second["tickets"]] == ["T-000001"] and second["next"] is None
    one = (await web.get("/api/v1/tickets/T-000001")).json()
    assert (one["subject"], one["fields"], one["created_at"]) == ("宽带坏了", {"area": "north"}, "2026-09-21T14:13:20.000Z")


async def test_a_ticket_is_changed_and_that_is_written_down(web: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "ivr.audit"):
        answer = await web.patch("/api/v1/tickets/T-000001", json={"status": "solved", "due_at": "2026-09-22T08:00:00Z"})
    row = answer.json()
    assert (row["status"], row["due_at"], row["updated_at"]) == (
        "solved",
        "2026-09-22T08:00:00.000Z",
        "2026-09-21T14:14:20.000Z",
    )
    assert "tickets T-000001: due_at, status changed by api token" in caplog.text
    assert (await web.patch("/api/v1/tickets/T-000001", json={"due_at": None})).json()["due_at"] is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "nothing to change"),
        ({"status": "done"}, "status: one of open, pending, solved, closed"),
        ({"created_at": "2026-01-01T00:00:00Z"}, "created_at cannot be changed"),
        ({"note": "x" * 4001}, "note: text of at most 4000 characters"),
        ({"due_at": "soon"}, "due_at: a time in ISO 8601"),
        ({"due_at": "9999-12-31T00:00:00Z"}, "due_at: a time between 1970 and 2096"),
        ([1], "not a JSON object"),
    ],
)
async def test_a_change_that_is_none_is_refused(web: httpx.AsyncClient, body: Any, words: str) -> None:
    answer = await web.patch("/api/v1/tickets/T-000001", json=body)
    assert answer.status_code == 409 and words in answer.json()["error"]["message"]


async def test_a_body_that_is_no_json_or_too_long(web: httpx.AsyncClient) -> None:
    assert "not JSON" in (await web.patch("/api/v1/tickets/T-1", content=b"{")).json()["error"]["message"]
    assert "not JSON" in (await web.patch("/api/v1/tickets/T-1", content=b'{"note": "\\ud800"}')).json()["error"]["message"]
    assert "larger" in (await web.patch("/api/v1/tickets/T-1", content=b"x" * 20000)).json()["error"]["message"]


@pytest.mark.parametrize(
    ("query", "words"),
    [("limit=0", "limit must be"), ("limit=x", "limit must be"), ("colour=red", "cannot be filtered by colour")],
)
async def test_a_query_that_is_none_is_refused(web: httpx.AsyncClient, query: str, words: str) -> None:
    answer = await web.get(f"/api/v1/tickets?{query}")
    assert answer.status_code == 409 and words in answer.json()["error"]["message"]


async def test_what_is_not_there(web: httpx.AsyncClient) -> None:
    for path in ("tickets/T-000009", "tickets/1", "callbacks/T-000001", "voicemails/x", "notifications/x", "surveys/x"):
        assert (await web.get(f"/api/v1/{path}")).status_code == 404, path
    assert (await web.patch("/api/v1/tickets/T-000009", json={"status": "open"})).status_code == 404


async def test_a_callback_is_put_off(web: httpx.AsyncClient) -> None:
    change = {"number": "+86 138 0013 8001", "from_at": "2026-09-22T09:00:00+08:00", "status": "cancelled"}
    row = (await web.patch("/api/v1/callbacks/C-000001", json=change)).json()
    assert (row["number"], row["from_at"], row["status"]) == ("+8613800138001", "2026-09-22T01:00:00.000Z", "cancelled")
    assert (await web.patch("/api/v1/callbacks/C-1", json={"number": "anonymous"})).status_code == 409
    assert (await web.patch("/api/v1/callbacks/C-1", json={"until_at": None})).status_code == 409


async def test_a_message_is_heard_marked_and_removed(web: httpx.AsyncClient, parts: Parts) -> None:
    [row] = (await web.get("/api/v1/voicemails?box=sales&heard=false")).json()["voicemails"]
    assert (row["id"], row["transcript"]) == ("m1", "回电")
    sound = await web.get("/api/v1/voicemails/m1/audio?format=mp3")
    assert sound.content == b"sound" and sound.headers["content-type"] == "audio/mpeg"
    assert parts.asked == [("voicemail/sales/m1.wav", "mp3")]
    assert (await web.get("/api/v1/voicemails/m1/audio?format=exe")).status_code == 409
    assert (await web.patch("/api/v1/voicemails/m1", json={"heard": True})).json()["heard"] is True
    assert (await web.patch("/api/v1/voicemails/m1", json={"heard": "yes"})).status_code == 409
    assert (await web.delete("/api/v1/voicemails/m1")).status_code == 200
    assert parts.discarded == ["voicemail/sales/m1.wav"]
    assert (await web.get("/api/v1/voicemails/m1/audio")).status_code == 404
    assert (await web.delete("/api/v1/voicemails/m1")).status_code == 404


async def test_a_server_without_recordings_has_no_sound(web: httpx.AsyncClient, parts: Parts) -> None:
    parts.recorded = False
    assert (await web.get("/api/v1/voicemails/m1/audio")).status_code == 404


async def test_surveys_and_their_scores(web: httpx.AsyncClient) -> None:
    [row] = (await web.get("/api/v1/surveys?agent_id=anna")).json()["surveys"]
    assert row["answers"] == {"score": 4}
    scores = (await web.get("/api/v1/surveys/scores")).json()["scores"]
    assert scores == [{"name": "csat", "count": 1, "mean": 4.0, "least": 4.0, "most": 4.0}]
    assert (await web.patch("/api/v1/surveys/s1", json={"score": 5})).status_code == 405


async def test_a_notification_that_failed_is_sent_again(web: httpx.AsyncClient) -> None:
    row = (await web.post("/api/v1/notifications/n1/retry")).json()
    assert (row["status"], row["reason"]) == ("waiting", "")
    assert (await web.post("/api/v1/notifications/n1/retry")).status_code == 409


async def test_another_sites_page_changes_nothing(web: httpx.AsyncClient) -> None:
    web.headers["origin"] = "https://evil.example"
    for answer in (
        await web.post("/api/v1/notifications/n1/retry"),
        await web.patch("/api/v1/tickets/T-000001", json={"status": "done"}),
        await web.delete("/api/v1/voicemails/m1"),
    ):
        assert answer.status_code == 403, answer.request.url
        assert "another site's page" in answer.text
    assert (await web.get("/api/v1/notifications/n1")).json()["status"] == "failed"


@pytest.mark.parametrize("who", ["", "boss"])
async def test_who_may(web: httpx.AsyncClient, who: str) -> None:
    del web.headers["authorization"]
    web.headers["who"] = who
    wanted = 200 if who else 401
    for path in ("tickets", "callbacks", "surveys", "surveys/scores", "voicemails", "voicemails/m1/audio", "notifications"):
        assert (await web.get(f"/api/v1/{path}")).status_code == wanted, path
    assert (await web.patch("/api/v1/tickets/T-000001", json={"status": "open"})).status_code == wanted
    assert (await web.delete("/api/v1/voicemails/m1")).status_code == 401, "for administrators alone"
