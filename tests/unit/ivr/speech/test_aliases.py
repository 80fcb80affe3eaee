"""Spelling phrases in a model's words, and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ConfigError
from ivr.speech.aliases import VARIANTS, Aliases, Grammar, join_words, longest_match, plain, spellings

VOCABULARY = frozenset(
    ["check", "my", "bill", "查", "账单", "查询", "我", "要", "的", "voter", "phone", "face", "book", "[unk]"],
)
NONE = Aliases()


def known(word: str) -> bool:
    return word in VOCABULARY


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Check my Bill!", "check my bill"), ("查账单。", "查账单"), ("ＡＢＣ  d", "abc d"), ("don't", "don't"), ("？", "")],
)
def test_plain_drops_case_and_punctuation(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_chinese_is_cut_into_the_longest_words_of_the_model() -> None:
    assert spellings("我要查询账单", known, NONE) == ("我 要 查询 账单",)
    assert longest_match("查询查", known) == ["查询", "查"]


def test_a_phrase_with_an_unknown_word_is_not_heard() -> None:
    assert spellings("check my vodafone", known, NONE) == ()
    assert spellings("查余额", known, NONE) == ()


def test_an_alias_of_a_word_and_of_a_phrase() -> None:
    aliases = Aliases.from_data({"words": {"Vodafone": ["voter phone", "face book"]}, "phrases": {"查余额": "查 账单"}})
    assert spellings("check my vodafone", known, aliases) == ("check my voter phone", "check my face book")
    assert spellings("查余额。", known, aliases) == ("查 账单",)


def test_an_alias_that_the_model_does_not_know_is_left_out() -> None:
    assert spellings("vodafone", known, Aliases.from_data({"words": {"vodafone": ["vota fon"]}})) == ()


def test_variants_are_bounded() -> None:
    aliases = Aliases(words={"x": ("check", "my", "bill")})
    assert len(spellings("x x x x", known, aliases)) == VARIANTS


@pytest.mark.parametrize("data", [[], {"phrase": {}}, {"words": {"a": 3}}, {"words": {"a": [""]}}, {"phrases": ["a"]}])
def test_a_wrong_file_is_refused_with_its_name(data: object) -> None:
    with pytest.raises(ConfigError, match=r"my\.yaml"):
        Aliases.from_data(data, "my.yaml")


def test_the_grammar_gives_back_the_phrase_as_it_was_given() -> None:
    grammar = Grammar.of(["Check my bill!", "查账单", "余额"], known, NONE)
    assert grammar.unheard == ("余额",)
    assert grammar.match("check my bill") == ("Check my bill!", 1.0)
    assert grammar.match("查 账单 [unk]") == ("查账单", 1.0)
    assert json.loads(grammar.json(known)) == ["check my bill", "查 账单", "[unk]"]


def test_a_mixture_means_the_nearest_phrase_or_nothing() -> None:
    grammar = Grammar({"on tari o": "first", "cali forni a": "second"}, ())
    phrase, likeness = grammar.match("on tari a")
    assert phrase == "first"
    assert 0.6 < likeness < 1.0
    assert grammar.match("o a") == ("", 0.0)
    assert grammar.match("") == ("", 0.0)
    assert grammar.match("[unk]") == ("", 0.0)


def test_free_speech_joins_chinese_only() -> None:
    assert join_words(["查", "账单", "please", "now"]) == "查账单 please now"


@given(st.text(max_size=30))
def test_any_text_has_spellings_of_known_words_only(text: str) -> None:
    for way in spellings(text, known, NONE):
        assert all(known(word) for word in way.split())


def test_words_of_a_list_are_given_as_they_were_said() -> None:
    aliases = Aliases.from_data({"words": {"幺": ["yao"]}})
    grammar = Grammar.of(["八", "六", "幺"], lambda word: word in {"八", "六", "yao"}, aliases)
    assert grammar.words("八 八 六 yao [unk]") == "八八六幺"
    assert grammar.words("[unk]") == ""
