"""YAML as a tree that knows where everything stands. Pure.

YAML 1.2 scalars: only `true`, `false`, `null`, `~` and numbers are not text, so the edges `yes`, `no` and `on` stay words. The
tree is built from parser events without recursion; size, depth and what aliases expand to are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from ivr.dialplan.problems import Findings, Place

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 32
MAX_NODES = 100_000

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BEGINS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_ENDS = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


@dataclass(frozen=True, slots=True)
class Scalar:
    value: str | int | float | bool | None
    text: str
    """As it was written, without quotes."""
    place: Place
    quoted: bool = False

    @property
    def inside(self) -> Place:
        """Where the text itself begins."""
        return self.place.shifted(1) if self.quoted else self.place


@dataclass(frozen=True, slots=True)
class Sequence:
    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    place: Place
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    """Key as text to the key and its value."""

    def items(self) -> Iterator[tuple[str, Scalar, Node]]:
        for name, (key, value) in self.entries.items():
            yield name, key, value


Node = Scalar | Sequence | Mapping


def kind(node: Node) -> str:
    """What a node is, in words for a person."""
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=int() | float()):
            return "a number"
        case _:
            return "text"


def read(text: str, findings: Findings) -> Node | None:
    """The tree of the one document in `text`, or None with the reason in `findings`. Never raises."""
    if len(text) > MAX_CHARACTERS:
        findings.error(Place(), "too-big", f"the file is larger than {MAX_CHARACTERS} characters", "split the flow")
        return None
    try:
        return _Reader(findings).read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place() if mark is None else Place(mark.line + 1, mark.column + 1)
        findings.error(
            place, "yaml", f"not YAML: {error.problem or error.context}", _cure(text, place.line, str(error.problem))
        )
    except (yaml.YAMLError, UnicodeError) as error:
        findings.error(Place(), "yaml", f"not YAML: {str(error).splitlines()[0]}", "the file must be UTF-8 text")
    except _Refused:
        pass
    return None


def _cure(text: str, line: int, problem: str) -> str:
    """What a person probably did, where a parser stumbled; it may notice one line later than the mistake."""
    near = text.splitlines()[max(0, line - 2) : line]
    if near and "\t" in near[-1][: len(near[-1]) - len(near[-1].lstrip())]:
        return "the indentation is a tab: write spaces"
    if any("：" in one for one in near):
        return "write the half-width colon `:` and a space, not `：`"
    if "did not find expected" in problem:
        return "line it up with the keys above it (indentation), and close the quotes and brackets above it"
    return "check indentation, colons and quotes"


class _Refused(Exception):
    """The document breaks a bound; the reason is in the findings already."""


@dataclass(slots=True)
class _Open:
    """A collection whose end was not yet seen."""

    node: Sequence | Mapping
    anchor: str | None
    key: Scalar | None = None


class _Reader:
    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.open: list[_Open] = []
        self.root: Node | None = None
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.nodes = 0
        self.documents = 0

    def read(self, text: str) -> Node | None:
        for event in yaml.parse(text, _LOADER):
            self._take(event)
        if self.root is None:
            self.findings.error(Place(), "empty", "the file has no flow in it", "begin with `flow: name`")
        return self.root

    def _take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._tag(event)
            self._put(_scalar(event), event.anchor, event)
        elif isinstance(event, _BEGINS):
            self._tag(event)
            node = Mapping(_place(event)) if isinstance(event, yaml.MappingStartEvent) else Sequence(_place(event))
            self.open.append(_Open(node, event.anchor))
            if len(self.open) > MAX_DEPTH:
                self._refuse(event, "too-deep", f"nested deeper than {MAX_DEPTH} levels", "flows are flat: use states")
        elif isinstance(event, _ENDS):
            closed = self.open.pop()
            self._put(closed.node, closed.anchor, event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(event, "yaml", "a second document begins here", "one flow a file: remove `---`")

    def _put(self, node: Node, anchor: str | None, event: yaml.Event) -> None:
        self._count(1, event)
        if anchor is not None:
            self.anchors[anchor] = (node, _size(node))
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
        elif parent.key is None:
            self._key(parent, node)
        else:
            self._value(parent.node, parent.key, node)
            parent.key = None

    def _key(self, parent: _Open, node: Node) -> None:
        if isinstance(node, Scalar):
            parent.key = node
            return
        self.findings.error(node.place, "wrong-type", f"a key must be a word, this is {kind(node)}", "quote text with braces")
        parent.key = Scalar(None, f"?{node.place.line}:{node.place.column}", node.place)

    def _value(self, parent: Mapping, key: Scalar, node: Node) -> None:
        earlier = parent.entries.get(key.text)
        if earlier is None:
            parent.entries[key.text] = (key, node)
            return
        message = f"`{key.text}` is already given in line {earlier[0].place.line}"
        self.findings.error(key.place, "duplicate-key", message, "keep one of them")

    def _alias(self, event: yaml.AliasEvent) -> None:
        found = self.anchors.get(event.anchor or "")
        if found is None:
            self._refuse(
                event,
                "yaml",
                f"`*{event.anchor}` has no anchor before it",
                f"write `&{event.anchor}` where the value stands first",
            )
            return
        self._count(found[1], event)
        self._put(found[0], None, event)

    def _count(self, nodes: int, event: yaml.Event) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self._refuse(event, "too-big", f"more than {MAX_NODES} values, aliases counted in", "split the flow")

    def _tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            self.findings.error(_place(event), "yaml", f"tags such as `{event.tag}` are not used in flows", "remove the tag")

    def _refuse(self, event: yaml.Event, code: str, message: str, cure: str) -> None:
        self.findings.error(_place(event), code, message, cure)
        raise _Refused


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place() if mark is None else Place(mark.line + 1, mark.column + 1)


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    text = event.value
    if not event.implicit[0]:
        return Scalar(text, text, _place(event), event.style in ("'", '"'))
    return Scalar(_plain(text), text, _place(event))


def _plain(text: str) -> str | int | float | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _FLOAT.match(text) else text


def _size(node: Node) -> int:
    """Values in a closed node, what its aliases stand for counted in; stops at the bound."""
    count, stack = 0, [node]
    while stack and count <= MAX_NODES:
        one = stack.pop()
        count += 1
        if isinstance(one, Sequence):
            stack.extend(one.items)
        elif isinstance(one, Mapping):
            stack.extend(value for _, value in one.entries.values())
    return count
