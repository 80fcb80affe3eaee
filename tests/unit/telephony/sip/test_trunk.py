"""Which trunk is tried, how its health is judged, and that no rate is ever passed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sip.numbers import NumberForm, Rewrite
from telephony.sip.trunk import (
    MAX_RETRY_AFTER,
    Candidate,
    Health,
    TokenBucket,
    TrunkOptions,
    TrunkState,
    Vitals,
    moves_on,
    order,
)


def candidate(name: str, priority: int = 1, weight: int = 1, state: TrunkState = TrunkState.UP, **more: bool) -> Candidate:
    return Candidate(name, priority, weight, state, **{"open": True, "serves": True, **more})


def test_priority_goes_before_health_and_health_before_weight() -> None:
    found = order(
        [
            candidate("spare", priority=2),
            candidate("ill", state=TrunkState.DEGRADED, weight=100),
            candidate("well"),
            candidate("shut", open=False),
            candidate("elsewhere", serves=False),
        ],
        [0.5] * 5,
    )
    assert found == ["well", "ill", "spare"]


def test_weights_share_the_calls() -> None:
    """RFC 2782: three calls of four go to the trunk of weight 3; one of weight 0 is last."""
    draws = [(n % 101 / 101, n % 103 / 103, 0.5) for n in range(20_000)]
    first = [order([candidate("a", weight=3), candidate("b", weight=1), candidate("z", weight=0)], draw) for draw in draws]
    share = sum(one[0] == "a" for one in first) / len(first)
    assert 0.73 < share < 0.77
    assert {one[-1] for one in first} == {"z"}


def test_a_trunk_is_down_after_three_failures_and_up_after_two_answers() -> None:
    vitals = Vitals(Health(down_after=3, up_after=2))
    seen = []
    for event in "ffffaafaa":
        vitals.failed() if event == "f" else vitals.answered()
        seen.append(vitals.state.name)
    assert seen == ["DEGRADED", "DEGRADED", "DOWN", "DOWN", "DOWN", "UP", "DEGRADED", "DEGRADED", "UP"]


def test_each_change_is_told_once() -> None:
    vitals = Vitals(Health(down_after=2, up_after=1))
    assert [vitals.failed(), vitals.failed(), vitals.failed()] == [True, True, False]
    assert [vitals.answered(), vitals.answered()] == [True, False]


def test_retry_after_closes_a_trunk_for_so_long_and_no_longer_than_bounds() -> None:
    vitals = Vitals(Health())
    vitals.rest(100.0, 30.0)
    assert [vitals.open(100.0), vitals.open(129.9), vitals.open(130.0)] == [False, False, True]
    vitals.rest(200.0, 1e9)
    assert vitals.closed_until == 200.0 + MAX_RETRY_AFTER


@pytest.mark.parametrize(
    ("status", "alerted", "on"),
    [(503, False, True), (408, False, True), (500, False, True), (486, False, False), (404, False, False), (503, True, False)],
)
def test_the_next_trunk_is_tried_unless_somebody_was_alerted(status: int, alerted: bool, on: bool) -> None:
    assert moves_on(status, alerted=alerted) is on


def test_a_number_is_written_as_the_carrier_wants_it() -> None:
    trunk = TrunkOptions(
        "a",
        hosts=("sip:h",),
        numbers=("+49*",),
        form=NumberForm.NATIONAL,
        region="DE",
        rewrite_out=(Rewrite(strip="0", prepend="777"),),
    )
    assert trunk.written("+4930901820") == "77730901820"
    assert trunk.serves("+4930")
    assert not trunk.serves("+4430")
    assert not TrunkOptions("in only").serves("+4930")


@given(rate=st.floats(0.1, 100), burst=st.integers(1, 20), gaps=st.lists(st.floats(-1.0, 5.0), max_size=200))
def test_a_bucket_never_gives_more_than_its_rate(rate: float, burst: int, gaps: list[float]) -> None:
    """Also where the clock jumps back."""
    bucket, now, latest, first, taken = TokenBucket(rate, burst), 100.0, 100.0, 100.0, 0
    for gap in gaps:
        now += gap
        latest = max(latest, now)
        first = min(first, now)
        taken += bucket.take(now)
        assert taken <= burst + rate * (latest - min(first, 100.0)) + 1e-6


def test_a_rate_of_zero_is_no_limit() -> None:
    assert all(TokenBucket(0.0, 1).take(0.0) for _ in range(100))
