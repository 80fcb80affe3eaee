"""Where boxes in ordered rows stand across, so that long links run straight: Brandes and Köpf's four alignments. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

BOX_GAP = 26.0
"""Between two boxes of a row."""
LINK_GAP = 14.0
"""Between a passing link and its neighbour."""

Rows = Sequence[Sequence[int]]


def place(rows: Rows, above: Rows, below: Rows, width: Sequence[float], boxes: int) -> list[float]:
    """The middle of each spot, of any sign; neighbours in a row keep their gap. Spots from `boxes` on belong to links."""
    crossed = _crossed(rows, above, boxes)
    found: list[list[float]] = []
    for upper, order in ((True, list(rows)), (False, list(reversed(rows)))):
        for left in (True, False):
            turned = [row if left else list(reversed(row)) for row in order]
            root, align = _aligned(turned, above if upper else below, crossed)
            xs = _compacted(turned, root, align, width, boxes)
            found.append(xs if left else [-x for x in xs])
    return _balanced(found, width)


def _crossed(rows: Rows, above: Rows, boxes: int) -> set[tuple[int, int]]:
    """Segments that cross one between two spots of the same link: they give way, so that long links stay straight."""
    position = {spot: index for row in rows for index, spot in enumerate(row)}
    found: set[tuple[int, int]] = set()
    for upper, row in pairwise(rows):
        low, begin = 0, 0
        for index, spot in enumerate(row):
            inner = next((one for one in above[spot] if spot >= boxes and one >= boxes), None)
            if inner is None and index < len(row) - 1:
                continue
            high = len(upper) if inner is None else position[inner]
            for one in row[begin : index + 1]:
                for other in above[one]:
                    if not low <= position[other] <= high and not (one >= boxes and other >= boxes):
                        found.add((other, one))
            begin, low = index + 1, high
    return found


def _aligned(rows: Rows, near: Rows, crossed: set[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Blocks of spots that stand one below the other: root of each, and the next of each in its circle."""
    count = len(near)
    position = [0] * count
    root, align = list(range(count)), list(range(count))
    for row in rows:
        for index, spot in enumerate(row):
            position[spot] = index
    for row in rows:
        last = -1
        for spot in row:
            ahead = sorted(near[spot], key=position.__getitem__)
            for index in range((len(ahead) - 1) // 2, len(ahead) // 2 + 1) if ahead else ():
                other = ahead[index]
                free = align[spot] == spot and last < position[other]
                if free and (spot, other) not in crossed and (other, spot) not in crossed:
                    align[other] = spot
                    align[spot] = root[spot] = root[other]
                    last = position[other]
    return root, align


def _compacted(rows: Rows, root: list[int], align: list[int], width: Sequence[float], boxes: int) -> list[float]:
    """Every block as far left as its left neighbours let it, then right again where that costs nothing."""
    after: dict[int, dict[int, float]] = {}
    before: dict[int, dict[int, float]] = {}
    for row in rows:
        for one, two in pairwise(row):
            gap = BOX_GAP if one < boxes and two < boxes else LINK_GAP
            apart = (width[one] + width[two]) / 2 + gap
            left, right = root[one], root[two]
            apart = max(apart, before.get(right, {}).get(left, 0.0))
            before.setdefault(right, {})[left] = apart
            after.setdefault(left, {})[right] = apart
    blocks = list(dict.fromkeys(root[spot] for row in rows for spot in row))
    order = _sorted(blocks, before, after)
    x: dict[int, float] = {}
    for block in order:
        x[block] = max((x[one] + apart for one, apart in before.get(block, {}).items()), default=0.0)
    for block in reversed(order):
        room = min((x[one] - apart for one, apart in after.get(block, {}).items()), default=x[block])
        x[block] = max(x[block], room)
    return [x.get(one, 0.0) for one in root]


def _sorted(blocks: list[int], before: dict[int, dict[int, float]], after: dict[int, dict[int, float]]) -> list[int]:
    waiting = {block: len(before.get(block, {})) for block in blocks}
    order = [block for block in blocks if not waiting[block]]
    for block in order:
        for other in after.get(block, {}):
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    return order


def _balanced(found: list[list[float]], width: Sequence[float]) -> list[float]:
    """The mean of the two middle alignments, all of them first moved onto the narrowest."""
    if not width:
        return []
    spans = [
        (min(x - w / 2 for x, w in zip(xs, width, strict=True)), max(x + w / 2 for x, w in zip(xs, width, strict=True)))
        for xs in found
    ]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    moved = []
    for number, (xs, (least, most)) in enumerate(zip(found, spans, strict=True)):
        shift = low - least if number % 2 == 0 else high - most
        moved.append([x + shift for x in xs])
    return [sum(sorted(four)[1:3]) / 2 for four in zip(*moved, strict=True)]
