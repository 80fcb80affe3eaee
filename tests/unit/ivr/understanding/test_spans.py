"""When private words were spoken, from where they stand in the text."""

from __future__ import annotations

from ivr.speech.recognizer import SpokenWord, UtteranceHeard
from ivr.understanding.spans import spoken_at


def heard(text: str, *words: str) -> UtteranceHeard:
    """Words of half a second each from second 10 on."""
    said = tuple(SpokenWord(word, 10 + n / 2, 10.4 + n / 2, 0.9) for n, word in enumerate(words))
    return UtteranceHeard(20.0, text, 0.9, 15.0, said)


def test_the_words_that_are_hit_and_no_others() -> None:
    text = "my card is four one one"
    assert spoken_at(heard(text, *text.split()), text, 11, 23) == (11.5, 12.9)


def test_chinese_words_without_spaces() -> None:
    text = "卡号四一一一谢谢"
    assert spoken_at(heard(text, "卡号", "四", "一", "一", "一", "谢谢"), text, 2, 6) == (10.5, 12.4)


def test_words_that_are_not_those_of_the_text_stand_for_the_whole_utterance() -> None:
    assert spoken_at(heard("card 4111", "카드", "사일"), "card 4111", 5, 9) == (10.0, 10.9)
    assert spoken_at(heard("card 4111", "card"), "card 4111", 5, 9) == (10.0, 10.4)


def test_without_times_it_is_as_long_as_the_text_may_take() -> None:
    start, end = spoken_at(heard("a b"), "a b", 0, 1)
    assert end == 15.0 and 12.0 < start < 14.0
    assert spoken_at(heard("a" * 500), "a" * 500, 0, 1)[0] == 0.0
