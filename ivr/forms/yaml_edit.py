"""Make a YAML text say something else with as few changes as possible: comments, order and quotes stay. Pure."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

import yaml

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 24
LONGEST_LINE = 120
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]
    """Scalars as in YAML 1.2: dates, times, `yes` and `off` are text."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _tag, _pattern, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", "tTfF"),
    ("null", r"(?:~|null|Null|NULL|)\Z", "~nN\0"),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})\Z", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?\Z", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), ["" if c == "\0" else c for c in _first])

Data = Any
"""Mappings, lists, text, numbers, true, false, null."""


class NotEdited(ValueError):
    """The text cannot be changed so without being understood by a person: anchors, merges, several documents."""


@dataclass(frozen=True, slots=True)
class _Change:
    start: int
    end: int
    text: str


def parsed(text: str) -> Data:
    """What the text says. Raises yaml.YAMLError, or NotEdited for one too large or too deep."""
    if len(text) > MAX_CHARACTERS:
        raise NotEdited(f"the file is larger than {MAX_CHARACTERS} characters")
    node = yaml.compose(text, _Loader)
    _bounded(node)
    return yaml.load(text, _Loader)


def edited(text: str, wanted: Data) -> str:
    """`text` changed so that it says `wanted`. Raises NotEdited where that cannot be proved, yaml.YAMLError for no YAML."""
    before = parsed(text)
    if same(before, wanted):
        return text
    node = yaml.compose(text, _Loader)
    if node is None:
        result = text.rstrip() + ("\n" if text.strip() else "") + _block(wanted, 0)
    else:
        result = _Editor(text).edit(node, before, wanted)
    try:
        proved = same(parsed(result), wanted)
    except yaml.YAMLError:
        proved = False
    if not proved:
        raise NotEdited("this part of the file is written in a way that only a person can change")
    return result


