"""Who is told of an alert, and when: shifts, quiet hours, stages that join while nobody answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ivr.settings_on_call import OnCallOptions, QuietOptions, ShiftOptions, StageOptions
from ivr.settings_wall import AlertOptions
from ivr.wall.alerts import Alert, Reading, Rule, Subject, Watch
from ivr.wall.rota import during, on_duty, round_of

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
DAY = ShiftOptions("08:00", 12 * 3600.0, WORKDAYS, email=("day@b.org",))
NIGHT = ShiftOptions("20:00", 12 * 3600.0, email=("night@b.org",), sms=("+8613800000000",))
REST = ShiftOptions(email=("rest@b.org",))
ON_CALL = OnCallOptions({"front": (DAY, NIGHT, REST)}, (QuietOptions("22:00", 9 * 3600.0),), "Asia/Shanghai")
RULE = AlertOptions(
    "slow",
    "wait",
    above=60.0,
    to=("front",),
    escalate=(StageOptions(600.0, email=("lead@b.org",)), StageOptions(1800.0, ("front",))),
)


def at(text: str) -> float:
    """Epoch seconds of a local time in Shanghai; 2026-11-23 is a Monday."""
    return datetime.fromisoformat(f"2026-11-{text}+08:00").timestamp()


def alert(opened: float, **changes: object) -> Alert:
    made = Alert("slow|support", "slow", "attention", "wait", "seconds", 90, 60, Subject("queue", "support"), "", "", opened)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "who"),
    [
        ("23T08:00", DAY),
        ("23T19:59", DAY),
        ("23T20:00", NIGHT),
        ("24T07:59", NIGHT),
        ("28T12:00", REST),
        ("22T23:30", NIGHT),
        ("23T00:30", NIGHT),
    ],
)
def test_shifts_go_past_midnight_and_past_sunday(when: str, who: ShiftOptions) -> None:
    local = datetime.fromisoformat(f"2026-11-{when}+08:00")
    assert on_duty(ON_CALL.rota["front"], local) == who


def test_a_shift_of_a_whole_day_has_no_end() -> None:
    assert during(ShiftOptions("00:00"), datetime(2026, 11, 23, 23, 59, tzinfo=UTC))
    assert on_duty((), datetime(2026, 11, 23, tzinfo=UTC)) is None


def test_the_first_round_goes_to_who_is_on_duty() -> None:
    found = round_of(RULE, alert(at("23T09:00")), at("23T09:00"), ON_CALL)
    assert found is not None
    assert (found.to, found.stage) == ((("email", "day@b.org"),), 0)
    found = round_of(RULE, alert(at("23T20:30")), at("23T20:30"), ON_CALL)
    assert found is not None
    assert found.to == (("email", "night@b.org"), ("sms", "+8613800000000"))


def test_quiet_hours_hold_attention_and_not_danger() -> None:
    late = at("23T23:00")
    assert round_of(RULE, alert(late), late, ON_CALL) is None
    assert round_of(RULE, alert(late), at("24T07:00"), ON_CALL) is not None, "it is told when they end"
    assert round_of(replace(RULE, severity="danger"), alert(late), late, ON_CALL) is not None
    assert round_of(replace(RULE, always=True), alert(late), late, ON_CALL) is not None


def test_stages_join_one_after_the_other_and_once() -> None:
    first = at("23T09:00")
    told = alert(first, sent_at=first, first_sent_at=first)
    assert round_of(RULE, told, first + 599, ON_CALL) is None
    found = round_of(RULE, told, first + 600, ON_CALL)
    assert found is not None
    assert (found.to, found.stage) == ((("email", "lead@b.org"),), 1)
    told = replace(told, stage=1, sent_at=first + 600)
    assert round_of(RULE, told, first + 1799, ON_CALL) is None
    found = round_of(RULE, told, first + 1800, ON_CALL)
    assert found is not None
    assert (found.to, found.stage) == ((("email", "day@b.org"),), 2)
    assert round_of(RULE, replace(told, stage=2), first + 90_000 - 60_000, ON_CALL) is None


def test_again_tells_all_who_were_told() -> None:
    first = at("23T09:00")
    rule = replace(RULE, again=900.0, webhook=True)
    told = alert(first, sent_at=first + 600, first_sent_at=first, stage=1)
    found = round_of(rule, told, first + 1500, ON_CALL)
    assert found is not None
    assert found.to == (("email", "day@b.org"), ("webhook", ""), ("email", "lead@b.org"))


def test_a_rule_that_tells_nobody_has_no_round() -> None:
    assert round_of(AlertOptions("slow", "wait", above=60.0), alert(at("23T09:00")), at("23T09:00"), ON_CALL) is None
    empty = OnCallOptions({"front": (DAY,)}, (), "Asia/Shanghai")
    found = round_of(RULE, alert(at("28T12:00")), at("28T12:00"), empty)
    assert found is not None
    assert found.to == (), "nobody is on duty on Saturday: the stages still count from now"


def test_what_was_told_outlives_a_restart() -> None:
    rule = Rule("slow", "wait", "seconds", True, 0.0, "attention")
    watch = Watch([rule])
    watch.look(100.0, {"slow": [Reading(Subject("queue", "support"), 90.0, 60.0, 60.0)]})
    watch.sent("slow|support", 100.0, 0, ["day@b.org"])
    watch.sent("slow|support", 700.0, 1, ["lead@b.org"])
    again = Alert.of({**watch.alerts["slow|support"].row(), "of_a_newer_node": 1})
    assert (again.sent_at, again.first_sent_at, again.stage, again.told) == (700.0, 100.0, 1, ("lead@b.org",))
    assert again == watch.alerts["slow|support"]


def test_an_alert_of_an_older_node_is_not_escalated_all_at_once() -> None:
    opened = at("23T12:00")
    row = alert(opened, sent_at=opened).row()
    for name in ("first_sent_at", "stage", "told"):
        del row[name]
    kept = Alert.of(row)
    assert round_of(RULE, kept, opened + 60, ON_CALL) is None
    later = round_of(RULE, kept, opened + 600, ON_CALL)
    assert later is not None and later.to == (("email", "lead@b.org"),)
