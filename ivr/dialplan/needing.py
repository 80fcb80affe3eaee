"""Which agent a caller needs: skills with levels, less of them after a time, and people by name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ivr.dialplan import positions
from ivr.dialplan.expression import EvaluationError, Expression
from ivr.dialplan.fields import Fields, duration, integer
from ivr.dialplan.positions import Node, kind
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.schema_parts import DURATION, Schema, either, list_of, map_of, record, ref

MOST_RINGS = 10
MOST_PEOPLE = 20
"""Agents that an expression may name; more are left out."""
FOR = "for"
CURE = "need: { skill: 3 }, or steps in time: [{ skill: 4, for: 30s }, { skill: 2 }]"
PREFERRED = 20.0
"""Seconds that a preferred agent is waited for, where nothing is said."""

Levels = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Needs:
    """Skill to the least level (1..10), and what will do instead after seconds of waiting."""

    levels: Levels
    relax: tuple[tuple[float, Levels], ...] = ()
    places: Mapping[str, Place] | None = None
    """Where each skill is written first."""


@dataclass(frozen=True, slots=True)
class Preference:
    """An agent (or several) who alone is offered the caller for a while, if on duty: the last one, the account's owner."""

    agent: Expression
    seconds: float = PREFERRED


LEVEL: Schema = {"type": "integer", "minimum": 1, "maximum": 10}
RING: Schema = {"type": "object", "properties": {FOR: DURATION}, "additionalProperties": LEVEL}
NEED: Schema = either(map_of(LEVEL), list_of(RING, minItems=1, maxItems=MOST_RINGS))
PREFER: Schema = either(ref("expression"), record({"agent": ref("expression"), FOR: DURATION}, ("agent",), Preference))


def needs(fields: Fields) -> Needs:
    """What `need` says; nothing where it is not written."""
    node = fields.get("need")
    if node is None:
        return Needs({})
    if isinstance(node, positions.Mapping):
        return Needs(_levels(node, fields.findings), places={name: key.place for name, key, _ in node.items()})
    if isinstance(node, positions.Sequence) and 0 < len(node.items) <= MOST_RINGS:
        return _rings(node, fields.findings)
    found = "an empty list" if isinstance(node, positions.Sequence) and not node.items else kind(node)
    fields.findings.error(
        node.place, "wrong-type", f"`need` must be a mapping or a list of up to {MOST_RINGS}, this is {found}", CURE
    )
    return Needs({})


def plain_needs(fields: Fields) -> Levels:
    """What `need` says where nothing is relaxed."""
    found = needs(fields)
    if found.relax and (node := fields.get("need")) is not None:
        fields.findings.error(
            node.place, "wrong-type", f"`need` of {fields.what} cannot change with time", "need: { skill: 3 }"
        )
    return found.levels


def preference(fields: Fields, site_findings: Findings) -> Preference | None:
    """What `prefer` says: an expression, or one with `for`."""
    node = fields.get("prefer")
    if node is None:
        return None
    if not isinstance(node, positions.Mapping):
        agent = fields.expression("prefer")
        return None if agent is None else Preference(agent)
    inner = Fields(node, site_findings, "prefer", ("agent", FOR))
    inner.need("agent", "agent: profile.last_agent")
    agent = inner.expression("agent")
    return None if agent is None else Preference(agent, inner.duration(FOR, PREFERRED))


def people(value: Any) -> tuple[str, ...]:
    """The agents that an expression named: a text, a list of texts, or nobody. Raises EvaluationError for anything else."""
    if value is None or value == "":
        return ()
    listed = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(one, str) for one in listed):
        raise EvaluationError("an agent must be a text, such as profile.last_agent")
    return tuple(dict.fromkeys(one for one in listed if one))[:MOST_PEOPLE]


def _rings(node: positions.Sequence, findings: Findings) -> Needs:
    steps = list(_steps(node, findings))
    places: dict[str, Place] = {}
    for item in node.items:
        if isinstance(item, positions.Mapping):
            places = {name: key.place for name, key, _ in item.items() if name != FOR} | places
    after = 0.0
    relax: list[tuple[float, Levels]] = []
    for (_, seconds), (levels, _) in pairwise(steps):
        after += seconds
        relax.append((after, levels))
    return Needs(steps[0][0] if steps else {}, tuple(relax), places)


def _steps(node: positions.Sequence, findings: Findings) -> Iterator[tuple[Levels, float]]:
    """Each step's levels and how long it lasts."""
    for number, item in enumerate(node.items, 1):
        last = number == len(node.items)
        if not isinstance(item, positions.Mapping):
            findings.error(item.place, "wrong-type", f"a step of `need` must be a mapping, this is {kind(item)}", CURE)
            continue
        written: Node | None = item.entries[FOR][1] if FOR in item.entries else None
        if written is None and not last:
            findings.error(item.place, "missing-key", f"step {number} of `need` says not how long it lasts", "add `for: 30s`")
        if written is not None and last:
            findings.warn(written.place, "dead-option", "the last step of `need` lasts until the end", "leave `for` out")
        yield _levels(item, findings), 0.0 if written is None else duration(written, findings, "`for`", 0.0)


def _levels(node: positions.Mapping, findings: Findings) -> dict[str, int]:
    return {
        name: integer(level, findings, f"the level of `{name}`", 1, 1, 10) for name, _, level in node.items() if name != FOR
    }
