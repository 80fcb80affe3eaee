"""`ivr bench mood`: figures of a small set, cases that are wrong, and the committed set with its weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ivr.errors import ConfigError
from ivr.mood_bench import Case, cases_of, measure, report_of, table
from ivr.understanding.mood_model import EXAMPLES, WEIGHTS, fingerprint

SET = Path(__file__).parents[2] / "understanding" / "mood_turns.json"


def test_figures_are_those_of_the_cases() -> None:
    cases = [Case("zh", "气死我了", "angry"), Case("zh", "查余额", "calm"), Case("en", "check my balance", "tense")]
    report = report_of(measure(cases))
    assert report["accuracy"] == pytest.approx(2 / 3, abs=1e-3) and report["confusion"]["tense"] == {
        "calm": 1,
        "tense": 0,
        "angry": 0,
    }
    assert report["languages"]["zh"]["accuracy"] == 1.0
    assert [one["text"] for one in report["misses"]] == ["check my balance"]
    assert "tense > calm: check my balance" in table(report)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "cases"),
        ("[]", "expected a list"),
        ('[{"language": "zh"}]', "item 0"),
        ('[{"language": "zh", "text": "a", "mood": "sad"}]', "sad"),
    ],
)
def test_wrong_cases_are_named(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=word):
        cases_of(path)


def test_the_committed_set_is_unseen_and_told_better_than_half() -> None:
    cases = cases_of(SET)
    seen = {
        text for moods in yaml.safe_load(EXAMPLES.read_text("utf-8")).values() for texts in moods.values() for text in texts
    }
    assert len(cases) >= 200 and not seen & {case.text for case in cases}
    report = report_of(measure(cases))
    assert report["macro_f1"] > 0.6 and report["moods"]["angry"]["precision"] > 0.85


def test_the_weights_are_made_of_the_examples() -> None:
    made = json.loads(WEIGHTS.read_text("utf-8"))["examples"]
    assert made == fingerprint(), "run `python -m ivr.understanding.mood_training`"
