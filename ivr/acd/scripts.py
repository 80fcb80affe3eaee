"""The atomic moves: `lua/core.lua` before each script, run by its digest."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from ivr.errors import NotFound, StoreUnavailable

_MEANING = {"NOQUEUE": "there is no queue", "NOAGENT": "there is no agent"}


class NotLeading(Exception):
    """Another node decides who gets whom."""


@cache
def source(name: str) -> tuple[str, str]:
    """Return the text of a move and its SHA-1 digest."""
    folder = files("ivr.acd") / "lua"
    text = (folder / "core.lua").read_text("utf-8") + "\n" + (folder / f"{name}.lua").read_text("utf-8")
    return text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn what redis-py raises into StoreUnavailable, and refusals of our own scripts into NotFound.

    A cancellation that got lost inside is raised here: `asyncio.wait_for` before Python 3.12, in which redis-py sends, hides
    one that comes in the very moment of success (bpo-42130).
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    except ResponseError as error:
        word, _, rest = str(error).partition(" ")
        if word == "NOTLEADER":
            raise NotLeading(rest) from error
        if word in _MEANING:
            raise NotFound(f"{_MEANING[word]} {rest}") from error
        raise StoreUnavailable(f"Redis refused a command: {error}") from error
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis cannot be reached: {error}") from error
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


class Moves:
    """Runs moves against one Redis. `prefix` holds the hash tag that keeps every key on one shard of a Cluster."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def run(self, move: str, *arguments: str | float) -> Any:
        """Run one move; whatever it did, it did as a whole.

        Raises StoreUnavailable, or NotFound where the queue or agent is not defined.
        """
        text, digest = source(move)
        call: Callable[..., Awaitable[Any]] = self._redis.evalsha
        evaluate: Callable[..., Awaitable[Any]] = self._redis.eval
        with redis_errors():
            try:
                return await call(digest, 1, self._prefix, *arguments)
            except NoScriptError:
                return await evaluate(text, 1, self._prefix, *arguments)


def text(value: str | bytes) -> str:
    """Return what Redis answered as text, whether or not the client decodes."""
    return value.decode() if isinstance(value, bytes) else value
