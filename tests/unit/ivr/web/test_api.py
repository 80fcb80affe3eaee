from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from ivr.accounts.lockout import FAILURES_BY_NAME
from ivr.web.auth import COOKIE
from tests.unit.ivr.web.conftest import TOKEN, Web

BEARER = {"authorization": f"Bearer {TOKEN}"}
HALF = b'{"username": "wang", "password": "\\ud83d"}'
"""Half of a character that JSON spells as two."""


async def test_signing_in_keeps_a_session_that_redis_cannot_open(web: Web, redis: Redis) -> None:
    async with web.client() as client:
        assert (await client.get("/api/v1/me")).status_code == 401
        response = await client.post("/api/v1/login", json={"username": "wang", "password": "wang"})
        assert response.json() == {"id": "wang", "name": "Wang Fang", "roles": ["agent"], "limited": ""}
        attributes = response.headers["set-cookie"].lower()
        assert "httponly" in attributes
        assert "samesite=strict" in attributes
        assert (await client.get("/api/v1/me")).json()["id"] == "wang"
        token = client.cookies[COOKIE]
        stored = [key async for key in redis.scan_iter("web:session:*")]
        assert len(stored) == 1
        assert token.encode() not in stored[0]
        assert 0 < await redis.ttl(stored[0]) <= 12 * 3600
        await client.post("/api/v1/logout")
        assert (await client.get("/api/v1/me", headers={"cookie": f"{COOKIE}={token}"})).status_code == 401


async def test_wrong_passwords_are_counted_and_then_refused(web: Web) -> None:
    async with web.client() as client:
        for _ in range(FAILURES_BY_NAME):
            wrong = await client.post("/api/v1/login", json={"username": "wang", "password": "x"})
            assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "wrong_login")
        locked = await client.post("/api/v1/login", json={"username": "wang", "password": "wang"})
        assert locked.status_code == 429
        assert int(locked.headers["retry-after"]) > 0
        assert (await client.post("/api/v1/login", json={"username": "li", "password": "li"})).status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"username": 1, "password": "x"}', b"[" * 10000, b" " * 20000, HALF])
async def test_malformed_logins_are_bad_requests(web: Web, body: bytes) -> None:
    async with web.client() as client:
        response = await client.post("/api/v1/login", content=body)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")


async def test_other_sites_cannot_sign_in(web: Web) -> None:
    async with web.client() as client:
        login = {"username": "wang", "password": "wang"}
        foreign = await client.post("/api/v1/login", json=login, headers={"origin": "https://evil.example"})
        assert foreign.status_code == 403
        opaque = await client.post("/api/v1/login", json=login, headers={"origin": "null"})
        assert opaque.status_code == 403
        own = await client.post("/api/v1/login", json=login, headers={"origin": web.url})
        assert own.status_code == 200


async def test_contacts_need_the_token_or_a_role(web: Web) -> None:
    async with web.client() as client:
        nobody = await client.get("/api/v1/contacts")
        assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "sign_in_needed")
        assert (await client.get("/api/v1/contacts", headers={"authorization": "Bearer wrong"})).status_code == 401
        agent = {"cookie": await web.cookie("wang")}
        assert (await client.get("/api/v1/contacts", headers=agent)).status_code == 403
        boss = {"cookie": await web.cookie("boss")}
        assert (await client.get("/api/v1/contacts", headers=boss)).status_code == 200
        assert (await client.get("/api/v1/contacts", headers=BEARER)).status_code == 200


async def test_contacts_are_listed_by_pages(web: Web) -> None:
    async with web.client() as client:
        first = await client.get("/api/v1/contacts?limit=2&queue=support&agent=wang&disposition=served", headers=BEARER)
        assert first.json() == {"contacts": [{"id": "c-2"}, {"id": "c-1"}], "next": "c-1"}
        last = await client.get("/api/v1/contacts?before=c-1&limit=9999", headers=BEARER)
        assert last.json()["next"] is None
        await client.get("/api/v1/contacts?before=1790000000.5", headers=BEARER)
        assert web.contacts.asked == [
            (2, None, "support", "wang", "served"),
            (200, "c-1", None, None, None),
            (50, 1790000000.5, None, None, None),
        ]
        for query in ("limit=0", "limit=x", "before=nan", "limit=-1"):
            assert (await client.get(f"/api/v1/contacts?{query}", headers=BEARER)).status_code == 400


async def test_one_contact_comes_with_its_turns(web: Web) -> None:
    async with web.client() as client:
        assert (await client.get("/api/v1/contacts/c-1", headers=BEARER)).json()["turns"] == [{"text": "查账单"}]
        missing = await client.get("/api/v1/contacts/c-9", headers=BEARER)
        assert missing.status_code == 404
        assert missing.json() == {"error": {"code": "not_found", "message": "there is no contact c-9"}}


async def test_health_and_metrics(web: Web) -> None:
    async with web.client() as client:
        assert (await client.get("/api/v1/health")).json()["status"] == "ok"
        web.health["status"] = "draining"
        assert (await client.get("/api/v1/health")).status_code == 503
        metrics = await client.get("/metrics")
        assert metrics.text == "hotline_calls 3\n"
        assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_unknown_paths_are_json_errors_without_a_trace(web: Web) -> None:
    async with web.client() as client:
        missing = await client.get("/api/v1/nothing")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "http")
        assert missing.headers["cache-control"] == "no-store"
        assert (await client.get("/api/v1/login")).status_code == 405


async def test_pages_are_served_with_a_strict_policy(web: Web) -> None:
    async with web.client() as client:
        missing = await client.get("/desk")
        assert missing.status_code == 503
        assert "make pages" in missing.text
        for name in ("index.html", "desk.html", "call.html", "admin.html"):
            Path(web.static / name).write_text(f"<title>{name}</title>")
        for path, name in (("/", "index.html"), ("/desk", "desk.html"), ("/call", "call.html"), ("/admin", "admin.html")):
            page = await client.get(path)
            assert name in page.text
            assert page.headers["cache-control"] == "no-store"
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert "unsafe" not in page.headers["content-security-policy"]
            assert page.headers["x-content-type-options"] == "nosniff"


async def test_assets_never_change_and_nothing_else_is_served(web: Web) -> None:
    (web.static / "assets").mkdir()
    (web.static / "assets" / "desk-1a2b.js").write_text("1")
    (web.static / "secret.js").write_text("2")
    async with web.client() as client:
        asset = await client.get("/assets/desk-1a2b.js")
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "javascript" in asset.headers["content-type"]
        for path in ("/assets/..%2fsecret.js", "/assets/none.js", "/assets/%2e%2e", "/assets/"):
            assert (await client.get(path)).status_code == 404
