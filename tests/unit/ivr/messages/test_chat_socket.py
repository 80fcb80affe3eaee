"""The visitor's socket: what one page, or many of one visitor, may do."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.messages.holding import Rules
from ivr.messages.model import Direction
from ivr.messages.parts import ChatRules, MessageParts
from ivr.messages.store import ThreadStore
from ivr.web.chat_socket import MOST_BEFORE, PER_MINUTE, ChatHub, ChatLine
from tests.unit.ivr.messages.conftest import PLACING, Clock, House


class Page:
    """A page that keeps what it is sent."""

    def __init__(self, hub: ChatHub, remote: str = "192.0.2.1") -> None:
        self.sent: list[tuple[str, Any]] = []
        stands: Any = self
        self.line = ChatLine(hub, stands, remote)
        self._asked = 0

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append((message["type"], message["data"]))

    async def ask(self, kind: str, **data: Any) -> dict[str, Any]:
        self._asked += 1
        await self.line.handle({"type": kind, "id": str(self._asked), "data": data})
        return {**self.sent[-1][1]}


@pytest.fixture
def house(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> House:
    return House(redis, engine, store, Rules())


@pytest.fixture
def hub(house: House, clock: Clock) -> ChatHub:
    unused: Any = None
    parts = MessageParts(house.desk, unused, unused, house.desk.customers, unused, unused, str.title)
    return ChatHub(parts, ChatRules(PLACING, starts_per_minute=3), clock)


async def test_no_token_that_a_page_makes_up_begins_more_conversations(hub: ChatHub, clock: Clock) -> None:
    taken = []
    for number in range(5):
        page = Page(hub)
        await page.ask("hello", token=f"{number}".rjust(43, "t"))
        taken.append((await page.ask("say", text="hello"))["ok"])
    assert taken == [True] * 3 + [False] * 2
    other = Page(hub, "192.0.2.2")
    await other.ask("hello")
    assert (await other.ask("say", text="hello"))["ok"], "another address may"
    clock.at += 61
    again = Page(hub)
    await again.ask("hello")
    assert (await again.ask("say", text="hello"))["ok"]


async def test_a_visitor_who_comes_back_has_no_more_messages_a_minute(hub: ChatHub, clock: Clock) -> None:
    page = Page(hub)
    await page.ask("hello")
    token = (await page.ask("say", text="0"))["token"]
    for number in range(1, PER_MINUTE):
        page = Page(hub)
        await page.ask("hello", token=token)
        assert (await page.ask("say", text=str(number)))["ok"]
    page = Page(hub)
    await page.ask("hello", token=token)
    assert "too fast" in (await page.ask("say", text="more"))["error"]
    clock.at += 61
    assert (await page.ask("say", text="more"))["ok"]


async def test_one_hello_and_few_signs_of_typing(hub: ChatHub, house: House) -> None:
    page = Page(hub)
    await page.ask("hello")
    await page.ask("say", text="hello")
    thread, page.line.agent_id = page.line.thread, "ann"
    assert not (await page.ask("hello", token="t" * 43))["ok"]
    assert page.line.thread == thread
    for _ in range(20):
        await page.ask("typing")
    assert [kind for _, kind, _ in house.told] == ["inbox_typing"]


async def test_a_long_conversation_does_not_drown_its_page(hub: ChatHub, house: House) -> None:
    page = Page(hub)
    await page.ask("hello")
    said = await page.ask("say", text="half \ud800 an emoji", key="\ud800", email="\ud800@example.org")
    for _ in range(MOST_BEFORE + 5):
        await house.store.add(said["thread"], Direction.NOTE, "ann", "x")
    await house.store.add(said["thread"], Direction.OUT, "ann", "answer")
    again = Page(hub)
    await again.ask("hello", token=said["token"], index=0)
    assert dict(again.sent)["welcome"]["from"] == 7
    await again.line.catch_up()
    assert [data["text"] for kind, data in again.sent if kind == "message"] == ["answer"]
