"""Values that a flow computed, on their way to be read aloud."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialplan.expression import EvaluationError
from ivr.dialplan.reading import VALUES, spoken_value
from ivr.speech.values import spoken


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("amount", 128.456, "128.46"),
        ("amount", "128.5", "128.5"),
        ("number", 3, "3"),
        ("ordinal", 3.0, "3"),
        ("wait", 0.0, "1"),
        ("wait", 61, "2"),
        ("wait", 1000.5, "20"),
        ("wait", 36_000, "31"),
        ("digits", "88-61", "8861"),
        ("digits", "11010519491231002x", "11010519491231002X"),
        ("phone", "+44 7700 900123", "+447700900123"),
        ("phone", "138-0013-8000", "13800138000"),
        ("plate", "京a·12345", "京A12345"),
        ("date", "2026-11-25", "~2026-11-25"),
        ("date", "2027-01-01", "2027-01-01"),
        ("date", "2027-01-01T10:00:00", "2027-01-01"),
        ("time", "9:05", "09:05"),
        ("time", "15:30:59", "15:30"),
        ("time", "12:00/18:00", "12:00/18:00"),
        ("datetime", "2026-11-25T15:30", "~2026-11-25T15:30"),
        ("datetime", "2026-11-25 15:30:00+08:00", "~2026-11-25T15:30"),
        ("datetime", "2026-11-24T08:00/12:00", "~2026-11-24T08:00/12:00"),
        ("datetime", "2026-11-25", "~2026-11-25"),
    ],
)
def test_a_value_is_read_as_its_kind(kind: str, value: Any, text: str) -> None:
    assert spoken_value(kind, value, "vars.x", 2026) == text
    for language in ("zh", "en"):
        assert spoken(kind, text, language)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("amount", "much"),
        ("amount", None),
        ("amount", True),
        ("number", "1e400"),
        ("ordinal", 0),
        ("wait", -1),
        ("wait", "soon"),
        ("ordinal", 1.5),
        ("digits", "none"),
        ("digits", "X"),
        ("phone", "1" * 30),
        ("plate", "?"),
        ("date", "tomorrow"),
        ("date", "2026-02-30"),
        ("time", "25:00"),
        ("time", "12:00/late"),
        ("datetime", "2026-11-25T99:99"),
    ],
)
def test_what_is_no_such_value_is_refused_with_its_place(kind: str, value: Any) -> None:
    with pytest.raises(EvaluationError, match=r"vars\.x"):
        spoken_value(kind, value, "vars.x", 2026)


@given(st.sampled_from(VALUES), st.one_of(st.text(max_size=40), st.floats(), st.integers(), st.none(), st.lists(st.none())))
def test_whatever_passes_can_be_read(kind: str, value: Any) -> None:
    """The speaking room never refuses what the flow let through."""
    try:
        text = spoken_value(kind, value, "vars.x", 2026)
    except EvaluationError:
        return
    assert spoken(kind, text, "zh")
    assert spoken(kind, text, "en")
