"""Who may do what at the admin API, how much may be brought, and that every refusal says what would be right."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.web.admin_door import REQUESTS, WINDOW
from tests.unit.ivr.web.admin_house import House

READS = [
    "/flows",
    "/flows/telecom",
    "/schema",
    "/names",
    "/prompts",
    "/configuration",
    "/configuration/queues",
    "/audit",
    "/session",
]
ASKS = [("/check", {"text": ""}), ("/format", {"text": ""}), ("/diagram", {"text": ""})]
CHANGES: list[tuple[str, str, Any]] = [
    ("POST", "/flows", {"name": "new"}),
    ("PUT", "/flows/telecom/draft", {"text": "", "stamp": ""}),
    ("DELETE", "/flows/telecom/draft", None),
    ("PUT", "/flows/telecom/test", {"text": "", "stamp": ""}),
    ("POST", "/flows/telecom/publish", {"stamp": ""}),
    ("POST", "/flows/telecom/rollout", {"number": 1, "percent": 1}),
    ("POST", "/flows/telecom/rollback", {}),
    ("DELETE", "/flows/telecom/schedule/1", None),
    ("PUT", "/prompts/zh/welcome/audio", None),
    ("PUT", "/prompts/zh/welcome/text", {"text": "a", "stamp": ""}),
    ("POST", "/prompts/zh/welcome/render", {}),
    ("POST", "/prompts/zh/welcome/undo", {}),
    ("DELETE", "/prompts/zh/welcome/audio", None),
    ("PUT", "/configuration/queues", {"value": {}, "stamp": "1"}),
]


@pytest.mark.parametrize("who", ["", "wang", "somebody"])
async def test_others_than_supervisors_and_administrators_see_nothing(who: str) -> None:
    async with House().client(who) as client:
        for path in READS:
            answer = await client.get(path)
            assert answer.status_code in (401, 403), path
            assert answer.json()["error"]["code"] in ("sign_in_needed", "not_allowed")
        for path, body in ASKS:
            assert (await client.post(path, json=body)).status_code in (401, 403)


async def test_a_supervisor_reads_and_tries_but_changes_nothing() -> None:
    house = House()
    async with house.client("boss") as client:
        for path in READS:
            assert (await client.get(path)).status_code == (403 if path == "/audit" else 200), path
        for path, body in ASKS:
            assert (await client.post(path, json=body)).status_code == 200, path
        house.now += WINDOW
        for method, path, body in CHANGES:
            answer = await client.request(method, path, json=body)
            assert answer.status_code == 403, path
    assert house.audit.kept == [] and house.flows.done == [] and house.prompts.done == []


async def test_a_page_of_another_site_changes_nothing() -> None:
    house = House()
    async with house.client(origin="https://evil.example") as client:
        for method, path, body in CHANGES:
            assert (await client.request(method, path, json=body)).status_code == 403, path
        assert (await client.post("/simulations", json={"flow": "telecom"})).status_code == 403
        assert (await client.get("/flows")).status_code == 200
    assert house.audit.kept == []


async def test_the_api_token_is_an_administrator() -> None:
    house = House()
    async with house.client("", authorization="Bearer t") as client:
        assert (await client.get("/session")).json()["account"] == {"id": "api token", "name": "API", "roles": ["admin"]}
        assert (await client.post("/flows", json={"name": "new"})).status_code == 201
    assert house.audit.kept[0]["by"] == "api token"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"[]", 400, "not a JSON object"),
        (b'"x"', 400, "not a JSON object"),
        (b'{"text": 1}', 400, "as text"),
        (b"{}", 400, "as text"),
        (b'{"text": "\\ud800"}', 400, "not JSON"),
        (b'{"text": "", "x": NaN}', 400, "not JSON"),
        (b"[" * 200_000, 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b'{"text": "' + b"x" * ((1 << 20) + 1) + b'"}', 413, "larger"),
        (b" " * ((8 << 20) + 1), 413, "larger"),
    ],
    ids=range(12),
)
async def test_hostile_bodies_cost_little_and_are_told(body: bytes, status: int, words: str) -> None:
    async with House().client() as client:
        for path in ("/check", "/format", "/diagram"):
            answer = await client.post(path, content=body)
            assert answer.status_code == status
            assert words in answer.json()["error"]["message"]


async def test_too_many_requests_are_told_to_wait() -> None:
    house = House()
    async with house.client() as client:
        for _ in range(REQUESTS):
            assert (await client.get("/session")).status_code == 200
        answer = await client.get("/session")
        assert answer.status_code == 429 and answer.headers["retry-after"] == "5"
        assert answer.json()["error"]["code"] == "too_many"
        house.now += WINDOW
        assert (await client.get("/session")).status_code == 200


async def test_what_a_server_lacks_is_told_with_a_cure() -> None:
    async with House(bare=True).client() as client:
        for path in ("/flows", "/flows/telecom", "/configuration", "/flows/telecom/counts", "/flows/telecom/versions"):
            answer = await client.get(path)
            assert answer.status_code == 501 and answer.json()["error"]["cure"], path
        parts = (await client.get("/session")).json()["parts"]
        assert parts == {"versions": False, "simulator": False, "tests": False, "voice": False, "counts": False}
