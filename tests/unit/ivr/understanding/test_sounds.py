"""Tokens with their sounds."""

from __future__ import annotations

import pytest

from ivr.understanding.sounds import near, tokens


def test_a_turn_is_words_and_characters_without_fillers() -> None:
    assert [one.text for one in tokens("嗯我Won't pay,真的")] == ["我", "wil", "not", "pay", "真", "的"]
    assert [one.clause for one in tokens("不，我要")] == [0, 1, 1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cancel", "council"),
        ("two", "to"),
        ("contract", "kontrakt"),
        ("是", "四"),
        ("想", "像"),
        ("成", "陈"),
    ],
)
def test_what_is_taken_for_each_other_sounds_alike(one: str, other: str) -> None:
    assert tokens(one)[0].sound == tokens(other)[0].sound


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [("huan", "guan", True), ("huan", "wen", False), ("kntrkt", "kntkt", True), ("12", "13", False), ("renew", "rush", False)],
)
def test_near_sounds_share_a_half(one: str, other: str, alike: bool) -> None:
    assert near(one, other) is alike
