"""Words and lengths of recordings from the catalogues alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.dialplan.events import Prompt, Value, Words
from ivr.errors import ConfigError
from ivr.wording import MUSIC_SECONDS, RecordedWording
from tests.unit.ivr.dialplan.flows import ROOT

PROJECT = RecordedWording.load([ROOT / "prompts"])


def test_a_breath_is_the_words_of_its_recordings_and_values() -> None:
    said = (Prompt("bill_is", "zh"), Value("amount", "128.5", "zh"))
    assert PROJECT.text(said) == "您上个月的账单金额是一百二十八元五角"
    assert PROJECT.text([Words("Hello", "en"), Prompt("nobody", "en")]) == "Hello [nobody]"


def test_recordings_last_as_long_as_the_catalogue_says_and_words_as_long_as_reading() -> None:
    assert PROJECT.seconds(Prompt("bill_is", "en")) == pytest.approx(1.44, abs=0.5)
    assert PROJECT.seconds(Words("九个字九个字九个字", "zh")) == 2.0
    assert PROJECT.seconds(Prompt("music", "zh")) > 1.0
    assert 0.1 < PROJECT.seconds(Prompt("nobody_recorded_this", "en")) < 5.0


def test_what_nobody_recorded_is_missing_where_there_are_recordings() -> None:
    assert PROJECT.missing(Prompt("nobody", "zh"))
    assert not PROJECT.missing(Prompt("welcome", "zh"))
    assert not PROJECT.missing(Prompt("music", "zh"))
    assert not PROJECT.missing(Words("anything", "zh"))
    assert not RecordedWording({}, {}).missing(Prompt("nobody", "zh"))


def test_later_folders_lie_over_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "welcome.wav").write_bytes(b"")
    (tmp_path / "texts.yaml").write_text("welcome: { en: Howdy, zh: 1 }\nbroken: 3\n", "utf-8")
    own = RecordedWording.load([ROOT / "prompts", tmp_path, tmp_path / "missing"])
    assert own.text((Prompt("welcome", "en"),)) == "Howdy"
    assert own.seconds(Prompt("welcome", "en")) == MUSIC_SECONDS
    assert own.text((Prompt("welcome", "zh"),)) == PROJECT.text((Prompt("welcome", "zh"),))


@pytest.mark.parametrize("text", ["- a list", "a: [", "\x00"])
def test_texts_that_are_none_are_one_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "texts.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"texts\.yaml"):
        RecordedWording.load([tmp_path])
