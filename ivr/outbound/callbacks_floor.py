"""The floor as the dialer sees it: who waits before a kept place, and when somebody who fits is free. Read only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ivr.acd.model import AGEING, Agent, Contact, Queue
from ivr.acd.store import AcdStore
from ivr.errors import StoreUnavailable
from ivr.outbound.callbacks_plan import MOST_AHEAD, Turn, Wish, turns
from ivr.records.promises import Row

SLICE = 50
"""Agents and contacts that are read at once: the event loop is never held for longer than that takes."""
TURN_MS = 3000
TURN_KEY = "callbacks:dialer"

Place = Callable[[Row, str], Contact]
"""A row and the id of its call to the contact that it would be in its queue."""
Foreseen = Callable[[Sequence[Contact]], Awaitable[Mapping[str, float | None]]]
"""`EstimateBoard.of`: what the node that decides foresees for these places, by contact. Raises StoreUnavailable."""


class FloorPlanner:
    """The `ivr.outbound.callbacks.Planner`."""

    def __init__(self, store: AcdStore, place: Place, lead: float, foreseen: Foreseen) -> None:
        self._store, self._place, self._lead, self._foreseen = store, place, lead, foreseen

    async def __call__(self, due: Sequence[Row], active: Sequence[Row]) -> list[Turn]:
        queues = {queue.name: queue for queue in await self._store.queues()}
        waiting = await self._waiting(queues)
        there = {contact.id for _, contact in waiting}
        wishes = [self._wish(row, f"callback-{row['id']}", queues, active=False) for row in due]
        for row in active:
            contact_id = str(row["holder"]).rpartition("|")[2]
            if contact_id and contact_id not in there:
                wishes.append(self._wish(row, contact_id, queues, active=True))
        agents: list[Agent] = []
        ids = await self._store.agent_ids()
        for at in range(0, len(ids), SLICE):
            agents += (await self._store.read((), ids[at : at + SLICE]))[1]
        known = await self._foreseen([wish.contact for wish in wishes if not wish.active])
        return turns(wishes, waiting, agents, self._store.now(), self._lead, lambda contact: known.get(contact.id))

    def _wish(self, row: Row, contact_id: str, queues: Mapping[str, Queue], *, active: bool) -> Wish:
        contact = self._place(row, contact_id)
        known = queues.get(contact.queue)
        order = contact.order(AGEING if known is None else known.ageing)
        return Wish(int(row["id"]), contact, order, active, bool(row["at_once"]))

    async def _waiting(self, queues: Mapping[str, Queue]) -> list[tuple[float, Contact]]:
        """The first of each queue, with their order of service."""
        orders: dict[str, float] = {}
        for name in queues:
            with_order = self._store.redis.zrange(self._store.key(f"queue:{name}"), 0, MOST_AHEAD - 1, withscores=True)
            for contact_id, order in await _asked(with_order):
                orders[contact_id.decode() if isinstance(contact_id, bytes) else contact_id] = float(order)
        found: list[tuple[float, Contact]] = []
        ids = sorted(orders, key=lambda one: orders[one])[: 2 * MOST_AHEAD]
        for at in range(0, len(ids), SLICE):
            found += [(orders[one.id], one) for one in (await self._store.read(ids[at : at + SLICE], ()))[0]]
        return found


class DialerTurn:
    """Which node looks and dials: one at a time, for `TURN_MS`. It keeps the pace; safe is what SQL says."""

    def __init__(self, redis: Redis, who: str, open_: Callable[[], bool]) -> None:
        """`open_` tells whether this node takes calls: one that drains lets others dial."""
        self._redis, self._who, self._open = redis, who, open_

    async def __call__(self) -> bool:
        if not self._open():
            return False
        if await _asked(self._redis.set(TURN_KEY, self._who, nx=True, px=TURN_MS)):
            return True
        found = await _asked(self._redis.get(TURN_KEY))
        if found is None or (found.decode() if isinstance(found, bytes) else found) != self._who:
            return False
        await _asked(self._redis.pexpire(TURN_KEY, TURN_MS))
        return True


async def _asked(work: Any) -> Any:
    try:
        return await cast(Awaitable[Any], work)
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis cannot be used: {error}") from error
