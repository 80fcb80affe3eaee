from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.wall.strain import HIGH, HOUR, Breather, Busy, Rest, Talked, breathers, strain

NOW = 1_790_000_000.0
RULE = Breather(mood=0.7, strain=0.75, most=2, unless_waiting=10, at_once=2)


def test_a_quiet_start_is_no_strain_and_three_angry_calls_are_a_lot() -> None:
    assert strain(NOW, NOW - 600, [], []) == (0.0, ())
    calls = [Talked(NOW - ago, 200.0, "angry") for ago in (60, 400, 800)]
    index, why = strain(NOW, NOW - 1700, calls, [])
    assert index >= HIGH
    assert [one.code for one in why] == ["angry_calls"] and why[0].value == 3
    assert why[0].told()["zh"] == "3 通客户发火的电话"


def test_time_and_rest_take_the_weight_away() -> None:
    calls = [Talked(NOW, 200.0, "angry"), Talked(NOW, 200.0, "tense")]
    fresh = strain(NOW, NOW - 600, calls, [])[0]
    assert 0.45 * fresh < strain(NOW + 45 * 60, NOW + 40 * 60, calls, [])[0] < 0.55 * fresh
    rested = strain(NOW + 480, NOW - 600, calls, [Rest(NOW, NOW + 480)])[0]
    assert rested < 0.5 * fresh
    assert strain(NOW + 480, NOW - 600, calls, [Rest(NOW + 100, NOW + 130)])[0] > rested, "half a minute is no rest"


def test_hours_without_a_rest_and_an_hour_without_a_pause_add_to_it() -> None:
    index, why = strain(NOW, NOW - 3 * HOUR, [], [])
    assert (index, why[0].code, why[0].value) == (0.24, "no_rest", 180)
    assert strain(NOW, NOW - 3 * HOUR, [], [Rest(NOW - 1000, NOW - 600)])[0] == 0.0
    calls = [Talked(NOW - start, 590.0) for start in range(0, 3600, 600)]
    index, why = strain(NOW, NOW - HOUR, calls, [])
    assert why[0].code == "dense" and 0.2 <= index <= 0.3
    assert strain(NOW, NOW - 600, calls[:1], [])[0] == 0.0, "after ten minutes nothing can be said"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 20_000), st.floats(0, 5000), st.sampled_from(["", "calm", "tense", "angry"])), max_size=20),
    st.lists(st.tuples(st.floats(0, 20_000), st.floats(0, 3000)), max_size=5),
    st.floats(0, 30_000),
)
def test_it_is_a_share_whatever_happened(
    calls: list[tuple[float, float, str]], rests: list[tuple[float, float]], duty: float
) -> None:
    told = [Talked(NOW - ago, seconds, mood) for ago, seconds, mood in calls]
    index, why = strain(NOW, NOW - duty, told, [Rest(NOW - ago, NOW - ago + long) for ago, long in rests])
    assert 0.0 <= index <= 1.0
    assert all(one.weight > 0 and one.told()["zh"] for one in why)


def busy(name: str, mood: float = 0.0, index: float = 0.0, *given: float) -> Busy:
    return Busy(name, f"c-{name}", mood, index, given)


def test_who_breathes() -> None:
    angry, tired, fine = busy("ann", 0.8), busy("bob", 0.1, 0.9), busy("cid", 0.6, 0.5)
    assert breathers(RULE, [angry, tired, fine], 3, 0, NOW) == [tired, angry]
    assert breathers(RULE, [angry, tired, fine], 3, 1, NOW) == [tired]
    assert breathers(RULE, [angry, tired, fine], 3, 2, NOW) == []
    assert breathers(RULE, [angry], 10, 0, NOW) == [], "not while many wait"
    assert breathers(RULE, [busy("ann", 0.8, 0.0, NOW - 100, NOW - 200)], 0, 0, NOW) == [], "twice today already"
    assert breathers(RULE, [busy("ann", 0.8, 0.0, NOW - 100, NOW - 9 * HOUR)], 0, 0, NOW) != []
