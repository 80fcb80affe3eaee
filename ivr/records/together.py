"""Commands of many calls to Redis as one trip: what comes within a few milliseconds goes out together."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ivr.records.database import redis_errors

GATHER_SECONDS = 0.02
MOST_TOGETHER = 2000
"""Commands in one trip; more wait for the next."""

Command = tuple[Any, ...]


class Together:
    """Commands of one `run` stay in order and side by side; those of several go out in the order in which they came."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[tuple[Command, ...], asyncio.Future[list[Any]]]] = []
        self._going: asyncio.Task[None] | None = None

    async def run(self, *commands: Command) -> list[Any]:
        """The answers, one a command. Raises StoreUnavailable, also where Redis refused one of them."""
        answers: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((commands, answers))
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(self._go())
        with redis_errors():
            return await answers

    async def _go(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER_SECONDS)
            batch = self._next()
            try:
                found = await self._send([command for commands, _ in batch for command in commands])
            except Exception as error:
                for _, answers in batch:
                    if not answers.done():
                        answers.set_exception(error)
                continue
            at = 0
            for commands, answers in batch:
                _give(answers, found[at : at + len(commands)])
                at += len(commands)

    def _next(self) -> list[tuple[tuple[Command, ...], asyncio.Future[list[Any]]]]:
        """Take what has waited longest, a trip's worth."""
        batch: list[tuple[tuple[Command, ...], asyncio.Future[list[Any]]]] = []
        size = 0
        for one in self._waiting:
            batch.append(one)
            size += len(one[0])
            if size >= MOST_TOGETHER:
                break
        del self._waiting[: len(batch)]
        return batch

    async def _send(self, commands: list[Command]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            return list(await pipe.execute(raise_on_error=False))


def _give(answers: asyncio.Future[list[Any]], found: list[Any]) -> None:
    if answers.done():
        return
    wrong = next((one for one in found if isinstance(one, RedisError)), None)
    if wrong is None:
        answers.set_result(found)
    else:
        answers.set_exception(wrong)
