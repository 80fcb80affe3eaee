"""CED, ANSam and CNG as T.30 and V.8 describe them, and no sign of a fax in speech."""

from __future__ import annotations

import numpy as np

from telephony.media.fax_detector import CedHeard, CngHeard, FaxDetector, FaxSign, PhaseReversed
from telephony.media.g711 import decode_pcma, encode_pcma
from tests.unit.telephony.media.sounds import SPEECH, Voice, frames, noise, pcm, read, silence, sine


def signs(voice: Voice) -> list[FaxSign]:
    detector = FaxDetector()
    return [sign for frame in frames(voice) if (sign := detector.hear(frame)) is not None]


def answer_tone(seconds: float = 3.3, dbm0: float = -12.0, phase_ms: int = 450) -> np.ndarray:
    """2100 Hz whose phase turns every `phase_ms`, with the 15 Hz amplitude modulation of ANSam."""
    at = np.arange(round(seconds * 8000)) / 8000
    sign = np.where((at * 1000 // phase_ms).astype(int) % 2, -1.0, 1.0)
    return sine(2100, seconds, dbm0) * sign * (1 + 0.2 * np.sin(2 * np.pi * 15 * at))


def test_plain_ced_is_told_once_after_half_a_second() -> None:
    found = signs(decode_pcma(encode_pcma(pcm(silence(0.203), sine(2100, 3.0, -30.0), silence(0.5)))))
    assert [type(one) for one in found] == [CedHeard]
    assert isinstance(found[0], CedHeard) and 0.48 <= found[0].seconds <= 0.54


def test_phase_reversals_are_counted() -> None:
    for start in (0.1, 0.107, 0.113):
        line = pcm(silence(start), answer_tone(), silence(0.3))
        found = signs(line)
        assert sum(isinstance(one, CedHeard) for one in found) == 1
        turns = [one.count for one in found if isinstance(one, PhaseReversed)]
        assert turns == list(range(1, 8)), f"3.3 s hold seven turns, at {start}"


def test_ced_off_by_its_15_hz_and_in_noise() -> None:
    for hertz in (2085, 2115):
        line = pcm(np.concatenate([silence(0.1), sine(hertz, 1.0, -20.0)]) + noise(1.1, -35.0))
        assert [type(one) for one in signs(line)] == [CedHeard]


def test_cng_each_time_it_ends() -> None:
    once = [sine(1100, 0.5, -15.0), silence(3.0)]
    found = signs(pcm(silence(0.41), *once * 3))
    assert [type(one) for one in found] == [CngHeard] * 3
    assert all(isinstance(one, CngHeard) and 0.44 <= one.seconds <= 0.52 for one in found)
    for hertz in (1062, 1138):
        assert len(signs(pcm(sine(hertz, 0.5), silence(1.0)))) == 1, "T.30 allows 38 Hz"


def test_a_shorter_and_a_longer_tone_are_no_cng() -> None:
    assert signs(pcm(sine(1100, 0.25), silence(0.5), sine(1100, 1.2), silence(0.5))) == []


def test_speech_is_no_fax() -> None:
    assert {path.name: found for path in SPEECH if (found := signs(read(path)))} == {}
