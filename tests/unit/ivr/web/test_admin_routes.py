"""Every route of the admin API, by the routing table: whoever may not come in stays out, on routes of tomorrow too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from ivr.accounts import house as accounts
from ivr.accounts.house import Visit
from ivr.accounts.model import Session, Visitor
from ivr.web.admin import admin_routes
from ivr.web.admin_door import PREFIX
from ivr.web.auth import COOKIE, Gate
from ivr.web.parts import Account
from tests.unit.ivr.web.admin_house import ROLES, House

ASKS = {"/check", "/format", "/diagram", "/prompts/preview", "/simulations", "/simulations/{id}", "/flows/{flow}/test/run"}
"""What a supervisor may do beside reading: nothing is kept of it."""
FILLED = {
    "{flow}": "telecom",
    "{number:int}": "1",
    "{language}": "zh",
    "{name:path}": "welcome",
    "{part}": "queues",
    "{id}": "x",
}


class Signed:
    """Sessions whose token is the account's name, made as long as a token is."""

    async def visit(self, token: str, visitor: Visitor) -> Visit | None:
        name = token.rstrip("-")
        session = Session(name, name, "settings", 0.0, 0.0, 0.0, visitor.address, visitor.browser)
        return Visit(session, Account(name, roles=ROLES[name])) if name in ROLES else None

    async def of_token(self, text: str, wanted: str, address: str) -> Account | None:
        return None


def application() -> Starlette:
    gate = Gate(cast(accounts.House, Signed()), "the token", ())
    return Starlette(routes=admin_routes(House().parts(), gate, cast(Redis, None)))


def client(who: str = "", **headers: str) -> httpx.AsyncClient:
    cookies = {COOKIE: who.ljust(24, "-")} if who else {}
    transport = httpx.ASGITransport(application(), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://here", cookies=cookies, headers=headers)


def table() -> Iterator[tuple[str, str, str]]:
    """(method, path as it is declared, path as it is asked)."""
    for route in application().routes:
        if isinstance(route, WebSocketRoute):
            continue
        assert isinstance(route, Route) and route.path.startswith(PREFIX) and route.methods
        path = route.path
        for name, value in FILLED.items():
            path = path.replace(name, value)
        assert "{" not in path, path
        for method in route.methods - {"HEAD"}:
            yield method, route.path.removeprefix(PREFIX), path


TABLE = sorted(table())


def test_the_table_is_the_whole_api() -> None:
    assert len(TABLE) >= 41 and {path for _, path, _ in TABLE} >= ASKS


@pytest.mark.parametrize(("method", "declared", "path"), TABLE, ids=[f"{method} {declared}" for method, declared, _ in TABLE])
async def test_who_may(method: str, declared: str, path: str) -> None:
    async def status(who: str = "", **headers: str) -> int:
        async with client(who, **headers) as asking:
            return (await asking.request(method, path, json=None if method in ("GET", "DELETE") else {})).status_code

    assert await status() == 401
    assert await status(authorization="Bearer another") == 401
    assert await status(authorization="Basic dGhlIHRva2Vu") == 401
    assert await status("wang") == 403
    changes = method != "GET" and declared not in ASKS
    refused = changes or declared == "/audit"
    assert (await status("boss") == 403) == refused
    assert (await status("boss", authorization="Basic x") == 403) == refused
    for origin in ("https://evil.example", "null", "http://here.evil.example"):
        assert (await status("root", origin=origin) == 403) == (method != "GET")
    assert await status("root", origin="http://here") not in (401, 403)


async def test_another_scheme_is_not_the_api_token() -> None:
    """A cookie lets it in; the header must not make it an administrator, nor hide in the audit who it was."""
    async with client("boss", authorization="Basic x") as asking:
        found = (await asking.get(f"{PREFIX}/session")).json()
    assert found["account"]["id"] == "boss" and not found["may_write"]


def test_the_socket_is_the_only_other_door() -> None:
    others: list[Any] = [route.path for route in application().routes if isinstance(route, WebSocketRoute)]
    assert others == ["/ws/admin"]
