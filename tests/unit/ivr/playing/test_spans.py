"""Stretches of time: what two have in common, and what one has alone, held against a plain reckoning second by second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.playing.spans import Span, common, joined, seconds, spoken_seconds, without

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8).map(
    lambda pairs: joined((float(start), float(start + length)) for start, length in pairs)
)


def within(spans: list[Span]) -> set[int]:
    return {second for start, end in spans for second in range(int(start), int(end))}


@given(SPANS, SPANS)
def test_common_and_without_are_what_sets_say(some: list[Span], others: list[Span]) -> None:
    assert within(common(some, others)) == within(some) & within(others)
    assert within(without(some, others)) == within(some) - within(others)
    assert without(some, []) == some and common(some, []) == []


def test_spans_close_to_each_other_are_one() -> None:
    assert joined([(4.0, 5.0), (1.0, 2.0), (2.2, 3.0), (2.1, 2.1)], 0.3) == [(1.0, 3.0), (4.0, 5.0)]
    assert joined([(1.0, 1.0), (3.0, 2.0)]) == []


def test_times_and_lengths_are_read_from_what_records_have() -> None:
    assert seconds(5) == 5.0 and seconds("1970-01-01T00:01:00.000Z") == 60.0
    assert seconds(None) is None and seconds("soon") is None and seconds(True) is None
    assert round(spoken_seconds("查账单 for May"), 2) == 1.74
