"""A directed graph as rows of boxes with few crossings: ranks, order in a row, places for labels. Pure.

After Sugiyama: circles are broken where a walk from the first box comes back, each box stands below those that lead to it, long
links and labels get places of their own in the rows they pass, and rows are reordered until crossings stop getting fewer.
`ivr.dialplan.placing` then gives coordinates. Time grows with boxes and the rows that links pass, nothing recurses.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ivr.dialplan.placing import place

ROW_GAP = 13.0
"""Least room between the rows, of which every second one is for labels."""
WIDEST_GAP = 52.0
SLOPE = 0.13
"""Rows stand further apart where links go far across: by so much of the way."""
SWEEPS = 16
SMALL = 1500
"""Places up to which neighbours are also swapped one by one."""


@dataclass(frozen=True, slots=True)
class Box:
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Link:
    """From one box to another, by their numbers; not to itself."""

    tail: int
    head: int
    width: float = 0.0
    """Of the label."""
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class Route:
    """How a link runs: points in pairs, the way straight through a row between the two of a pair."""

    points: tuple[tuple[float, float], ...]
    label: tuple[float, float]
    """Middle of the label."""
    upward: bool
    """Whether it leads back to an earlier row."""


@dataclass(frozen=True, slots=True)
class Layout:
    centres: tuple[tuple[float, float], ...]
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass(slots=True)
class _Rows:
    """Boxes and the places of links, called spots, row by row."""

    width: list[float]
    height: list[float]
    rank: list[int]
    boxes: int
    rows: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)


def ranks(count: int, links: Sequence[tuple[int, int]]) -> tuple[list[int], list[bool]]:
    """Row of each box, from 0, and which links lead upward. Box 0 is where the walk begins."""
    upward = _circles(count, links)
    down = [(head, tail) if up else (tail, head) for (tail, head), up in zip(links, upward, strict=True)]
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for tail, head in down:
        after[tail].append(head)
        waiting[head] += 1
    first = [not number for number in waiting]
    rank, order = [0] * count, [one for one in range(count) if not waiting[one]]
    for one in order:
        for other in after[one]:
            rank[other] = max(rank[other], rank[one] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    for one in reversed(order):  # what nothing leads to stands right above what it leads to
        if first[one] and one and after[one]:
            rank[one] = min(rank[other] for other in after[one]) - 1
    return rank, upward


def _circles(count: int, links: Sequence[tuple[int, int]]) -> list[bool]:
    """Which links close a circle, for a walk that takes links in their order."""
    leaving: list[list[int]] = [[] for _ in range(count)]
    for number, (tail, _) in enumerate(links):
        leaving[tail].append(number)
    upward, seen, open_ = [False] * len(links), [False] * count, [False] * count
    for start in range(count):
        if seen[start]:
            continue
        seen[start] = open_[start] = True
        walk = [(start, iter(leaving[start]))]
        while walk:
            here, ahead = walk[-1]
            for number in ahead:
                head = links[number][1]
                upward[number] = open_[head]
                if not seen[head]:
                    seen[head] = open_[head] = True
                    walk.append((head, iter(leaving[head])))
                    break
            else:
                open_[here] = False
                walk.pop()
    return upward


def lay_out(boxes: Sequence[Box], links: Sequence[Link]) -> Layout:
    """Coordinates of boxes (their centres) and links, from 0 to the right and down."""
    rank, upward = ranks(len(boxes), [(link.tail, link.head) for link in links])
    rows = _split(boxes, links, rank, upward)
    _order(rows)
    across = place(rows.rows, rows.above, rows.below, rows.width, rows.boxes)
    left = min((x - width / 2 for x, width in zip(across, rows.width, strict=True)), default=0.0)
    across = [x - left for x in across]
    tops, bottoms = _heights(rows, across)
    centres = tuple((across[n], (tops[2 * rank[n]] + bottoms[2 * rank[n]]) / 2) for n in range(len(boxes)))
    routes = _routes(rows, upward, across, tops, bottoms, boxes)
    width = max((x + w / 2 for x, w in zip(across, rows.width, strict=True)), default=0.0)
    return Layout(centres, routes, width, bottoms[-1] if bottoms else 0.0)


def _split(boxes: Sequence[Box], links: Sequence[Link], rank: Sequence[int], upward: Sequence[bool]) -> _Rows:
    """Rows with a spot for each link in each row that it passes; labels stand in the odd row next to their link's tail."""
    rows = _Rows([one.width for one in boxes], [one.height for one in boxes], [2 * one for one in rank], len(boxes))
    rows.above, rows.below = [[] for _ in boxes], [[] for _ in boxes]
    for link, up in zip(links, upward, strict=True):
        tail, head = (link.head, link.tail) if up else (link.tail, link.head)
        chain = [tail]
        labelled = rows.rank[head] - 1 if up else rows.rank[tail] + 1
        for row in range(rows.rank[tail] + 1, rows.rank[head]):
            rows.width.append(link.width if row == labelled else 0.0)
            rows.height.append(link.height if row == labelled else 0.0)
            rows.rank.append(row)
            rows.above.append([])
            rows.below.append([])
            chain.append(len(rows.rank) - 1)
        chain.append(head)
        for upper, lower in pairwise(chain):
            rows.below[upper].append(lower)
            rows.above[lower].append(upper)
        rows.chains.append(chain)
    rows.rows = [[] for _ in range(max(rows.rank, default=-1) + 1)]
    for spot in _walked(rows):
        rows.rows[rows.rank[spot]].append(spot)
    return rows


