"""Callbacks by the API: who may, what is made, and what may be done in which state."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from ivr.errors import IvrError
from ivr.records.database import open_database, sqlite_url
from ivr.records.followups import FollowUps
from ivr.records.promises import Promises
from ivr.records.shelf import Shelves
from ivr.web.auth import Gate
from ivr.web.callbacks_api import CallbacksApi
from tests.unit.ivr.records.samples import CALLBACK, T0
from tests.unit.ivr.web.test_calls_api import SignedIn, _answer

PATH = "/api/v1/callbacks"


@pytest.fixture
async def promises(tmp_path: Path) -> AsyncIterator[Promises]:
    engine = await open_database(sqlite_url(tmp_path))
    await FollowUps(engine, lambda: T0).schedule_callback("c1:1", CALLBACK)
    yield Promises(engine)
    await engine.dispose()


@pytest.fixture
async def web(promises: Promises) -> AsyncIterator[httpx.AsyncClient]:
    gate = cast(Gate, SignedIn())
    shelves = Shelves.of(promises._engine, lambda: T0)
    api = CallbacksApi(promises, shelves, gate, lambda: T0)
    app = Starlette(routes=api.routes, exception_handlers={IvrError: _answer})
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": "Bearer t"}
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        yield client


async def test_only_supervisors_administrators_and_the_token_may(web: httpx.AsyncClient) -> None:
    web.headers["Authorization"] = "Bearer wrong"
    for path in (PATH, *(f"{PATH}/C-000001/{action}" for action in ("cancel", "close", "reschedule", "dial"))):
        assert (await web.post(path, json={})).status_code == 401, path


async def test_another_site_s_page_has_nobody_called(web: httpx.AsyncClient, promises: Promises) -> None:
    """A form of another page on this host brings the cookie of whoever is signed in along."""
    body = {"number": "+4930123", "queue": "support"}
    elsewhere = {"Origin": "http://test:8081"}
    for path in (PATH, *(f"{PATH}/C-000001/{action}" for action in ("cancel", "close", "reschedule", "dial"))):
        assert (await web.post(path, json=body, headers=elsewhere)).status_code == 403, path
    assert await promises.get(2) is None
    assert (await web.post(PATH, json=body, headers={"Origin": "http://test"})).status_code == 201


async def test_a_call_is_promised_once(web: httpx.AsyncClient, promises: Promises) -> None:
    body = {"number": "+49 30 123", "queue": "support", "needs": {"telecom": 3}, "reason": "asked by mail", "language": "de"}
    made = await web.post(PATH, json=body, headers={"Idempotency-Key": "mail-7"})
    again = await web.post(PATH, json=body, headers={"Idempotency-Key": "mail-7"})
    row = made.json()
    assert made.status_code == again.status_code == 201 and again.json()["id"] == row["id"] == "C-000002"
    assert (row["number"], row["needs"], row["status"], row["origin"]) == ("+4930123", {"telecom": 3}, "promised", "api")
    stored = await promises.get(2)
    assert stored is not None and (stored["queued_at"], stored["until_at"]) == (T0, T0 + 4 * 3600)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"queue": "support"}, "number is missing"),
        ({"number": "anonymous", "queue": "support"}, "number: a number that can be dialled"),
        ({"number": "1001", "queue": "a b"}, "queue: the name of a queue"),
        ({"number": "1001", "queue": "support", "needs": {"x": 11}}, "needs: skills with levels from 1 to 10"),
        ({"number": "1001", "queue": "support", "needs": [1]}, "needs: skills"),
        ({"number": "1001", "queue": "support", "priority": True}, "priority: a whole number from 0 to 10"),
        ({"number": "1001", "queue": "support", "from_at": "soon"}, "from_at: a time in ISO 8601"),
        ({"number": "1001", "queue": "support", "until_at": "2020-01-01T00:00:00Z"}, "until_at: a minute or more after"),
        ({"number": "1001", "queue": "support", "reason": "x" * 301}, "reason: text of at most 300"),
        ({"number": "1001", "queue": "support", "colour": 1}, "colour is not known here: number, queue"),
    ],
)
async def test_a_mistake_is_told(web: httpx.AsyncClient, body: dict[str, Any], words: str) -> None:
    answer = await web.post(PATH, json=body)
    assert answer.status_code == 409 and words in answer.json()["error"]["message"]


async def test_the_audit_says_what_was_done_and_who_and_where_from_beside_it(
    web: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await web.post(PATH, json={"number": "1001", "queue": "support"})
    (line,) = [one for one in caplog.records if one.name == "ivr.audit"]
    assert line.__dict__["trail"] == {"what": "callback C-000002 promised"}


async def test_what_is_no_json_object(web: httpx.AsyncClient) -> None:
    for data in (b"[", b"[]", b"x" * 20000, '{"a": "\ud800"}'.encode("utf-8", "surrogatepass")):
        assert (await web.post(PATH, content=data)).status_code == 409
    assert (await web.post(PATH, json={}, headers={"Idempotency-Key": "a b"})).status_code == 409


async def test_what_may_be_done_in_which_state(web: httpx.AsyncClient, promises: Promises) -> None:
    one = f"{PATH}/C-000001"
    assert (await web.post(f"{one}/cancel")).json()["status"] == "cancelled"
    assert (await web.post(f"{one}/cancel")).status_code == 409
    later = {"from_at": "2030-01-01T09:00:00Z", "until_at": "2030-01-01T12:00:00Z"}
    answer = await web.post(f"{one}/reschedule", json=later)
    assert answer.status_code == 409 and "within 90 days" in answer.json()["error"]["message"]
    row = (await web.post(f"{one}/reschedule")).json()
    assert (row["status"], row["attempts"]) == ("promised", 0)
    row = (await web.post(f"{one}/dial")).json()
    assert (row["status"], row["at_once"]) == ("promised", True)
    await promises.make_comparable(str)
    assert await promises.claim(1, "a|c-1", T0, 10.0)
    assert (await web.post(f"{one}/dial")).status_code == 409, "it is being dialled"
    assert (await web.post(f"{one}/close")).json()["status"] == "done"
    for action in ("cancel", "close", "dial", "reschedule"):
        assert (await web.post(f"{one}/{action}")).status_code == 409, action
    assert (await web.post(f"{PATH}/C-9/cancel")).status_code == (await web.post(f"{PATH}/x/dial")).status_code == 404
    assert (await web.post(f"{one}/cancel", json={"why": 1})).status_code == 409
