"""Figures of a pool: what turns cost, and what `/metrics` shows."""

from __future__ import annotations

import pytest

from ivr.speech.pool_tally import FIRST_PRICES, PoolTally, Prices, pool_metrics


def test_a_turn_that_speaks_freely_costs_most_and_a_silent_one_least() -> None:
    prices = Prices()
    of = [
        prices.of(free=free, speaking=speaking)
        for free, speaking in ((False, False), (False, True), (True, False), (True, True))
    ]
    assert of == sorted(of)


def test_prices_follow_what_was_paid() -> None:
    prices = Prices()
    for _ in range(500):
        prices.paid(free=False, speaking=True, cpu=0.02, audio=0.2)
    assert prices.of(free=False, speaking=True) == pytest.approx(0.1, rel=0.01)
    assert prices.of(free=True, speaking=True) == FIRST_PRICES[True, True]
    prices.paid(free=True, speaking=False, cpu=1.0, audio=0.0)
    assert prices.known[True, False] == FIRST_PRICES[True, False], "no audio, no price"


def test_one_hiccup_does_not_make_a_worker_dear() -> None:
    prices = Prices()
    prices.paid(free=False, speaking=False, cpu=5.0, audio=0.2)
    assert prices.of(free=False, speaking=False) < 0.05


def test_the_figures_are_prometheus_text() -> None:
    tally = PoolTally(turns=3, lost=1)
    tally.refused["lag"] += 2
    for latency in (0.05, 0.35, 9.0):
        tally.heard(latency)
    lines = pool_metrics(tally, [{"turns": 2, "load": 0.25, "lag": 0.02}, {"turns": 1, "load": 0.5, "lag": 0.3}]).splitlines()
    assert "hotline_speech_workers 2" in lines
    assert "hotline_speech_turns 3" in lines
    assert "hotline_speech_load_cores 0.75" in lines
    assert "hotline_speech_lag_seconds 0.3" in lines
    assert 'hotline_speech_refused_total{reason="lag"} 2' in lines
    assert 'hotline_speech_latency_seconds_bucket{le="0.1"} 1' in lines
    assert 'hotline_speech_latency_seconds_bucket{le="0.4"} 2' in lines
    assert 'hotline_speech_latency_seconds_bucket{le="+Inf"} 3' in lines
    assert "hotline_speech_latency_seconds_count 3" in lines
    assert all(line.startswith(("# TYPE hotline_speech_", "hotline_speech_")) for line in lines)


def test_without_workers_the_figures_still_stand() -> None:
    assert "hotline_speech_lag_seconds 0" in pool_metrics(PoolTally(), [])
