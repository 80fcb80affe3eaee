"""What the caller meant, told apart by text, by manners and by sound."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialplan.events import Phrase
from ivr.understanding.intent import match

ZH = {
    "bill": ["查账单", "这个月怎么扣了这么多钱"],
    "balance": ["查余额", "还剩多少话费"],
    "fault": ["宽带坏了", "上不了网"],
    "complaint": ["我要投诉"],
    "agent": ["转人工", "人工客服"],
    "yes": ["是的", "对"],
    "no": ["不是", "不对"],
}
EN = {
    "bill": ["check my bill", "why was I charged"],
    "balance": ["check my balance", "how much is left"],
    "fault": ["internet is down", "no connection"],
    "complaint": ["make a complaint"],
    "agent": ["talk to a person", "agent"],
    "yes": ["yes"],
    "no": ["no"],
}


def choices(table: dict[str, list[str]]) -> list[Phrase]:
    return [Phrase(text, name) for name, texts in table.items() for text in texts]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("查账单", "bill"),
        ("查章单", "bill"),
        ("我要查一下帐单", "bill"),
        ("帮我查一下上个月的账单", "bill"),
        ("查一下余额", "balance"),
        ("查于额", "balance"),
        ("宽带坏了要报修", "fault"),
        ("我要头诉", "complaint"),
        ("请帮我转人工客服", "agent"),
        ("转人共", "agent"),
        ("是", "yes"),
        ("不是的", "no"),
        ("不对", "no"),
    ],
)
def test_chinese_with_manners_and_homophones(said: str, meant: str) -> None:
    found = match(said, choices(ZH))
    assert found is not None
    assert found.name == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("I want to check my bill", "bill"),
        ("check my bills please", "bill"),
        ("check my balance", "balance"),
        ("my internet is down", "fault"),
        ("I want to make a complaint", "complaint"),
        ("let me talk to a person", "agent"),
        ("agent please", "agent"),
        ("yes please", "yes"),
        ("no thank you", "no"),
    ],
)
def test_english(said: str, meant: str) -> None:
    found = match(said, choices(EN))
    assert found is not None
    assert found.name == meant


@pytest.mark.parametrize("said", ["", "？", "今天天气怎么样", "查", "what a lovely day", "not an agent"])
def test_what_means_nothing_here(said: str) -> None:
    assert match(said, choices(ZH) + choices(EN)) is None


def test_the_same_phrase_for_two_intents_is_not_guessed() -> None:
    assert match("查账单", [Phrase("查账单", "a"), Phrase("查账单", "b")]) is None


def test_two_equally_near_intents_are_not_guessed() -> None:
    assert match("我要查账单", [Phrase("查手机账单", "mobile"), Phrase("查宽带账单", "cable")]) is None


def test_confidence_falls_from_exact_to_polite_to_near() -> None:
    exact, polite, near = (match(said, choices(ZH)) for said in ("查账单", "请帮我查账单", "查章单"))
    assert exact is not None and polite is not None and near is not None
    assert 1.0 == exact.confidence > polite.confidence > near.confidence > 0.5


@given(st.text(max_size=40))
def test_any_text_is_taken(text: str) -> None:
    found = match(text, choices(ZH))
    assert found is None or (found.name in ZH and 0.0 < found.confidence <= 1.0)


def test_a_turn_takes_less_than_5_ms() -> None:
    """CPU time, on a list three times as long as a real state's."""
    many = choices(ZH) + [Phrase(f"{text}服务{n}", f"{name}{n}") for n in range(4) for name, ts in ZH.items() for text in ts]
    match("热身", many)
    begin = time.process_time()
    for number in range(50):
        match(f"帮我查一下上个月的账单{number}", many)
    assert (time.process_time() - begin) / 50 < 0.005
