"""Settings of callbacks that are dialled: `callbacks`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ivr.errors import ConfigError

WAYS = ("sms", "email", "webhook")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])\Z")


@dataclass(frozen=True, slots=True)
class CallbackNotice:
    """Who is told that a customer could not be reached."""

    by: str = ""
    """`sms`, `email` or `webhook`; empty: nobody."""
    to: str = ""
    """Number or address; nothing for the webhook."""


@dataclass(frozen=True, slots=True)
class CallbackOptions:
    dial: bool = True
    """false: rows are kept for whoever calls by hand."""
    lead: float = 25.0
    """Seconds before the turn at which the customer is dialled: for the ring, and the key that asks to be connected."""
    attempts: int = 4
    """Calls at most; then the customer counts as not reached."""
    pauses: tuple[float, ...] = (120.0, 600.0, 1800.0)
    """Seconds until the next call, after the first that nobody took, the second, ...; the last one goes on."""
    ring: float = 30.0
    """Seconds that it rings at the customer's."""
    machine: str = "later"
    """An answering machine: `later` hangs up and calls again, `talk` takes it for the customer."""
    confirm: bool = True
    """The customer presses 1 to be connected; false: is connected at once."""
    flow: str = "callback"
    """The flow that the customer hears; one of this name comes with the house, where there is none of your own."""
    payer: str = ""
    """Whose outbound rules and limits count: `flow:NAME`; empty: the flow that made the promise."""
    caller: str = ""
    """Number that the customer sees; empty: the one that the customer called."""
    hours: str = ""
    """Nobody is called outside of these: `08:00-21:00`; empty: at any hour."""
    zone: str = "UTC"
    """Time zone of `hours`, such as Asia/Shanghai."""
    at_once: int = 10
    """Calls that one node makes at the same time."""
    lost: bool = True
    """Call those whose call broke off because a node died."""
    lost_window: float = 4 * 3600.0
    """Until when they are called, from then on."""
    ticket: str = "callback"
    """Kind of the ticket for a customer who was not reached; empty: none."""
    notify: CallbackNotice = field(default_factory=CallbackNotice)


def check_callbacks(options: CallbackOptions, channels: frozenset[str], file: str) -> None:
    """Raises ConfigError in one line. `channels` are the ways in which notifications leave the house."""
    place = f"{file}: callbacks"
    if not 1 <= options.attempts <= 20:
        raise ConfigError(f"{place}.attempts: {options.attempts} is not from 1 to 20")
    if not options.pauses or not all(5 <= one <= 86400 for one in options.pauses):
        raise ConfigError(f"{place}.pauses: a list of durations from 5s to 24h, such as [2m, 10m, 30m]")
    if not 5 <= options.ring <= 120:
        raise ConfigError(f"{place}.ring: {options.ring:g} s is not from 5s to 2m")
    if not 0 <= options.lead <= 600:
        raise ConfigError(f"{place}.lead: {options.lead:g} s is not from 0s to 10m")
    if not 1 <= options.at_once <= 500:
        raise ConfigError(f"{place}.at_once: {options.at_once} is not from 1 to 500")
    if options.machine not in ("later", "talk"):
        raise ConfigError(f"{place}.machine: '{options.machine}' is not later or talk")
    if options.payer and not options.payer.partition(":")[2]:
        raise ConfigError(f"{place}.payer: '{options.payer}' is not flow:NAME, agent:NAME, user:NAME or trunk:NAME")
    if options.hours:
        hours_of(options.hours, f"{place}.hours")
    try:
        ZoneInfo(options.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(f"{place}.zone: '{options.zone}' is no time zone, such as Asia/Shanghai") from None
    notify = options.notify
    if notify.by and notify.by not in WAYS:
        raise ConfigError(f"{place}.notify.by: '{notify.by}' is not {', '.join(WAYS)}")
    if notify.by and notify.by not in channels:
        raise ConfigError(f"{place}.notify.by: '{notify.by}' is not set up: see notices.{notify.by}")
    if notify.by in ("sms", "email") and not notify.to:
        raise ConfigError(f"{place}.notify.to: whom to tell by {notify.by}")


def hours_of(text: str, place: str) -> tuple[int, int]:
    """`08:00-21:00` as minutes of the day. Raises ConfigError."""
    found = _HOURS.match(text)
    begin, end = (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])) if found else (0, 0)
    if not begin < end <= 24 * 60:
        raise ConfigError(f"{place}: '{text}' is not two times of one day, such as 08:00-21:00")
    return begin, end
