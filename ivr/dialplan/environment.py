"""What differs between test and production and changes without a new flow: values, flags, business hours, holidays. Pure.

One YAML file beside the settings (`environment: env/demo.yaml`), read with the same care as a flow.
"""

from __future__ import annotations

import hashlib
import re
import zoneinfo
from collections.abc import Mapping as Values
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ivr.dialplan.build_values import percent
from ivr.dialplan.calendar import WEEKDAYS, Calendar, Span, SpecialDays, outlook, span_of, unsettled
from ivr.dialplan.fields import Fields, word, words
from ivr.dialplan.flags import Flag, holds
from ivr.dialplan.national import known_region, regions
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, kind, read
from ivr.dialplan.problems import Findings, Place

KEYS = ("values", "flags", "hours", "holidays")
LONGEST_STRETCH = 366
"""Days of one line of `holidays`."""

_NAME = re.compile(r"[A-Za-z_]\w{0,63}\Z", re.ASCII)
_DAYS = re.compile(r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?\Z")
_CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Environment:
    """What the expressions of every flow see as `env`, `flags` and `hours`. Nothing changes it: a new file is a new value."""

    values: Values[str, Any] = field(default_factory=dict)
    flags: Values[str, Flag] = field(default_factory=dict)
    hours: Values[str, Calendar] = field(default_factory=dict)
    version: str = ""
    """Hash of the text."""
    file: str = ""

    def flags_for(self, call: Values[str, Any], profile: Values[str, Any]) -> dict[str, bool]:
        """The root `flags` of one call."""
        return {name: holds(flag, call, profile) for name, flag in self.flags.items()}

    def hours_at(self, now: float, language: str) -> Values[str, Any]:
        """The root `hours`: a calendar is worked out when an expression asks for it."""
        return Hours(self.hours, now, language)


NOTHING = Environment()


class Hours(Values[str, Any]):
    """Name to what `outlook` says of that calendar at one moment."""

    def __init__(self, calendars: Values[str, Calendar], now: float, language: str) -> None:
        self._calendars, self._now, self._language = calendars, now, language

    def __getitem__(self, name: str) -> dict[str, Any]:
        return outlook(self._calendars[name], self._now, self._language)

    def __contains__(self, name: object) -> bool:
        return name in self._calendars

    def __iter__(self) -> Any:
        return iter(self._calendars)

    def __len__(self) -> int:
        return len(self._calendars)


def build_environment(text: str, findings: Findings, today: date | None = None) -> Environment | None:
    """What `text` describes; None where it has errors, all of them in `findings`. Never raises.

    With `today` public holidays whose worked weekends are not known yet are a warning.
    """
    root = read(text, findings)
    if root is None:
        return None
    reader = _Reader(findings)
    fields = Fields(root, findings, "an environment", KEYS)
    lists = {name: reader.special(inner, f"holidays.{name}") for name, inner in reader.entries(fields, "holidays")}
    hours: dict[str, Calendar] = {}
    for name, inner in reader.entries(fields, "hours"):
        hours[name] = reader.calendar(name, inner, lists)
        if today is not None:
            _warn_unsettled(hours[name], inner.place, findings, today)
    found = Environment(
        {name: reader.value(inner) for name, inner in reader.entries(fields, "values")},
        {name: reader.flag(name, inner) for name, inner in reader.entries(fields, "flags")},
        hours,
        hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16],
        findings.file,
    )
    return None if findings.failed else found


def _warn_unsettled(calendar: Calendar, place: Place, findings: Findings, today: date) -> None:
    for region, year in unsettled(calendar, today):
        message = f"which weekends of {year} are worked in {region} is not known to the installed calendar"
        cure = "upgrade the package `holidays`, or list them: `holidays: [own]` with { date: ..., workday: true }"
        findings.warn(place, "holidays-unknown", message, cure)


