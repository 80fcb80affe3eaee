"""Anger in words: what counts, what is denied, and any text at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.mood import Verdict, judge, mood

ANGRY = [
    ("zh", "你们这是什么服务气死我了"),
    ("zh", "你们就是骗子"),
    ("zh", "太差劲了，说了多少遍了"),
    ("zh", "简直太离谱了，浪费时间"),
    ("zh", "我要投诉你们，到底有没有人管"),
    ("zh", "什么垃圾公司"),
    ("zh", "我受够了"),
    ("zh", "真的太过分了"),
    ("zh", "等了半天没人理，搞什么"),
    ("en", "this is absolutely ridiculous, what a waste of time"),
    ("en", "I'm furious"),
    ("en", "I am so angry, this is the third time"),
    ("en", "you are useless"),
    ("en", "I'm sick and tired of this"),
    ("en", "This is unacceptable and ridiculous"),
    ("en", "I want to complain, how many times do I have to call, I'm really upset"),
]
CALM = [
    ("zh", "查账单"),
    ("zh", "我要投诉"),
    ("zh", "我不是生气，我就想问一下"),
    ("zh", "没有生气"),
    ("zh", "你们的服务很好"),
    ("zh", "怎么回事啊上不了网"),
    ("zh", "有点失望"),
    ("zh", "多少钱"),
    ("zh", "我叫孙丽"),
    ("zh", "明天"),
    ("zh", ""),
    ("en", "check my bill"),
    ("en", "I want to make a complaint"),
    ("en", "I'm not angry"),
    ("en", "it's not that I am angry"),
    ("en", "no, it isn't terrible"),
    ("en", "nobody is home on Monday"),
    ("en", "Kate Miller"),
    ("en", "tomorrow"),
    ("en", "I have been waiting for two hours"),
    ("fr", "je suis furious"),
]


@pytest.mark.parametrize(("language", "text"), ANGRY)
def test_anger_is_heard(language: str, text: str) -> None:
    assert mood(text, language) == "angry"


@pytest.mark.parametrize(("language", "text"), CALM)
def test_what_is_no_anger_is_none(language: str, text: str) -> None:
    assert mood(text, language) != "angry"


@given(st.text(max_size=2000), st.sampled_from(["zh", "en", ""]))
def test_no_text_breaks_it(text: str, language: str) -> None:
    assert mood(text, language) in ("", "calm", "tense", "angry")


@pytest.mark.parametrize("unit", ["气", "!", "so ", "not ", "ab", "滚滚", "very very "])
def test_a_hostile_text_costs_little(unit: str) -> None:
    began = time.perf_counter()
    for language in ("zh", "en"):
        mood(unit * 20_000, language)
    assert time.perf_counter() - began < 0.2


def test_words_in_the_other_writing_are_not_guessed_at() -> None:
    """A greeting of the other language was taken for anger."""
    assert judge("你好", "en") == judge("bill please", "zh") == Verdict()


@pytest.mark.parametrize(
    "text", ["how are you", "who are you", "are you there", "can you hear me", "你是谁", "你叫什么名字", "听得到吗"]
)
def test_questions_to_whoever_answers_are_calm(text: str) -> None:
    assert mood(text, "en" if text.isascii() else "zh") == "calm"
