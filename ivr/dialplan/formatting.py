"""A flow's text made even: indentation by twos, no trailing spaces, one empty line at most, comments where they were. Pure.

Nothing but white space changes, and only where the text means the same afterwards: that is proved by reading both.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from ivr.dialplan.positions import MAX_CHARACTERS, Mapping, Node, Scalar, Sequence, read
from ivr.dialplan.problems import Findings

STEP = 2
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLOCKS = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken)
_SILENT = (*_BLOCKS, yaml.BlockEndToken, yaml.StreamStartToken, yaml.StreamEndToken)
"""Tokens without a character of their own."""


def formatted(text: str) -> str:
    """The even text; `text` itself where it is not YAML or would come to mean something else. Never raises."""
    if len(text) > MAX_CHARACTERS:
        return text
    before = read(text, Findings(""))
    if before is None:
        return text
    even = _even(text.replace("\r\n", "\n"))
    after = read(even, Findings(""))
    return even if after is not None and _same(before, after) else text


@dataclass(slots=True)
class _Moves:
    """How far each line moves to the right, by its number from 0."""

    by: dict[int, int]
    inside: dict[int, int]
    """Lines inside a text of several lines, with the line that it begins in."""


def _even(text: str) -> str:
    moves = _moves(text)
    found: list[str] = []
    shift = 0
    for number, line in reversed(list(enumerate(text.split("\n")))):  # a comment belongs to what follows it
        if number in moves.inside:
            found.append(_moved(line, moves.by.get(moves.inside[number], 0)))
            continue
        shift = moves.by.get(number, shift)
        line = _moved(line.rstrip(), shift)
        if line or not (found and not found[-1] and number + 1 not in moves.inside):
            found.append(line)
    return "\n".join(reversed(found)).strip("\n") + "\n"


def _moved(line: str, by: int) -> str:
    bare = line.lstrip(" ")
    return " " * max(0, len(line) - len(bare) + by) + bare if bare else line


def _moves(text: str) -> _Moves:
    moves = _Moves({}, {})
    blocks: list[tuple[int, int]] = []
    """Columns of the open blocks: as written, and as they will be."""
    for token in yaml.scan(text, _LOADER):
        start, end = token.start_mark, token.end_mark
        if isinstance(token, _BLOCKS):
            column = start.column
            behind = start.line in moves.by  # `- key:` begins behind its dash
            wanted = column + moves.by[start.line] if behind else blocks[-1][1] + STEP if blocks else 0
            blocks.append((column, wanted))
        elif isinstance(token, yaml.BlockEndToken):
            blocks.pop()
        if isinstance(token, _SILENT):
            continue
        if start.line not in moves.by:
            column, wanted = blocks[-1] if blocks else (0, 0)
            moves.by[start.line] = wanted - column
        if isinstance(token, yaml.ScalarToken):
            written = token.style in ("|", ">")
            for line in range(start.line + 1, end.line if written or not end.column else end.line + 1):
                moves.inside[line] = start.line
    return moves


def _same(one: Node, other: Node) -> bool:
    """Whether two trees hold the same, wherever it stands."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        match left, right:
            case Scalar(), Scalar():
                if left.value != right.value or type(left.value) is not type(right.value):
                    return False
            case Sequence(), Sequence():
                if len(left.items) != len(right.items):
                    return False
                pairs.extend(zip(left.items, right.items, strict=True))
            case Mapping(), Mapping():
                if list(left.entries) != list(right.entries):
                    return False
                pairs.extend((left.entries[name][1], right.entries[name][1]) for name in left.entries)
            case _:
                return False
    return True
