"""How alike a recording and a call are: near 1 where it was played, and well below 0.6 where another sentence was."""

from __future__ import annotations

import numpy as np
import pytest

from telephony.media.g711 import decode_pcma, encode_pcma
from tests.e2e.signals import Samples, likeness, silence
from tests.unit.telephony.media.sounds import ROOT, read

SENTENCES = [read(path) for path in sorted((ROOT / "prompts" / "zh").rglob("*.wav"))]
LONG = [sentence for sentence in SENTENCES if len(sentence) > 12_000]


def line(*sentences: Samples) -> Samples:
    """20 s at most of what a caller hears of them."""
    heard = np.concatenate([part for sentence in sentences for part in (sentence, silence(0.2))])[:160_000]
    return decode_pcma(encode_pcma(heard))


@pytest.mark.parametrize("number", range(0, len(LONG), len(LONG) // 10))
def test_what_was_not_played_is_not_heard(number: int) -> None:
    """With one voice, each of its sentences among others of it."""
    order = np.random.default_rng(number).permutation(len(LONG))
    call = line(*(LONG[other] for other in order if other != number))
    assert likeness(LONG[number], call, 1.0) < 0.55


@pytest.mark.parametrize("number", range(0, len(LONG), len(LONG) // 5))
def test_what_was_played_is_heard_even_where_the_voice_was_stretched(number: int) -> None:
    recording = LONG[number]
    middle = len(recording) // 2
    torn = np.concatenate((recording[:middle], recording[middle - 160 : middle], recording[middle:]))
    call = line(LONG[number - 1], torn // 2, LONG[number - 2])
    assert likeness(recording, call) > 0.9
    assert likeness(recording, call, 1.0) > 0.6
