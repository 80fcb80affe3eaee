"""Questions from node to node over Redis: asked, answered, and given up when nobody answers.

Redis publish/subscribe loses what nobody hears, so a question has a time limit and no question may be one whose loss hurts:
what must not get lost is in the store.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

from redis.asyncio import Redis

from ivr.acd.scripts import redis_errors
from ivr.errors import Conflict, IvrError, NotAllowed, StoreUnavailable

log = logging.getLogger(__name__)

MOST_ASKED = 2000
"""Questions of others that are worked on at the same time."""
MOST_UNSENT = 10_000
RETRY_SECONDS = 0.5

Handler = Callable[[Mapping[str, Any]], Awaitable[Any]]
_ERRORS: Mapping[str, type[IvrError]] = {"Conflict": Conflict, "NotAllowed": NotAllowed}


class NodeLink:
    """This node's ear and mouth. Run `run()` for as long as the node lives; `up` is set while it hears."""

    def __init__(self, redis: Redis, node: str, prefix: str = "nodes") -> None:
        self._redis, self.node, self._prefix = redis, node, prefix
        self._handlers: dict[str, Handler] = {}
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._serving: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._out: asyncio.Queue[tuple[str, str]] = asyncio.Queue(MOST_UNSENT)
        self.up = asyncio.Event()
        self.dropped = 0
        """Messages that found no room, or that Redis did not take."""

    def serve(self, name: str, handler: Handler) -> None:
        """Answer questions called `name` with what `handler` returns, a JSON value."""
        self._handlers[name] = handler

    async def ask(self, node: str, name: str, data: Mapping[str, Any], seconds: float) -> Any:
        """What `node` answers. Cancelled, or after `seconds`, the other node stops working on it.

        Raises StoreUnavailable where no answer came, and Conflict or NotAllowed as the other node raised it.
        """
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self._send(node, {"ask": number, "from": self.node, "name": name, "data": data})
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError as error:
            self._send(node, {"drop": number, "from": self.node})
            raise StoreUnavailable(f"node {node} does not answer") from error
        except asyncio.CancelledError:
            self._send(node, {"drop": number, "from": self.node})
            raise
        finally:
            del self._asked[number]

    def tell(self, node: str, name: str, data: Mapping[str, Any]) -> None:
        """Say something to `node`, in order, without an answer."""
        self._send(node, {"name": name, "data": data})

    async def run(self) -> None:
        """Hear and speak until cancelled; Redis away is waited for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._speak())
            group.create_task(self._listen())

    # --- out

    def _send(self, node: str, message: Mapping[str, Any]) -> None:
        try:
            self._out.put_nowait((f"{self._prefix}:{node}", json.dumps(message, ensure_ascii=False)))
        except asyncio.QueueFull:
            self.dropped += 1

    async def _speak(self) -> None:
        while True:
            channel, text = await self._out.get()
            try:
                with redis_errors():
                    await self._redis.publish(channel, text.encode(errors="replace"))
            except StoreUnavailable as error:
                self.dropped += 1
                log.warning("a message to %s was lost: %s", channel, error)

    # --- in

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as ear:
                    with redis_errors():
                        await ear.subscribe(f"{self._prefix}:{self.node}")
                    while True:
                        with redis_errors():
                            message = await ear.get_message(timeout=None)
                        if message and message["type"] == "subscribe":
                            self.up.set()
                        elif message and message["type"] == "message":
                            self._hear(message["data"])
            except StoreUnavailable as error:
                self.up.clear()
                log.warning("other nodes are not heard: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    def _hear(self, text: bytes | str) -> None:
        try:
            message = json.loads(text)
            if "ask" in message:
                self._serve(message)
            elif "drop" in message:
                if task := self._serving.get((message["from"], message["drop"])):
                    task.cancel()
            elif "re" in message:
                self._answered(message)
            else:
                self._begin(("", next(self._numbers)), message)
        except (ValueError, KeyError, TypeError) as error:
            log.warning("a message from another node makes no sense: %s", error)

    def _answered(self, message: Mapping[str, Any]) -> None:
        answer = self._asked.get(message["re"])
        if answer is None or answer.done():
            return
        if "error" in message:
            kind, words = message["error"]
            answer.set_exception(_ERRORS.get(kind, StoreUnavailable)(words))
        else:
            answer.set_result(message["is"])

    def _serve(self, message: Mapping[str, Any]) -> None:
        key = str(message["from"]), int(message["ask"])
        if len(self._serving) >= MOST_ASKED:
            self._send(key[0], {"re": key[1], "error": ["StoreUnavailable", "too much to do"]})
            return
        self._begin(key, message)

    def _begin(self, key: tuple[str, int], message: Mapping[str, Any]) -> None:
        task = self._serving[key] = asyncio.create_task(self._work(key, str(message["name"]), message["data"]))
        task.add_done_callback(lambda _: self._serving.pop(key, None))

    async def _work(self, key: tuple[str, int], name: str, data: Mapping[str, Any]) -> None:
        node, number = key
        try:
            handler = self._handlers.get(name)
            if handler is None:
                raise StoreUnavailable(f"this node does not know '{name}'")
            reply: dict[str, Any] = {"is": await handler(data)}
        except IvrError as error:
            reply = {"error": [type(error).__name__, str(error)]}
        except Exception as error:
            log.exception("what node %s asked for failed: %s", node or "another", name)
            reply = {"error": ["StoreUnavailable", type(error).__name__]}
        if node:
            self._send(node, {"re": number, **reply})
