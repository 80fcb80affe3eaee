"""Whom to call back now, and when to try again. Pure.

A customer is dialled shortly before the turn: when the time until an agent is free for the kept place falls under `lead`. Those
who wait in the queues and those who are being dialled come first where their place is better; each takes the first room that
fits. How long talks still last nobody knows: of n agents who talk the first is expected free after a n-th of the mean.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ivr.acd.matcher import fits
from ivr.acd.model import Agent, AgentState, Channel, Contact, ContactState

USUAL_TALK = 180.0
"""Seconds of a talk where nobody has talked yet; counts like `USUAL_COUNT` talks."""
USUAL_COUNT = 2
WRAP_UP = 15.0
MOST_AHEAD = 60
"""Contacts before a place in its queue up to which it is looked at in detail: whoever has more before them is not next."""
MOST_ROOMS = 120
"""Rooms that are looked at, those first that are free first."""
SLOW = 30.0
"""Seconds that a talk with a person who is rung takes at least, on top."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A callback as the plan sees it."""

    id: int
    contact: Contact
    """As it would stand in its queue, with the place that is kept."""
    order: float
    active: bool = False
    """Is being dialled, or answers just now: will be in the queue soon."""
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody to dial now."""

    id: int
    wait: float
    """Seconds until an agent is expected to be free."""


def turns(
    wishes: Sequence[Wish],
    waiting: Iterable[tuple[float, Contact]],
    agents: Iterable[Agent],
    now: float,
    lead: float,
    published: Callable[[Contact], float | None] = lambda contact: None,
) -> list[Turn]:
    """Those to dial now, the best place first. `waiting` are the contacts of the queues by their order of service.

    `published` is what the node that decides foresees for a place, None where it does not know; it counts where no room is
    free already.
    """
    staff = list(agents)
    rooms = rooms_of(staff, now)
    talk = mean_talk(staff)
    able, places = _Able({room[2].id: room[2] for room in rooms}.values(), now), Counter[str]()
    line = [(order, contact.id, contact, None) for order, contact in waiting if _takes_room(contact)]
    ahead = sorted([*line, *((wish.order, wish.contact.id, wish.contact, wish) for wish in wishes)], key=lambda one: one[:2])
    chosen = [Turn(wish.id, 0.0) for wish in wishes if wish.at_once and not wish.active]
    pending = 0
    for _, _, contact, wish in ahead:
        places[contact.queue] += 1
        able_ids = able.of(contact) if places[contact.queue] <= MOST_AHEAD else ()
        room = next((one for one in rooms if one[2].id in able_ids), None) if able_ids else None
        if room is not None:
            rooms.remove(room)
            insort(rooms, (room[0] + talk + WRAP_UP, room[1], room[2]))
        if wish is None:
            continue
        wait = None if room is None else room[0]
        if wait is None or wait > 0:
            foreseen = published(contact)
            wait = wait if foreseen is None else foreseen + pending * (talk + WRAP_UP) / max(1, len(staff))
        if not wish.active and not wish.at_once and wait is not None and wait <= lead:
            chosen.append(Turn(wish.id, wait))
        pending += wish.active or (wait is not None and wait <= lead)
    return chosen


Room = tuple[float, str, Agent]
"""Seconds until it is free, a name that makes the order certain, and whose it is."""


def rooms_of(agents: Iterable[Agent], now: float) -> list[Room]:
    """When each agent can take the next call, the first first; who goes on a break or home takes none."""
    staff = [one for one in agents if one.wanted is None and one.state not in (AgentState.OFFLINE, AgentState.BREAK)]
    talk = mean_talk(staff)
    busy = sorted((one for one in staff if one.state is AgentState.IN_CALL), key=lambda one: (one.since, one.id))
    left: dict[str, float] = {}
    passed = 0.0
    for position, agent in enumerate(busy):
        passed += talk / (len(busy) - position)
        left[agent.id] = passed + WRAP_UP
    rooms: list[Room] = []
    for agent in staff:
        match agent.state:
            case AgentState.AVAILABLE:
                calls = sum(one not in agent.others for one in agent.held)
                rooms += [(0.0, f"{agent.id}:{number}", agent) for number in range(max(0, agent.capacity - calls))]
            case AgentState.WRAP_UP:
                rooms.append((max(0.0, (agent.until or now) - now), agent.id, agent))
            case AgentState.IN_CALL:
                rooms.append((left[agent.id], agent.id, agent))
            case _:
                rooms.append((SLOW + talk + WRAP_UP, agent.id, agent))
    rooms.sort(key=lambda one: one[:2])
    return rooms[:MOST_ROOMS]


def mean_talk(agents: Iterable[Agent]) -> float:
    """Seconds that a talk takes, of all agents since they came on duty."""
    busy, served = USUAL_TALK * USUAL_COUNT, USUAL_COUNT
    for agent in agents:
        busy, served = busy + agent.busy, served + agent.served
    return busy / served


def _takes_room(contact: Contact) -> bool:
    """Whether it waits for the room of a call, as callbacks do."""
    return contact.state is ContactState.WAITING and contact.channel.room == Channel.CALLBACK.room


class _Able:
    """Who of these can take a contact; asked once for contacts that want the same."""

    def __init__(self, agents: Collection[Agent], now: float) -> None:
        self._agents, self._now = agents, now
        self._known: dict[tuple[object, ...], frozenset[str]] = {}

    def of(self, contact: Contact) -> frozenset[str]:
        """Their ids."""
        named = contact.only, contact.excluded
        kind = (contact.needs_at(self._now), contact.where_at(self._now), contact.language, *named)
        if kind not in self._known:
            self._known[kind] = frozenset(one.id for one in self._agents if fits(contact, one, self._now))
        return self._known[kind]


# --- trying again


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and when a number is tried."""

    attempts: int = 4
    pauses: tuple[float, ...] = (120.0, 600.0, 1800.0)
    hours: tuple[int, int] | None = None
    """Minutes of the day between which anybody is called; None for always."""
    zone: str = "UTC"

    def open(self, now: float) -> bool:
        """Whether anybody may be called at this hour."""
        return self.opens(now) <= now

    def opens(self, now: float) -> float:
        """The next moment at which somebody may be called; `now` where that is one."""
        if self.hours is None:
            return now
        here = datetime.fromtimestamp(now, ZoneInfo(self.zone))
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in (midnight, midnight + timedelta(days=1)):
            begin, end = ((day + timedelta(minutes=one)).timestamp() for one in self.hours)
            if now < end:
                return max(now, begin)
        return now + 86400.0

    def next_try(self, attempts: int, until: float, now: float, pause: float | None = None) -> float | None:
        """When to call again after `attempts` calls; None where that was the last, or the window ends before."""
        if attempts >= self.attempts:
            return None
        if pause is None:
            pause = self.pauses[min(max(attempts, 1), len(self.pauses)) - 1]
        at = self.opens(now + pause)
        return at if at < until else None
