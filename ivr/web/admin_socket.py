"""`/ws/admin`: live counts of the flow that a page shows, and what other people change (docs/admin-api.md)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.websockets import WebSocket

from ivr.errors import IvrError, StoreUnavailable
from ivr.web.admin_door import Door, Who
from ivr.web.admin_flows import NAME
from ivr.web.admin_parts import CountDesk
from ivr.web.page_socket import PageSocket

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between looks at the counts."""
SIGNED_IN_EVERY = 15
"""Looks at the counts between looks whether the account is still signed in."""
SILENT_SECONDS = 60.0
MOST_PAGES = 100
CHANNEL = "admin:changes"


class Page:
    """One open page and the flow that it shows."""

    def __init__(self, socket: PageSocket, who: Who, clock: Callable[[], float]) -> None:
        self._socket, self._clock, self.who = socket, clock, who
        self.flow = ""
        self.told: Mapping[str, Any] = {}
        """The counts that it has."""
        self._seq = 0

    def push(self, kind: str, data: Mapping[str, Any]) -> None:
        self._seq += kind != "reply"
        self._socket.send({"seq": self._seq, "type": kind, "at": self._clock(), "data": data})

    def close(self, code: int, reason: str) -> None:
        self._socket.close(code, reason)


class AdminHub:
    """The open pages of this node; changes on other nodes come by Redis."""

    def __init__(self, door: Door, redis: Redis, counts: CountDesk | None, clock: Callable[[], float] = time.time) -> None:
        self._door, self._redis, self._counts, self._clock = door, redis, counts, clock
        self._pages: set[Page] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def changed(self, kind: str, data: Mapping[str, Any]) -> None:
        """Tell every page, here and on the other nodes."""
        self._start(self._publish(json.dumps({"type": kind, "data": dict(data)})))

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _publish(self, text: str) -> None:
        try:
            await self._redis.publish(CHANNEL, text)
        except RedisError as error:
            log.warning("other pages are not told of a change: %s", error)

    async def serve(self, socket: WebSocket) -> None:
        """One page, until it goes."""
        try:
            who = await self._door.who(socket) if self._door.same_origin(socket) else None
        except IvrError as error:
            log.debug("an admin page was turned away: %s", error)
            who = None
        if who is None or len(self._pages) >= MOST_PAGES:
            await socket.close(4401)  # before accept: the browser sees HTTP 403
            return
        await socket.accept()
        out = PageSocket(socket, silence=SILENT_SECONDS)
        page = Page(out, who, self._clock)
        self._pages.add(page)
        listening = asyncio.Event()
        tasks = [self._start(self._watch(page, socket)), self._start(self._listen(page, listening))]
        try:
            with contextlib.suppress(TimeoutError):  # without Redis the page still is answered
                await asyncio.wait_for(listening.wait(), EVERY)
            async with self._door.held(socket):
                await out.serve(lambda message: self._obey(page, message))
        finally:
            self._pages.discard(page)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _obey(self, page: Page, message: Mapping[str, Any]) -> None:
        data = message.get("data")
        flow = data.get("flow", "") if isinstance(data, dict) else ""
        error = ""
        if message["type"] == "watch":
            if isinstance(flow, str) and (not flow or NAME.fullmatch(flow)):
                page.flow, page.told = flow, {}
                error = await self._count(page)
            else:
                error = "send the name of a flow"
        elif message["type"] != "ping":
            error = "watch or ping"
        answer = {"id": message.get("id"), "ok": not error}
        page.push("reply", {**answer, "error": error} if error else answer)

    async def _count(self, page: Page) -> str:
        """Tell the page the counts of its flow, where they are not those it has; what is wrong in words."""
        if not page.flow:
            return ""
        if self._counts is None:
            return "this server counts nothing"
        try:
            counts = await self._counts.counts(page.flow)
        except StoreUnavailable as error:
            return str(error)
        news = {name: value for name, value in counts.items() if name != "at"}
        if counts.get("flow") == page.flow and news != page.told:
            page.told = news
            page.push("counts", counts)
        return ""

    async def _watch(self, page: Page, socket: WebSocket) -> None:
        looks = 0
        while True:
            await asyncio.sleep(EVERY)
            await self._count(page)
            looks += 1
            if looks % SIGNED_IN_EVERY == 0 and not await self._signed_in(socket):
                page.close(4401, "signed out")
                return

    async def _signed_in(self, socket: WebSocket) -> bool:
        try:
            await self._door.who(socket)
        except StoreUnavailable:
            return True
        except IvrError:
            return False
        return True

    async def _listen(self, page: Page, listening: asyncio.Event) -> None:
        """Tell the page what others change; `listening` is set when nothing can be missed any more."""
        while True:
            try:
                async with self._redis.pubsub() as news:
                    await news.subscribe(CHANNEL)
                    async for told in news.listen():
                        if told["type"] == "subscribe":
                            listening.set()
                        elif told["type"] == "message":
                            change = json.loads(told["data"])
                            page.push(change["type"], change["data"])
            except RedisError as error:
                log.debug("changes wait for Redis: %s", error)
                await asyncio.sleep(EVERY)
