"""What is learnt of talks, rings, wrap-ups, breaks and patience."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from ivr.acd.pace import ENOUGH, LEAST, MOST, Pace


def learnt(*talks: float, queue: str = "support") -> Pace:
    pace = Pace()
    for seconds in talks:
        pace.talked(queue, seconds)
    return pace


def test_nothing_is_known_before_a_few_talks() -> None:
    few = learnt(*[100.0] * (LEAST - 1))
    assert few.handling("support").talk(0.5) == math.inf
    few.talked("other", 100.0)
    assert few.handling("support").talk(0.5) == 100.0


def test_a_talk_goes_on_for_what_longer_ones_took() -> None:
    handling = learnt(*range(10, 510, 10)).handling("support")
    assert handling.talk(0.0) == 10.0
    assert handling.talk(0.5) == 260.0
    assert handling.talk(0.0, age=400.0) == 10.0
    assert handling.talk(0.99, age=400.0) == 100.0
    assert 0 < handling.talk(0.5, age=5000.0) < math.inf


def test_few_talks_of_a_queue_are_filled_up_with_those_of_others() -> None:
    pace = learnt(*[60.0] * 100)
    pace.talked("new", 600.0)
    known = pace.handling("new").talks
    assert len(known) == ENOUGH
    assert (known[0], known[-1]) == (60.0, 600.0)
    for _ in range(ENOUGH):
        pace.talked("new", 600.0)
    assert set(pace.handling("new").talks) == {600.0}


def test_old_talks_are_forgotten() -> None:
    pace = learnt(*[600.0] * MOST, *[60.0] * MOST)
    assert set(pace.handling("support").talks) == {60.0}


def test_a_mishap_is_no_talk() -> None:
    assert learnt(*[0.2] * 50).handling("support").talks == []


def test_patience_is_what_callers_show() -> None:
    pace = learnt(*[60.0] * 10)
    assert pace.handling("support").patience(0.5) == math.inf
    for number in range(200):
        pace.waited("support", 50.0, gave_up=number % 4 == 0)
    assert 0.004 < pace.handling("support").giving_up < 0.006
    assert pace.handling("other").giving_up == 0


def test_one_impatient_caller_makes_not_all_impatient() -> None:
    pace = Pace()
    pace.waited("support", 2.0, gave_up=True)
    assert pace.handling("support").giving_up <= 1 / 600


def test_wrap_up_is_what_was_seen_and_before_that_what_is_allowed() -> None:
    pace = Pace()
    assert pace.handling("support", 30.0).wrap_up == 30.0
    pace.wrapped_up("support", 10.0)
    assert pace.handling("support", 30.0).wrap_up == 10.0


def test_breaks_are_drawn_as_talks_are() -> None:
    pace = Pace()
    assert pace.resting.talk(0.5) == math.inf
    for _ in range(LEAST):
        pace.rested(900.0)
    assert pace.resting.talk(0.5, age=300.0) == 600.0


def test_what_was_learnt_outlives_the_node() -> None:
    pace = learnt(*range(10, 300, 10))
    pace.wrapped_up("support", 12.0)
    pace.rang(11.0)
    pace.waited("support", 3000.0, gave_up=True)
    again = Pace.restored(json.loads(json.dumps(pace.told())))
    assert again.handling("support") == pace.handling("support")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["ring", "all", "queues", "talks", "left", "breaks", "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_nonsense_in_the_store_counts_for_nothing(told: object) -> None:
    handling = Pace.restored(told).handling("support")
    assert handling.ring >= 0
    assert all(1 <= seconds < 1e9 for seconds in handling.talks)
