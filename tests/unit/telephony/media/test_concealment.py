from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.media.coding import Frame
from telephony.media.concealment import Concealer
from tests.unit.telephony.media.waves import blocks, clean_by, sine, speech, steepest


def with_losses(samples: Frame, lost: set[int]) -> Frame:
    concealer, out = Concealer(), []
    for number, frame in enumerate(blocks(samples, 160)):
        heard = concealer.conceal(160) if number in lost else concealer.resume(frame)
        if number not in lost:
            concealer.heard(heard)
        out.append(heard)
    return np.concatenate(out)


def halved(samples: Frame, lost: set[int]) -> Frame:
    """What was done before: the last frame again, each time half as loud."""
    out, last = [], samples[:160]
    for number, frame in enumerate(blocks(samples, 160)):
        out.append(last if number in lost else frame)
        last = last // 2 if number in lost else frame
    return np.concatenate(out)


@pytest.mark.parametrize(("percent", "decibels"), [(1, 24), (5, 18), (10, 14)])
def test_voice_with_losses_stays_like_itself_and_does_not_click(percent: int, decibels: float) -> None:
    voice = speech(10)
    dice = np.random.default_rng(percent).random(500)
    lost = {number for number in range(10, 500) if dice[number] < percent / 100}
    heard = with_losses(voice, lost)
    assert clean_by(voice, heard) > decibels
    assert clean_by(voice, heard) > clean_by(voice, halved(voice, lost)) + 6
    assert steepest(heard) < 1.3 * steepest(voice)


@pytest.mark.parametrize("hertz", [80, 125, 180])
def test_a_steady_tone_goes_on_where_it_was(hertz: int) -> None:
    tone = sine(hertz, 0.4)
    heard = with_losses(tone, {10})
    assert np.abs(heard[1600:1680].astype(int) - tone[1600:1680]).max() < 1200
    assert np.array_equal(heard[1760 + 80 :], tone[1760 + 80 :])


def test_a_long_loss_is_silent_after_60_ms_and_the_voice_fades_in_again() -> None:
    tone = sine(150, 0.6)
    heard = with_losses(tone, set(range(10, 20)))
    assert np.abs(heard[1600 + 480 : 3200]).max() == 0
    assert steepest(heard) <= 1.2 * steepest(tone)


def test_before_anything_was_heard_there_is_silence() -> None:
    concealer = Concealer()
    assert not concealer.conceal(160).any()
    assert np.array_equal(concealer.resume(sine(400, 0.02))[80:], sine(400, 0.02)[80:])


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 320)), max_size=20))
def test_any_order_of_loss_and_voice_gives_as_many_samples(steps: list[tuple[bool, int]]) -> None:
    concealer = Concealer()
    for lost, count in steps:
        if lost:
            assert concealer.conceal(count).shape == (count,)
        else:
            heard = concealer.resume(np.full(count, 32767, np.int16))
            concealer.heard(heard)
            assert heard.shape == (count,) and heard.min() >= -32768
