from __future__ import annotations

import pytest

from ivr.dialplan.durations import seconds


@pytest.mark.parametrize(
    ("text", "value"), [("300ms", 0.3), ("15s", 15.0), ("2m", 120.0), ("1h", 3600.0), ("1.5s", 1.5), ("0s", 0.0)]
)
def test_a_number_with_a_unit_is_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "1 s", "1d", "25h", "1e3s", "１s", "99999999999s"])
def test_anything_else_is_refused_with_the_cure(text: str) -> None:
    with pytest.raises(ValueError, match=r"unit|24h"):
        seconds(text)
