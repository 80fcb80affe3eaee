"""Typed reading of one mapping of a flow; what does not fit becomes a problem and a default. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar

from ivr.dialplan import durations
from ivr.dialplan.expression import Expression, ExpressionError, Template, compile_expression, compile_template
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, kind
from ivr.dialplan.problems import Findings, Place

Default = TypeVar("Default", float, None)


class Fields:
    """The keys of one mapping. Unknown ones are reported when this is made."""

    def __init__(self, node: Node, findings: Findings, what: str, allowed: Iterable[str]) -> None:
        self.findings = findings
        self.what = what
        self.place = node.place
        self._is_mapping = isinstance(node, Mapping)
        self.node = node if isinstance(node, Mapping) else Mapping(node.place)
        if not isinstance(node, Mapping):
            findings.error(
                node.place, "wrong-type", f"{what} must be a mapping, this is {kind(node)}", "write `key: value` lines"
            )
        known = tuple(allowed)
        for name, key, value in self.node.items():
            if name not in known:
                findings.unknown(key.place, f"key in {what}", name, known, cure=torn_off(value))

    def get(self, name: str) -> Node | None:
        found = self.node.entries.get(name)
        return None if found is None else found[1]

    def at(self, name: str) -> Place:
        """Where the value stands; where there is none, the mapping."""
        node = self.get(name)
        return self.place if node is None else node.place

    def need(self, name: str, cure: str) -> Node | None:
        """The value, or None with a problem."""
        node = self.get(name)
        if node is None and self._is_mapping:
            self.findings.error(self.place, "missing-key", f"{self.what} needs `{name}`", cure)
        return node

    def text(self, name: str, default: str = "") -> str:
        node = self.get(name)
        return default if node is None else word(node, self.findings, f"`{name}`")

    def flag(self, name: str, default: bool) -> bool:
        node = self.get(name)
        if node is None:
            return default
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self._wrong(node, name, "true or false", "YAML 1.2: only `true` and `false`, not yes or on")
        return default

    def name(self, key: str, what: str) -> str:
        """A name that expressions can use; "" where it is not written."""
        found, node = self.text(key), self.get(key)
        if node is not None and found and not found.isidentifier():
            self.findings.error(node.place, "bad-name", f"`{found}` is no name of {what}", "letters, digits and _")
            return ""
        return found

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        node = self.get(name)
        return default if node is None else integer(node, self.findings, f"`{name}`", default, least, most)

    def number(self, name: str, default: Default, least: float = -math.inf, most: float = math.inf) -> float | Default:
        """A number within its bounds; the default, with a problem, for anything else."""
        node = self.get(name)
        if node is None:
            return default
        found = node.value if isinstance(node, Scalar) else None
        cure = f"from {least:g} to {most:g}" if math.isfinite(least) else f"{name}: 100"
        if isinstance(found, bool) or not isinstance(found, int | float):
            self._wrong(node, name, "a number", cure)
        elif not least <= found <= most:
            self.findings.error(node.place, "out-of-range", f"`{name}` is {found:g}", cure)
        else:
            return float(found)
        return default

    def duration(self, name: str, default: float) -> float:
        node = self.get(name)
        return default if node is None else duration(node, self.findings, f"`{name}`", default)

    def expression(self, name: str) -> Expression | None:
        node = self.get(name)
        return None if node is None else expression(node, self.findings)

    def priority(self) -> Expression | None:
        """0 to 10, computed or a number that is checked here."""
        node = self.get("priority")
        found = node.value if isinstance(node, Scalar) else None
        if node is not None and isinstance(found, int | float) and not 0 <= found <= 10:
            self.findings.error(node.place, "out-of-range", f"`priority` is {found}", "from 0 to 10, 5 without it")
        return self.expression("priority")

    def template(self, name: str) -> Template | None:
        node = self.get(name)
        return None if node is None else template(node, self.findings)

    def _wrong(self, node: Node, name: str, wanted: str, cure: str = "") -> None:
        self.findings.error(node.place, "wrong-type", f"`{name}` must be {wanted}, this is {kind(node)}", cure)


def word(node: Node, findings: Findings, what: str) -> str:
    """The text of a scalar; "" with a problem for anything else."""
    if isinstance(node, Scalar) and node.value is not None:
        return node.text
    findings.error(node.place, "wrong-type", f"{what} must be text, this is {kind(node)}", "quote text with special characters")
    return ""


def torn_off(value: Node) -> str:
    """The cure for a key without a value: mostly the end of a text that had a comma in it; "" where it has a value."""
    bare = isinstance(value, Scalar) and value.value is None and not value.text
    return "text with a comma in it stands in quotes, several things in [brackets]" if bare else ""


def words(node: Node, findings: Findings, what: str) -> tuple[tuple[str, Place], ...]:
    """The texts of a list, or of one scalar, with their places."""
    items = node.items if isinstance(node, Sequence) else [node]
    return tuple((word(item, findings, what), item.place) for item in items)


def integer(node: Node, findings: Findings, what: str, default: int, least: int, most: int) -> int:
    if isinstance(node, Scalar) and type(node.value) is int:
        if least <= node.value <= most:
            return node.value
        findings.error(node.place, "out-of-range", f"{what} is {node.text}", f"from {least} to {most}")
        return default
    findings.error(node.place, "wrong-type", f"{what} must be a whole number, this is {kind(node)}", f"from {least} to {most}")
    return default


def duration(node: Node, findings: Findings, what: str, default: float) -> float:
    text = node.text if isinstance(node, Scalar) else ""
    try:
        return durations.seconds(text)
    except ValueError as error:
        findings.error(node.place, "bad-duration", f"{what} is no duration: `{text}`", str(error))
        return default


def expression(node: Node, findings: Findings) -> Expression | None:
    """A compiled condition or value; None with a problem."""
    if not isinstance(node, Scalar) or node.value is None:
        cure = "write the expression without braces" if isinstance(node, Mapping) else "write one: caller.number == '100'"
        findings.error(node.place, "bad-expression", f"an expression must be text, this is {kind(node)}", cure)
        return None
    try:
        return compile_expression(node.text, node.inside)
    except ExpressionError as error:
        findings.error(node.inside.shifted(error.column), "bad-expression", str(error), error.cure)
        return None


def template(node: Node, findings: Findings) -> Template | None:
    """Compiled text with `{expressions}`; None with a problem."""
    if isinstance(node, Mapping) and len(node.entries) == 1:
        findings.error(node.place, "wrong-type", "this is a mapping, not text", "quote text that begins with a brace")
        return None
    text = word(node, findings, "this")
    place = node.inside if isinstance(node, Scalar) else node.place
    try:
        return compile_template(text, place)
    except ExpressionError as error:
        findings.error(place.shifted(error.column), "bad-expression", str(error), error.cure)
        return None
