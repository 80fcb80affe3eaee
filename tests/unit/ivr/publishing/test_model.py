"""Texts compared line by line, and times as people write them."""

from __future__ import annotations

import random
import time

import pytest

from ivr.errors import Conflict
from ivr.publishing.model import difference, moment, unified

NOW = 1_790_000_000.0


def patched(before: str, lines: list[tuple[str, int | None, int | None, str]], side: str) -> list[str]:
    """One side, put together again from the lines of a difference."""
    return [text for kind, _, _, text in lines if kind in ("same", side)]


def test_any_two_texts_are_put_together_again_from_their_difference() -> None:
    dice = random.Random(7)
    for _ in range(200):
        old, new = ("\n".join(dice.choice("abcd") for _ in range(dice.randrange(12))) for _ in range(2))
        found = difference(old, new)
        assert patched(old, list(found.lines), "remove") == old.splitlines()
        assert patched(new, list(found.lines), "add") == new.splitlines()
        assert [line[1] for line in found.lines if line[1]] == list(range(1, len(old.splitlines()) + 1))
        assert [line[2] for line in found.lines if line[2]] == list(range(1, len(new.splitlines()) + 1))


def test_a_difference_reads_as_diff_writes_it() -> None:
    old = "\n".join(f"line {n}" for n in range(1, 21))
    new = old.replace("line 2\n", "").replace("line 19", "other")
    assert unified(difference(old, new), "a", "b") == (
        "--- a\n+++ b\n"
        "@@ -1,5 +1,4 @@\n line 1\n-line 2\n line 3\n line 4\n line 5\n"
        "@@ -16,5 +15,5 @@\n line 16\n line 17\n line 18\n-line 19\n+other\n line 20\n"
    )
    assert unified(difference(old, old), "a", "b") == ""
    assert unified(difference("", "one"), "a", "b") == "--- a\n+++ b\n@@ -0,0 +1,1 @@\n+one\n"


@pytest.mark.parametrize("other", ["y", "x"])
def test_texts_of_a_hundred_thousand_lines_are_compared_in_time(other: str) -> None:
    old = "\n".join(["x"] * 100_000)
    new = "\n".join([other, *["x", "z"] * 50_000])
    begin = time.thread_time()
    found = difference(old, new)
    assert time.thread_time() - begin < 5.0
    assert found.added >= 50_000


def test_lines_that_are_all_alike_are_compared_in_time() -> None:
    """The worst for the method: few different lines, each many times, in the most that is compared wholly."""
    dice = random.Random(3)
    old, new = ("\n".join(dice.choice("ab") for _ in range(990)) for _ in range(2))
    begin = time.thread_time()
    difference(old, new)
    assert time.thread_time() - begin < 5.0


@pytest.mark.parametrize(
    ("text", "zone", "seconds"),
    [
        ("2027-01-01 00:00", "UTC", 1798761600.0),
        ("2027-01-01 00:00", "Asia/Shanghai", 1798732800.0),
        ("2027-01-01T00:00+08:00", "Europe/Berlin", 1798732800.0),
        (" 2027-01-01 ", "UTC", 1798761600.0),
        (NOW + 5, "UTC", NOW + 5),
    ],
)
def test_times_are_those_of_the_zone(text: str | float, zone: str, seconds: float) -> None:
    assert moment(text, zone, NOW, "from") == seconds


def test_no_time_is_no_time() -> None:
    assert moment(None, "UTC", NOW, "from") is None
    assert moment("", "UTC", NOW, "from") is None
    for wrong in ("tomorrow", "2027-13-01", "0001-01-01 00:00", NOW, float("inf")):
        with pytest.raises(Conflict, match="until"):
            moment(wrong, "UTC", NOW, "until")
