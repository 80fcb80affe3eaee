"""What an agent filled in is checked against what the action asks for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.actions.filling import filled
from ivr.errors import Conflict
from ivr.scenes.model import Action, Field

ACTION = Action(
    "refund",
    {"en": "Refund"},
    "shop",
    (
        Field("amount", {}, "number", least=1, most=200),
        Field("why", {}, "choice", {"late": {}, "faulty": {}}, required=False),
        Field("day", {}, "date", required=False),
        Field("sure", {}, "flag"),
        Field("note", {}, required=False),
    ),
)


def test_every_field_is_of_its_type() -> None:
    given = {"amount": " 24.50 ", "why": "late", "day": "2026-01-31", "sure": "true", "note": "x"}
    assert filled(ACTION, given) == {"amount": 24.5, "why": "late", "day": "2026-01-31", "sure": True, "note": "x"}
    assert filled(ACTION, {"amount": 1, "why": ""}) == {"amount": 1.0, "sure": False}, "what is empty is left out"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "amount: this must be filled in"),
        ({"amount": "much"}, "amount: a number is needed"),
        ({"amount": "nan"}, "amount: a number is needed"),
        ({"amount": "0"}, "amount: 1 is the least"),
        ({"amount": "201"}, "amount: 200 is the most"),
        ({"amount": [1]}, "amount: text or a number is needed"),
        ({"amount": "1", "why": "never"}, "why: one of late, faulty is needed"),
        ({"amount": "1", "day": "31.1."}, "day: a date such as 2026-01-31 is needed"),
        ({"amount": "1", "sure": "maybe"}, "sure: true or false is needed"),
        ({"amount": "1", "note": "x" * 501}, "note: 500 characters are the most"),
        ({"amount": "1", "who": "me"}, "'who' is no field of this action"),
    ],
)
def test_a_mistake_names_the_field_and_the_cure(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Conflict, match="^" + words.replace("(", r"\(")):
        filled(ACTION, given)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from([one.name for one in ACTION.fields]), st.one_of(st.text(), st.floats(), st.booleans())))
def test_anything_is_taken_or_refused_in_words(given: dict[str, Any]) -> None:
    try:
        assert 1 <= filled(ACTION, given)["amount"] <= 200
    except Conflict as error:
        assert ": " in str(error)
