"""One source, guarded: whatever its far end does, a caller waits no longer than was said and memory stays bounded.

A question that was sent goes on when its caller has no more time, until the source's own timeout: its answer is remembered
for the next one, and the circuit breaker learns how the far end really is. The same question at the same time is sent once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ivr.profile.answer import DOWN, ERROR, FOUND, NOT_FOUND, TIMEOUT, Answer, NotThere, SourceFailed, Unaskable
from ivr.profile.asking import scalar, written
from ivr.profile.breaker import Breaker, Circuit
from ivr.profile.cache import Cache
from ivr.profile.shape import Shape
from ivr.profile.tally import Tally

log = logging.getLogger(__name__)

MAX_ARGUMENTS = 32
WAITING_EACH = 24
"""Questions that may wait for each one that is under way."""


class Backend(Protocol):
    """How a kind of source is asked."""

    async def fetch(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """What the far end says, as it says it. Raises NotThere, Unaskable, SourceFailed. The caller bounds the time."""

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How a source may be used. Seconds."""

    timeout: float = 2.0
    """For one question, its tries included."""
    connections: int = 20
    """Questions at the same time."""
    tries: int = 2
    """1 for no retry."""
    retry_wait: float = 0.1
    """Before the second try; doubled with each, and between a half and all of that by chance."""
    ttl: float = 0.0
    """How long an answer is served again; 0 for not at all."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a source can be asked."""

    shape: Shape = field(default_factory=Shape)
    ttl: float | None = None
    """None: as the source."""
    repeatable: bool = True
    """Asking twice does no harm: it may be tried again and remembered."""


