"""A caller who waits is sent elsewhere by somebody who does not talk to them: a supervisor, or a queue that is drained."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ivr.acd.draining import Draining
from ivr.dialplan.events import Enqueue
from ivr.errors import Conflict, StoreUnavailable
from ivr.session.destination import Destination, Kind

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """Where a waiting caller is to be."""

    to: Destination
    """A queue, an agent or a flow."""
    priority: int | None = None
    """0..10 from then on; None keeps it."""
    let_in: bool = True
    """Also where the queue is full."""


class Moving:
    """What was ordered of one wait, once."""

    def __init__(self) -> None:
        self.asked: asyncio.Future[Order] = asyncio.get_running_loop().create_future()

    @property
    def order(self) -> Order | None:
        return self.asked.result() if self.asked.done() else None

    def ask(self, order: Order) -> None:
        """Raises Conflict where the caller is on the way elsewhere already."""
        if self.asked.done():
            raise Conflict("this caller is being moved already")
        self.asked.set_result(order)


class Waits:
    """The waits of a node, by contact: what supervisors' orders find."""

    def __init__(self) -> None:
        self._waits: dict[str, Moving] = {}

    def put(self, contact_id: str, moving: Moving) -> Moving:
        self._waits[contact_id] = moving
        return moving

    def remove(self, contact_id: str) -> None:
        self._waits.pop(contact_id, None)

    def find(self, contact_id: str) -> Moving:
        """Raises Conflict where nobody waits."""
        if contact_id not in self._waits:
            raise Conflict("this caller does not wait in a queue")
        return self._waits[contact_id]


async def drained_to(session: CallSession, queue: str) -> Order | None:
    """Where a caller goes who would enter `queue`: None where it is open, a queue without a name where nothing takes them.

    Where Redis is away, queues are open.
    """
    draining = Draining(session.services.router.store)
    try:
        drained = await draining.of(queue)
        onward = drained.to if drained is not None and drained.to and await draining.of(drained.to) is None else ""
    except StoreUnavailable:
        return None
    if drained is None:
        return None
    log.info("%s queue %s is drained by %s", session.call.correlation, queue, drained.by)
    return Order(Destination(Kind.QUEUE, onward), let_in=False)


def sent_on(command: Enqueue, to: str, order: Order | None, arrived: float) -> Enqueue:
    """How the caller waits in queue `to`, after waiting by `command`. Pure.

    Who was sent by an agent comes before those who just called; who was moved keeps the place in time and the priority, or has
    the one that was ordered, and is let in though the queue is full. Within one queue a move keeps what is needed.
    """
    if order is None:
        fresh = Enqueue(to, {}, min(10, command.priority + 2), command.music, command.announce_every)
        return replace(fresh, exclude=command.exclude)
    priority = command.priority if order.priority is None else order.priority
    if to == command.queue:
        return replace(command, priority=priority, since=arrived)
    fresh = Enqueue(to, {}, priority, command.music, command.announce_every)
    return replace(fresh, exclude=command.exclude, since=arrived if order.let_in else 0.0)