class _Reader:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def entries(self, fields: Fields, name: str) -> list[tuple[str, Node]]:
        """Names and values of one section."""
        node = fields.get(name)
        if node is None:
            return []
        mapping = Fields(node, self.findings, f"`{name}`", node.entries if isinstance(node, Mapping) else ()).node
        found = []
        for key, at, inner in mapping.items():
            if _NAME.match(key):
                found.append((key, inner))
            else:
                self.findings.error(at.place, "bad-name", f"`{key}` is no name", "letters, digits and _, a letter first")
        return found

    def value(self, node: Node) -> Any:
        """Plain data as it was written."""
        match node:
            case Scalar():
                return node.value
            case Sequence():
                return [self.value(item) for item in node.items]
            case Mapping():
                return {name: self.value(inner) for name, _, inner in node.items()}

    # --- flags

    def flag(self, name: str, node: Node) -> Flag:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return Flag(name, node.value)
        if isinstance(node, Scalar):
            cure = "true, false, or { percent: 20, tiers: [gold], numbers: [...] }"
            self.findings.error(node.place, "wrong-type", f"the flag `{name}` must be on or off, this is {kind(node)}", cure)
            return Flag(name, False)
        fields = Fields(node, self.findings, "a flag", ("on", "percent", "tiers", "numbers"))
        return Flag(
            name,
            fields.flag("on", True),
            percent(fields.get("percent"), self.findings),
            self._names(fields, "tiers", "a tier"),
            self._names(fields, "numbers", "a number"),
        )

    def _names(self, fields: Fields, name: str, what: str) -> tuple[str, ...]:
        node = fields.get(name)
        return () if node is None else tuple(text for text, _ in words(node, self.findings, what))

    # --- hours

    def calendar(self, name: str, node: Node, lists: Values[str, tuple[SpecialDays, ...]]) -> Calendar:
        allowed = ("time_zone", "open", "holidays", "on_holiday", "on_workday")
        fields = Fields(node, self.findings, f"hours.{name}", allowed)
        fields.need("open", "open: { mon-fri: 09:00-18:00 }")
        on_holiday, special, named = fields.get("on_holiday"), list[SpecialDays](), list[str]()
        week = self._week(fields.get("open"))
        holidays = fields.get("holidays")
        for text, place in () if holidays is None else words(holidays, self.findings, "a list of holidays"):
            if text in lists:
                special.extend(lists[text])
            elif known_region(text):
                named.append(text)
            elif text:
                known = (*lists, *regions()) if len(text) > 3 or not text.isupper() else regions()
                self.findings.unknown(place, "holidays", text, lists or known)
        return Calendar(
            name,
            self._zone(fields),
            week,
            tuple(named),
            tuple(special),
            () if on_holiday is None else self.spans(on_holiday),
            self._weekday(fields),
        )

    def _zone(self, fields: Fields) -> str:
        name = fields.text("time_zone", "UTC")
        try:
            zoneinfo.ZoneInfo(name)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            node = fields.get("time_zone")
            self.findings.unknown(node.place if node else fields.place, "time zone", name, zoneinfo.available_timezones())
            return "UTC"
        return name

    def _weekday(self, fields: Fields) -> int:
        name = fields.text("on_workday", "mon")
        if name not in WEEKDAYS:
            node = fields.get("on_workday")
            self.findings.unknown(node.place if node else fields.place, "weekday", name, WEEKDAYS)
            return 0
        return WEEKDAYS.index(name)

    def _week(self, node: Node | None) -> tuple[tuple[Span, ...], ...]:
        """Spans of Monday to Sunday; a day that is not given is closed."""
        if node is None:
            return ((),) * 7
        if not isinstance(node, Mapping):
            return (self.spans(node),) * 7
        week: dict[int, tuple[Span, ...]] = {}
        for text, key, inner in node.items():
            spans = self.spans(inner)
            for day in self._days(text, key.place):
                if day in week:
                    self.findings.error(key.place, "duplicate-day", f"`{WEEKDAYS[day]}` is given twice", "give each day once")
                week[day] = spans
        return tuple(week.get(day, ()) for day in range(7))

    def _days(self, text: str, place: Place) -> list[int]:
        found = _DAYS.match("mon-sun" if text == "daily" else text)
        first, last = (found[1], found[2] or found[1]) if found else ("", "")
        if first not in WEEKDAYS or last not in WEEKDAYS:
            self.findings.unknown(place, "weekday", text, ("daily", "mon-fri", *WEEKDAYS))
            return []
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
        return [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]

    def spans(self, node: Node) -> tuple[Span, ...]:
        """`09:00-18:00`, a list of them, or `closed`."""
        found: list[Span] = []
        for text, place in words(node, self.findings, "opening hours"):
            if text in (_CLOSED, ""):
                continue
            try:
                span = span_of(text)
            except ValueError as error:
                self.findings.error(place, "bad-hours", f"`{text}` is no opening time", str(error))
                continue
            if any(span[0] < end and start < span[1] for start, end in found):
                self.findings.error(place, "bad-hours", f"`{text}` overlaps the span before it", "join them to one span")
            found.append(span)
        return tuple(found)

    # --- own holidays

    def special(self, node: Node, what: str) -> tuple[SpecialDays, ...]:
        if not isinstance(node, Sequence):
            cure = "- { date: 2026-12-24, name: { zh: ..., en: ... } }"
            self.findings.error(node.place, "wrong-type", f"`{what}` must be a list, this is {kind(node)}", cure)
            return ()
        lines = (self._line(item) for item in node.items)
        return tuple(line for line in lines if line is not None)

    def _line(self, node: Node) -> SpecialDays | None:
        fields = Fields(node, self.findings, "a line of holidays", ("date", "from", "to", "name", "open", "workday"))
        one, first = self._date(fields, "date"), self._date(fields, "from")
        last, opened = self._date(fields, "to") or one or first, fields.get("open")
        begin = one or first
        if begin is None or last is None:
            if fields.get("date") is None and fields.get("from") is None:
                self.findings.error(fields.place, "missing-key", "a line of holidays needs its day", "date: 2026-12-24")
            return None
        if not 0 <= (last - begin).days <= LONGEST_STRETCH:
            self.findings.error(
                fields.place, "out-of-range", f"from {begin} to {last}", "the end after the start, within a year"
            )
            return None
        workday = fields.flag("workday", False)
        spans = None if opened is None else self.spans(opened)
        return SpecialDays(begin, last, self._holiday_name(fields, workday), spans, workday)

    def _date(self, fields: Fields, name: str) -> date | None:
        node = fields.get(name)
        if node is None:
            return None
        try:
            return datetime.strptime(word(node, self.findings, f"`{name}`"), "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            self.findings.error(node.place, "bad-date", f"`{name}` is no date", "write it as 2026-12-24")
            return None

    def _holiday_name(self, fields: Fields, workday: bool) -> dict[str, str]:
        node = fields.get("name")
        if node is None:
            if not workday:
                self.findings.error(fields.place, "missing-key", "a holiday needs a name", "name: { zh: 年会, en: Staff day }")
            return {}
        if isinstance(node, Scalar):
            return {"": word(node, self.findings, "`name`")}
        if not isinstance(node, Mapping):
            self.findings.error(node.place, "wrong-type", f"`name` must be text by language, this is {kind(node)}")
            return {}
        return {language: word(inner, self.findings, "a name") for language, _, inner in node.items()}
