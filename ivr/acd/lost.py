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

    async def before(self, when: float) -> list[Lost]:
        """Return some that were given up before `when`; a node that proves alive takes its own back until then."""
        with redis_errors():
            _, found = await cast(Awaitable[Any], self._redis.hscan(self._key, 0, count=AT_ONCE))
        lost = [one for name, value in found.items() if (one := _lost_of(text(name), text(value))) is not None]
        return [one for one in lost if one.at <= when]

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
    except (ValueError, KeyError, TypeError):
        log.warning("what is kept of lost contact %s makes no sense", contact_id)
        return None
