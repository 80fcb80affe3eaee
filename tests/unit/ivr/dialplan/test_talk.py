"""`talk:` of flows: how a talk is heard and what advice is given."""

from __future__ import annotations

import pytest

from ivr.dialplan.loader import examine, load
from ivr.dialplan.talk import TalkWish, When, built_in

HEAD = """
flow: x
languages: [zh, en]
defaults: { error: end }
states: { start: { hangup: normal } }
triggers: { hesitation: }
talk:
"""


def talk(text: str) -> TalkWish:
    return load(HEAD + text).talk


def test_without_a_word_the_hints_of_the_house_are_given() -> None:
    assert {rule.name for rule in TalkWish().rules()} == set(built_in())
    for rule in built_in().values():
        assert set(rule.text) == {"zh", "en"}


def test_a_flow_has_its_own_words_leaves_some_out_and_adds_some() -> None:
    found = talk(
        "  transcribe: free\n  sure: 0.4\n  hints:\n    calm: { zh: 请先道歉 }\n    fast: false\n"
        "    price: { kind: offer, when: { trigger: hesitation, talked: 2m }, zh: 给优惠, en: Offer it, every: 5m }\n"
    )
    rules = {rule.name: rule for rule in found.rules()}
    assert (found.transcribe, found.sure) == ("free", 0.4)
    assert rules["calm"].text == {"zh": "请先道歉", "en": built_in()["calm"].text["en"]}
    assert rules["calm"].when == When(mood="angry")
    assert "fast" not in rules
    assert (rules["price"].kind, rules["price"].every) == ("offer", 300.0)
    assert rules["price"].when == When(trigger="hesitation", talked=120.0)


@pytest.mark.parametrize(
    ("text", "code", "cure"),
    [
        ("  transcribe: yes\n", "unknown-choice", "phrases"),
        ("  sure: 3\n", "out-of-range", "0.5"),
        ("  hints: { calmly: false }\n", "unknown-hint", "`calm`"),
        ("  hints: { price: { when: { trigger: hesitation } } }\n", "missing-key", "zh"),
        ("  hints: { price: { zh: 好, en: good } }\n", "missing-key", "when:"),
        ("  hints: { price: { when: { trigger: hesitate }, zh: 好, en: good } }\n", "unknown-trigger", "hesitation"),
        ("  hints: { price: { when: { mood: sad }, zh: 好, en: good } }\n", "unknown-choice", "angry"),
        ("  hints: { calm: { kind: nice } }\n", "unknown-choice", "calm"),
        ("  hints: [calm]\n", "wrong-type", "hints: {"),
        ("  loud: true\n", "unknown-key", "transcribe"),
    ],
)
def test_what_is_wrong_has_its_place_and_cure(text: str, code: str, cure: str) -> None:
    found = [one for one in examine(HEAD + text, "x.yaml")[1] if one.severity == "error"]
    assert code in {one.code for one in found}, found
    assert found[0].line == 8
    assert any(cure in one.cure for one in found), found
