"""Every route of the application, taken from it: who passes, and what other sites, thieves and floods get."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ivr.accounts.roles import READING, ROLES
from ivr.web.auth import COOKIE
from tests.unit.ivr.web.access import table
from tests.unit.ivr.web.town import Town, town

REFUSED = (401, 403)
LOGOUT = "POST /api/v1/logout"
FLOOD = 40 << 20
PIECE = b'{"x": "' + b"y" * 262_144


@pytest.fixture
async def here(redis: Redis, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(redis, tmp_path, everything=True) as made:
        yield made


def routes(here: Town) -> Iterator[tuple[str, str, str]]:
    """(line of the table, method, path with something in its places)."""
    for route in here.app.routes:
        if isinstance(route, Route):
            path = re.sub(r"\{[^}]*\}", "x", re.sub(r"\{\w+:int\}", "1", route.path))
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                yield f"{method} {route.path}", method, path


def closed(here: Town) -> Iterator[tuple[str, str, str]]:
    """Those for which somebody has to be signed in."""
    allowed = dict(table())
    return (one for one in routes(here) if allowed[one[0]])


async def test_every_route_has_a_line_and_every_line_a_route(here: Town) -> None:
    lines = [line for line, _ in table()]
    assert len(lines) == len(set(lines))
    there = {line for line, _, _ in routes(here)}
    assert there - set(lines) == set(), "put these into tests/unit/ivr/web/access.py"
    assert set(lines) - there == set(), "these are no routes any more"


@pytest.mark.timeout(120)
async def test_each_role_passes_where_the_table_says_and_nowhere_else(here: Town) -> None:
    allowed = dict(table())
    clients = {role: await here.signed_in(f"a-{role}") for role in ROLES}
    nobody, wrong = here.client(), []
    for line, method, path in routes(here):
        roles = allowed[line]
        if roles is None or line == LOGOUT:
            continue
        if (status := (await nobody.request(method, path, json={})).status_code) != 401:
            wrong.append(f"{line}: {status} for nobody")
        some = {min(roles), max(roles)}  # of those who pass, for time; of the others all
        for role, client in clients.items():
            if role in roles - some:
                continue
            status = (await client.request(method, path, json={})).status_code
            if (status in REFUSED) == (role in roles):
                wrong.append(f"{line}: {status} for {role}")
    assert not wrong, "\n".join(wrong)


async def test_no_route_takes_a_request_that_another_site_sent(here: Town) -> None:
    client, wrong = await here.signed_in("a-admin"), []
    for line, method, path in routes(here):
        if method in READING:
            continue
        for told in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            response = await client.request(method, path, json={}, headers=told)
            if response.status_code != 403:
                wrong.append(f"{line}: {response.status_code} with {told}")
    assert not wrong, "\n".join(wrong)
    assert (await client.get("/api/v1/me")).status_code == 200  # nobody was signed out by them either


async def test_no_socket_opens_for_another_site(here: Town) -> None:
    client = await here.signed_in("a-admin")
    sockets = [route.path for route in here.app.routes if isinstance(route, WebSocketRoute)]
    assert {"/ws/desk", "/ws/call", "/ws/admin"} <= set(sockets)
    browser = TestClient(here.app, cookies={COOKIE: client.cookies[COOKIE]})
    for path in sockets:
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            browser.websocket_connect(path, headers={"origin": "https://evil.example"}),
        ):
            pass
        assert refused.value.code == 4403, path


async def test_a_session_that_is_not_finished_opens_nothing(here: Town) -> None:
    password = "a bicycle in the rain"
    root = await here.signed_in("a-admin")
    await root.post("/api/v1/people", json={"id": "new", "roles": list(ROLES), "password": password})
    client, passed = await here.signed_in("new", password), []
    for line, method, path in closed(here):
        if not line.partition(" ")[2].startswith(("/api/v1/account", "/api/v1/me")):
            response = await client.request(method, path, json={})
            if response.status_code != 403 or "unfinished" not in response.text:
                passed.append(f"{line}: {response.status_code}")
    assert not passed, "\n".join(passed)


async def test_a_token_without_a_scope_opens_nothing(here: Town) -> None:
    _, text = await here.books.tokens.make("a-admin", "t", ["nothing:read"], None)
    client = here.client(authorization=f"Bearer {text}")
    statuses = {line: (await client.request(method, path, json={})).status_code for line, method, path in closed(here)}
    assert [line for line, status in statuses.items() if status not in REFUSED] == []


async def test_a_stolen_cookie_opens_nothing_elsewhere(here: Town) -> None:
    """Each request is the first of a thief with another browser: the session is gone before anything is done."""
    victim = await here.signed_in("a-admin")
    thief = here.client(browser="python-requests/2.32", address="203.0.113.9")
    thief.cookies.update({COOKIE: victim.cookies[COOKIE]})
    opened = []
    for line, method, path in closed(here):
        if (status := (await thief.request(method, path, json={})).status_code) != 401:
            opened.append(f"{line}: {status}")
    assert not opened, "\n".join(opened)
    assert (await victim.get("/api/v1/me")).status_code == 401


async def test_a_body_without_end_is_left_alone(here: Town) -> None:
    client, wrong = await here.signed_in("a-admin"), []
    for line, method, path in routes(here):
        if method in READING or line == LOGOUT:
            continue
        sent = 0

        async def flood() -> AsyncIterator[bytes]:
            nonlocal sent
            while sent < FLOOD:
                sent += len(PIECE)
                yield PIECE

        status = (await client.request(method, path, content=flood())).status_code
        if sent >= FLOOD or (sent and not 400 <= status < 500):
            wrong.append(f"{line}: {status} after {sent} octets")
    assert not wrong, "\n".join(wrong)


async def test_every_answer_says_what_may_be_done_with_it(here: Town) -> None:
    client = await here.signed_in("a-admin")
    for line, method, path in routes(here):
        if method not in READING:
            continue
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", line
        if line != "GET /chat.js":
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy, line
            assert "frame-ancestors" in policy or path.startswith("/api/v1/admin/"), line
            assert not re.search(r"script-src (?!'self')", policy), line
