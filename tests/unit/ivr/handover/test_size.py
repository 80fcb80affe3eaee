"""What stays of a handover that is too long, and in which order the rest goes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ivr.handover.document import document, packed, schema
from ivr.handover.size import LEAST, bounded
from tests.unit.ivr.handover.samples import record, turn

VALIDATOR = Draft202012Validator(schema())


def test_what_fits_stays_as_it_is() -> None:
    found = document(record())
    assert bounded(found, 64 * 1024) is found


def test_the_oldest_turns_in_the_middle_go_first() -> None:
    found = bounded(document(record(turns=100)), 8192)
    kept = [one["index"] for one in found["turns"]]
    assert kept[:2] == [0, 1]
    assert kept[2:] == list(range(kept[2], 100))
    assert found["left_out"] == {"turns": 100 - len(kept), "cut": []}
    assert 7000 < len(packed(found)) <= 8192


def test_then_what_is_past_and_then_the_ends_of_texts() -> None:
    turns = [turn(number, "word " * 100) for number in range(10)]
    found = bounded(document(record(turns=0) | {"turns": turns}), LEAST + 1200)
    assert found["left_out"]["cut"][:3] == ["talk", "media", "signalling"]
    assert found["left_out"]["cut"][-1] == "texts"
    assert found["talk"] == {}
    assert max(len(one["text"]) for one in found["turns"]) == 280
    assert found["slots"] == {"account": "4711"}


def test_who_it_is_and_what_they_want_stay_to_the_last() -> None:
    heavy = {f"name {number}": "x" * 4000 for number in range(40)}
    found = bounded(document(record(slots=heavy, signalling=heavy, profile={"products": ["y" * 4000] * 40})), LEAST)
    assert (found["contact"]["id"], found["caller"]["name"], found["intent"]["name"]) == ("c-1", "李强", "bill")
    assert found["summary"] == "Wants to pay."
    assert (found["slots"], found["profile"]) == ({}, {})


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 300), st.integers(0, 5000), st.integers(0, 70_000), st.text(max_size=2000))
def test_it_fits_whatever_was_said(turns: int, words: int, octets: int, name: str) -> None:
    said = [turn(number, "说" * words) for number in range(turns)]
    whole = record(turns=0, caller_name=name * 3, called=name, slots={name[:9]: name, "b": name}) | {"turns": said}
    found = bounded(document(whole), octets)
    VALIDATOR.validate(found)
    assert len(packed(found)) <= max(octets, LEAST)
    assert len(found["turns"]) + found["left_out"]["turns"] == turns


@pytest.mark.parametrize("turns", [5_000])
def test_a_very_long_call_costs_little(turns: int) -> None:
    found: dict[str, Any] = document(record(turns=turns))
    began = time.perf_counter()
    assert len(packed(bounded(found, 8192))) <= 8192
    assert time.perf_counter() - began < 3.0
