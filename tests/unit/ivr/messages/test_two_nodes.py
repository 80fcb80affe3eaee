"""A visitor at one node and the agent at another: one database, one Redis, and nothing else between them."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.messages.holding import Rules
from ivr.messages.parts import ChatRules, MessageParts
from ivr.messages.store import ThreadStore
from ivr.web.chat_socket import ChatHub
from tests.unit.ivr.messages.conftest import PLACING, House, eventually, taker
from tests.unit.ivr.messages.test_chat_socket import Page


async def test_what_either_writes_is_at_the_others_page(redis: Redis, engine: AsyncEngine, store: ThreadStore) -> None:
    store.clock = time.time  # the queues have the real time
    agents = House(redis, engine, store, Rules())
    visitors = House(
        redis, engine, ThreadStore(engine, time.time, lambda: f"v{time.monotonic_ns()}", 3600.0), Rules(), "node-2"
    )
    unused: Any = None
    parts = MessageParts(visitors.desk, unused, unused, visitors.desk.customers, unused, unused, str.title)
    page = Page(ChatHub(parts, ChatRules(PLACING), time.time))
    async with agents.open(taker("ann")), visitors.open(taker("ann")):
        await agents.agent("ann")
        feeding = asyncio.create_task(page.line.feed())
        await page.ask("hello")
        said = await page.ask("say", text="hello from the other node", key="k1")
        thread = await agents.until(said["thread"], status="assigned", agent_id="ann")
        await agents.desk.reply("ann", thread["id"], "hello to the other node", "k2")

        async def arrived() -> bool:
            return ("phase", {"status": "assigned", "agent": "Ann", "position": 0}) in page.sent and any(
                kind == "message" and data["text"] == "hello to the other node" for kind, data in page.sent
            )

        await eventually(arrived)
        assert sorted([*agents.holdings.held, *visitors.holdings.held]) == [thread["id"]], "one node has its place"
        await page.ask("leave")
        await agents.until(thread["id"], status="closed")
        await eventually(lambda: agents.holds("ann"))
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding
