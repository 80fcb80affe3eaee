"""Loudness, pitch and rate on voices of known pitch and on recordings through µ-law."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.speech.voice_facts import SILENCE, measure
from ivr.speech.wav import read_wav
from telephony.media.g711 import decode_pcmu, encode_pcmu

AUDIO = Path(__file__).parents[3] / "audio"
RATE = 8000
Samples = NDArray[np.int16]


def voice(pitch: float, seconds: float = 2.0, loudness: float = 0.25, rate: int = RATE) -> Samples:
    """A hum of harmonics within the telephone band: its fundamental is not in it."""
    t = np.arange(int(seconds * rate)) / rate
    hum = sum((np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 40) if 300 < pitch * k < 3400), np.zeros(len(t)))
    return np.asarray(hum / np.abs(hum).max() * loudness * 32767).astype(np.int16)


def line(samples: Samples) -> Samples:
    return decode_pcmu(encode_pcmu(samples))


def recorded(name: str) -> Samples:
    return line(read_wav(AUDIO / f"{name}.wav"))


@pytest.mark.parametrize("pitch", [75, 100, 140, 200, 260, 320, 380])
def test_pitch_is_found_without_its_fundamental(pitch: float) -> None:
    assert measure(line(voice(pitch)), RATE).pitch == pytest.approx(pitch, rel=0.02)


def test_pitch_is_found_at_wideband_too() -> None:
    assert measure(voice(150, rate=16000), 16000).pitch == pytest.approx(150, rel=0.02)


def test_noise_has_no_pitch() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 2 * RATE).astype(np.int16)
    assert measure(noise, RATE).pitch == 0.0


def test_six_decibels_are_six_decibels_through_mu_law() -> None:
    calm = read_wav(AUDIO / "en_angry_michael.wav")
    loud = (calm * 2.0).clip(-32768, 32767).astype(np.int16)
    assert measure(line(loud), RATE).level - measure(line(calm), RATE).level == pytest.approx(6.0, abs=0.5)


def test_silence_around_speech_counts_for_nothing() -> None:
    said = recorded("zh_bill_xiaoxiao")
    alone, among = (
        measure(said, RATE),
        measure(np.concatenate((np.zeros(RATE, np.int16), said, np.zeros(RATE, np.int16))), RATE),
    )
    assert among.level == pytest.approx(alone.level, abs=0.3)
    assert among.seconds == pytest.approx(alone.seconds, abs=0.05)
    assert 0.8 < alone.seconds < 1.4


def test_beats_of_a_hum_are_its_syllables() -> None:
    t = np.arange(3 * RATE) / RATE
    beats = np.where((t * 4) % 1 < 0.7, np.sin(np.pi * ((t * 4) % 1) / 0.7), 0.0)
    facts = measure(line((voice(160, 3.0) * beats).astype(np.int16)), RATE)
    assert facts.rate * facts.seconds == pytest.approx(12, abs=1)


def test_men_speak_lower_than_women_and_rates_are_those_of_speech() -> None:
    man, woman = measure(recorded("zh_bill_last_month_yunxi"), RATE), measure(recorded("zh_bill_last_month_xiaoxiao"), RATE)
    assert 130 < man.pitch < 190 < woman.pitch < 290
    assert 3.0 < man.rate < 8.0 and 3.0 < woman.rate < 8.0


def test_the_same_words_said_faster_have_a_higher_rate() -> None:
    calm = read_wav(AUDIO / "en_angry_michael.wav")
    at = np.arange(0, len(calm) - 1, 1.3)
    fast = np.interp(at, np.arange(len(calm)), calm.astype(np.float64)).astype(np.int16)
    assert measure(line(fast), RATE).rate > measure(line(calm), RATE).rate * 1.15


@pytest.mark.parametrize("samples", [np.zeros(0, np.int16), np.zeros(5, np.int16), np.zeros(RATE, np.int16)])
def test_silence_is_told_in_numbers(samples: Samples) -> None:
    assert astuple(measure(samples, RATE)) == (0.0, SILENCE, 0.0, 0.0)


@pytest.mark.parametrize("count", [1, 79, 80, 81, 319, 320, 400, 20 * RATE])
def test_any_length_and_full_scale_are_measured(count: int) -> None:
    square = np.where(np.arange(count) % 60 < 30, 32767, -32768).astype(np.int16)
    facts = measure(square, RATE)
    assert all(np.isfinite(value) for value in astuple(facts)) and facts.seconds <= 15.0
