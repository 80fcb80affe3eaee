"""Files that visitors of the chat send: anybody may, so they are bounded."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from ivr.errors import IvrError
from ivr.messages.files import MOST_TIMES, Files
from ivr.messages.holding import Rules
from ivr.messages.parts import ChatRules, MessageParts
from ivr.messages.store import ThreadStore
from ivr.web.app import _known
from ivr.web.chat_socket import FILES_PER_MINUTE, ChatHub
from ivr.web.files_api import FilesApi
from tests.unit.ivr.messages.conftest import PLACING, Clock, House
from tests.unit.ivr.messages.test_chat_socket import Page

LARGEST = 100


class OwnPage:
    """A gate of which only this is asked."""

    def same_origin(self, connection: Any) -> bool:
        return True


class Visitors:
    """Visitors of the chat at one address."""

    def __init__(self, hub: ChatHub, address: str) -> None:
        gate: Any = OwnPage()
        app = Starlette(routes=FilesApi(hub.parts, gate, hub).routes, exception_handlers={IvrError: _known})
        transport = httpx.ASGITransport(app, client=(address, 1))
        self._client, self._hub = httpx.AsyncClient(transport=transport, base_url="http://hotline"), hub

    async def token(self) -> str:
        page = Page(self._hub)
        await page.ask("hello")
        return str((await page.ask("say", text="hello"))["token"])

    async def send(self, token: str, octets: int) -> tuple[int, str]:
        headers = {"authorization": f"Bearer {token}"}
        answer = await self._client.post("/api/v1/chat/files?name=a.bin", content=b"x" * octets, headers=headers)
        return answer.status_code, answer.text


@pytest.fixture
def hub(redis: Redis, engine: AsyncEngine, store: ThreadStore, clock: Clock) -> ChatHub:
    house = House(redis, engine, store, Rules())
    house.desk.files = Files(engine, LARGEST)
    nothing: Any = None
    parts = MessageParts(house.desk, nothing, nothing, house.desk.customers, nothing, nothing, str.title)
    return ChatHub(parts, ChatRules(PLACING), clock)


async def test_one_conversation_has_room_for_so_much(hub: ChatHub, clock: Clock) -> None:
    here = Visitors(hub, "192.0.2.1")
    token = await here.token()
    for _ in range(MOST_TIMES):
        assert (await here.send(token, LARGEST))[0] == 201
        clock.at += 61
    status, why = await here.send(token, 1)
    assert status == 409 and "no room for this one" in why
    assert (await here.send(await here.token(), 1))[0] == 201, "another conversation has"


async def test_one_address_brings_so_many_a_minute(hub: ChatHub, clock: Clock) -> None:
    here, elsewhere = Visitors(hub, "192.0.2.1"), Visitors(hub, "192.0.2.2")
    tokens = [await here.token() for _ in range(2)]
    sent = [(await here.send(tokens[number % 2], 1))[0] for number in range(FILES_PER_MINUTE + 1)]
    assert sent == [201] * FILES_PER_MINUTE + [409]
    assert (await elsewhere.send(tokens[0], 1))[0] == 201
    clock.at += 61
    assert (await here.send(tokens[0], 1))[0] == 201
