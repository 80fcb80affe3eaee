"""Upsampling keeps the band below 4 kHz and joins chunks without a seam."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.speech.feed import Upsampler
from ivr.speech.settings import Feed


def tone(hertz: float, seconds: float = 0.5) -> NDArray[np.int16]:
    return np.asarray(8000 * np.sin(2 * np.pi * hertz * np.arange(int(8000 * seconds)) / 8000), np.int16)


def level(samples: NDArray[np.int16], hertz: float) -> float:
    """Amplitude at one frequency, 16 kHz."""
    middle = samples[800:-800].astype(float)
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / 16000)
    return float(2 * abs(np.mean(middle * turn)))


def up(samples: NDArray[np.int16], feed: Feed) -> NDArray[np.int16]:
    return np.frombuffer(Upsampler(feed).push(samples), np.int16)


def test_native_audio_is_untouched() -> None:
    samples = tone(1000)
    upsampler = Upsampler(Feed.NATIVE_8K)
    assert upsampler.rate == 8000
    assert upsampler.push(samples) == samples.tobytes()


@pytest.mark.parametrize("hertz", [200.0, 1000.0, 3000.0])
def test_the_speech_band_keeps_its_level(hertz: float) -> None:
    for feed in (Feed.RESAMPLE, Feed.BANDFILL):
        assert level(up(tone(hertz), feed), hertz) == pytest.approx(8000, rel=0.05)


def test_resample_leaves_the_upper_band_empty_and_bandfill_does_not() -> None:
    assert level(up(tone(1000), Feed.RESAMPLE), 7000) < 40
    assert level(up(tone(1000), Feed.BANDFILL), 7000) == pytest.approx(2000, rel=0.1)


@pytest.mark.parametrize("feed", [Feed.RESAMPLE, Feed.BANDFILL])
def test_chunks_give_what_the_whole_gives(feed: Feed) -> None:
    samples = np.random.default_rng(1).integers(-9000, 9000, 1600).astype(np.int16)
    upsampler = Upsampler(feed)
    pieces = b"".join(upsampler.push(chunk) for chunk in np.split(samples, [1, 100, 160, 900]))
    assert pieces == up(samples, feed).tobytes()
    assert len(pieces) == 2 * 2 * len(samples)
