"""Keeps a node's bans and those of the others the same, and answers operators about them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from ivr.errors import Conflict, NotFound, StoreUnavailable
from ivr.guarding.moments import iso
from ivr.guarding.store import BanStore, KeptBan
from telephony.sip.guard import Guard
from telephony.sip.suspicion import Ban, source_from

log = logging.getLogger(__name__)

PULL_SECONDS = 1.0
"""Until a ban of one node holds on the others."""
CLEAN_SECONDS = 3600.0
MOST_SECONDS = 366 * 86_400.0


class Door(Protocol):
    """What of `telephony.gateway.sip_door.Door` is used here."""

    guard: Guard


class Keeper:
    """`door` is the node's own; times towards Redis and people are those of the wall."""

    def __init__(
        self,
        door: Door,
        store: BanStore,
        node: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._door = door
        self._store = store
        self._node = node
        self._clock = clock
        self._wall = wall
        self._seen = -1
        self._cleaned = wall()
        self._away = False

    # Bans

    async def run(self) -> None:
        """Share bans until cancelled. While Redis is away each node keeps its own."""
        while True:
            try:
                await self.exchange()
                self._away = False
            except StoreUnavailable as error:
                if not self._away:
                    log.warning("%s; this node's bans hold here alone", error)
                self._away = True
            await asyncio.sleep(PULL_SECONDS)

    async def exchange(self) -> None:
        """Write what was banned here, read what was banned elsewhere. Raises StoreUnavailable; then nothing is lost."""
        guard = self._door.guard
        fresh = list(guard.changed)
        await self._store.save(self._kept(ban) for ban in fresh)
        del guard.changed[: len(fresh)]
        for ban in fresh:
            log.warning("banned %s for %.0f s: %s", ban.source, ban.until - ban.since, ban.reason)
        version = await self._store.version()
        if version != self._seen:
            await self._adopt()
            self._seen = version
        if self._wall() - self._cleaned > CLEAN_SECONDS:
            self._cleaned = self._wall()
            await self._clean()

    def bans(self) -> list[dict[str, Any]]:
        """Bans in force, the one that ends last first."""
        now = self._clock()
        return [
            {
                "source": ban.source,
                "reason": ban.reason,
                "since": self._iso(ban.since),
                "until": self._iso(ban.until),
                "seconds_left": max(0, round(ban.until - now)),
                "strikes": ban.strikes,
            }
            for ban in self._door.guard.bans(now)
        ]

    async def ban(self, text: str, seconds: float, reason: str) -> dict[str, Any]:
        """Ban a source here and on every node. Raises Conflict for one that is no source or is allowed; StoreUnavailable."""
        source = _source(text)
        guard = self._door.guard
        if guard.protects(source):
            raise Conflict(f"{source} is in a network that sip.guard.allow or sip.trusted_networks names: it is never banned")
        ban = guard.ban(source, reason or "by hand", self._clock(), min(seconds, MOST_SECONDS))
        await self.exchange()
        return next((one for one in self.bans() if one["source"] == source), {"source": source, "strikes": ban.strikes})

    async def lift(self, text: str) -> None:
        """End a ban everywhere. Raises NotFound, Conflict, StoreUnavailable."""
        source = _source(text)
        guard = self._door.guard
        known = guard.banned(source.partition("/")[0], self._clock())
        guard.changed[:] = [ban for ban in guard.changed if ban.source != source]
        await self._store.remove([source])
        guard.lift(source)
        if not known:
            raise NotFound(f"{source} is not banned")

    # Parts

    async def _adopt(self) -> None:
        """Make the guard's bans those of the store, those that could not be written yet beside them."""
        guard, now = self._door.guard, self._clock()
        kept = {ban.source: ban for ban in await self._store.load()}
        own = {ban.source for ban in guard.changed}
        for ban in guard.bans(now):
            if ban.source not in kept and ban.source not in own:
                guard.lift(ban.source)
        shift = now - self._wall()
        for one in kept.values():
            if one.source not in own:
                guard.adopt(Ban(one.source, one.reason, one.since + shift, one.until + shift, one.strikes), now)

    async def _clean(self) -> None:
        """Forget bans whose strikes are forgiven."""
        forgive = self._door.guard.settings.forgive
        over = [ban.source for ban in await self._store.load() if self._wall() - ban.until > forgive * ban.strikes]
        await self._store.remove(over)

    def _kept(self, ban: Ban) -> KeptBan:
        shift = self._wall() - self._clock()
        return KeptBan(ban.source, ban.reason, ban.since + shift, ban.until + shift, ban.strikes, self._node)

    def _iso(self, at: float) -> str:
        return iso(at + self._wall() - self._clock())


def _source(text: str) -> str:
    try:
        return source_from(text)
    except ValueError as error:
        raise Conflict(str(error)) from error
