"""A source without a wire, and a clock without time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.profile.breaker import Breaker
from ivr.profile.cache import Cache
from ivr.profile.source import Limits, Operation, Source


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeBackend:
    """Gives one after the other of `script`, the last one for ever: a value, an error to raise, or an Event to wait for."""

    script: list[Any] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    closed: bool = False

    async def fetch(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        self.asked.append((operation, dict(arguments)))
        item = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(item, asyncio.Event):
            await item.wait()
            return {"late": True}
        if isinstance(item, BaseException):
            raise item
        return item(arguments) if isinstance(item, Callable) else item  # type: ignore[arg-type]

    async def close(self) -> None:
        self.closed = True


def source(
    *script: Any,
    name: str = "crm",
    clock: Clock | None = None,
    failures: int = 3,
    stale: float = 0.0,
    operations: Mapping[str, Operation] | None = None,
    **limits: Any,
) -> tuple[Source, FakeBackend]:
    backend = FakeBackend(list(script))
    return Source(
        name,
        "fake",
        backend,
        {"profile": Operation(), "once": Operation(repeatable=False)} if operations is None else operations,
        Limits(**{"retry_wait": 0.0, "tries": 1, "timeout": 0.3, **limits}),
        breaker=Breaker(failures, 10.0),
        cache=Cache(stale),
        clock=clock or Clock(),
        chance=lambda: 0.5,
    ), backend
