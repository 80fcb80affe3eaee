"""Patience: what was said so far, and the silence after it that is the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.patience import GOES_ON, LONGEST, QUICK, ROW_DONE, THINKING, Expected, Patience, digits_in, ends_in_filler

MENU = ["查账单", "查账单上个月的", "人工", "Check my bill", "check my bill for June", "operator", "是", "是的"]


@pytest.mark.parametrize("said", ["人工", "operator", "查账单上个月的", "check my bill for June"])
def test_a_whole_phrase_from_which_none_goes_on_ends_quickly(said: str) -> None:
    assert Patience(0.4, MENU).after(said) == QUICK


@pytest.mark.parametrize("said", ["查账单", "check my bill"])
def test_a_whole_phrase_that_may_go_on_has_the_usual_patience(said: str) -> None:
    assert Patience(0.4, MENU).after(said) == 0.4


@pytest.mark.parametrize("said", ["查", "查账单上个", "check", "…"])
def test_the_beginning_of_a_phrase_waits_longer(said: str) -> None:
    assert Patience(0.4, MENU).after(said) == 0.4 + GOES_ON


@pytest.mark.parametrize("said", ["嗯", "那个", "um", "I want to", "let me think", "my number is", "我的号码是"])
def test_a_filler_waits_for_the_thought(said: str) -> None:
    assert Patience(0.4, MENU).after(said) == THINKING
    assert Patience(0.6, (), Expected("amount")).after(said) == THINKING


def test_yes_ends_quickly_though_a_longer_yes_goes_on_from_it() -> None:
    assert Patience(0.4, MENU).after("是") == 0.4
    assert Patience(0.4, MENU, Expected("yes_no")).after("是") == QUICK


def test_nothing_believed_leaves_the_patience_of_the_question() -> None:
    assert Patience(0.4, MENU).after("") == 0.4
    assert Patience(0.7, (), Expected("text")).after("") == 0.7


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("一三八", 1.0 + GOES_ON),
        ("one three eight double zero", 1.0 + GOES_ON),
        ("一三八零零一三八零零零", ROW_DONE),
        ("one three eight oh oh one three eight oh oh oh", ROW_DONE),
        ("我的号码是", 1.0 + GOES_ON),
        ("一百三", 1.0),
    ],
)
def test_a_row_of_digits_is_waited_for_until_it_is_long_enough(said: str, seconds: float) -> None:
    assert Patience(1.0, (), Expected("phone", 11, 11)).after(said) == pytest.approx(seconds)


def test_a_row_of_unknown_length_keeps_its_patience() -> None:
    assert Patience(1.0, (), Expected("digits")).after("一三八") == 1.0


def test_a_row_that_may_be_longer_is_not_cut_at_its_least() -> None:
    assert Patience(1.0, (), Expected("digits", 4, 8)).after("1 2 3 4") == 1.0
    assert Patience(1.0, (), Expected("digits", 4, 8)).after("1 2 3 4 5 6 7 8") == ROW_DONE


def test_a_word_that_closes_a_value_ends_it_sooner() -> None:
    assert Patience(0.6, (), Expected("amount")).after("二十八块") == 0.4
    assert Patience(0.6, (), Expected("amount")).after("二十八") == 0.6
    assert Patience(0.6, (), Expected("date")).after("八月三号") == 0.4


def test_the_patience_that_a_flow_writes_is_the_base() -> None:
    assert Patience(0.2, MENU).after("人工") == 0.2
    assert Patience(3.0, MENU).after("查") == 3.0
    assert Patience(3.0, MENU).after("人工") == QUICK


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("一二三", 3),
        ("幺 三 八", 3),
        ("一百二十", None),
        ("double five six", 3),
        ("triple zero", 3),
        ("twenty one", 2),
        ("twenty oh", 3),
        ("fifteen sixteen", 4),
        ("two hundred", None),
        ("12 3", 3),
        ("hello", 0),
    ],
)
def test_digits_are_counted_as_they_are_said(text: str, count: int | None) -> None:
    assert digits_in(text) == count


def test_a_word_that_only_ends_like_a_filler_is_none() -> None:
    assert ends_in_filler("um")
    assert not ends_in_filler("album")
    assert not ends_in_filler("invoice")


@given(st.text(max_size=80), st.floats(0.1, 5.0), st.sampled_from(["", "yes_no", "digits", "phone", "amount", "date", "text"]))
def test_no_text_makes_it_wait_for_ever_or_not_at_all(said: str, base: float, kind: str) -> None:
    assert min(base, QUICK) <= Patience(base, MENU, Expected(kind, 4, 8)).after(said) <= max(base, LONGEST)
