"""Charts are well-formed, bounded, and show what they are given."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ivr.acd.chart import MOST_DOTS, MOST_POINTS, Axis, dots, lines, stacked

SVG = "{http://www.w3.org/2000/svg}"


def test_lines_are_bounded_named_and_escaped() -> None:
    points = [(float(number), number / 100) for number in range(10_000)]
    text = lines("a < b", Axis("x & y", 10_000.0), Axis("%", 100.0), [("A: <now>", points), ("B", points)])
    root = ElementTree.fromstring(text)
    drawn = root.findall(f"{SVG}polyline")
    assert len(drawn) == 2
    assert len(drawn[0].attrib["points"].split()) <= 2 * MOST_POINTS
    words = [one.text for one in root.iter(f"{SVG}text")]
    assert {"a < b", "x & y", "A: <now>", "B"} <= set(words)


def test_dots_stay_inside_and_are_bounded() -> None:
    root = ElementTree.fromstring(dots("t", Axis("x", 100.0), Axis("y", 100.0), [(1e9, -0.0)] * 9000, 0.25))
    circles = root.findall(f"{SVG}circle")
    assert 0 < len(circles) <= 2 * MOST_DOTS
    assert all(0 <= float(one.attrib["cx"]) <= 720 for one in circles)


def test_charts_stand_below_each_other() -> None:
    one = lines("t", Axis("x", 1.0), Axis("y", 1.0), [])
    root = ElementTree.fromstring(stacked([one, one]))
    assert root.attrib["height"] == "800"
    assert [inner.attrib["y"] for inner in root.findall(f"{SVG}svg")] == ["0", "400"]


@pytest.mark.parametrize("most", [0.0, 0.3, 1.0, 7.0, 60.0, 100.0, 4321.0, 1e6])
def test_an_axis_has_a_handful_of_round_ticks(most: float) -> None:
    ticks = Axis("x", most).ticks()
    assert 1 <= len(ticks) <= 12
    assert ticks[0] == 0
    assert ticks[-1] <= max(most, 0.0)