def same(one: Data, other: Data) -> bool:
    """Whether two values are equal, types too: 1 is not true."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(map(repr, one)) == list(map(repr, other)) and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)


def _bounded(node: yaml.Node | None) -> None:
    seen: set[int] = set()
    ahead = [(node, 0)] if node is not None else []
    while ahead:
        one, depth = ahead.pop()
        if depth > MAX_DEPTH:
            raise NotEdited(f"nested deeper than {MAX_DEPTH} levels")
        if id(one) in seen and not isinstance(one, yaml.ScalarNode):
            raise NotEdited("the file has aliases: change it by hand")
        seen.add(id(one))
        if isinstance(one, yaml.MappingNode):
            ahead += [(inner, depth + 1) for pair in one.value for inner in pair]
        elif isinstance(one, yaml.SequenceNode):
            ahead += [(inner, depth + 1) for inner in one.value]


class _Editor:
    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0]
        for line in text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.changes: list[_Change] = []

    def edit(self, node: yaml.Node, before: Data, wanted: Data) -> str:
        self._update(node, before, wanted)
        result = self.text
        ordered = sorted(enumerate(self.changes), key=lambda one: (one[1].start, one[1].end, one[0]))
        for _, change in reversed(ordered):  # from the end, and what was said first comes first
            result = result[: change.start] + change.text + result[change.end :]
        return result

    # --- places

    def _at(self, mark: yaml.Mark) -> int:
        return self.starts[min(mark.line, len(self.starts) - 1)] + mark.column

    def _end(self, node: yaml.Node) -> int:
        """Behind the last character that belongs to a value."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(node, yaml.MappingNode) else last)
        end = self._at(node.end_mark)
        return len(self.text[:end].rstrip()) if end > self._at(node.start_mark) else end

    def _line_end(self, place: int) -> int:
        """Behind the line feed of the line that `place` is in."""
        found = self.text.find("\n", place)
        return len(self.text) if found < 0 else found + 1

    def _line_start(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1

    def _change(self, start: int, end: int, text: str) -> None:
        self.changes.append(_Change(start, end, text))

    # --- values

    def _update(self, node: yaml.Node, before: Data, wanted: Data) -> None:
        if same(before, wanted):
            return
        filled = bool(before) and bool(wanted)
        if isinstance(node, yaml.MappingNode) and isinstance(before, Mapping) and isinstance(wanted, Mapping) and filled:
            self._mapping(node, before, wanted)
        elif isinstance(node, yaml.SequenceNode) and isinstance(before, list) and isinstance(wanted, list) and filled:
            self._sequence(node, before, wanted)
        else:
            self._replace(node, wanted)

    def _replace(self, node: yaml.Node, wanted: Data) -> None:
        """The whole value anew; comments inside it go with it."""
        start, end = self._at(node.start_mark), self._end(node)
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            line = self._line_start(start)
            first = not self.text[line:start].strip()
            if first and wanted and isinstance(wanted, Mapping | list):
                self._change(line, self._line_end(end), _block(wanted, start - line))
                return
            head = len(self.text[:start].rstrip(" \n"))
            if self.text[head - 1 : head] == ":":
                self._change(head, end, f" {_flow(wanted)}")
                return
        quote = node.style if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"') else ""
        written = _quoted(wanted, quote) if quote and isinstance(wanted, str) else _flow(wanted)
        spaced = start > 0 and self.text[start - 1] in ":-"
        self._change(start, end, f" {written}" if spaced else written)

    def _mapping(self, node: yaml.MappingNode, before: Mapping[Any, Data], wanted: Mapping[Any, Data]) -> None:
        keys = [_key(key) for key, _ in node.value]
        kept = [number for number, key in enumerate(keys) if key in wanted]
        new = [key for key in wanted if key not in before]
        if not kept or [keys[number] for number in kept] != [key for key in wanted if key in before]:
            self._replace(node, dict(wanted))
            return
        for number in kept:
            self._update(node.value[number][1], before[keys[number]], wanted[keys[number]])
        spans = [(self._at(key.start_mark), self._end(value)) for key, value in node.value]
        self._remove(spans, kept, bool(node.flow_style))
        written = [f"{_flow(key)}: {_flow(wanted[key])}" for key in new]
        column = node.value[0][0].start_mark.column
        if not node.flow_style:
            written = [_entry(key, wanted[key], column) for key in new]
        self._insert(spans[kept[-1]][1], written, column, bool(node.flow_style))

    def _sequence(self, node: yaml.SequenceNode, before: list[Data], wanted: list[Data]) -> None:
        old, new = [[json.dumps(one, sort_keys=True, default=str) for one in side] for side in (before, wanted)]
        pairs: list[tuple[int, int]] = []
        added: dict[int, list[Data]] = {}
        for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            both = min(i2 - i1, j2 - j1) if tag in ("equal", "replace") else 0
            pairs += [(i1 + step, j1 + step) for step in range(both)]
            added.setdefault(pairs[-1][0] if pairs else -1, []).extend(wanted[j1 + both : j2])
        if not pairs:
            self._replace(node, wanted)
            return
        flow, column = bool(node.flow_style), node.start_mark.column
        spans = [(self._item(child, flow), self._end(child)) for child in node.value]
        for one, other in pairs:
            self._update(node.value[one], before[one], wanted[other])
        self._remove(spans, [one for one, _ in pairs], flow)
        for number, items in added.items():
            written = [_flow(one) if flow else "- " + _flow(one) for one in items]
            if number >= 0:
                self._insert(spans[number][1], written, column, flow)
            elif written:
                lead = spans[0][0] if flow else self._line_start(spans[0][0])
                text = "".join(f"{one}, " if flow else f"{' ' * column}{one}\n" for one in written)
                self._change(lead, lead, text)

    def _item(self, child: yaml.Node, flow: bool) -> int:
        """Where an item begins: at its dash, where it has one."""
        start = self._at(child.start_mark)
        return start if flow else self.text.rindex("-", 0, start)

    def _remove(self, spans: list[tuple[int, int]], kept: list[int], flow: bool) -> None:
        for number, (start, end) in enumerate(spans):
            if number in kept:
                continue
            line = self._line_start(start)
            if not flow and not self.text[line:start].strip():
                self._change(line, self._line_end(end), "")
            elif number + 1 < len(spans) and number < kept[-1]:
                self._change(start, spans[number + 1][0], "")
            else:
                self._change(spans[number - 1][1], end, "")

    def _insert(self, place: int, written: list[str], column: int, flow: bool) -> None:
        if not written:
            return
        if flow:
            self._change(place, place, "".join(f", {one}" for one in written))
            return
        at = self._line_end(place)
        lead = "" if at and self.text[at - 1] == "\n" else "\n"
        lead += "\n" if not column and self.text[at:].strip() == "" else ""
        self._change(at, at, lead + "".join(" " * column + one.rstrip("\n") + "\n" for one in written))


def _key(node: yaml.Node) -> Any:
    return yaml.constructor.SafeConstructor().construct_object(node)


def _flow(value: Data) -> str:
    """A value in one line, as it may stand inside brackets: `{ a: 1, b: [x, y] }`."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_flow(key)}: {_flow(inner)}" for key, inner in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, date | datetime):
        return value.isoformat()
    dumped = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=1_000_000)
    return str(dumped).strip()[1:-1]


def _quoted(value: str, quote: str) -> str:
    dumped = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=1_000_000, default_style=quote)
    return str(dumped).strip()[1:-1]


def _entry(key: Any, value: Data, column: int) -> str:
    """`key: value` in a block: in one line where it is short enough."""
    line = f"{_flow(key)}: {_flow(value)}"
    if len(line) + column <= LONGEST_LINE or not isinstance(value, Mapping | list) or not value:
        return line
    return f"{_flow(key)}:\n{_block(value, column + 2)}"


def _block(value: Data, column: int) -> str:
    """A mapping or list with a line for each entry."""
    lead = " " * column
    if isinstance(value, Mapping):
        return "".join(f"{lead}{_entry(key, inner, column)}\n" for key, inner in value.items())
    if isinstance(value, list):
        return "".join(f"{lead}- {_flow(inner)}\n" for inner in value)
    return f"{lead}{_flow(value)}\n"
