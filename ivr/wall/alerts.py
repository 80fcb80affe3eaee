"""Alerts: a figure goes beyond its limit, stays there, and somebody is to know; hysteresis, owner, acknowledgement. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

KEPT_SECONDS = 3600.0
"""For so long a closed alert is still shown."""
MOST_CLOSED = 100
MOST_TOLD = 10
MOST_OPEN, OF_EACH = 500, 20
"""More are not opened, for who has so many reads none; but some of each rule are, whatever floods the others."""
UNITS = {"share": 0.01, "seconds": 5.0, "count": 1.0, "score": 0.05}
"""A change of an open alert's value that is worth telling; and where the value is large, this share of it."""
STEP = 0.02


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    metric: str
    unit: str
    above: bool
    """Bad is what lies above the limit; else below."""
    lasting: float
    severity: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom it is about: where a click leads."""

    kind: str
    """`queue agent call trunk node house`."""
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A rule's figure of one subject."""

    subject: Subject
    value: float | None
    """None where nothing is known: nothing opens or closes by it."""
    limit: float
    clear: float
    """On the other side of this it is over."""
    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    id: str
    rule: str
    severity: str
    metric: str
    unit: str
    value: float
    limit: float
    subject: Subject
    zh: str
    en: str
    opened_at: float
    closed_at: float | None = None
    owner: str = ""
    sent_at: float = 0.0
    """When messages went out last; 0: never."""
    first_sent_at: float = 0.0
    stage: int = 0
    """Stages of the rule's `escalate` that were told."""
    told: tuple[str, ...] = ()
    """Who was told last, by their addresses; `MOST_TOLD` of them."""

    def row(self) -> dict[str, Any]:
        """As plain data; `of` gives the same value back."""
        return asdict(self)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        known = {name: value for name, value in row.items() if name in cls.__slots__}  # a newer node may have kept more
        known.setdefault("first_sent_at", row.get("sent_at", 0.0))  # an older one kept less
        return cls(**{**known, "subject": Subject(**row["subject"]), "told": tuple(row.get("told") or ())})


@dataclass(frozen=True, slots=True)
class Hand:
    """What people did about an alert that opened at `opened_at`."""

    opened_at: float
    acknowledged_at: float | None = None
    acknowledged_by: str = ""
    note: str = ""
    owner: str | None = None
    """None: the rule's."""


def shown(alert: Alert, hand: Hand | None) -> dict[str, Any]:
    """The alert of docs/wall.md. A hand laid on an earlier one of the same name counts for nothing."""
    mine = hand if hand is not None and hand.opened_at == alert.opened_at else Hand(alert.opened_at)
    return {
        "id": alert.id,
        "rule": alert.rule,
        "severity": alert.severity,
        "metric": alert.metric,
        "value": alert.value,
        "limit": alert.limit,
        "unit": alert.unit,
        "subject": asdict(alert.subject),
        "text": {"zh": alert.zh, "en": alert.en},
        "opened_at": alert.opened_at,
        "closed_at": alert.closed_at,
        "acknowledged_at": mine.acknowledged_at,
        "acknowledged_by": mine.acknowledged_by,
        "owner": alert.owner if mine.owner is None else mine.owner,
        "note": mine.note,
        "sent_at": alert.sent_at or None,
        "stage": alert.stage,
        "told": list(alert.told),
    }


