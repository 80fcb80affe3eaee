"""One phrase of a library stands for many, and some take a hit back."""

from __future__ import annotations

import pytest

from ivr.understanding.phrasing import MOST_FORMS, pieces, spoken
from ivr.understanding.triggers import Sought, Spotter


def spotter(*phrases: str, language: str = "en") -> Spotter:
    return Spotter([Sought("it", {language: phrases})])


def test_choices_stand_for_every_form_between_two_gaps() -> None:
    assert pieces("(think|mull) (it|) over * (now|later)") == (
        ("think it over", "think over", "mull it over", "mull over"),
        ("now", "later"),
    )


@pytest.mark.parametrize(
    "text", ["(a|b", "a|b", "a)", "((a|b)|c)", "(a * b)", "(" + "|".join(map(str, range(MOST_FORMS + 1))) + ")"]
)
def test_brackets_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"brackets|phrases in one"):
        pieces(text)


def test_any_form_is_found_and_named_as_it_was_written() -> None:
    here = spotter("(think|mull) it over * (tonight|tomorrow)")
    assert [one.phrase for one in here.find("let me mull it over until tomorrow", "en")] == ["mull it over…tomorrow"]
    assert here.find("let me mull it over", "en") == []


def test_a_phrase_with_a_mark_takes_back_what_its_clause_says() -> None:
    here = spotter("律师", "!律师(楼|事务所)*地址", language="zh")
    assert here.find("律师楼的地址改了", "zh") == []
    assert here.find("律师楼的地址改了，我要找律师", "zh")


def test_what_takes_back_does_not_count_where_it_is_denied() -> None:
    here = spotter("think about it", "!thought about it")
    assert here.find("I have not thought about it so let me think about it", "en")


def test_two_characters_are_known_by_sound_beside_another_piece_alone() -> None:
    assert spotter("老伴*去世", language="zh").find("我老伴上个月趣事了", "zh")
    assert spotter("去世", language="zh").find("说件趣事", "zh") == []


def test_a_recognizer_listens_for_one_form_of_each_first() -> None:
    assert list(spoken(["(a|b) c * (d|e)", "!x y", "f g."])) == ["a c d", "f g", "b c e"]
