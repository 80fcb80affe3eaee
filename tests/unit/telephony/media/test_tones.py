"""Frequencies and cadences of E.180 Supplement 2, measured in the rendered samples."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from telephony.media.tones import COUNTRIES, LEVEL, NAMES, TONES, clip
from tests.unit.telephony.media.sounds import levels


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("name", NAMES)
def test_a_tone_has_its_frequencies_and_its_rhythm(country: str, name: str) -> None:
    tone, samples = TONES[country][name], clip(country, name).samples
    assert len(samples) % 160 == 0, "a whole number of frames, else a repeat would lose the rhythm"
    sounding = samples[: round(tone.cadence[0] * 8000) if tone.cadence else len(samples)]
    assert all(abs(level - LEVEL) < 0.7 for level in levels(sounding, *tone.hertz))
    others = [hertz for hertz in (350, 425, 440, 450, 480, 620, 900) if min(abs(hertz - own) for own in tone.hertz) >= 60]
    assert all(level < LEVEL - 25 for level in levels(sounding, *others))
    if tone.cadence:
        rounds = round(tone.seconds / sum(tone.cadence))
        loud = np.abs(samples.reshape(-1, 20).astype(int)).max(axis=1) > 200
        runs = [len(list(group)) * 20 / 8000 for _, group in groupby(loud)]
        assert runs == pytest.approx(list(tone.cadence * rounds), abs=0.011)


def test_a_continuous_tone_repeats_without_a_click() -> None:
    for country in COUNTRIES:
        samples = clip(country, "dial").samples.astype(int)
        steps = np.abs(np.diff(np.concatenate((samples, samples))))
        assert steps[len(samples) - 1] <= steps[: len(samples) - 1].max()


def test_the_table_says_what_e180_says_of_china_and_america() -> None:
    assert TONES["cn"]["busy"].cadence == (0.35, 0.35) and TONES["cn"]["congestion"].cadence == (0.7, 0.7)
    assert TONES["us"]["ringback"].hertz == (440, 480) and TONES["us"]["ringback"].cadence == (2.0, 4.0)
    assert clip("uk", "busy").seconds == 1.5
    with pytest.raises(KeyError):
        clip("atlantis", "busy")
