"""`quality` of the settings: what is wrong is refused with its place and its cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.wiring_quality import rules_of
from ivr.wiring_scorecards import card_folders


def loaded(folder: Path, **quality: Any) -> Settings:
    path = folder / "hotline.yaml"
    path.write_text(yaml.safe_dump({"quality": quality}), "utf-8")
    return load_settings(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = loaded(tmp_path, scorecards=["cards"], appeal_days=3, sampling={"random": 1, "most": 5, "moods": ["tense"]})
    rules = rules_of(found.quality.sampling)
    assert rules is not None
    assert (rules.random, rules.most, rules.moods, rules.low_score) == (1, 5, ("tense",), 60.0)
    assert card_folders(found) == [Path("cards")]
    assert rules_of(loaded(tmp_path, sampling={"enabled": False}).quality.sampling) is None


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        ({"appeal_days": -1}, "quality.appeal_days: -1 is not from 0 to 365"),
        ({"sampling": {"moods": ["sad"]}}, "'sad' is none of calm, tense, angry"),
        ({"sampling": {"low_score": 101}}, "quality.sampling.low_score"),
        ({"sampling": {"random": 11}}, "random is 0 to most"),
        ({"sampling": {"randomly": 1}}, "did you mean 'random'?"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path: Path, quality: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("?", r"\?")):
        loaded(tmp_path, **quality)
