"""Alerts open once, close once, and nobody is told twice of what only trembles."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.wall.alerts import KEPT_SECONDS, MOST_OPEN, Alert, Hand, Reading, Rule, Subject, Watch, in_a_row, shown

RULE = Rule("long_wait", "wait", "seconds", above=True, lasting=10.0, severity="attention", owner="boss")
LOW = Rule("level", "service_level", "share", above=False, lasting=0.0, severity="danger")


def read(value: float | None, name: str = "support", limit: float = 120.0, clear: float = 60.0) -> Reading:
    return Reading(Subject("queue", name, name), value, limit, clear, f"{value}", f"{value}")


def test_it_opens_when_it_has_lasted_and_closes_on_the_other_side_of_clear() -> None:
    watch = Watch([RULE])
    assert watch.look(0.0, {"long_wait": [read(130.0)]}) == []
    assert watch.look(9.9, {"long_wait": [read(139.0)]}) == []
    (opened,) = watch.look(10.0, {"long_wait": [read(140.0)]})
    assert (opened.id, opened.opened_at, opened.closed_at, opened.owner) == ("long_wait|support", 10.0, None, "boss")
    assert watch.look(11.0, {"long_wait": [read(141.0)]}) == []
    (moved,) = watch.look(12.0, {"long_wait": [read(150.0)]})
    assert (moved.value, moved.opened_at) == (150.0, 10.0)
    assert [one.closed_at for one in watch.look(13.0, {"long_wait": [read(61.0)]})] == [None], "between the two it stays"
    (closed,) = watch.look(14.0, {"long_wait": [read(60.0)]})
    assert closed.closed_at == 14.0 and watch.open == []


def test_a_moment_below_the_limit_begins_anew() -> None:
    watch = Watch([RULE])
    watch.look(0.0, {"long_wait": [read(130.0)]})
    watch.look(5.0, {"long_wait": [read(100.0)]})
    assert watch.look(12.0, {"long_wait": [read(130.0)]}) == []
    assert watch.look(22.0, {"long_wait": [read(130.0)]}) != []


def test_of_a_large_value_only_a_large_change_is_told() -> None:
    watch = Watch([LONG := replace(RULE, lasting=0.0)])
    watch.look(0.0, {LONG.name: [read(4000.0)]})
    assert watch.look(1.0, {LONG.name: [read(4079.0)]}) == []
    assert [one.value for one in watch.look(2.0, {LONG.name: [read(4080.0)]})] == [4080.0]


def test_what_nobody_knows_neither_opens_nor_closes() -> None:
    watch = Watch([LOW])
    assert watch.look(0.0, {"level": [read(None, limit=0.7, clear=0.7)]}) == []
    (opened,) = watch.look(1.0, {"level": [read(0.5, limit=0.7, clear=0.7)]})
    assert opened.severity == "danger"
    assert watch.look(2.0, {"level": [read(None, limit=0.7, clear=0.7)]}) == []
    assert watch.look(3.0, {"level": [read(0.7, limit=0.7, clear=0.7)]})[0].closed_at == 3.0


def test_a_subject_that_is_gone_and_a_rule_that_is_gone_close() -> None:
    watch = Watch([LOW])
    watch.look(0.0, {"level": [read(0.1, "a", 0.7, 0.7), read(0.1, "b", 0.7, 0.7)]})
    (closed,) = watch.look(1.0, {"level": [read(0.1, "a", 0.7, 0.7)]})
    assert (closed.id, closed.closed_at) == ("level|b", 1.0)
    later = Watch([], [Alert.of(one.row()) for one in watch.alerts.values()])
    assert [one.id for one in later.look(2.0, {})] == ["level|a"]
    assert later.forget(3.0) == []
    assert sorted(later.forget(3.0 + KEPT_SECONDS)) == ["level|a", "level|b"]


def test_a_flood_is_bounded() -> None:
    watch = Watch([LOW])
    many = [read(0.1, f"q{number}", 0.7, 0.7) for number in range(MOST_OPEN + 20)]
    assert len(watch.look(0.0, {"level": many})) == MOST_OPEN


def test_a_hand_counts_for_the_alert_that_it_was_laid_on_alone() -> None:
    watch = Watch([LOW])
    (one,) = watch.look(5.0, {"level": [read(0.1, limit=0.7, clear=0.7)]})
    seen = Hand(5.0, 9.0, "boss", "on it", "anna")
    assert shown(one, seen)["acknowledged_by"] == "boss" and shown(one, seen)["owner"] == "anna"
    watch.look(6.0, {"level": [read(0.9, limit=0.7, clear=0.7)]})
    (again,) = watch.look(7.0, {"level": [read(0.2, limit=0.7, clear=0.7)]})
    told = shown(again, seen)
    assert (told["acknowledged_at"], told["owner"], told["note"]) == (None, "", "")
    assert told["subject"] == {"kind": "queue", "id": "support", "name": "support"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 200)), max_size=40))
def test_open_and_closed_take_turns(values: list[float | None]) -> None:
    """Whatever the figure does: it opens beyond the limit alone, and closes beyond `clear` alone."""
    watch, is_open = Watch([RULE]), False
    for at, value in enumerate(values):
        for alert in watch.look(at * 5.0, {"long_wait": [read(value)]}):
            if alert.closed_at is not None:
                assert is_open and value is not None and value <= 60.0
                is_open = False
            elif alert.opened_at == at * 5.0:
                assert not is_open and value is not None and value > 120.0
                is_open = True
        assert is_open == bool(watch.open)


def test_in_a_row() -> None:
    assert in_a_row([], falling=True) == 0
    assert in_a_row([4.0], falling=True) == 0
    assert in_a_row([4.0, 4.5, 4.2, None, 4.0, 3.5], falling=True) == 3
    assert in_a_row([4.0, 4.5, 4.2, 4.0, 4.0], falling=True) == 0
    assert in_a_row([1.0, 2.0, 3.0], falling=False) == 2
