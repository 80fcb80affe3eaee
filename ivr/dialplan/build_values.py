"""Values that are remembered and languages that are switched to, from their YAML. Pure."""

from __future__ import annotations

from ivr.dialplan.expression import Template, compile_template
from ivr.dialplan.fields import Fields, template, torn_off
from ivr.dialplan.flags import Share
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
        if torn_off(inner):
            findings.error(key.place, "wrong-type", f"`{name}` has no value", "name: value; null for none")
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


def percent(node: Node | None, findings: Findings) -> float | None:
    """A share of all callers, 0 to 100; None with a problem for anything else."""
    if node is None:
        return None
    found = node.value if isinstance(node, Scalar) else None
    if isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found <= 100:
        return float(found)
    findings.error(node.place, "out-of-range", "`percent` must be a number from 0 to 100", "percent: 30")
    return None


def share_of(line: Fields, name: str, given: dict[str, float]) -> Share | None:
    """The share of a line of `go`; lines of one split follow one another in `given`, which is the percent used up by name."""
    node, named = line.get("percent"), line.get("of")
    amount = percent(node, line.findings)
    if node is None and named is not None:
        line.findings.error(named.place, "dead-option", "`of` names a split, and there is no `percent` here", "add percent: 30")
    if node is None or amount is None:
        return None
    split = line.text("of", name)
    start = given.get(split, 0.0)
    given[split] = start + amount
    if given[split] > 100:
        message = f"the lines of the split `{split}` come to {given[split]:g} percent"
        line.findings.error(node.place, "out-of-range", message, "at most 100 together")
    return Share(split, start, given[split])
