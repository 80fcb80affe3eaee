"""Rows, order and places of a drawn graph: nothing overlaps, edges lead downward, circles are drawn upward."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from ivr.dialplan.layered import Box, Layout, Link, lay_out, ranks


def graph(seed: int, count: int = 40) -> tuple[list[Box], list[Link]]:
    dice = random.Random(seed)
    boxes = [Box(dice.randint(40, 200), dice.randint(16, 60)) for _ in range(count)]
    ends = [(one, min(count - 1, max(0, one + dice.randint(-4, 7)))) for one in range(count) for _ in range(3)]
    return boxes, [Link(tail, head, dice.randint(0, 90), dice.choice([0, 14])) for tail, head in ends if tail != head]


def overlapping(boxes: list[Box], layout: Layout) -> list[tuple[int, int]]:
    found = []
    for one, two in combinations(range(len(boxes)), 2):
        (x, y), (u, v) = layout.centres[one], layout.centres[two]
        near = abs(x - u) < (boxes[one].width + boxes[two].width) / 2 - 0.01
        if near and abs(y - v) < (boxes[one].height + boxes[two].height) / 2 - 0.01:
            found.append((one, two))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_no_two_boxes_overlap_and_all_lie_inside(seed: int) -> None:
    boxes, links = graph(seed)
    layout = lay_out(boxes, links)
    assert overlapping(boxes, layout) == []
    for box, (x, y) in zip(boxes, layout.centres, strict=True):
        assert x - box.width / 2 >= -0.01 and x + box.width / 2 <= layout.width + 0.01
        assert y - box.height / 2 >= -0.01 and y + box.height / 2 <= layout.height + 0.01


@pytest.mark.parametrize("seed", range(6))
def test_links_begin_and_end_at_their_boxes(seed: int) -> None:
    boxes, links = graph(seed)
    layout = lay_out(boxes, links)
    for link, route in zip(links, layout.routes, strict=True):
        for box, (x, y) in ((link.tail, route.points[0]), (link.head, route.points[-1])):
            middle_x, middle_y = layout.centres[box]
            assert abs(x - middle_x) <= boxes[box].width / 2
            assert abs(y - middle_y) == pytest.approx(boxes[box].height / 2)
        down = layout.centres[link.head][1] > layout.centres[link.tail][1]
        assert down is not route.upward


def test_a_chain_is_a_straight_line() -> None:
    layout = lay_out([Box(100, 40)] * 4, [Link(n, n + 1) for n in range(3)])
    assert len({round(x, 3) for x, _ in layout.centres}) == 1
    assert [y for _, y in layout.centres] == sorted(y for _, y in layout.centres)


def test_a_circle_is_broken_where_the_walk_comes_back() -> None:
    rank, upward = ranks(3, [(0, 1), (1, 2), (2, 0)])
    assert rank == [0, 1, 2]
    assert upward == [False, False, True]


def test_a_box_stands_below_everything_that_leads_to_it() -> None:
    rank, _ = ranks(5, [(0, 1), (0, 3), (1, 2), (2, 3), (4, 3)])
    assert rank == [0, 1, 2, 3, 2]  # what nothing leads to stands right above its target


def test_crossings_that_need_not_be_are_gone() -> None:
    boxes = [Box(60, 30)] * 5
    layout = lay_out(boxes, [Link(0, 1), Link(0, 2), Link(1, 4), Link(2, 3)])
    (one, _), (two, _), (three, _), (four, _) = layout.centres[1:]
    assert (one < two) is (four < three)


def test_nothing_and_a_single_box_are_pictures_too() -> None:
    assert lay_out([], []) == Layout((), (), 0.0, 0.0)
    assert lay_out([Box(50, 20)], []).centres == ((25.0, 10.0),)


def test_a_long_chain_does_not_recurse() -> None:
    layout = lay_out([Box(10, 10)] * 3000, [Link(n, n + 1) for n in range(2999)])
    assert layout.height > 3000 * 10
