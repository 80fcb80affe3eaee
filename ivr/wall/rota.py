"""Who is told of an alert now: by the shift, by what nobody answered, and not in quiet hours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ivr.settings_duty import DAYS
from ivr.settings_on_call import Hours, OnCallOptions, ShiftOptions, StageOptions, minute_of
from ivr.settings_wall import AlertOptions
from ivr.wall.alerts import Alert

_DAY, _WEEK = 24 * 60, 7 * 24 * 60
NOBODY = OnCallOptions()
Person = tuple[str, str]
"""(`email`, `sms` or `webhook`; address)"""


@dataclass(frozen=True, slots=True)
class Round:
    """One round of messages about an alert."""

    to: tuple[Person, ...]
    stage: int
    """Stages of its rule's `escalate` that were told by now."""


def during(hours: Hours, local: datetime) -> bool:
    """Whether a local time lies within hours that come every week."""
    minute = local.weekday() * _DAY + local.hour * 60 + local.minute
    begins = [DAYS.index(day) * _DAY + minute_of(hours.at) for day in hours.days]
    return any((minute - begin) % _WEEK < hours.length / 60 for begin in begins)


def on_duty(shifts: Iterable[ShiftOptions], local: datetime) -> ShiftOptions | None:
    """The first shift that fits; None where nobody is on duty."""
    return next((shift for shift in shifts if not shift.at or during(shift, local)), None)


def local_time(now: float, on_call: OnCallOptions) -> datetime:
    """`now` in epoch seconds, in the zone of the rota or of the server."""
    at = datetime.fromtimestamp(now, UTC)
    return at.astimezone(ZoneInfo(on_call.time_zone)) if on_call.time_zone else at.astimezone()


def hushed(rule: AlertOptions, on_call: OnCallOptions, local: datetime) -> bool:
    """Whether its messages wait for the end of quiet hours."""
    return rule.severity != "danger" and not rule.always and any(during(one, local) for one in on_call.quiet)


def round_of(rule: AlertOptions, alert: Alert, now: float, on_call: OnCallOptions = NOBODY) -> Round | None:
    """Who is to be told now; None for nobody yet. An alert that somebody acknowledged has no more rounds.

    The first round goes to those of the rule; each stage of `escalate` joins when its time has passed since then; `again`
    tells all who were told before.
    """
    if not (rule.email or rule.sms or rule.webhook or rule.to or rule.escalate):
        return None
    local = local_time(now, on_call)
    if hushed(rule, on_call, local):
        return None
    if not alert.sent_at:
        return Round(_people(rule, rule.webhook, on_call, local), 0)
    stage = sum(now - alert.first_sent_at >= one.after for one in rule.escalate)
    to: tuple[Person, ...] = ()
    if rule.again > 0 and now - alert.sent_at >= rule.again:
        to = _people(rule, rule.webhook, on_call, local)
        fresh: Sequence[StageOptions] = rule.escalate[:stage]
    else:
        fresh = rule.escalate[alert.stage : stage]
        if not fresh:
            return None
    for one in fresh:
        to += _people(one, False, on_call, local)
    return Round(tuple(dict.fromkeys(to)), max(stage, alert.stage))


def _people(of: AlertOptions | StageOptions, webhook: bool, on_call: OnCallOptions, local: datetime) -> tuple[Person, ...]:
    found = [("email", one) for one in of.email] + [("sms", one) for one in of.sms]
    for name in of.to:
        if (shift := on_duty(on_call.rota.get(name, ()), local)) is not None:
            found += [("email", one) for one in shift.email] + [("sms", one) for one in shift.sms]
    return tuple(dict.fromkeys([*found, *([("webhook", "")] if webhook else [])]))
