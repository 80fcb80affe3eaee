"""Scorecards in YAML: the samples are right, each mistake has its place and a cure, and a wrong change changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialplan.loader import read_flows
from ivr.dialplan.problems import Findings
from ivr.dialplan.shelf import files_in
from ivr.quality.folder import Shelf, read_cards
from ivr.quality.model import fitting
from ivr.quality.reading import read_page
from ivr.quality.schema import schema, text
from ivr.settings import load_settings
from ivr.wiring_scorecards import card_folders, checked_cards
from tests.unit.ivr.quality.conftest import cards_of, row

ROOT = Path(__file__).parents[4]
SAMPLES = ROOT / "dialplans" / "scorecards"
QUESTION = "scorecards: {{ a: {{ sections: {{ b: {{ questions: {{ c: {{ title: C, {} }} }} }} }} }} }}"


def test_the_samples_have_no_problem() -> None:
    config = load_settings(ROOT / "examples" / "demo" / "hotline.yaml")
    flows, _ = read_flows([ROOT / "dialplans"])
    files, problems = checked_cards(config, [SAMPLES], [ROOT / "dialplans" / "scenes"], flows)
    assert problems == []
    assert files == len(files_in([SAMPLES])) == 2


def test_the_samples_say_everything_in_both_languages_and_fit() -> None:
    cards, _, _ = read_cards([SAMPLES])
    questions = [question for card in cards.values() for question in card.questions()]
    assert all(set(one.title) == {"zh", "en"} for one in questions)
    assert sum(one.auto is not None for one in questions) > len(questions) / 2
    assert getattr(fitting(cards, row(tags=["complaint"])), "name", "") == "complaint"
    assert getattr(fitting(cards, row()), "name", "") == "hotline"


def test_the_schema_is_current_and_takes_the_samples() -> None:
    assert (SAMPLES / "schema.json").read_text("utf-8") == text(), (
        "python -m ivr.quality.schema > dialplans/scorecards/schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(json.loads(text()))
    for file in files_in([SAMPLES]):
        assert list(validator.iter_errors(yaml.safe_load(file.read_text("utf-8")))) == []
    assert list(validator.iter_errors({"scorecards": {"a": {"sections": {"b": {"questions": {"c": {"weight": -1}}}}}}}))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("kind: stars", "unknown-kind"),
        ("weight: -1", "out-of-range"),
        ("weight: heavy", "wrong-type"),
        ("wieght: 1", "unknown-key"),
        ("weight: 0", "out-of-range"),
        ("kind: choice", "missing-key"),
        ("kind: choice, choices: { a: { points: 1 }, b: { points: 2 } }", "out-of-range"),
        ("choices: { a: { points: 1 }, b: { points: 0 } }", "wrong-type"),
        ("auto: { measure: moon, most: 1 }", "unknown-measure"),
        ("auto: { fact: moon }", "unknown-fact"),
        ("auto: { fact: mood_end, one_of: [sad] }", "unknown-value"),
        ("auto: { fact: mood_end }", "wrong-type"),
        ("auto: { measure: csat }", "wrong-type"),
        ("auto: { measure: csat, most: [1] }", "wrong-type"),
        ("auto: { measure: csat, line: a }", "wrong-type"),
        ("auto: {}", "wrong-type"),
        ("auto: { said: hello }", "wrong-type"),
        ("auto: { said: { en: ['!!'] } }", "empty-phrase"),
        ("auto: { said: { english: [hi] } }", "unknown-language"),
        ("auto: { said: { en: [hi] }, of: end }", "wrong-type"),
        ("auto: { said: { en: [hi] }, by: bot }", "unknown-value"),
        ("auto: { said: { en: [hi] }, within: soon }", "bad-duration"),
        ("kind: scale, auto: { measure: csat, most: 3 }", "wrong-type"),
        ("kind: scale, auto: { measure: csat, steps: [1, 3, 2, 4] }", "wrong-type"),
        ("kind: scale, auto: { measure: csat, steps: [1, 2, 3] }", "wrong-type"),
        ("auto: { measure: csat, steps: [1, 2, 3, 4] }", "wrong-type"),
        (
            "kind: choice, choices: { a: { points: 1 }, b: { points: 0 } }, auto: { fact: mood_end, choose: { calm: x } }",
            "unknown-choice",
        ),
        ("not_applicable: false, only_if: { fact: recovered }", "wrong-type"),
    ],
)
def test_every_mistake_has_its_code_place_and_cure(more: str, code: str) -> None:
    findings = Findings("a.yaml")
    read_page(QUESTION.format(more), "a.yaml", findings)
    assert code in {one.code for one in findings.problems}, [str(one) for one in findings.problems]
    assert all(one.cure and one.line == 1 and one.column > 1 for one in findings.problems)


@pytest.mark.parametrize(
    "text", ["", "[]", "scorecards: 5", "scorecards: { A: {} }", "cards: {}", "scorecards: { a: { sections: [] } }"]
)
def test_files_that_are_none(text: str) -> None:
    findings = Findings("a.yaml")
    page = read_page(text, "a.yaml", findings)
    assert findings.failed
    assert all(not list(card.questions()) for card in page.cards.values())


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    read_page(text, "a.yaml", Findings("a.yaml"))
    read_page(QUESTION.format(f"auto: {text}"), "a.yaml", Findings("a.yaml"))


def test_names_must_be_there_and_stand_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "scorecards: { a: { when: { queue: [suport], flow: [x] }, sections: { b: { questions: { c: "
        "{ title: { en: C }, auto: { line: recorded } }, c2: { title: { zh: 二, en: Two } } } } } } }",
        "utf-8",
    )
    (tmp_path / "b.yaml").write_text("scorecards: { a: { sections: { b: { questions: { c: { title: C } } } } } }", "utf-8")
    config = load_settings(ROOT / "examples" / "demo" / "hotline.yaml")
    _, problems = checked_cards(config, [tmp_path], [], [])
    assert sorted(one.code for one in problems) == [
        "duplicate-key",
        "missing-language",
        "unknown-flow",
        "unknown-line",
        "unknown-queue",
    ]
    assert "did you mean `support`?" in " ".join(str(one) for one in problems)
    assert checked_cards(None, [tmp_path / "none"], [], []) == (0, [])


def test_two_questions_of_one_name_are_refused() -> None:
    findings = Findings("a.yaml")
    section = "{ questions: { c: { title: C } } }"
    read_page(f"scorecards: {{ a: {{ sections: {{ x: {section}, y: {section} }} }} }}", "a.yaml", findings)
    assert [one.code for one in findings.problems] == ["duplicate-key"]


def test_a_wrong_change_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("scorecards: { a: { title: One, sections: { b: { questions: { c: { title: C } } } } } }", "utf-8")
    shelf = Shelf([tmp_path])
    assert shelf.load() == []
    before = shelf.cards
    file.write_text("scorecards: { a: { titel: One } }", "utf-8")
    assert shelf.load()
    assert (set(shelf.cards), shelf.wrong > 0, shelf.cards is before) == ({"a"}, True, True)
    file.write_text("scorecards: { b: { sections: { b: { questions: { c: { title: C } } } } } }", "utf-8")
    assert shelf.load() == []
    assert (set(shelf.cards), shelf.wrong) == ({"b"}, 0)


def test_the_card_that_names_most_is_taken() -> None:
    base = "sections: { s: { questions: { q: { title: Q } } } }"
    cards = cards_of(
        f"scorecards: {{ any: {{ {base} }}, care: {{ when: {{ queue: [care] }}, {base} }}, "
        f"both: {{ when: {{ queue: [care], language: [zh] }}, {base} }}, late: {{ when: {{ queue: [care] }}, {base} }} }}"
    )
    assert getattr(fitting(cards, row()), "name", "") == "any"
    assert getattr(fitting(cards, row(queue="care", language="en")), "name", "") == "care"
    assert getattr(fitting(cards, row(queue="care", language="zh-CN")), "name", "") == "both"
    assert fitting({}, row()) is None


def test_folders_come_from_the_settings() -> None:
    config = load_settings(ROOT / "examples" / "demo" / "hotline.yaml")
    assert [one.parts[-2:] for one in card_folders(config)] == [("dialplans", "scorecards")]