class Source:
    """A backend with its guard. `clock` goes only forward; `chance` gives numbers from 0 to 1."""

    def __init__(
        self,
        name: str,
        kind: str,
        backend: Backend,
        operations: Mapping[str, Operation],
        limits: Limits,
        *,
        breaker: Breaker,
        cache: Cache,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.name, self.kind, self.operations, self.limits = name, kind, operations, limits
        self.breaker, self.cache, self.tally = breaker, cache, Tally()
        self.backend = backend
        self._clock, self._chance = clock, chance
        self._slots = asyncio.Semaphore(limits.connections)
        self._running: dict[Hashable, asyncio.Task[Answer]] = {}

    @property
    def circuit(self) -> Circuit:
        return self.breaker.state(self._clock())

    @property
    def under_way(self) -> int:
        return len(self._running)

    async def get(self, operation: str, arguments: Mapping[str, Any], seconds: float) -> Answer:
        """Ask, or remember; an answer within `seconds`. Never raises."""
        try:
            answer = await self._get(operation, arguments, seconds)
        except Unaskable as error:
            answer = Answer(NOT_FOUND, why=str(error))
        self.tally.answers[answer.outcome] += 1
        return answer

    async def _get(self, operation: str, arguments: Mapping[str, Any], seconds: float) -> Answer:
        wanted = self.operations.get(operation)
        if wanted is None:
            return Answer(ERROR, why=f"there is no operation {operation[:64]}")
        key = (operation, _key(arguments))
        if (known := self.cache.fresh(key, self._clock())) is not None:
            self.tally.cached += 1
            return known
        answer = await self.ask(lambda: self._fetch(operation, wanted, arguments), wanted, seconds, key)
        if answer.outcome in (TIMEOUT, ERROR, DOWN) and (old := self.cache.old(key, self._clock())) is not None:
            self.tally.stale += 1
            return old
        return answer

    async def ask(
        self, question: Callable[[], Awaitable[Mapping[str, Any]]], wanted: Operation, seconds: float, key: Hashable = None
    ) -> Answer:
        """Put a question through the guard. One without a `key` is nobody else's and never remembered."""
        if self.breaker.closed_to(self._clock()):
            return Answer(DOWN, why="its circuit is open")
        mine = object() if key is None else key
        task = self._running.get(mine)
        if task is None:
            if len(self._running) >= self.limits.connections * (1 + WAITING_EACH):
                return Answer(ERROR, why="too many questions at the same time")
            task = self._running[mine] = asyncio.create_task(self._remembered(question, wanted, key))
            task.add_done_callback(lambda _: self._running.pop(mine, None))
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            return Answer(TIMEOUT, why=f"no answer within {seconds * 1000:.0f} ms")

    async def _remembered(
        self, question: Callable[[], Awaitable[Mapping[str, Any]]], wanted: Operation, key: Hashable
    ) -> Answer:
        answer = await self._guarded(question, wanted)
        if answer.outcome in (FOUND, NOT_FOUND):
            if key is not None and wanted.repeatable:
                self.cache.put(key, answer, self.limits.ttl if wanted.ttl is None else wanted.ttl, self._clock())
        elif answer.outcome != DOWN and self.tally.last_failure != answer.why:
            self.tally.last_failure = answer.why
            log.warning("source %s: %s", self.name, answer.why)
        return answer

    async def _guarded(self, question: Callable[[], Awaitable[Mapping[str, Any]]], wanted: Operation) -> Answer:
        """The question within slots, time and circuit. Never raises."""
        try:
            async with asyncio.timeout(self.limits.timeout), self._slots:
                return await self._tried(question, self.limits.tries if wanted.repeatable else 1)
        except TimeoutError:
            return Answer(TIMEOUT, why=f"no answer within its timeout of {self.limits.timeout * 1000:.0f} ms")
        except NotThere as error:
            return Answer(NOT_FOUND, why=str(error))
        except Unaskable as error:
            return Answer(NOT_FOUND, why=str(error))
        except SourceFailed as error:
            return Answer(ERROR, why=str(error))
        except Exception as error:
            log.exception("source %s: a defect of ours", self.name)
            return Answer(ERROR, why=type(error).__name__)

    async def _tried(self, question: Callable[[], Awaitable[Mapping[str, Any]]], tries: int) -> Answer:
        failed: SourceFailed | None = None
        for number in range(tries):
            if failed is not None:
                await asyncio.sleep(self.limits.retry_wait * 2 ** (number - 1) * (0.5 + self._chance() / 2))
            if not self.breaker.admit(self._clock()):
                break
            self.tally.retries += number > 0
            try:
                return Answer(FOUND, await self._once(question))
            except SourceFailed as error:
                failed = error
                if not error.again:
                    break
        if failed is not None:
            raise failed
        return Answer(DOWN, why="its circuit is open")

    async def _once(self, question: Callable[[], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """One question sent: the breaker and the figures hear how it went."""
        self.tally.asked += 1
        began, told = self._clock(), False
        try:
            result = await question()
            told = True
            self.breaker.succeeded()
            return result
        except (NotThere, Unaskable) as error:
            told = True
            # What was never sent says nothing of the far end.
            self.breaker.abandoned() if isinstance(error, Unaskable) else self.breaker.succeeded()
            raise
        except SourceFailed as error:
            told = True
            self.breaker.succeeded() if error.alive else self.breaker.failed(self._clock())
            raise
        finally:
            now = self._clock()
            self.tally.took(now - began)
            if not told:  # cut off by its timeout, or by our end
                self.breaker.failed(now)

    async def _fetch(self, operation: str, wanted: Operation, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return wanted.shape.of(await self.backend.fetch(operation, arguments))

    async def close(self) -> None:
        """End every question under way."""
        tasks: list[asyncio.Task[Answer]] = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.backend.close()


def _key(arguments: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Arguments as what they are equal by. Raises Unaskable for one that no question may hold."""
    if len(arguments) > MAX_ARGUMENTS:
        raise Unaskable(f"more than {MAX_ARGUMENTS} arguments")
    values = ((name, scalar(name, value)) for name, value in arguments.items())
    return tuple(sorted((name, type(value).__name__, written(value)) for name, value in values))
