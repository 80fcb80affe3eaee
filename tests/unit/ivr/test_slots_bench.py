"""`ivr bench slots`: figures of a small set, cases that are wrong, and the committed set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivr.__main__ import main
from ivr.errors import ConfigError
from ivr.slots_bench import Case, cases_of, measure, report_of, table

SET = Path(__file__).parents[2] / "understanding" / "slots.json"


def test_figures_tell_what_was_read_as_another_and_what_nobody_said() -> None:
    cases = [
        Case("zh", "amount", "二十八块五", 28.5),
        Case("zh", "amount", "一百块", 200.0),
        Case("en", "digits", "just call me", "8861"),
        Case("en", "digits", "eight eight six one", None),
    ]
    report = report_of(measure(cases))
    assert {key: report[key] for key in ("cases", "values", "right", "wrong", "wrong_but_sure", "none", "invented")} == {
        "cases": 4, "values": 3, "right": 1, "wrong": 1, "wrong_but_sure": 1, "none": 1, "invented": 1,
    }  # fmt: skip
    assert report["types"]["amount zh"]["right"] == 1
    assert [one["found"] for one in report["misses"]] == [100.0, None, "8861"]
    assert "'一百块': 200.0 read as 100.0" in table(report)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "cases"),
        ("[]", "expected a list"),
        ('[{"language": "zh"}]', "item 0 has no"),
        ('[{"language": "zh", "type": "choice", "text": "a", "value": "b"}]', "type 'choice'"),
        ('[{"language": "zh", "type": "digits", "text": "a"}]', "`value`"),
        ('[{"language": "zh", "type": "digits", "text": "a", "value": [1]}]', "`value`"),
        ('[{"language": "zh", "type": "date", "text": "a", "value": null, "when": "soon"}]', "`when`"),
    ],
)
def test_wrong_cases_are_named(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=word):
        cases_of(path)


def test_the_committed_set_is_large_and_read_as_the_documentation_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "slots", "--cases", str(SET), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["cases"] >= 280 and report["invented"] == 0
    assert report["right"] / report["values"] > 0.95
