"""Ranges of octets as players send them, and as nobody should."""

from __future__ import annotations

import pytest

from ivr.web.ranges import NotSatisfiable, wanted


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=90-200", (90, 10)),
        ("bytes=-10", (90, 10)),
        ("bytes=-1000", (0, 100)),
        ("Bytes=5-9", (5, 5)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("octets=0-1", None),
        ("bytes=a-b", None),
        ("bytes=٣-٤", None),
        (f"bytes={'9' * 40}-", None),
    ],
)
def test_a_range_is_read(header: str | None, part: tuple[int, int] | None) -> None:
    assert wanted(header, 100) == part


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=0-", 0), ("bytes=-0", 100), ("bytes=-5", 0)])
def test_a_range_behind_the_end_is_refused(header: str, size: int) -> None:
    with pytest.raises(NotSatisfiable):
        wanted(header, size)
