"""EchoCheck: our own prompt come back, a caller, and both at once."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.speech.echo import LATEST, EchoCheck
from telephony.media.g711 import decode_pcmu, encode_pcmu

WINDOW = 256
Samples = NDArray[np.int16]


def voice(seed: int, seconds: float, level: float = 3000.0) -> Samples:
    """Noise in syllables, coloured like a voice: nothing that another seed gives explains it."""
    rng = np.random.default_rng(seed)
    count = round(seconds * 8000)
    sound = np.convolve(rng.normal(size=count), 0.9 ** np.arange(40))[:count]
    sound *= 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(count) / 8000 + seed)
    return np.asarray(np.rint(sound * level / np.sqrt(np.mean(sound**2))), np.int16)


def come_back(played: Samples, delay: float, loss: float, spread: int = 60) -> Samples:
    """`played` after `delay` seconds, `loss` decibels down, through a line that spreads it over `spread` samples."""
    rng = np.random.default_rng(5)
    response = rng.normal(size=spread) * np.exp(-np.arange(spread) / (spread / 5))
    sound = np.convolve(played.astype(float), response / np.sqrt(np.sum(response**2)))
    late = np.concatenate((np.zeros(round(delay * 8000)), sound))[: len(played)]
    return np.rint(late * 10 ** (-loss / 20)).astype(np.int16)


def line(sound: NDArray[np.int64] | Samples) -> Samples:
    """What µ-law and the noise of a line leave of it."""
    noise = np.random.default_rng(6).normal(size=len(sound)) * 8
    return decode_pcmu(encode_pcmu(np.clip(np.rint(sound + noise), -32768, 32767).astype(np.int16)))


def heard(near: Samples, far: Samples | None, begin: int = 0) -> EchoCheck:
    check = EchoCheck(begin)
    for at in range(0, len(near), 320):
        check.hear(near[at : at + 320], None if far is None else far[at : at + 320])
    return check


def own_share(check: EchoCheck, end: int) -> float:
    windows = list(range(end - 20 * WINDOW, end - WINDOW + 1, WINDOW))
    return float(np.mean(check.own(windows, WINDOW)))


@pytest.mark.parametrize("loss", [6, 20, 35])
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.5])
def test_a_prompt_that_comes_back_is_our_own(delay: float, loss: float) -> None:
    played = voice(1, 2.0)
    check = heard(line(come_back(played, delay, loss)), played)
    assert own_share(check, 16000) > 0.9


def test_a_prompt_from_a_loudspeaker_is_our_own() -> None:
    played = voice(1, 2.0)
    bent = np.rint(np.tanh(played / 8000) * 8000).astype(np.int16)
    check = heard(line(come_back(bent, 0.15, 12, spread=400)), played)
    assert own_share(check, 16000) > 0.85


def test_a_caller_is_not_our_own() -> None:
    check = heard(line(voice(2, 2.0)), voice(1, 2.0))
    assert own_share(check, 16000) < 0.1


def test_a_caller_over_the_echo_is_not_our_own_and_is_heard_without_it() -> None:
    played, said = voice(1, 2.0), voice(2, 2.0, 2500.0)
    said[:10000] = 0
    both = line(said.astype(int) + come_back(played, 0.1, 10))
    check = heard(both, played)
    windows = list(range(16000 - 20 * WINDOW, 16000, WINDOW))
    verdicts = check.own(windows, WINDOW)
    assert np.mean(verdicts) < 0.5  # in the gaps between his syllables it is the echo that is heard
    cleaned = check.cleaned(4000).astype(float)
    error = np.mean((cleaned - said[-4000:]) ** 2)
    before = np.mean((both[-4000:].astype(float) - said[-4000:]) ** 2)
    assert error < before / 4


def test_what_nothing_explains_is_left_as_it_came() -> None:
    near = line(voice(2, 2.0))
    check = heard(near, voice(1, 2.0))
    check.own([15000], WINDOW)
    assert np.array_equal(check.cleaned(800), near[-800:])


def test_nothing_comes_back_long_after_the_end_of_a_prompt() -> None:
    check = heard(voice(2, 0.5), voice(1, 0.5))
    assert check.playing
    for _ in range(LATEST // 320 + 30):
        check.hear(np.zeros(320, np.int16), None)
    assert not check.playing
    assert check.own([8000], WINDOW) == [False]


def test_positions_count_from_where_it_began() -> None:
    played = voice(1, 2.0)
    near = line(come_back(played, 0.1, 10))
    assert heard(near, played, 5000).own([5000 + 16000 - WINDOW], WINDOW) == heard(near, played).own([16000 - WINDOW], WINDOW)
    assert heard(near, played).own([0], WINDOW) == [False]  # longer ago than it remembers


@pytest.mark.parametrize("fill", [0, 32767, -32768])
def test_flat_lines_are_nobody(fill: int) -> None:
    flat = np.full(8000, fill, np.int16)
    check = heard(flat, flat)
    assert len(check.own([4000, 6000], WINDOW)) == 2
    assert len(check.cleaned(100)) == 100


def test_a_short_word_in_a_silent_second_is_no_echo_by_chance() -> None:
    """A filter of 256 taps explains a part of any short sound; taking that off would put the prompt into the silence."""
    near = np.zeros(12000, np.int16)
    near[7000:9400] = voice(2, 0.3)
    check = heard(near, voice(1, 1.5))
    assert not any(check.own(list(range(7168, 9216, WINDOW)), WINDOW))
    assert np.array_equal(check.cleaned(4000), near[-4000:])


def test_nothing_is_added_where_the_echo_has_ended() -> None:
    played = voice(1, 2.0)
    check = heard(line(come_back(played, 0.1, 6)), played)
    check.own([15000], WINDOW)
    check.hear(np.zeros(320, np.int16), voice(3, 0.04))
    assert not check.cleaned(320).any()


def test_an_echo_whose_delay_has_just_changed_is_our_own() -> None:
    played = voice(1, 2.0)
    near = np.concatenate((come_back(played, 0.1, 10)[:12000], come_back(played, 0.18, 10)[12000:]))
    check = heard(line(near), played)
    assert own_share(check, 16000) > 0.7
