from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.wall.figures import BY_NAME, FORMULAS, SHARE, figures
from ivr.wall.sums import NAMES, WHOLE, Sums, running, total
from ivr.wall.today import under_way


def test_every_figure_has_its_formula_in_both_languages_and_the_other_way_round() -> None:
    assert set(figures(Sums())) == set(BY_NAME)
    assert len(FORMULAS) == len(BY_NAME)
    for one in FORMULAS:
        assert one.zh.label and one.zh.formula and one.en.label and one.en.formula
        assert bool(one.zh.note) == bool(one.en.note), one.name


def test_nothing_happened_is_no_figure_and_no_division() -> None:
    told = figures(Sums())
    assert {name for name, value in told.items() if value is not None} == {
        "calls", "offered", "answered", "abandoned", "overflowed", "callbacks", "self_served", "csat_answers", "outbound",
    }  # fmt: skip


def test_a_day_by_hand() -> None:
    day = Sums(
        calls=200, offered=110, answered=90, within=72, abandoned=12, short=2, overflowed=8, callbacks=3, waited=1350.0,
        longest=240.0, talk=18000.0, wrap=2700.0, self_served=60, left_flow=30, known=140, again=28, csat=42.0, surveys=10,
        confidence=450.0, recognised=500, mood=30.0, moods=120, angry=6, duty=36000.0, busy=27000.0,
    )  # fmt: skip
    told = figures(day)
    assert told["service_level"] == 0.72  # 72 of 90 + 12 - 2
    assert told["abandonment"] == 0.1
    assert told["asa"] == 15.0
    assert told["aht"] == 230.0
    assert told["containment"] == 0.3  # 60 of 60 + 30 + 110
    assert told["csat"] == 4.2
    assert told["fcr"] == 0.8
    assert told["occupancy"] == 0.75
    assert told["confidence"] == 0.9
    assert (told["mood_level"], told["angry"]) == (0.25, 0.05)
    assert told["longest_wait"] == 240.0


def test_who_waits_counts_as_waiting_and_who_talks_as_answered() -> None:
    assert running([], 100.0, 20.0) == Sums()
    assert running([(50.0, None)], 100.0, 20.0) == Sums(longest=50.0)
    talk = Sums(offered=1, answered=1, within=1, waited=10.0, longest=10.0, talking=1)
    assert running([(50.0, 60.0)], 100.0, 20.0) == talk
    assert running([(50.0, 90.0)], 100.0, 20.0).within == 0
    assert running([(50.0, 60.0), (30.0, None), (120.0, None)], 100.0, 20.0) == talk + Sums(longest=70.0)


def test_a_row_of_the_records_may_lack_what_was_never_counted() -> None:
    assert Sums.of({"calls": 3, "talk": None, "minute": 60, "queue": "x"}) == Sums(calls=3)


counts = st.builds(
    Sums,
    **{name: st.integers(0, 1000) if name in WHOLE else st.floats(0, 1e6) for name in NAMES},
)


@settings(max_examples=50, deadline=None)
@given(st.lists(counts, max_size=6))
def test_shares_are_never_below_nothing_or_above_all_of_sums_that_can_be(parts: list[Sums]) -> None:
    """Whatever is added up: where the parts are no more than the whole, a share is one."""
    whole = total(parts)
    told = figures(whole)
    assert whole.longest == max((one.longest for one in parts), default=0.0)
    assert whole.calls == sum(one.calls for one in parts)
    possible = {
        "service_level": whole.within <= whole.answered and whole.short <= whole.abandoned,
        "abandonment": whole.short <= whole.abandoned,
        "containment": True,
        "fcr": whole.again <= whole.known,
        "occupancy": True,
        "confidence": whole.confidence <= whole.recognised,
        "mood_level": whole.mood <= whole.moods,
        "angry": whole.angry <= whole.moods,
        "reached": whole.reached <= whole.outbound,
    }
    assert possible.keys() == {one.name for one in FORMULAS if one.unit == SHARE}
    for name, can in possible.items():
        value = told[name]
        assert value is None or not can or 0.0 <= value <= 1.0, name


def test_talks_that_go_on_do_not_make_the_handling_time_shorter() -> None:
    over = Sums(offered=1, answered=1, talk=100.0, wrap=20.0)
    talking = running([(50.0, 60.0)], 100.0, 20.0)
    assert figures(talking)["aht"] is None
    assert figures(total([over, talking, talking]))["aht"] == 120.0


def test_what_goes_on_counts_by_its_queue_and_calls_out_do_not() -> None:
    call: dict[str, Any] = {"queue": "support", "queued_at": 50.0, "connected_at": 60.0, "channel": "sip"}
    assert under_way([call, {**call, "channel": "outbound"}, {**call, "queue": ""}], {}, 100.0)["support"].answered == 1
