"""Readings of one utterance: what wins, what it is worth, what is told beside it."""

from __future__ import annotations

import pytest

from ivr.speech.engine import Hypothesis, Word
from ivr.speech.readings import Reading, weighed


def reading(text: str, worth: float, *words: str) -> Reading:
    return Reading(text, worth, tuple(Word(one, n * 0.3, n * 0.3 + 0.3, worth) for n, one in enumerate(words)))


def test_readings_of_one_phrase_are_worth_more_together() -> None:
    said = weighed([reading("bill", 0.4, "a"), reading("balance", 0.35, "b"), reading("balance", 0.25, "c")], 2)
    assert said.text == "balance"
    assert said.confidence == pytest.approx(0.6)
    assert said.alternatives == (("bill", 0.4),)
    assert [word.text for word in said.words] == ["b"]


def test_a_word_is_as_sure_as_the_readings_that_have_it_there() -> None:
    said = weighed([reading("x", 0.5, "pay", "bill"), reading("y", 0.3, "pay", "bail"), reading("z", 0.2, "hey", "pay")], 5)
    assert [round(word.confidence, 3) for word in said.words] == [0.8, 0.5]
    assert [text for text, _ in said.alternatives] == ["y", "z"]


def test_nothing_shown_is_nothing_heard_but_the_voice_is_told() -> None:
    assert weighed([reading("", 0.9)], 3, (1.0, 2.0)) == Hypothesis(speaker=(1.0, 2.0))
    assert weighed([], 3) == Hypothesis()


def test_a_reading_that_is_only_near_is_worth_less() -> None:
    assert weighed([reading("chek", 0.8).showing("check", 0.5)], 0).confidence == pytest.approx(0.4)
