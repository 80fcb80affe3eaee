"""Settings of who is told of alerts and when: shifts, quiet hours, and whom it goes to where nobody answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from ivr.errors import ConfigError
from ivr.settings_duty import DAYS

ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
MOST_STAGES, SOONEST = 5, 60.0
_TIME = re.compile(r"([01]?\d|2[0-3]):[0-5]\d|\d{1,4}")


class Hours(Protocol):
    """A time of day that comes again."""

    @property
    def at(self) -> str: ...

    @property
    def length(self) -> float: ...

    @property
    def days(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class ShiftOptions:
    """Who is on duty at some hours; without `at` at all others."""

    at: str = ""
    """When it begins, `"08:00"`."""
    length: float = 86400.0
    """Seconds, `12h`; it may go on past midnight."""
    days: tuple[str, ...] = DAYS
    """On which it begins: `mon tue wed thu fri sat sun`."""
    email: tuple[str, ...] = ()
    sms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuietOptions:
    """Hours in which alerts of the severity `attention` wait."""

    at: str
    """When they begin, `"22:00"`."""
    length: float
    """Seconds, `9h`."""
    days: tuple[str, ...] = DAYS


@dataclass(frozen=True, slots=True)
class OnCallOptions:
    rota: Mapping[str, tuple[ShiftOptions, ...]] = field(default_factory=dict)
    """Name, which `to` of a rule uses, to its shifts; the first that fits counts."""
    quiet: tuple[QuietOptions, ...] = ()
    time_zone: str = ""
    """`Asia/Shanghai`; empty: the server's."""


@dataclass(frozen=True, slots=True)
class StageOptions:
    """Who is told too where nobody has acknowledged an alert."""

    after: float
    """Seconds since the first message, `10m`."""
    to: tuple[str, ...] = ()
    """Names of `on_call.rota`."""
    email: tuple[str, ...] = ()
    sms: tuple[str, ...] = ()


def minute_of(at: str) -> int:
    """Of the day. YAML 1.1 reads `12:00` without quotes as 720, which is the same."""
    hour, colon, minute = at.partition(":")
    return int(hour) * 60 + int(minute) if colon else int(hour)


def check_on_call(on_call: OnCallOptions, channels: Collection[str], file: str) -> None:
    """`channels` are those of `notices`. Raises ConfigError with the file and the key."""
    if on_call.time_zone:
        try:
            ZoneInfo(on_call.time_zone)
        except (ValueError, OSError, KeyError):  # KeyError: there is none of that name
            zone = on_call.time_zone[:60]
            raise ConfigError(f"{file}: on_call.time_zone: '{zone}' is no zone such as Asia/Shanghai") from None
    for name, shifts in on_call.rota.items():
        if not shifts:
            raise ConfigError(f"{file}: on_call.rota.{name}: no shift at all")
        for number, shift in enumerate(shifts):
            place = f"{file}: on_call.rota.{name}[{number}]"
            if shift.at:
                _check_hours(shift, place)
            check_people(shift.email, shift.sms, channels, place)
            if not shift.email and not shift.sms:
                raise ConfigError(f"{place}: nobody; write email: [..] or sms: [..]")
    for number, quiet in enumerate(on_call.quiet):
        _check_hours(quiet, f"{file}: on_call.quiet[{number}]")


def check_stages(stages: Sequence[StageOptions], channels: Collection[str], place: str) -> None:
    """Raises ConfigError."""
    if len(stages) > MOST_STAGES:
        raise ConfigError(f"{place}: escalate: {len(stages)} stages; {MOST_STAGES} at most")
    last = 0.0
    for number, stage in enumerate(stages):
        here = f"{place}: escalate[{number}]"
        if stage.after < SOONEST or stage.after <= last:
            raise ConfigError(f"{here}: after: 1m or more, and later than the stage before")
        if not (stage.to or stage.email or stage.sms):
            raise ConfigError(f"{here}: nobody; write to, email or sms")
        check_people(stage.email, stage.sms, channels, here)
        last = stage.after


def check_people(email: Sequence[str], sms: Sequence[str], channels: Collection[str], place: str) -> None:
    """Raises ConfigError where there is no such channel, or no such address."""
    for name, given in (("email", email), ("sms", sms)):
        if given and name not in channels:
            raise ConfigError(
                f"{place}: {name}: there is no channel `notices.{name}` to send it by; set it up, or leave it out"
            )
    for address in email:
        if not ADDRESS.fullmatch(address):
            raise ConfigError(f"{place}: email: '{address}' is no address")


def _check_hours(hours: Hours, place: str) -> None:
    if not _TIME.fullmatch(hours.at) or minute_of(hours.at) >= 24 * 60:
        raise ConfigError(f"{place}: at: '{hours.at}' is not a time of day such as '08:00' (in quotes)")
    if not 60 <= hours.length <= 86400:
        raise ConfigError(f"{place}: length: {hours.length:g} s is not from 1m to 24h")
    if not hours.days or set(hours.days) - set(DAYS):
        raise ConfigError(f"{place}: days: some of {' '.join(DAYS)}")
