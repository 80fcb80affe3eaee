"""Contacts whose node died: kept in Redis by the very move that gives them up, until somebody has called them back."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from redis.asyncio import Redis

from ivr.acd.model import ContactState
from ivr.acd.scripts import redis_errors, text

log = logging.getLogger(__name__)

AT_ONCE = 100
LEFT_TO_OTHERS = 60.0
"""Seconds for which what this version cannot read is left to nodes of the version that wrote it."""
ASIDE_SECONDS = 86400
_PLACE = ("priority", "language", "prefer", "excluded", "only")


@dataclass(frozen=True, slots=True)
class Lost:
    """A call whose media died with its node."""

    id: str
    queue: str
    enqueued_at: float
    """Epoch seconds: the place that it had."""
    node: str
    agent: str
    """Who was rung or talked; "" for nobody."""
    state: ContactState
    """What it was doing."""
    at: float
    """Epoch seconds when it was given up."""
    place: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """How it waited: `needs` (skill to level), `priority`, `language`, `prefer`, `excluded`, `only`."""


class LostContacts:
    """Every method raises StoreUnavailable."""

    def __init__(self, redis: Redis, prefix: str = "{acd}") -> None:
        self._redis, self._key = redis, f"{prefix}:lost"
        self._aside = f"{prefix}:lost:unread"
        self._unread: dict[str, float] = {}
        """Entries that make no sense here, and since when that is known."""

    async def before(self, when: float) -> list[Lost]:
        """Return some that were given up before `when`; a node that proves alive takes its own back until then.

        What makes no sense here is logged once, and after a minute put aside, so that it is in nobody's way.
        """
        with redis_errors():
            _, found = await cast(Awaitable[Any], self._redis.hscan(self._key, 0, count=AT_ONCE))
        read = {text(name): _lost_of(text(name), text(value)) for name, value in found.items()}
        await self._put_aside({text(name): text(value) for name, value in found.items() if read[text(name)] is None}, when)
        return [one for one in read.values() if one is not None and one.at <= when]

    async def _put_aside(self, unread: Mapping[str, str], now: float) -> None:
        for name in unread.keys() - self._unread.keys():
            log.warning("what is kept of lost contact %s makes no sense", name)
        self._unread = {name: self._unread.get(name, now) for name in unread}
        old: dict[Any, Any] = {name: value for name, value in unread.items() if now - self._unread[name] >= LEFT_TO_OTHERS}
        if not old:
            return
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.hset(self._aside, mapping=old)
                pipe.expire(self._aside, ASIDE_SECONDS)
                pipe.hdel(self._key, *old)
                await pipe.execute()
        log.warning("put aside in %s, for a day: lost contacts %s", self._aside, ", ".join(sorted(old)))

    async def forget(self, ids: Iterable[str]) -> None:
        """They are taken care of."""
        if names := list(ids):
            with redis_errors():
                await self._redis.hdel(self._key, *names)


def _lost_of(contact_id: str, value: str) -> Lost | None:
    """None for what some other version of the program wrote."""
    try:
        row: Any = json.loads(value)
        state = ContactState(row["state"])
        place: Any = json.loads(row.get("details") or "{}")
        place = {name: place[name] for name in _PLACE if name in place} | {"needs": dict(place.get("needs") or ())}
        times = float(row["enqueued_at"]), float(row["at"])
        return Lost(contact_id, row["queue"], times[0], row["node"], row["agent"], state, times[1], place)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
