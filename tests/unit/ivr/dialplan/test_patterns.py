"""Examples written short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialplan.patterns import MOST, PatternError, count, expand, parse

WORDS = {"see": ("查", "看")}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("查账单", {"查账单"}),
        ("查[一下]账单", {"查账单", "查一下账单"}),
        ("(查|看)账单", {"查账单", "看账单"}),
        ("<see>[我的|这个月的]账单", {f"{one}{of}账单" for one in "查看" for of in ("", "我的", "这个月的")}),
        ("check [my] bill", {"check bill", "check my bill"}),
        ("a ((b|c) d|e)", {"a b d", "a c d", "a e"}),
    ],
)
def test_what_a_pattern_stands_for(pattern: str, expected: set[str]) -> None:
    assert set(expand(pattern, WORDS)) == expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("查[一下账单", "not closed"),
        ("(a|b", "not closed"),
        ("a]", "closes what nothing opened"),
        ("(a]", "not closed"),
        ("<other>账单", "there are no words `<other>`: <see>"),
        ("a < b", "is written `<name>`"),
        ("(" * 20 + "a" + ")" * 20, "deep"),
        ("(a|b)" * 1000, "characters"),
    ],
)
def test_what_is_no_pattern_says_why(pattern: str, why: str) -> None:
    with pytest.raises(PatternError, match=why):
        expand(pattern, WORDS)


def test_a_long_pattern_gives_few_sentences_that_try_every_part() -> None:
    pattern = "(a1|a2|a3|a4|a5) (b1|b2|b3|b4|b5) (c1|c2|c3|c4|c5) (d1|d2|d3|d4|d5)"
    found = expand(pattern, {})
    assert count(parse(pattern, {})) == 625
    assert len(found) == MOST
    assert {word for text in found for word in text.split()} == {f"{letter}{n}" for letter in "abcd" for n in range(1, 6)}


@given(st.text("ab()[]|<> ", max_size=40))
def test_any_text_is_a_bounded_list_or_one_error(pattern: str) -> None:
    try:
        found = expand(pattern, {"a": ("x",)})
    except PatternError:
        return
    assert len(found) <= MOST
    assert not any(mark in text for text in found for mark in "()[]|<>")
