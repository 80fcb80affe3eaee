"""The socket of the admin pages: counts of the flow that is shown, and what other people change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

import pytest
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ivr.web import admin_socket
from ivr.web.admin_door import Door
from ivr.web.admin_socket import AdminHub
from ivr.web.auth import Gate
from tests.unit.ivr.web.admin_house import ROLES
from tests.unit.ivr.web.conftest import Page, until
from tests.unit.ivr.web.signed_in import SignedIn


class Counting:
    def __init__(self) -> None:
        self.callers = 1

    async def counts(self, flow: str, day: str = "") -> Mapping[str, Any]:
        return {"flow": flow, "at": 1.0, "now": {"main": self.callers}}


class Serving:
    def __init__(self, url: str, hub: AdminHub, counting: Counting) -> None:
        self.url, self.hub, self.counting = url, hub, counting

    def page(self, who: str = "root", **headers: str) -> connect:
        return connect(self.url + "/ws/admin", additional_headers={"who": who, **headers}, proxy=None)


@pytest.fixture
async def serving(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serving]:
    monkeypatch.setattr(admin_socket, "EVERY", 0.02)
    counting = Counting()
    hub = AdminHub(Door(cast(Gate, SignedIn(ROLES))), redis, counting)
    app = Starlette(routes=[WebSocketRoute("/ws/admin", hub.serve)])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield Serving(f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", hub, counting)
    server.should_exit = True
    await task


async def test_counts_come_at_once_and_when_they_change(serving: Serving) -> None:
    async with serving.page("boss") as socket:
        page = Page(socket)
        await page.send("watch", {"flow": "telecom"}, "c1")
        assert (await page.next("counts"))["data"]["now"] == {"main": 1}
        assert (await page.next("reply"))["data"] == {"id": "c1", "ok": True}
        serving.counting.callers = 5
        message = await page.next()
        assert (message["type"], message["data"]["now"]) == ("counts", {"main": 5})


async def test_what_others_change_is_told_on_every_page(serving: Serving) -> None:
    async with serving.page() as one, serving.page("boss") as two:
        for socket in (one, two):
            await Page(socket).request("ping")
        serving.hub.changed("draft", {"flow": "telecom", "by": "root"})
        for socket in (one, two):
            assert (await Page(socket).next("draft"))["data"] == {"flow": "telecom", "by": "root"}


async def test_wrong_messages_are_answered_or_end_it(serving: Serving) -> None:
    async with serving.page() as socket:
        page = Page(socket)
        for kind, data in (("dance", {}), ("watch", {"flow": 5}), ("watch", {"flow": "../x"})):
            assert (await page.request(kind, data))["ok"] is False
        assert (await page.request("watch", {"flow": ""}))["ok"] is True
        await socket.send("[]")
        assert (await page.closed())[0] == 4005


async def test_only_supervisors_and_administrators_from_our_own_page(serving: Serving) -> None:
    for who, headers in (("wang", {}), ("", {}), ("root", {"origin": "https://evil.example"})):
        with pytest.raises(InvalidStatus):
            async with serving.page(who, **headers):
                pass


async def test_a_signed_out_page_is_closed(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_socket, "SIGNED_IN_EVERY", 2)
    async with serving.page() as socket:
        await Page(socket).request("ping")
        monkeypatch.delitem(ROLES, "root")
        assert (await Page(socket).closed())[0] == 4401


async def test_without_counts_a_page_is_told(redis: Redis, serving: Serving) -> None:
    serving.hub._counts = None
    async with serving.page() as socket:
        reply = await Page(socket).request("watch", {"flow": "telecom"})
    assert reply == {"id": "c1", "ok": False, "error": "this server counts nothing"}
