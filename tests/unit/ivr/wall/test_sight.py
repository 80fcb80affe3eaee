from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ivr.settings_wall import METRICS, STANDARD, AlertOptions
from ivr.wall.alerts import Watch
from ivr.wall.figures import figures
from ivr.wall.sight import Sight, readings, rule_of, unit_of
from ivr.wall.sums import Sums

NOW = 1_790_000_000.0


def an_agent(name: str, **changes: Any) -> dict[str, Any]:
    row = {"id": name, "name": name.title(), "state": "available", "since": NOW - 60, "strain": 0.2, "missed": 0}
    return {**row, "breathing": False, **changes}


def a_queue(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "waiting": 0, "longest_since": None, "estimated_wait": None, "talking": 0, **changes}


SIGHT = Sight(
    NOW,
    queues=[a_queue("support", waiting=3, longest_since=NOW - 130), a_queue("care", waiting=1, longest_since=NOW - 10)],
    agents=[an_agent("anna", state="wrap_up", since=NOW - 700), an_agent("bob", strain=0.9)],
    calls=[
        {
            "id": "c1",
            "caller": {"name": "李强", "number": "+86"},
            "mood_level": 0.8,
            "quiet_since": NOW - 40,
            "connected_at": NOW - 90,
        },
        {"id": "c2", "caller": {"name": "", "number": "+86138"}, "mood_level": None, "quiet_since": None, "connected_at": None},
    ],
    trunks=[{"name": "pbx", "down": True}, {"name": "carrier", "down": False}],
    nodes=[{"name": "n1", "alive": True}, {"name": "n2", "alive": False}],
    house={"free": 0, "on_duty": 4},
    figures={(1800.0, "all"): figures(Sums(answered=10, within=5, talk=4000)), (1800.0, "support"): figures(Sums())},
    usual={(1800.0, "all"): figures(Sums(answered=10, talk=2500))},
    series={"all": [figures(Sums(csat=points, surveys=1)) for points in (4.0, 4.8, 4.5, 4.1, 3.2)]},
)
TICKETS = [
    {"id": "T-000001", "subject": "fee", "kind": "desk", "queue": "support", "next_due": NOW - 90},
    {"id": "T-000002", "subject": "", "kind": "fault", "queue": "", "next_due": NOW + 600},
]


def read(one: AlertOptions) -> dict[str, tuple[float | None, float]]:
    return {f"{found.subject.kind}:{found.subject.id}": (found.value, found.limit) for found in readings(one, SIGHT)}


def test_what_the_standard_rules_see() -> None:
    watch = Watch([rule_of(one) for one in STANDARD])
    for at in (0.0, 1000.0):
        opened = watch.look(NOW + at, {one.name: readings(one, SIGHT) for one in STANDARD})
    found = {alert.id for alert in watch.open} | {alert.id for alert in opened}
    assert found == {
        "long_wait|support", "service_level|", "aht_up|", "csat_falls|", "angry_call|c1", "silent_call|c1",
        "stuck_wrap_up|anna", "strained|bob", "trunk_down|pbx", "node_silent|n2",
    }  # fmt: skip
    words = {alert.id: (alert.zh, alert.en) for alert in watch.open}
    assert words["long_wait|support"] == ("support：最长等待 2:10（界限 2:00）", "support: longest wait 2:10 (limit 2:00)")
    assert words["stuck_wrap_up|anna"] == ("Anna：已在“话后”11:40", "Anna: 11:40 in wrap up")
    assert words["csat_falls|"][1] == "all: CSAT fell 3 times in a row (4.8 → 4.5 → 4.1 → 3.2)"
    assert words["service_level|"][0] == "全部：服务水平 50 %（界限 70 %）"
    assert words["angry_call|c1"][0].startswith("李强：")


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_can_be_read_and_has_words(metric: str) -> None:
    one = AlertOptions("x", metric, above=0.5, state="wrap_up" if metric == "state_seconds" else "")
    assert unit_of(metric) in ("share", "seconds", "count", "score")
    found = readings(one, replace(SIGHT, tickets=TICKETS))
    assert found and all(some.zh and some.en for some in found)


def test_one_queue_all_queues_and_each() -> None:
    assert read(AlertOptions("x", "waiting", above=2)) == {"queue:support": (3.0, 2), "queue:care": (1.0, 2)}
    assert read(AlertOptions("x", "waiting", above=2, of=("care",))) == {"queue:care": (1.0, 2)}
    assert read(AlertOptions("x", "waiting", above=2, of=("all",))) == {"house:": (4.0, 2)}
    assert read(AlertOptions("x", "wait", above=2, of=("all", "care"))) == {"house:": (130.0, 2), "queue:care": (10.0, 2)}


def test_a_breathing_space_is_no_break_that_is_too_long() -> None:
    staff = [an_agent("anna", state="break", since=NOW - 700), an_agent("bob", state="break", since=NOW - 700, breathing=True)]
    found = readings(AlertOptions("x", "state_seconds", above=600, state="break"), Sight(NOW, agents=staff))
    assert [one.subject.id for one in found] == ["anna"]


def test_what_is_usual_needs_a_last_week() -> None:
    assert read(AlertOptions("x", "aht", usual=1.4, of=("all",))) == {"house:": (400.0, 350.0)}
    assert read(AlertOptions("x", "aht", usual=1.4, of=("support",))) == {}
    assert not rule_of(AlertOptions("x", "offered", usual=0.5)).above


def test_words_of_the_operator() -> None:
    one = AlertOptions("x", "wait", above=60, of=("support",), zh="{subject}等了{value}，超过{limit}", en="{subject}: {value}")
    (found,) = readings(one, SIGHT)
    assert (found.zh, found.en) == ("support等了2:10，超过1:00", "support: 2:10")


def test_tickets_whose_clock_runs_out_are_read_by_queue() -> None:
    sight = Sight(NOW, tickets=TICKETS)
    soon = AlertOptions("soon", "ticket_left", below=900.0)
    found = readings(soon, sight)
    assert [(one.subject.kind, one.subject.id, one.value) for one in found] == [
        ("ticket", "T-000001", -90.0),
        ("ticket", "T-000002", 600.0),
    ]
    assert [(one.zh, one.en) for one in found] == [
        ("T-000001 fee：已超时 1:30", "T-000001 fee: ran out 1:30 ago"),
        ("T-000002 fault：还剩 10:00", "T-000002 fault: 10:00 left"),
    ]
    own = AlertOptions("soon", "ticket_left", below=900.0, of=("support",))
    assert [one.subject.id for one in readings(own, sight)] == ["T-000001"]
    watch = Watch([rule_of(soon)])
    assert len(watch.look(NOW, {"soon": found})) == 2
    assert [one.closed_at for one in watch.look(NOW + 1, {"soon": found[:1]})] == [NOW + 1], "answered: it is not read any more"
