"""Points, fatal questions, what does not apply, and how far people lie apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.quality.model import Card, card_of
from ivr.quality.scoring import breakdown, score, spread
from tests.unit.ivr.quality.conftest import cards_of

HOTLINE = cards_of()["hotline"]
BEST = {"greeting": "yes", "recorded": "yes", "silence": 5, "hold": "yes", "right": "good", "mood": "fine"}


def answers(**values: Any) -> dict[str, dict[str, Any]]:
    return {name: {"value": value} for name, value in values.items()}


@pytest.mark.parametrize(
    ("other", "expected", "raw", "passed", "fatal"),
    [
        ({}, 100.0, 100.0, True, ()),
        ({"greeting": "no"}, 80.0, 80.0, True, ()),
        ({"right": "poor"}, 60.0, 60.0, True, ()),
        ({"right": "poor", "silence": 3}, 55.0, 55.0, False, ()),
        ({"recorded": "no"}, 0.0, 90.0, False, ("recorded",)),
        ({"recorded": "na"}, 100.0, 100.0, True, ()),
        ({"hold": "na", "greeting": "no"}, 77.8, 77.8, True, ()),
    ],
)
def test_weights_and_fatal_questions(other: Any, expected: float, raw: float, passed: bool, fatal: tuple[str, ...]) -> None:
    found = score(HOTLINE, answers(**{**BEST, **other}))
    assert (found.score, found.raw, found.passed, found.fatal) == (expected, raw, passed, fatal)
    assert (found.covered, found.open) == (1.0, ())


def test_open_questions_count_for_nothing_and_are_named() -> None:
    found = score(HOTLINE, answers(greeting="yes"))
    assert (found.score, found.passed, found.covered) == (100.0, None, 0.2)
    assert score(HOTLINE, answers(recorded="no")).passed is False, "nothing that is open could mend it"
    assert found.open == ("recorded", "silence", "hold", "right", "mood")
    nothing = score(HOTLINE, {})
    assert (nothing.score, nothing.passed, nothing.covered) == (None, None, 0.0)


VALUES = st.one_of(
    st.none(), st.integers(-3, 9), st.sampled_from(["yes", "no", "na", "good", "poor", "fine", "", "x"]), st.booleans()
)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.sampled_from([*BEST, "other"]), VALUES))
def test_any_answers_give_a_score_within_its_bounds(given: dict[str, Any]) -> None:
    found = score(HOTLINE, answers(**given))
    assert found.score is None or 0 <= found.score <= 100
    assert 0 <= found.covered <= 1
    assert score(card_of(HOTLINE.to_dict()), answers(**given)) == found, "as it is kept it counts alike"


def test_a_version_is_another_where_anything_is() -> None:
    assert card_of(HOTLINE.to_dict()).to_dict() | {"version": ""} == HOTLINE.to_dict() | {"version": ""} | {
        "sections": card_of(HOTLINE.to_dict()).to_dict()["sections"]
    }
    other = cards_of(_changed("weight: 10", "weight: 11"))["hotline"]
    assert len({HOTLINE.version, other.version, cards_of()["hotline"].version}) == 2


def _changed(before: str, after: str) -> str:
    from tests.unit.ivr.quality.conftest import CARD

    assert before in CARD
    return CARD.replace(before, after)


def test_how_far_people_lie_apart() -> None:
    card: Card = HOTLINE
    others = {"right": "poor", "silence": 1, "hold": "na"}
    found = spread(card, {"a": answers(**BEST), "b": answers(**{**BEST, **others}), "c": answers(**BEST)}, "a")
    by = {one["name"]: one for one in found["questions"]}
    assert [one["name"] for one in found["questions"]][:2] == ["silence", "right"]
    assert (by["right"]["agreement"], by["right"]["spread"], by["right"]["off"]) == (
        0.333,
        1.0,
        {"a": 0.0, "b": -1.0, "c": 0.0},
    )
    assert by["hold"]["off"] == {"a": 0.0, "c": 0.0}, "what does not apply is no distance"
    assert (by["greeting"]["agreement"], by["greeting"]["spread"]) == (1.0, 0.0)
    assert found["spread"] == found["scores"]["a"] - found["scores"]["b"]


def test_how_questions_were_answered() -> None:
    found = breakdown(HOTLINE, [answers(**BEST), answers(**{**BEST, "silence": 1, "recorded": "na"}), answers(silence="old")])
    by = {one["name"]: one for one in found}
    assert by["silence"] == {
        "name": "silence",
        "section": "opening",
        "answered": 2,
        "not_applicable": 0,
        "mean": 0.5,
        "failed": 1,
        "values": {"5": 1, "1": 1, "old": 1},
    }
    assert (by["recorded"]["answered"], by["recorded"]["not_applicable"], by["recorded"]["mean"]) == (1, 1, 1.0)