class Watch:
    """Looks at readings again and again. `alerts` are all that are open, and those closed lately."""

    def __init__(self, rules: Iterable[Rule], alerts: Iterable[Alert] = ()) -> None:
        """`alerts` is what an earlier watch had; those of rules that are gone close at the next look."""
        self._rules = {rule.name: rule for rule in rules}
        self.alerts = {alert.id: alert for alert in alerts}
        self._since: dict[str, float] = {}
        """Since when it is bad, of what is not open yet."""

    @property
    def open(self) -> list[Alert]:
        return [alert for alert in self.alerts.values() if alert.closed_at is None]

    def look(self, now: float, readings: Mapping[str, Sequence[Reading]]) -> list[Alert]:
        """What opened, closed or moved, by rule's name what was read of each subject; `now` in epoch seconds.

        A subject that is not read any more, such as a call that ended, is over.
        """
        changed: list[Alert] = []
        seen: set[str] = set()
        for name, rule in self._rules.items():
            for reading in readings.get(name, ()):
                one = f"{name}|{reading.subject.id}"[:200]
                if one not in seen:
                    seen.add(one)
                    changed += self._one(one, rule, reading, now)
        changed += [self._close(alert, now) for alert in self.open if alert.id not in seen]
        for gone in self._since.keys() - seen:
            del self._since[gone]
        return changed

    def sent(self, alert_id: str, now: float, stage: int = 0, told: Sequence[str] = ()) -> None:
        """Messages went out about it."""
        if (alert := self.alerts.get(alert_id)) is not None:
            first = alert.first_sent_at or now
            self.alerts[alert_id] = replace(alert, sent_at=now, first_sent_at=first, stage=stage, told=tuple(told)[:MOST_TOLD])

    def forget(self, now: float) -> list[str]:
        """Drop what closed long ago; returns the ids."""
        closed = sorted(
            (one for one in self.alerts.values() if one.closed_at is not None), key=lambda one: -(one.closed_at or 0)
        )
        old = [
            one.id for number, one in enumerate(closed) if number >= MOST_CLOSED or now - (one.closed_at or 0) > KEPT_SECONDS
        ]
        for one in old:
            del self.alerts[one]
        return old

    def _one(self, name: str, rule: Rule, reading: Reading, now: float) -> list[Alert]:
        known = self.alerts.get(name)
        is_open = known is not None and known.closed_at is None
        if reading.value is None:
            self._since.pop(name, None)
            return []
        beyond = reading.value > reading.limit if rule.above else reading.value < reading.limit
        if not is_open:
            if not beyond:
                self._since.pop(name, None)
                return []
            since = self._since.setdefault(name, now)
            if now - since < rule.lasting or self._has_enough(rule):
                return []
            del self._since[name]
            return [self._open(name, rule, reading, now)]
        assert known is not None
        over = reading.value <= reading.clear if rule.above else reading.value >= reading.clear
        if over and not beyond:
            return [self._close(known, now)]
        return self._moved(known, rule, reading)

    def _has_enough(self, rule: Rule) -> bool:
        there = self.open
        return len(there) >= MOST_OPEN and sum(one.rule == rule.name for one in there) >= OF_EACH

    def _moved(self, known: Alert, rule: Rule, reading: Reading) -> list[Alert]:
        assert reading.value is not None
        if abs(reading.value - known.value) < max(UNITS.get(rule.unit, 1.0), STEP * abs(known.value)):
            return []
        moved = replace(known, value=reading.value, limit=reading.limit, zh=reading.zh, en=reading.en)
        self.alerts[known.id] = moved
        return [moved]

    def _open(self, name: str, rule: Rule, reading: Reading, now: float) -> Alert:
        assert reading.value is not None
        told = (rule.name, rule.severity, rule.metric, rule.unit, reading.value, reading.limit, reading.subject)
        alert = self.alerts[name] = Alert(name, *told, reading.zh, reading.en, now, owner=rule.owner)
        return alert

    def _close(self, alert: Alert, now: float) -> Alert:
        closed = self.alerts[alert.id] = replace(alert, closed_at=now)
        return closed


def in_a_row(series: Sequence[float | None], *, falling: bool) -> int:
    """How often, up to the newest, each figure was lower (or higher) than the one before; gaps are left out."""
    known = [one for one in series if one is not None]
    count = 0
    for before, after in zip(known[-2::-1], known[:0:-1], strict=True):
        if (after < before) if falling else (after > before):
            count += 1
        else:
            break
    return count
