from __future__ import annotations

from ivr.profile.tally import LAST, Tally


def test_percentiles_are_of_the_last_questions() -> None:
    tally = Tally()
    assert tally.percentile(0.5) is None
    for number in range(1000):
        tally.took(number / 1000)
    assert tally.percentile(0.0) == (1000 - LAST) / 1000
    assert tally.percentile(1.0) == 0.999
    assert tally.percentile(0.5) == (1000 - LAST // 2) / 1000
