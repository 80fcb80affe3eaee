"""What is handed over of a contact, in the form that is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ivr.handover.document import document, packed, schema
from tests.unit.ivr.handover.samples import AT, record, turn

VALIDATOR = Draft202012Validator(schema())
ROOT = Path(__file__).parents[4]


def test_the_published_schema_is_the_one_in_use_and_sound() -> None:
    Draft202012Validator.check_schema(schema())
    assert json.loads((ROOT / "docs" / "handover.schema.json").read_text("utf-8")) == schema()


def test_everything_known_is_in_it() -> None:
    found = document(record(), "https://us/h")
    VALIDATOR.validate(found)
    assert found["contact"]["started_at"] == "2026-09-21T14:13:20.000Z"
    assert found["contact"]["queued_at"] == "2026-09-21T14:13:51.000Z"
    assert found["intent"] == {"name": "bill", "confidence": 0.91}
    assert [one["name"] for one in found["intents"]] == ["bill"]
    assert found["confidence"] == 0.8
    assert found["mood"]["label"] == "tense"
    assert (found["summary"], found["note"], found["agent_note"]) == ("Wants to pay.", "Router is red.", "Called twice.")
    assert found["profile"] == {
        "name": "李强",
        "tier": "gold",
        "history": [{"at": AT, "topic": "bill"}],
    }
    assert found["media"] == {"codec": "pcma", "packets_lost": 3}
    assert found["signalling"] == {"user_to_user": "order 4711"}
    assert found["link"] == "https://us/h"
    assert [one["index"] for one in found["turns"]] == [0, 1, 2, 3]


def test_a_contact_of_which_nothing_is_known_has_the_form_too() -> None:
    found = document({"id": "c-1"})
    VALIDATOR.validate(found)
    assert found["intent"] is None
    assert found["turns"] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=30,
)


@settings(max_examples=40, deadline=None)
@given(JSON, JSON, JSON)
def test_whatever_a_source_sent_is_json_of_the_form(slots: Any, profile: Any, facts: Any) -> None:
    """Half characters, numbers that are none, and things in things: all of it fits."""
    handover = {"facts": facts, "talk": profile, "summary": slots}
    found = document(record(slots=slots, profile=profile, handover=handover, signalling=facts))
    VALIDATOR.validate(json.loads(packed(found)))


def test_a_long_text_is_cut() -> None:
    found = document(record(turns=0) | {"turns": [turn(0, "x" * 100_000)]})
    assert len(found["turns"][0]["text"]) == 4000
    assert found["turns"][0]["text"].endswith("…")
