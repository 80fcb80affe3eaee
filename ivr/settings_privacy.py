"""Settings of what is private: `privacy`, which private numbers are taken out, and `retention`, how long what is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ivr.errors import ConfigError
from ivr.understanding.own_patterns import own_pattern

DAY = 86400.0
_PERIOD = re.compile(r"(\d{1,5})\s*(h|d|w|m|y)?")
_UNITS = {"h": DAY / 24, "d": DAY, "w": 7 * DAY, "m": 30 * DAY, "y": 365 * DAY}
_MODE = re.compile(r"mask|off|last[1-8]")


@dataclass(frozen=True, slots=True)
class PrivacyOptions:
    """What becomes of private numbers in transcripts, logs, records and recordings; a flow's own `privacy` goes before.

    Each is `mask` (nothing of it stays), `last4` (the last one to eight characters stay), or `off`.
    """

    card: str | bool = "mask"
    id: str | bool = "mask"
    """Identity numbers of Chinese residents, and what was asked for as one."""
    phone: str | bool = "last4"
    code: str | bool = "mask"
    """One-time codes, PINs and passwords: rows of digits that were asked for as such."""
    account: str | bool = "last4"
    """Of a bank."""
    email: str | bool = "mask"
    plate: str | bool = "off"
    patterns: Mapping[str, str] = field(default_factory=dict)
    """Name to a regular expression of your own."""
    silence: bool = True
    """Whether recordings are silent where a private number was said."""

    def modes(self) -> dict[str, str]:
        """Kind to how it is taken out."""
        kinds = (one.name for one in fields(self) if one.name not in ("patterns", "silence"))
        return {kind: mode_of(getattr(self, kind)) for kind in kinds}


@dataclass(frozen=True, slots=True)
class RetentionOptions:
    """How long each is kept, as `90d`, `12w`, `6m` (of 30 days) or `3y`; empty: for ever."""

    recordings: str = ""
    """Sound of calls."""
    transcripts: str = ""
    """What was said: turns, summaries and notes to agents. The contact stays, without words."""
    voicemail: str = ""
    """Messages, sound and words."""
    contacts: str = ""
    """Whole records with their turns and recordings."""
    tickets: str = ""
    """Tickets and callbacks that are done."""
    messages: str = ""
    """Conversations in writing that are closed."""
    surveys: str = ""
    notifications: str = ""
    """Of those that were sent or failed."""
    at: str = "03:30"
    """Time of day (of the machine) at which what is over is removed."""

    def seconds(self) -> dict[str, float]:
        """Kind to seconds, of those that end."""
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "at"}
        return {kind: period(text) for kind, text in given.items() if text}


def mode_of(given: str | bool) -> str:
    """YAML reads a bare `off` as false."""
    return "off" if given is False else str(given)


def is_mode(mode: str) -> bool:
    return _MODE.fullmatch(mode) is not None


def period(text: str) -> float:
    """`90d` as seconds; a bare number is days. Raises ValueError."""
    found = _PERIOD.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError(f"'{text}' is no period such as 90d, 12w, 6m or 3y")
    return int(found[1]) * _UNITS[found[2] or "d"]


def check_privacy(privacy: PrivacyOptions, retention: RetentionOptions, file: str) -> None:
    """Raises ConfigError in one line."""
    for kind, mode in privacy.modes().items():
        if not is_mode(mode):
            raise ConfigError(f"{file}: privacy.{kind}: '{mode}' is not mask, off, or last1 to last8")
    for name, text in privacy.patterns.items():
        try:
            own_pattern(name, text)
        except ConfigError as error:
            raise ConfigError(f"{file}: privacy.patterns: {error}") from None
    for one in fields(retention):
        text = getattr(retention, one.name)
        if one.name != "at" and text:
            try:
                period(text)
            except ValueError as error:
                raise ConfigError(f"{file}: retention.{one.name}: {error}") from None
    if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", retention.at) is None:
        raise ConfigError(f"{file}: retention.at: '{retention.at}' is no time of day such as \"03:30\"")
    kept = retention.seconds()
    for kind in ("recordings", "transcripts"):
        if kept.get(kind, 0.0) > kept.get("contacts", float("inf")):
            longer = f"retention.{kind} is longer than retention.contacts, with which they go"
            raise ConfigError(f"{file}: {longer}: shorten one or lengthen the other")
