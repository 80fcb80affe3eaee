"""Which states and edges of a flow conversations went through. Pure.

What counts is what is written: each edge of `on`, each line of `go`, each case of `switch`, `goto`, `hangup`, and each retry.
An edge of `defaults` is written once and counts once, whichever state takes it. So every point is a line of the file, 100 % can
be reached, and means that nothing in the file is untried. `strict` wants inherited edges from every state that can take them.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ivr.dialplan import graph
from ivr.dialplan.events import CountEdge
from ivr.dialplan.model import Edge, Flow, FlowState, HangUp, Return
from ivr.dialplan.problems import Place

DEFAULTS = "*"
"""Stands for the state of an edge that is written in `defaults`."""


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """Something that a conversation can go through."""

    place: Place
    key: str
    """`STATE EDGE` as on the diagram, `* EDGE` for one of `defaults`."""


class Coverage:
    """Counts of one flow."""

    def __init__(self, flow: Flow, *, strict: bool = False) -> None:
        self.flow = flow
        self.strict = strict
        self.states: Counter[str] = Counter()
        """Times that each state was entered."""
        self.edges: Counter[str] = Counter()
        """Times that each edge was taken, by `STATE EDGE`; inherited ones too."""
        self.points = tuple(points(flow, strict=strict))
        self._reached: set[str] = set()

    def add(self, entered: Iterable[tuple[str, str]], edges: Iterable[CountEdge]) -> None:
        """One conversation: flow and state of each that was entered, and the edges; those of other flows are left out."""
        self.states.update(state for name, state in entered if name == self.flow.name and state in self.flow.states)
        for edge in edges:
            if edge.flow == self.flow.name and edge.edge:
                key = f"{edge.state} {edge.edge}"
                self.edges[key] += 1
                self._reached.update((key, self._written(edge.state, edge.edge)))

    def _written(self, state: str, key: str) -> str:
        """The point of an edge: its own, or that of the default that it comes from."""
        here = self.flow.states.get(state)
        name = key.partition(":")[0]
        inherited = here is not None and name not in here.own and name in self.flow.defaults and name in here.edges
        return f"{DEFAULTS} {key}" if inherited else f"{state} {key}"

    @property
    def missed_states(self) -> list[FlowState]:
        """In the order of the file."""
        return [state for name, state in self.flow.states.items() if not self.states[name]]

    @property
    def missed(self) -> list[Point]:
        """Edges that no conversation took, in the order of the file."""
        return sorted(point for point in self.points if point.key not in self._reached)

    @property
    def states_percent(self) -> float:
        return _percent(len(self.flow.states) - len(self.missed_states), len(self.flow.states))

    @property
    def edges_percent(self) -> float:
        return _percent(len(self.points) - len(self.missed), len(self.points))

    def to_dict(self) -> dict[str, Any]:
        """Plain data: what the diagram takes for its colours, the figures, and what is missing with its place."""
        missed = [{"key": one.key, "line": one.place.line, "column": one.place.column} for one in self.missed]
        return {
            "states": dict(self.states),
            "edges": dict(self.edges),
            "states_percent": self.states_percent,
            "edges_percent": self.edges_percent,
            "missed_states": [state.name for state in self.missed_states],
            "missed": missed,
        }


def points(flow: Flow, *, strict: bool = False) -> Iterator[Point]:
    """Every edge that counts."""
    if not strict:
        usable = {name for state in flow.states.values() for name in inherited(flow, state)}
        for name, edge in flow.defaults.items():
            if name in usable:
                yield from _with_retries(DEFAULTS, name, edge)
    for state in flow.states.values():
        for name, edge in state.own.items():
            yield from _with_retries(state.name, name, edge)
        for key, edge in graph.branches(state):
            yield Point(edge.place, f"{state.name} {key}")
        if isinstance(state.leave, HangUp | Return):
            yield Point(state.place, f"{state.name} {'hangup!' if isinstance(state.leave, HangUp) else 'return!'}")
        if strict and state.step is not None:
            for name, edge in inherited(flow, state).items():
                yield from (Point(state.place, point.key) for point in _with_retries(state.name, name, edge))


def inherited(flow: Flow, state: FlowState) -> Mapping[str, Edge]:
    """The edges of `defaults` that can be taken from a state. Where nothing waits only an error can happen."""
    able = graph.taken(flow, state) if state.step is not None else {"error": None}
    return {name: edge for name, edge in flow.defaults.items() if name in able and name not in state.own}


def _with_retries(state: str, name: str, edge: Edge) -> Iterator[Point]:
    for number in range(1, len(edge.retries) + 1):
        yield Point(edge.place, f"{state} {name}:{number}")
    yield Point(edge.place, f"{state} {name}")


def _percent(part: int, whole: int) -> float:
    """Of nothing, all is done; 100 only where all is."""
    if not whole or part == whole:
        return 100.0
    return min(99.9, round(100 * part / whole, 1))


def table(coverages: Iterable[Coverage]) -> str:
    """Figures of each flow, and every state and edge that is missing, with its place; those of one line together."""
    lines: list[str] = []
    for one in coverages:
        flow, missed = one.flow, one.missed
        states = f"states {len(flow.states) - len(one.missed_states)}/{len(flow.states)} {one.states_percent:g} %"
        edges = f"edges {len(one.points) - len(missed)}/{len(one.points)} {one.edges_percent:g} %"
        lines.append(f"{flow.name}: {states}, {edges}")
        lines += [f"  {flow.file}:{state.place.line}: never entered: {state.name}" for state in one.missed_states]
        for line, points in itertools.groupby(missed, lambda point: point.place.line):
            lines.append(f"  {flow.file}:{line}: never taken: {', '.join(point.key for point in points)}")
    return "\n".join(lines)


def percent_of(coverages: Iterable[Coverage]) -> float:
    """The lowest figure of all, states and edges; 100 of nothing."""
    return min((figure for one in coverages for figure in (one.states_percent, one.edges_percent)), default=100.0)
