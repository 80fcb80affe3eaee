from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.media.resampling import Resampler
from tests.unit.telephony.media.waves import blocks, decibels, found, sine

PAIRS = [(16000, 8000), (8000, 16000), (48000, 8000), (8000, 48000), (48000, 16000), (16000, 48000)]


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("hertz", [300, 1000, 3400])
def test_a_voice_tone_keeps_its_loudness_and_gains_no_noise(source: int, target: int, hertz: int) -> None:
    resampler = Resampler(source, target)
    out = np.concatenate([resampler.resample(block) for block in blocks(sine(hertz, 1.0, source), source // 50)])
    assert len(out) == target
    amplitude, clean = found(out[target // 10 :], hertz, target)
    assert abs(decibels(amplitude / 8000)) < 0.1
    assert clean > 60


@pytest.mark.parametrize(("source", "hertz"), [(16000, 5000), (16000, 7000), (48000, 5000), (48000, 12000)])
def test_what_8_khz_cannot_carry_is_taken_out_before_it_folds(source: int, hertz: int) -> None:
    out = Resampler(source, 8000).resample(sine(hertz, 0.12, source))
    assert decibels(float(np.abs(out[100:]).max()) / 8000) < -55


@given(
    st.lists(st.sampled_from([0, 2, 40, 160, 320, 480]), min_size=1, max_size=12),
    st.sampled_from([(16000, 8000), (8000, 16000)]),
)
def test_blocks_of_any_size_give_the_same_stream(sizes: list[int], rates: tuple[int, int]) -> None:
    samples = sine(700, 0.72, 8000)[: sum(sizes)]
    whole, parts, start = Resampler(*rates), Resampler(*rates), 0
    pieces = []
    for size in sizes:
        pieces.append(parts.resample(samples[start : start + size]))
        start += size
    once = np.concatenate([whole.resample(block) for block in blocks(samples, 160)] or [samples])
    assert np.abs(np.concatenate(pieces).astype(int) - once).max(initial=0) <= 1


def test_equal_rates_change_nothing() -> None:
    samples = sine(400, 0.02)
    assert Resampler(8000, 8000).resample(samples) is samples


def test_rates_and_blocks_that_do_not_fit_are_our_misuse() -> None:
    with pytest.raises(ValueError):
        Resampler(44100, 8000)
    with pytest.raises(ValueError):
        Resampler(48000, 8000).resample(sine(400, 0.02)[:1])


def test_the_loudest_sound_clips_and_does_not_wrap() -> None:
    square = np.where(np.arange(480) // 40 % 2, 32767, -32768).astype(np.int16)
    out = Resampler(8000, 16000).resample(square).astype(int)
    assert out.max() == 32767 and out.min() == -32768
    assert np.abs(np.diff(out)).max() < 65536
