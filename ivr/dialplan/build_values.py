"""Values that are remembered and languages that are switched to, from their YAML. Pure."""

from __future__ import annotations

from ivr.dialplan.expression import Template, compile_template
from ivr.dialplan.fields import template
from ivr.dialplan.positions import Mapping, Node, Scalar, kind
from ivr.dialplan.problems import Findings


def assignments(node: Node, findings: Findings) -> dict[str, Template]:
    """What a `set` remembers."""
    values: dict[str, Template] = {}
    if not isinstance(node, Mapping):
        findings.error(node.place, "wrong-type", f"`set` must be a mapping, this is {kind(node)}", "set: { name: value }")
        return {}
    for name, key, inner in node.items():
        if not name.isidentifier():
            findings.error(key.place, "bad-name", f"`{name}` is no name of a variable", "letters, digits and _")
            continue
        compiled = value(inner, findings)
        if compiled is not None:
            values[name] = compiled
    return values


def value(node: Node, findings: Findings) -> Template | None:
    """A literal or `{expression}`; numbers, true, false and null keep their type as an expression of themselves."""
    if isinstance(node, Scalar) and not isinstance(node.value, str):
        literal = "null" if node.value is None else str(node.value).lower()
        return compile_template("{" + literal + "}", node.place)
    return template(node, findings)


def language_of(node: Node, findings: Findings, languages: tuple[str, ...]) -> Template | None:
    """The language, fixed or computed, that is switched to."""
    compiled = template(node, findings)
    if compiled is not None and compiled.fixed is not None and compiled.fixed not in languages:
        findings.unknown(node.place, "language", compiled.fixed, languages)
    return compiled
