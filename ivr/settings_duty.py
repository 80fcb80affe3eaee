"""Settings of when agents work: reasons for breaks, planned breaks, and the rules of a queue for its agents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.errors import ConfigError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAME = re.compile(r"[\w.-]{1,40}")
LONGEST_BREAK = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class BreakOptions:
    """A reason that agents may choose for a break."""

    name: str
    """What records and events say; letters, digits, `_ . -`."""
    zh: str = ""
    en: str = ""
    """What the page calls it; empty: the name."""


STANDARD = (
    BreakOptions("short", "小休", "Short break"),
    BreakOptions("meal", "用餐", "Meal"),
    BreakOptions("training", "培训", "Training"),
    BreakOptions("other", "其他", "Other"),
)


@dataclass(frozen=True, slots=True)
class PlannedBreakOptions:
    """A break that comes every day: after the call that runs then, and it ends by itself."""

    at: str
    """`12:00`, in the time zone of the server."""
    length: float = 30 * 60.0
    """Seconds, `30m`; counted from when it really begins."""
    reason: str = "meal"
    days: tuple[str, ...] = DAYS
    """Of `mon tue wed thu fri sat sun`."""

    @property
    def minute(self) -> int:
        """Of the day. YAML 1.1 reads `12:00` without quotes as 720, which is the same."""
        hour, colon, minute = self.at.partition(":")
        return int(hour) * 60 + int(minute) if colon else int(hour)


def check_reasons(breaks: Sequence[BreakOptions], file: str) -> None:
    """Raises ConfigError with the file and the key."""
    if not breaks:
        raise ConfigError(f"{file}: breaks: no reason at all; name one, or leave `breaks` out for the four standard ones")
    seen: set[str] = set()
    for one in breaks:
        if not _NAME.fullmatch(one.name) or one.name in seen:
            raise ConfigError(f"{file}: breaks: '{one.name}' stands there twice or is no name; write letters, digits, _ . or -")
        seen.add(one.name)


def check_planned(planned: Sequence[PlannedBreakOptions], reasons: Sequence[BreakOptions], place: str) -> None:
    """Raises ConfigError with the place."""
    known = {one.name for one in reasons}
    for one in planned:
        if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d|\d{1,4}", one.at) or one.minute >= 24 * 60:
            raise ConfigError(f"{place}: at: '{one.at}' is not a time of day such as '12:00' (in quotes)")
        if not 60 <= one.length <= LONGEST_BREAK:
            raise ConfigError(f"{place}: length: {one.length:g} s is not from 1m to 12h")
        if one.reason not in known:
            raise ConfigError(f"{place}: reason: '{one.reason}' is none of the `breaks`: {', '.join(sorted(known))}")
        if not one.days:
            raise ConfigError(f"{place}: days: none at all; leave `days` out for every day, or take the break out")
        for day in one.days:
            if day not in DAYS:
                raise ConfigError(f"{place}: days: '{day}' is none of {' '.join(DAYS)}")
