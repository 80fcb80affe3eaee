"""Digits however they are said: figures, words of two languages, groups, fillers, doubles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.understanding.digits_said import runs


def values(text: str) -> list[str]:
    return [run.value for run in runs(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4111 1111-1111.1111", ["4111111111111111"]),
        ("我的卡号是四一一一 一一一一，呃，幺幺幺幺 1111谢谢", ["4111111111111111"]),
        ("幺三八零零幺三八零零零", ["13800138000"]),
        ("一三八，然后，零零一三，后面是八零零零", ["13800138000"]),
        ("four one double one, uh, triple one", ["4111111"]),
        ("forty-one eleven ninety", ["411190"]),
        ("eight hundred five five five one two one two", ["8005551212"]),
        ("oh one seven o", ["0170"]),
        ("１３８０", ["1380"]),
        ("11010519491231002x", ["11010519491231002X"]),
        ("1100 words 2200", ["1100", "2200"]),
        ("nothing here", []),
        ("", []),
        ("8\n8\n6\n1", ["8861"]),
        ("12" + " " * 40 + "34", ["12", "34"]),
    ],
)
def test_digits_are_found_however_they_are_said(text: str, found: list[str]) -> None:
    assert values(text) == found


def test_a_run_knows_where_it_stands_and_where_its_groups_begin() -> None:
    [run] = runs("card 4111 11 please")
    assert (run.start, run.end) == (5, 12)
    assert [one.fresh for one in run.items] == [True, False, False, False, True, False]


@pytest.mark.parametrize(("text", "abroad"), [("+49 30 12", True), ("0049 30", True), ("49 30", False), ("0 1", False)])
def test_a_country_code_is_seen(text: str, abroad: bool) -> None:
    assert next(iter(runs(text))).abroad is abroad


@given(st.text(alphabet="0129 one double twenty-x零幺,\n然后是+", max_size=300))
def test_runs_keep_their_order_and_their_places_whatever_the_text(text: str) -> None:
    at = 0
    for run in runs(text):
        assert at <= run.start < run.end <= len(text) and set(run.value) <= set("0123456789X")
        at = run.start
