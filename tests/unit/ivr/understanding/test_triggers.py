"""What people wait for is found as it is said, as it sounds, and not where it is denied."""

from __future__ import annotations

import random
import string
import time

import pytest

from ivr.dialplan.triggers import built_in
from ivr.understanding.sounds import LONGEST, tokens
from ivr.understanding.triggers import Sought, Spotter, form_tokens
from tests.load.triggers import cases, misheard, score

THINK = Sought("think", {"zh": ("我考虑一下", "考虑*再说"), "en": ("let me think about it", "want to cancel.")})
SUE = Sought("sue", {"zh": ("起诉", "12315"), "en": ("cancel my contract",)})
SPOTTER = Spotter([THINK, SUE])


def names(text: str, language: str, speaker: str = "caller", spotter: Spotter = SPOTTER) -> list[str]:
    return [one.name for one in spotter.find(text, language, speaker)]


def test_what_is_said_is_not_kept() -> None:
    kept = form_tokens.cache_info().currsize
    assert names("我考虑一下" + "好" * 390, "zh") == ["think"]
    assert form_tokens.cache_info().currsize == kept
    assert not hasattr(tokens, "cache_info")


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("zh", "嗯，我考虑一下吧", ["think"]),
        ("zh", "考虑好了再说", ["think"]),
        ("zh", "考虑得很清楚了以后我才再说", []),
        ("zh", "我要起诉，我再考虑一下", ["think", "sue"]),
        ("zh", "打１２３１５", ["sue"]),
        ("en", "Well, let me just THINK about it…", ["think"]),
        ("en", "i want to cancel", ["think"]),
        ("en", "i want to cancel my appointment", []),
        ("en", "I'd like to cancel my old contract", ["sue"]),
        ("en", "I want to renew my contract", []),
        ("en", "", []),
        ("fr", "我考虑一下", []),
    ],
)
def test_words_are_found_in_order_and_in_one_clause(language: str, text: str, found: list[str]) -> None:
    assert names(text, language) == found


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("zh", "我烤绿一夏", ["think"]),  # another tone of each syllable
        ("zh", "起素", []),  # two syllables alone sound like too much else
        ("zh", "我要去素你", []),
        ("en", "council my contract", ["sue"]),
        ("en", "cancel my contact", []),
    ],
)
def test_what_sounds_alike_is_the_same(language: str, text: str, found: list[str]) -> None:
    assert names(text, language) == found
    deaf = Spotter([Sought(one.name, one.phrases, sounds=False) for one in (THINK, SUE)])
    assert names(text, language, spotter=deaf) == []


@pytest.mark.parametrize(
    ("language", "text", "denied"),
    [
        ("zh", "我不是要起诉你们", True),
        ("zh", "我步是要起诉你们", True),
        ("zh", "我不考虑一下", True),
        ("zh", "是不是要起诉啊", False),
        ("zh", "不行，我要起诉", False),
        ("zh", "我不想起诉，但是我会起诉", False),
        ("en", "I'm not going to cancel my contract", True),
        ("en", "I never said I want to cancel my contract", True),
        ("en", "I can't wait, cancel my contract", False),
        ("en", "do not keep me waiting cancel my contract", False),
    ],
)
def test_what_is_denied_does_not_count(language: str, text: str, denied: bool) -> None:
    assert (names(text, language) == []) == denied
    unguarded = Spotter([Sought(one.name, one.phrases, guard=False) for one in (THINK, SUE)])
    if "考虑" not in text:  # a negation between the words of a phrase is never passed over
        assert names(text, language, spotter=unguarded)


def test_each_side_has_its_own() -> None:
    both = Spotter(
        [
            Sought("agent", {"en": ("call you back",)}, "agent"),
            Sought("caller", {"en": ("call you back",)}),
            Sought("any", {"en": ("call you back",)}, "both"),
        ]
    )
    assert names("I will call you back", "en", "agent", both) == ["agent", "any"]
    assert names("I will call you back", "en", "caller", both) == ["caller", "any"]


def test_the_best_phrase_of_a_trigger_is_told() -> None:
    found = Spotter([Sought("x", {"zh": ("我要换运营商", "换个运营商")})]).find("我要换个运营商", "zh")
    assert [(one.phrase, one.likeness) for one in found] == [("换个运营商", 1.0)]


def test_no_text_raises_or_takes_long() -> None:
    dice = random.Random(7)
    spotter = Spotter(
        [Sought(one.name, one.phrases, one.speaker, one.tolerance, one.sounds, one.guard) for one in built_in().values()]
    )
    letters = string.printable + "我考虑一下起诉不没有是给您，。！\u0000\ud800\U0001f600éß"
    texts = ["".join(dice.choice(letters) for _ in range(dice.randrange(1200))) for _ in range(150)]
    texts += ["我要" * 5000, "cancel my " * 5000, "不" * 9000, "n't" * 3000, "'" * 9000, "给您" * 900 + "答复"]
    began = time.process_time()
    for text in texts:
        for language in ("zh", "en"):
            spotter.find(text, language)
            assert len(tokens(text)) <= LONGEST
    assert time.process_time() - began < 20, "a hostile turn costs some milliseconds, not seconds"


@pytest.mark.parametrize(
    ("part", "language", "precision", "recall", "misheard_recall"),
    [
        ("dev", "zh", 0.97, 0.97, 0.75),
        ("dev", "en", 0.97, 0.97, 0.8),
        ("test", "zh", 0.95, 0.6, 0.45),
        ("test", "en", 0.85, 0.6, 0.45),
    ],
)
def test_the_built_in_triggers_find_what_they_are_for(
    part: str, language: str, precision: float, recall: float, misheard_recall: float
) -> None:
    """The figures of docs/understanding.md, with some room: `python -m tests.load.triggers`."""
    rows = [row for row in cases(part) if row[0] == language]
    assert len(rows) >= 50
    for heard, wanted in ((lambda text, language: text, recall), (misheard, misheard_recall)):
        result = score(rows, heard)
        found, missed, wrong = (one.total() for one in (result.found, result.missed, result.wrong))
        assert found / (found + wrong) >= precision, result.lines
        assert found / (found + missed) >= wanted, result.lines
