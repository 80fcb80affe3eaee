"""Keys in the voice: every key, every level, noise, twist, short and long, and nothing in all the speech there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telephony.media.dtmf_detector import HIGH, KEYS, LOW, DtmfDetector
from telephony.media.g711 import decode_pcmu, encode_pcmu
from tests.unit.telephony.media.sounds import ROOT, SPEECH, Voice, frames, noise, pcm, read, silence, sine

ALL = "".join(KEYS)


def tone(key: str, seconds: float = 0.05, dbm0: float = -10.0, twist: float = 0.0, off: float = 1.0) -> np.ndarray:
    """A key; `twist` is how many dB the high group is above the low one, `off` stretches both frequencies."""
    row = next(index for index, keys in enumerate(KEYS) if key in keys)
    high = sine(HIGH[KEYS[row].index(key)] * off, seconds, dbm0 + twist / 2)
    return sine(LOW[row] * off, seconds, dbm0 - twist / 2) + high


def keys_in(voice: Voice, *, at_once: bool = False) -> str:
    found: list[str] = []
    detector = DtmfDetector(found.append)
    for frame in (voice,) if at_once else frames(voice):
        detector.hear(frame)
    return "".join(found)


@pytest.mark.parametrize("dbm0", [-3, -6, -10, -20, -25, -30])
def test_every_key_at_every_level_through_g711(dbm0: float) -> None:
    parts = [part for key in ALL for part in (silence(0.05), tone(key, 0.05, dbm0))]
    line = pcm(*parts, silence(0.1))
    assert keys_in(decode_pcmu(encode_pcmu(line))) == ALL


@pytest.mark.parametrize("offset", range(0, 160, 13))
def test_forty_milliseconds_are_enough_wherever_they_begin(offset: int) -> None:
    line = pcm(np.zeros(800 + offset), tone("5", 0.04, -12.0), silence(0.05), tone("5", 0.04, -12.0), silence(0.1))
    assert keys_in(line) == "55"


def test_less_than_23_ms_are_no_key() -> None:
    assert keys_in(pcm(*(part for key in ALL for part in (silence(0.05), tone(key, 0.022))), silence(0.1))) == ""


def test_a_long_press_is_one_key_even_where_ten_milliseconds_are_missing() -> None:
    held = tone("9", 2.0)
    held[6000:6080] = 0.0
    assert keys_in(pcm(silence(0.1), held, silence(0.1))) == "9"


@pytest.mark.parametrize("dbm0", [-6, -15, -25])
def test_noise_15_db_below_the_tones(dbm0: float) -> None:
    line = np.concatenate([part for key in ALL * 3 for part in (silence(0.06), tone(key, 0.06, dbm0))] + [silence(0.1)])
    assert keys_in(pcm(line + noise(len(line) / 8000, dbm0 - 15))) == ALL * 3


@pytest.mark.parametrize("twist", [-7.5, -4.0, 4.0, 7.5])
def test_twist(twist: float) -> None:
    assert keys_in(pcm(*(part for key in ALL for part in (silence(0.05), tone(key, 0.05, -14, twist))))) == ALL


@pytest.mark.parametrize("off", [0.985, 1.015])
def test_frequencies_may_be_off_by_one_and_a_half_percent(off: float) -> None:
    assert keys_in(pcm(*(part for key in ALL for part in (silence(0.05), tone(key, 0.06, -14, off=off))))) == ALL


def test_one_tone_alone_a_dial_tone_and_noise_are_no_keys() -> None:
    assert keys_in(pcm(*(sine(hertz, 0.3) for hertz in (*LOW, *HIGH)))) == ""
    assert keys_in(pcm(sine(350, 2.0) + sine(440, 2.0), sine(480, 1.0) + sine(620, 1.0), sine(2100, 1.0))) == ""
    assert keys_in(pcm(noise(20.0, -8.0))) == ""


@pytest.mark.parametrize("path", SPEECH, ids=lambda path: path.stem)
def test_no_speech_is_a_key(path: Path) -> None:
    assert keys_in(read(path)) == ""


def test_no_prompt_is_a_key() -> None:
    """Each in one piece, which costs little: how long the pieces are makes no difference."""
    prompts = sorted((ROOT / "prompts").rglob("*.wav"))
    assert len(prompts) > 120
    wrong = {str(path): found for path in prompts if (found := keys_in(read(path), at_once=True))}
    assert not wrong


@pytest.mark.parametrize("samples", [37, 80, 137, 160, 8000, 1_000_000])
def test_it_makes_no_difference_how_long_the_pieces_are(samples: int) -> None:
    """Keys about as long, as loud and as true as the least that counts, in noise: some are heard, some are not."""
    dice = np.random.default_rng(3)
    parts = [silence(0.1)]
    for key in ALL * 4:
        parts += [
            silence(dice.uniform(0.02, 0.1)),
            tone(key, dice.uniform(0.03, 0.06), dice.uniform(-36, -12), dice.uniform(-9, 9)),
        ]
    line = np.concatenate(parts)
    voice = pcm(line + noise(len(line) / 8000, -42.0)[: len(line)])
    found: list[str] = []
    detector = DtmfDetector(found.append)
    for start in range(0, len(voice), samples):
        detector.hear(voice[start : start + samples])
    assert "".join(found) == "123A456B789C*0#D12A45B789C*0#D123A46B79C*D12A56B89C*0#"


def test_a_key_over_quiet_speech_is_heard() -> None:
    voice = read(SPEECH[0]).astype(float)[:8000]
    quiet = voice * (200.0 / max(np.abs(voice).max(), 1))
    quiet[4000:4800] += tone("7", 0.1)
    assert keys_in(pcm(quiet)) == "7"
