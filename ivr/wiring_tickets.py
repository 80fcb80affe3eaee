"""From settings to tickets that wait in queues, and whose clocks run in the hours of a calendar."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ivr.acd.model import Channel
from ivr.acd.routing import Router
from ivr.dialplan.calendar import Calendar
from ivr.dialplan.problems import nearest
from ivr.errors import ConfigError
from ivr.messages.holding import Holdings, Row, Rules, Surroundings, Tell
from ivr.messages.news import News
from ivr.messages.sla import Policy, Promise
from ivr.messages.ticket_clocks import TicketClocks
from ivr.messages.ticket_desk import TicketDesk
from ivr.messages.ticket_places import TicketPlaces, TicketRouting
from ivr.messages.tickets import Tickets
from ivr.settings import Settings
from ivr.settings_queues import CapacityOptions
from ivr.stores import Stores

ALWAYS = "always"
Hours = Mapping[str, Calendar]


@dataclass(frozen=True, slots=True)
class TicketHouse:
    """A node's part in tickets."""

    tickets: Tickets
    desk: TicketDesk
    works: tuple[Coroutine[Any, Any, None], ...]
    """What goes on until the node ends."""


def ticket_house(settings: Settings, stores: Stores, router: Router, tell: Tell, hours: Callable[[], Hours]) -> TicketHouse:
    """Put it together. Raises ConfigError for a calendar that nobody has."""
    options = settings.messages.tickets
    tickets = Tickets(stores.engine, policies(settings, hours), time.time, partial(secrets.token_hex, 8))
    news = News(stores.redis, "tickets")
    desks: list[TicketDesk] = []

    async def assigned(row: Row) -> None:
        await desks[0].assigned(row)

    holdings = None
    if options.queue:
        rules = Rules(ask=options.accept == "ask", prefer=0.0, idle=math.inf, away=options.away)
        places = TicketPlaces(stores.engine, routing_of(settings), time.time)
        around = Surroundings(settings.node, places, router, news, tell, rules, assigned, Channel.TICKET, "ticket_id")
        holdings = Holdings(around)
    desk = TicketDesk(tickets, tell, news, holdings)
    desks.append(desk)
    clocks = TicketClocks(stores.engine, tickets, desk, time.time, settings.messages.clock_warns)
    works = (clocks.run(), *((news.run(), holdings.run()) if holdings is not None else ()))
    return TicketHouse(tickets, desk, works)


def routing_of(settings: Settings) -> TicketRouting:
    options = settings.messages.tickets
    takers = frozenset(one.id for one in settings.agents if isinstance(one.capacity, CapacityOptions) and one.capacity.ticket)
    return TicketRouting(options.queue, tuple(settings.queues), dict(options.needs), takers)


def policies(settings: Settings, hours: Callable[[], Hours]) -> Callable[[], Policy]:
    """What is promised by now: other hours of the environment make another policy. Raises ConfigError."""
    for name in named_hours(settings):
        if name not in hours():
            cure = nearest(name, hours()) if hours() else "name a file of hours: `environment: environment.yaml`"
            raise ConfigError(f"{settings.file}: messages.clocks: there is no calendar '{name}'; {cure}")
    known: list[tuple[Hours, Policy]] = []

    def policy() -> Policy:
        now = hours()
        if not known or known[0][0] is not now:
            known[:] = [(now, policy_of(settings, now))]
        return known[0][1]

    return policy


def named_hours(settings: Settings) -> list[str]:
    """Calendars that clocks run by."""
    options = settings.messages
    found = {options.clock_hours, *(one.hours for one in options.clocks.values())}
    return sorted(found - {"", ALWAYS})


def policy_of(settings: Settings, hours: Hours) -> Policy:
    options = settings.messages
    promises = {
        name: Promise(one.respond, one.resolve, hours.get(one.hours or options.clock_hours))
        for name, one in options.clocks.items()
    }
    return Policy(promises, options.clock_stops)
