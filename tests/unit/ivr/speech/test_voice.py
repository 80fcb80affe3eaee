"""Voices: espeak-ng in earnest; Kokoro up to its model, which is too large for a test."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivr.errors import ConfigError, SpeechUnavailable
from ivr.speech import voice as voice_module
from ivr.speech.voice import RATE, EspeakVoice, KokoroVoice, english_phonemes, fetch_kokoro, make_voice

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


@needs_espeak
def test_espeak_speaks_english_at_24_khz() -> None:
    samples = EspeakVoice().render("Your balance is twenty-eight yuan.", "en")
    assert 1.0 < len(samples) / RATE < 4.0
    assert np.abs(samples).max() > 3000
    with pytest.raises(SpeechUnavailable, match="'zh'"):
        EspeakVoice().render("您好", "zh")


@needs_espeak
def test_english_phonemes_keep_the_punctuation_that_carries_the_tune() -> None:
    phonemes = english_phonemes("Hello, is that right? It costs 3.50 now")
    assert phonemes.count(",") == 1
    assert phonemes.count("?") == 1
    assert phonemes.endswith(".")
    assert "ɹ" in phonemes
    assert not set("ːr") & set(phonemes)


def test_a_voice_is_made_by_its_name(tmp_path: Path) -> None:
    assert isinstance(make_voice("espeak", tmp_path), EspeakVoice)
    kokoro = make_voice("kokoro", tmp_path)
    assert (kokoro.speaker("zh"), kokoro.speaker("en"), kokoro.speaker("ko")) == ("zf_xiaoxiao", "af_heart", "")
    assert kokoro.licence == "Apache-2.0"
    with pytest.raises(ConfigError, match="unknown voice 'polly'"):
        make_voice("polly", tmp_path)


class FakeSession:
    def __init__(self) -> None:
        self.feeds: list[dict[str, Any]] = []

    def run(self, _names: None, feed: dict[str, Any]) -> list[Any]:
        self.feeds.append(feed)
        return [np.array([[0.5, -0.5, 2.0, -2.0]], np.float32)]


@pytest.fixture
def kokoro(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[KokoroVoice, FakeSession]:
    """A cache with a vocabulary of three symbols and a model that gives four samples."""
    (tmp_path / "voices").mkdir()
    np.arange(510 * 256, dtype=np.float32).tofile(tmp_path / "voices" / "af_heart.bin")
    (tmp_path / "kokoro.onnx").write_bytes(b"")
    (tmp_path / "vocab.json").write_text(json.dumps({"vocab": {"a": 7, "b": 8, ".": 4}}))
    session = FakeSession()
    monkeypatch.setattr(voice_module, "_open_session", lambda weights: session)
    monkeypatch.setattr(voice_module, "english_phonemes", lambda text: text)
    return KokoroVoice(tmp_path, {"en": "af_heart"}), session


def test_kokoro_gets_tokens_and_the_style_of_their_count(kokoro: tuple[KokoroVoice, FakeSession]) -> None:
    voice, session = kokoro
    samples = voice.render("ab?b.", "en")
    feed = session.feeds[0]
    assert feed["tokens"].tolist() == [[0, 7, 8, 8, 4, 0]]
    assert feed["style"][0, 0] == 3 * 256
    assert samples.tolist() == [16384, -16384, 32767, -32768]


def test_kokoro_cuts_what_its_context_cannot_hold(kokoro: tuple[KokoroVoice, FakeSession]) -> None:
    voice, session = kokoro
    voice.render("a" * 2000, "en")
    assert session.feeds[0]["tokens"].shape == (1, 511)


def test_kokoro_refuses_what_it_cannot_say(kokoro: tuple[KokoroVoice, FakeSession]) -> None:
    voice, _ = kokoro
    with pytest.raises(SpeechUnavailable, match="no Kokoro voice"):
        voice.render("안녕", "ko")
    with pytest.raises(SpeechUnavailable, match="nothing to say"):
        voice.render("???", "en")


def test_weights_that_cannot_be_fetched_are_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(SpeechUnavailable, match="no-python is not installed"):
        fetch_kokoro(tmp_path)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SpeechUnavailable, match="false failed"):
        fetch_kokoro(tmp_path)
