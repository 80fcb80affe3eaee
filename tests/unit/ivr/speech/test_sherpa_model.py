"""sherpa-onnx itself behind the seam of engines, on models of a few kilobytes that hear tones as signs (tiny_sherpa)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.errors import ConfigError, SpeechUnavailable
from ivr.speech import loading
from ivr.speech.aliases import Aliases
from ivr.speech.engine import EngineStream, Hypothesis
from ivr.speech.models import find_models, kind_of
from ivr.speech.settings import Feed, ModelUse, SpeechSettings
from ivr.speech.sherpa_files import read_files
from ivr.speech.sherpa_model import UNTOLD, SherpaModel
from tests.unit.ivr.speech import tiny_sherpa
from tests.unit.ivr.speech.tiny_sherpa import tones

BUILDERS = {"transducer": tiny_sherpa.transducer, "paraformer": tiny_sherpa.paraformer, "ctc": tiny_sherpa.ctc}
PHRASES = ("查账单", "查余额")
Loaded = Callable[..., SherpaModel]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    for kind, build in BUILDERS.items():
        build(directory / kind)
    return directory


def loaded(
    models: Path, kind: str, feed: Feed = Feed.RESAMPLE, hot_words: tuple[str, ...] = (), free: bool = False
) -> SherpaModel:
    files = read_files(models / kind)
    return SherpaModel(files.load(), files, Aliases(), feed, hot_words, free)


def hear(stream: EngineStream, samples: NDArray[np.int16]) -> tuple[list[str], Hypothesis]:
    believed = []
    for begin in range(0, len(samples), 800):
        stream.accept(samples[begin : begin + 800])
        believed.append(stream.partial())
    return list(dict.fromkeys(filter(None, believed))), stream.final()


@pytest.mark.parametrize("kind", BUILDERS)
@pytest.mark.parametrize("feed", [Feed.RESAMPLE, Feed.BANDFILL])
def test_every_kind_of_model_streams_and_hears_one_utterance_after_another(models: Path, kind: str, feed: Feed) -> None:
    model = loaded(models, kind, feed)
    assert model.files.kind == kind
    stream = model.create_stream("zh", 8000, ())
    believed, first = hear(stream, tones("查账单"))
    assert believed[-1].startswith("查账")
    _, second = hear(stream, tones("查余额"))
    assert (first.text, second.text) == ("查账单", "查余额")
    assert hear(stream, np.zeros(8000, np.int16)) == ([], Hypothesis())


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_list_takes_the_nearest_phrase_and_tells_it_early_once_it_is_whole(models: Path, kind: str) -> None:
    stream = loaded(models, kind).create_stream("zh", 8000, PHRASES)
    believed, said = hear(stream, np.concatenate((tones("查账单"), np.zeros(8000, np.int16))))
    assert (believed, said.text) == (["…", "查账单"], "查账单")
    _, near = hear(stream, tones("查张单"))
    assert near.text == "查账单" and near.confidence < said.confidence
    _, other = hear(stream, tones("张"))
    assert other.text == ""


def test_words_have_times_and_how_sure_they_are_where_the_model_tells(models: Path) -> None:
    samples = tones("查账单")
    _, said = hear(loaded(models, "transducer").create_stream("zh", 8000, ()), samples)
    assert [word.text for word in said.words] == ["查", "账", "单"]
    for number, word in enumerate(said.words):
        assert word.start == pytest.approx(0.25 + number * 0.48, abs=0.12)
        assert word.start < word.end <= word.start + 0.3 and 0 < word.confidence <= 1
    assert said.confidence == pytest.approx(sum(word.confidence for word in said.words) / 3)
    _, untold = hear(loaded(models, "ctc").create_stream("zh", 8000, ()), samples)
    assert untold.confidence == UNTOLD and len(untold.words) == 3
    _, timeless = hear(loaded(models, "paraformer").create_stream("zh", 8000, ()), samples)
    assert (timeless.confidence, timeless.words) == (UNTOLD, ())


def test_hot_words_decide_what_sounds_like_two(models: Path) -> None:
    both = (0.65 * tones("查账单") + 0.35 * tones("查张单")).astype(np.int16)
    _, plain = hear(loaded(models, "transducer").create_stream("zh", 8000, ()), both)
    _, favoured = hear(loaded(models, "transducer", hot_words=("张单", "谢")).create_stream("zh", 8000, ()), both)
    assert plain.text != favoured.text == "查张单"


def test_free_hearing_keeps_what_is_near_no_phrase(models: Path) -> None:
    _, said = hear(loaded(models, "ctc", free=True).create_stream("zh", 8000, PHRASES), tones("张"))
    assert said.text == "张"


def test_words_of_a_list_are_given_in_the_order_they_were_said(models: Path) -> None:
    stream = loaded(models, "ctc").create_stream("zh", 8000, ("查", "账", "单"), words=True)
    assert hear(stream, tones("单查额账"))[1].text == "单查账"


def test_phrases_without_signs_are_named_and_a_list_of_them_refused(models: Path) -> None:
    model = loaded(models, "ctc")
    assert model.unheard([*PHRASES, "量子"]) == ("量子",)
    with pytest.raises(SpeechUnavailable, match="none of the phrases"):
        model.create_stream("zh", 8000, ["量子"])


def test_models_are_found_and_loaded_and_a_broken_one_costs_itself_alone(models: Path, tmp_path: Path) -> None:
    """The library ends the process where metadata is missing; it does so in a child."""
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in (models / "ctc").iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "model.onnx").write_bytes((models / "transducer" / "joiner.onnx").read_bytes())
    settings = SpeechSettings(
        {"zh": "ctc", "en": "transducer", "de": "paraformer", "fr": "missing"},
        models,
        uses={
            "zh": ModelUse("sherpa"),
            "en": ModelUse("sherpa", hot_words=("查",)),
            "de": ModelUse("vosk"),
            "fr": ModelUse("sherpa"),
        },
    )
    found, missing = find_models(settings)
    assert set(found) == {"zh", "en"}
    assert "ivr models install missing" in missing["fr"] and "engine: sherpa" in missing["de"]
    engines, failed = loading.load(found | {"it": found["zh"] | {"path": str(broken)}})
    assert {language: engine.name for language, engine in engines.items()} == {"zh": "sherpa", "en": "sherpa"}
    assert "cannot load" in failed["it"]


@pytest.mark.parametrize("gone", ["model.onnx", "tokens.txt"])
def test_a_folder_that_lacks_a_file_is_refused_by_name(models: Path, tmp_path: Path, gone: str) -> None:
    for file in (models / "ctc").iterdir():
        if file.name != gone:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    assert kind_of(tmp_path) == ""
    with pytest.raises(ConfigError, match=r"tokens\.txt"):
        read_files(tmp_path)


@pytest.mark.parametrize(
    ("tokens", "unit", "upper"),
    [
        ("<blk> 0\n你 1\n", "cjkchar", False),
        ("<blk> 0\n▁HE 1\nLLO 2\n", "bpe", True),
        ("你 1\n▁HE 2\n▁ 3\n", "cjkchar+bpe", True),
    ],
)
def test_signs_say_how_hot_words_are_cut(tmp_path: Path, tokens: str, unit: str, upper: bool) -> None:
    (tmp_path / "tokens.txt").write_text(tokens, "utf-8")
    for name in ("encoder-1.onnx", "encoder-1.int8.onnx", "decoder-1.onnx", "joiner-1.onnx"):
        (tmp_path / name).write_bytes(b"")
    files = read_files(tmp_path)
    assert (files.unit, files.upper, files.parts[0].name) == (unit, upper, "encoder-1.int8.onnx")
    assert files.takes_hot_words == (unit == "cjkchar")
    assert files.spells("你" if unit != "bpe" else "hello")
