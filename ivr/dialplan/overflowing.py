"""Rules by which a queue is left on a timeline: after a time, or when something holds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ivr.dialplan.build_edges import edge_of
from ivr.dialplan.expression import Expression
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import Site
from ivr.dialplan.model import Edge
from ivr.dialplan.positions import Node, Sequence, kind
from ivr.dialplan.run import Scope
from ivr.dialplan.schema_parts import DURATION, TEXT, Schema, list_of, map_of, record, ref

MOST_RULES = 20
RULE = "overflow:"
"""Begins the name of a rule's edge: `overflow:1` is the first one."""
CURE = 'overflow: [{ after: 2m, to: state }, { when: "queue.estimated_wait > 180", to: state }]'
LOOK = 10.0
"""Seconds after which conditions are looked at again, where nothing moves."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Leave the queue after a time, or when something holds, or when both do. Each rule is taken once in a wait."""

    edge: Edge
    after: float = 0.0
    """Seconds since the place was taken."""
    when: Expression | None = None


RULES: Schema = list_of(
    record(
        {
            "after": DURATION,
            "when": ref("expression"),
            "to": TEXT,
            "say": ref("speech"),
            "set": map_of({}),
            "tag": TEXT,
            "language": TEXT,
        },
        ("to",),
        Rule,
    ),
    minItems=1,
    maxItems=MOST_RULES,
)


def rules(node: Node | None, site: Site) -> tuple[Rule, ...]:
    """What `overflow` says; mistakes go to the findings."""
    if node is None:
        return ()
    if not isinstance(node, Sequence) or not 0 < len(node.items) <= MOST_RULES:
        found = kind(node) if not isinstance(node, Sequence) else f"a list of {len(node.items)}"
        site.findings.error(node.place, "wrong-type", f"`overflow` must be a list of 1 to {MOST_RULES}, this is {found}", CURE)
        return ()
    return tuple(_rule(item, site) for item in node.items)


def _rule(node: Node, site: Site) -> Rule:
    fields = Fields(node, site.findings, "a rule of overflow", ("after", "when", "to", "say", "set", "tag", "language"))
    fields.need("to", "to: state")
    if fields.get("after") is None and fields.get("when") is None:
        message = "a rule of overflow says neither `after` nor `when`, so nobody would wait"
        site.findings.error(fields.place, "missing-key", message, "after: 2m")
    return Rule(edge_of(fields, site.languages), fields.duration("after", 0.0), fields.expression("when"))


def named(found: tuple[Rule, ...]) -> dict[str, Rule]:
    """The rules by the names of their edges."""
    return {f"{RULE}{number}": rule for number, rule in enumerate(found, 1)}


def due(found: Mapping[str, Rule], taken: Collection[str], waited: float, scope: Scope) -> str:
    """Name of the first rule that holds and was not taken in this wait; "" for none. Raises EvaluationError."""
    for name, rule in found.items():
        if name not in taken and waited >= rule.after - 0.05 and (rule.when is None or rule.when.holds(scope)):
            return name
    return ""