def _walked(rows: _Rows) -> list[int]:
    """All spots in the order in which a walk meets them: a first order with few crossings."""
    seen, found = [False] * len(rows.rank), []
    for start in range(len(rows.rank)):
        ahead = [start]
        while ahead:
            spot = ahead.pop()
            if not seen[spot]:
                seen[spot] = True
                found.append(spot)
                ahead.extend(reversed(rows.below[spot]))
    return found


def _order(rows: _Rows) -> None:
    """Reorder each row until crossings stop getting fewer."""
    best, fewest, idle = [list(row) for row in rows.rows], _crossings(rows), 0
    for sweep in range(SWEEPS):
        if not fewest or idle > 3:
            break
        _sweep(rows, down=sweep % 2 == 0)
        if len(rows.rank) <= SMALL:
            _swap(rows)
        found = _crossings(rows)
        idle += 1
        if found < fewest:
            best, fewest, idle = [list(row) for row in rows.rows], found, 0
    rows.rows = best


def _sweep(rows: _Rows, down: bool) -> None:
    """Put every spot of a row in the middle of its neighbours in the row before."""
    near = rows.above if down else rows.below
    position = [0] * len(rows.rank)
    for row in rows.rows if down else reversed(rows.rows):
        weight = {spot: sum(position[one] for one in near[spot]) / len(near[spot]) if near[spot] else -1.0 for spot in row}
        free = iter(sorted((spot for spot in row if weight[spot] >= 0), key=weight.__getitem__))
        row[:] = [next(free) if weight[spot] >= 0 else spot for spot in row]  # without neighbours it keeps its place
        for index, spot in enumerate(row):
            position[spot] = index


def _swap(rows: _Rows) -> None:
    """Swap neighbours in a row where that saves crossings."""
    position = {spot: index for row in rows.rows for index, spot in enumerate(row)}
    for row in rows.rows:
        for index in range(len(row) - 1):
            one, two = row[index], row[index + 1]
            saved = 0
            for near in (rows.above, rows.below):
                ones, twos = [position[n] for n in near[one]], [position[n] for n in near[two]]
                saved += sum((a > b) - (a < b) for a in ones for b in twos)
            if saved > 0:
                row[index], row[index + 1] = two, one
                position[one], position[two] = index + 1, index


def _crossings(rows: _Rows) -> int:
    total = 0
    position = [0] * len(rows.rank)
    for row in rows.rows:
        for index, spot in enumerate(row):
            position[spot] = index
    for row in rows.rows:
        seen: list[int] = []
        for spot in row:
            ends = sorted(position[one] for one in rows.below[spot])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _heights(rows: _Rows, across: Sequence[float]) -> tuple[list[float], list[float]]:
    """Top and bottom of each row."""
    tops, bottoms, y = [], [], 0.0
    for row in rows.rows:
        tops.append(y)
        bottoms.append(y + max((rows.height[spot] for spot in row), default=0.0))
        far = max((abs(across[spot] - across[one]) for spot in row for one in rows.below[spot]), default=0.0)
        y = bottoms[-1] + min(WIDEST_GAP, max(ROW_GAP, far * SLOPE))
    return tops, bottoms


def _routes(
    rows: _Rows,
    upward: Sequence[bool],
    across: Sequence[float],
    tops: Sequence[float],
    bottoms: Sequence[float],
    boxes: Sequence[Box],
) -> tuple[Route, ...]:
    leave = _ports(rows, across, rows.below, 1)
    enter = _ports(rows, across, rows.above, -2)
    found = []
    for number, (up, chain) in enumerate(zip(upward, rows.chains, strict=True)):
        first, last = chain[0], chain[-1]
        middle = [(tops[rows.rank[one]] + bottoms[rows.rank[one]]) / 2 for one in (first, last)]
        points = [(leave[number], middle[0] + boxes[first].height / 2)]
        for spot in chain[1:-1]:
            row = rows.rank[spot]
            points += [(across[spot], tops[row]), (across[spot], bottoms[row])]
        points.append((enter[number], middle[1] - boxes[last].height / 2))
        spot = chain[-2] if up else chain[1]
        row = rows.rank[spot]
        at = (across[spot], (tops[row] + bottoms[row]) / 2)
        found.append(Route(tuple(reversed(points)) if up else tuple(points), at, up))
    return tuple(found)


def _ports(rows: _Rows, across: Sequence[float], near: Sequence[Sequence[int]], next_: int) -> list[float]:
    """Where each link meets its upper (`next_` 1) or lower (-2) box: spread along the side, in the order of the neighbours."""
    end = 0 if next_ == 1 else -1
    meeting: dict[int, list[int]] = {}
    for number, chain in enumerate(rows.chains):
        meeting.setdefault(chain[end], []).append(number)
    found = [0.0] * len(rows.chains)
    for box, numbers in meeting.items():
        numbers.sort(key=lambda number: across[rows.chains[number][next_]])
        step = min(26.0, rows.width[box] * 0.7 / len(numbers))
        for index, number in enumerate(numbers):
            found[number] = across[box] + (index - (len(numbers) - 1) / 2) * step
    return found
