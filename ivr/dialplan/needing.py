"""Which agent a caller needs: skills with levels, a team, a site, less of it after a time, and people by name. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ivr.dialplan import positions
from ivr.dialplan.expression import EvaluationError, Expression
from ivr.dialplan.fields import Fields, duration, integer, words
from ivr.dialplan.positions import Node, kind
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.schema_parts import DURATION, TEXT, Schema, either, list_of, record, ref

MOST_RINGS = 10
MOST_PEOPLE = 20
"""Agents that an expression may name; more are left out."""
FOR, TEAM, SITE = "for", "team", "site"
PLACES = (TEAM, SITE)
_NAME = re.compile(r"[^\s;=|,{}]+")
CURE = "need: { skill: 3 }, or steps in time: [{ skill: 4, for: 30s }, { skill: 2 }]"
PREFERRED = 20.0
"""Seconds that a preferred agent is waited for, where nothing is said."""

Levels = Mapping[str, int]
Where = Mapping[str, tuple[str, ...]]
"""`team` and `site` to those whose agents may take the call; without an entry any will do."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Skill to the least level (1..10), and what will do instead after seconds of waiting."""

    levels: Levels
    relax: tuple[tuple[float, Levels], ...] = ()
    places: Mapping[str, Place] | None = None
    """Where each skill is written first."""
    where: tuple[Where, ...] = ()
    """Teams and sites: first beside `levels`, then beside each step of `relax`; empty where no step names any."""
    names: tuple[tuple[str, str, Place], ...] = ()
    """Every team and site that is named, as ("team", name, where it is written)."""

    def check_names(self, teams: Collection[str] | None, sites: Collection[str] | None, findings: Findings) -> None:
        """Complain of teams and sites that nobody is in; None for where that is not known."""
        for what, name, place in self.names:
            if what == TEAM and teams is not None and name not in teams:
                findings.unknown(place, "team", name, teams)
            if what == SITE and sites is not None and name not in sites:
                findings.unknown(place, "site", name, sites)


@dataclass(frozen=True, slots=True)
class Preference:
    """An agent (or several) who alone is offered the caller for a while, if on duty: the last one, the account's owner."""

    agent: Expression
    seconds: float = PREFERRED


LEVEL: Schema = {"type": "integer", "minimum": 1, "maximum": 10}
_PEOPLE: Schema = either(TEXT, list_of(TEXT, minItems=1))
_WHERE: Schema = {TEAM: _PEOPLE, SITE: _PEOPLE}
RING: Schema = {"type": "object", "properties": {FOR: DURATION, **_WHERE}, "additionalProperties": LEVEL}
PLAIN: Schema = {"type": "object", "properties": _WHERE, "additionalProperties": LEVEL}
NEED: Schema = either(PLAIN, list_of(RING, minItems=1, maxItems=MOST_RINGS))
PREFER: Schema = either(ref("expression"), record({"agent": ref("expression"), FOR: DURATION}, ("agent",), Preference))


def needs(fields: Fields) -> Needs:
    """What `need` says; nothing where it is not written."""
    node = fields.get("need")
    if node is None:
        return Needs({})
    if isinstance(node, positions.Mapping):
        where, names = _where(node, fields.findings)
        return Needs(_levels(node, fields.findings), places=_places(node), where=(where,) if where else (), names=names)
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
    if (found.relax or found.where) and (node := fields.get("need")) is not None:
        fields.findings.error(
            node.place,
            "wrong-type",
            f"`need` of {fields.what} names skills alone, and cannot change with time",
            "need: { skill: 3 }",
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
            places = _places(item) | places
    after = 0.0
    relax: list[tuple[float, Levels]] = []
    for (_, seconds), (levels, _) in pairwise(steps):
        after += seconds
        relax.append((after, levels))
    found = [_where(item, findings) for item in node.items if isinstance(item, positions.Mapping)]
    where = tuple(one for one, _ in found) if any(one for one, _ in found) else ()
    names = tuple(name for _, named in found for name in named)
    return Needs(steps[0][0] if steps else {}, tuple(relax), places, where, names)


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
        name: integer(level, findings, f"the level of `{name}`", 1, 1, 10)
        for name, _, level in node.items()
        if name not in (FOR, *PLACES)
    }


def _places(node: positions.Mapping) -> dict[str, Place]:
    return {name: key.place for name, key, _ in node.items() if name not in (FOR, *PLACES)}


def _where(node: positions.Mapping, findings: Findings) -> tuple[Where, tuple[tuple[str, str, Place], ...]]:
    """The teams and sites of a step, and where they are written."""
    names: list[tuple[str, str, Place]] = []
    where: dict[str, tuple[str, ...]] = {}
    for what in PLACES:
        for name, place in words(node.entries[what][1], findings, f"`{what}`") if what in node.entries else ():
            if _NAME.fullmatch(name):
                names.append((what, name, place))
                where[what] = (*where.get(what, ()), name)
            elif name:
                cure = "no blanks and none of ; = | , { }"
                findings.error(place, "bad-name", f"`{name}` is no name of a {what}", cure)
    return where, tuple(names)
