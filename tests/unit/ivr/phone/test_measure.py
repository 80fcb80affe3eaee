from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.phone.measure import Ear
from tests.e2e.signals import silence, tone

Samples = NDArray[np.int16]


def heard(samples: Samples, ear: Ear | None = None) -> Ear:
    """The samples as frames that come every 20 ms from second 10 on."""
    ear = ear or Ear()
    for number in range(len(samples) // 160):
        ear.frame(samples[number * 160 : number * 160 + 160])
        ear.packet(10.0 + number * 0.02)
    return ear


@pytest.mark.parametrize("hertz", [123.4, 440.0, 1004.0, 3300.0])
def test_a_tone_is_found_with_its_level(hertz: float) -> None:
    result = heard(tone(hertz, 2.0, 16384)).result(2.0)
    assert result.tone_hz == pytest.approx(hertz, abs=1.0)
    assert result.tone_share > 0.95
    assert result.rms_dbfs == pytest.approx(-9.0, abs=0.1)
    assert (result.voiced_share, result.continuity) == (1.0, 1.0)


def test_silence_is_no_tone() -> None:
    result = heard(silence(1.0)).result(1.0)
    assert (result.rms_dbfs, result.voiced_share, result.tone_hz, result.tone_share) == (-100.0, 0.0, 0.0, 0.0)
    assert result.continuity == 1.0


def test_the_share_of_voice_and_its_level_leave_silence_out() -> None:
    result = heard(np.concatenate([tone(440, 1.0, 16384), silence(3.0)])).result(4.0)
    assert result.voiced_share == 0.25
    assert result.rms_dbfs == pytest.approx(-9.0, abs=0.1)


def test_noise_is_no_tone() -> None:
    noise = np.random.default_rng(1).integers(-8000, 8000, 16000).astype(np.int16)
    assert heard(noise).result(2.0).tone_share < 0.1


def test_gaps_and_a_voice_that_stops() -> None:
    ear = Ear()
    for number in range(200):
        ear.packet(number * 0.02 + (0.1 if number >= 50 else 0.0))
    result = ear.result(10.0)
    assert result.gap_max_ms == pytest.approx(120.0)
    assert result.gap_p99_ms == pytest.approx(20.0, abs=1.1)
    assert result.continuity == pytest.approx(0.4)
    assert result.seconds == pytest.approx(4.08)


def test_a_gap_in_every_fifty_is_seen_by_the_99th_part() -> None:
    ear, now = Ear(), 0.0
    for number in range(500):
        now += 0.2 if number % 50 == 49 else 0.02
        ear.packet(now)
    assert ear.result(13.6).gap_p99_ms == pytest.approx(200, abs=1.1)


def test_nothing_was_heard() -> None:
    result = Ear().result(0.0)
    assert (result.continuity, result.gap_p99_ms, result.gap_max_ms, result.seconds) == (0.0, 0.0, 0.0, 0.0)


def test_an_hour_takes_no_more_memory_than_a_second() -> None:
    ear = Ear()
    for _ in range(20):
        heard(tone(440, 1.0), ear)
    assert len(ear._rest) < 1024 + 160 and len(ear._gaps) == 5001
