from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.media.opinion import figures, mean_opinion
from telephony.media.rtcp import ReportBlock, Reporter, report
from telephony.media.rtp import Reception


@pytest.mark.parametrize(
    ("loss", "delay", "expected"),
    [
        (0.0, 0.0, 4.41),
        (0.0, 0.150, 4.33),
        (0.0, 0.400, 3.05),
        (0.01, 0.020, 4.33),
        (0.05, 0.020, 3.90),
        (0.20, 0.020, 2.61),
        (1.0, 2.0, 1.0),
    ],
)
def test_known_paths(loss: float, delay: float, expected: float) -> None:
    """R of 93.2 is 4.41 (ITU-T G.107 Annex B); the others worked out by hand from the same formula."""
    assert mean_opinion(loss, delay) == pytest.approx(expected, abs=0.02)


@given(st.floats(-1, 2), st.floats(-1, 100))
def test_every_score_is_on_the_scale_and_more_loss_is_never_better(loss: float, delay: float) -> None:
    assert 1.0 <= mean_opinion(loss, delay) <= 4.5
    assert mean_opinion(loss + 0.1, delay) <= mean_opinion(loss, delay) + 1e-9


def test_figures_say_only_what_is_known() -> None:
    reporter, reception = Reporter(), Reception()
    assert figures(reporter, reception, 0, 8000) == {}
    for number in range(100):
        if number % 10:
            reception.arrived(number, number * 160, 5, number * 0.02)
    found = figures(reporter, reception, 100, 8000)
    assert found.keys() == {"mos"} and 3.0 < found["mos"] < 3.9
    reporter.heard(report(5, None, ReportBlock(1, 0, 2, 100, 80)), 1, now=1.0, wall=1.0)
    found = figures(reporter, reception, 100, 8000)
    assert (found["peer_packets_lost"], found["peer_loss_percent"], found["peer_jitter_ms"]) == (2, 2.0, 10.0)
    assert found["peer_mos"] > found["mos"] and "round_trip_ms" not in found
