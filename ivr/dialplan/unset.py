"""Variables and slots that are spoken or sent before anything was written to them, on some path. Pure.

A forward analysis over the states: what is written on every way that leads to a state. Conditions may ask for what is not
there (it is null, and false); what is read aloud, put into text or computed with is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.dialplan import graph, uses
from ivr.dialplan.cel_syntax import Call, Literal, Name, Select, Tree, walk
from ivr.dialplan.model import Edge, Flow, FlowState
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.steps.instant import SetStep
from ivr.dialplan.uses import Use
from ivr.dialplan.written import assignments, filled, shared

UNANSWERED = frozenset({"no_input", "no_match", "error", "hangup", "agent", "angry", "tense"})
"""Edges on which a question has not filled its slot."""


class _Names:
    """`vars.bill`, `slots.account` as bits, so that sets of hundreds of them cost nothing."""

    def __init__(self) -> None:
        self.bits: dict[str, int] = {}

    def of(self, root: str, names: Iterable[str]) -> int:
        """All of `names` under `root`."""
        found = 0
        for name in names:
            found |= self.bits.setdefault(f"{root}.{name}", 1 << len(self.bits))
        return found

    def set(self, step: object) -> int:
        return self.of("vars", step.values) if isinstance(step, SetStep) else 0

    def done(self, state: FlowState) -> int:
        """What `do` writes."""
        found = 0
        for step in state.do:
            found |= self.set(step)
        return found

    def filled(self, state: FlowState) -> int:
        return self.of("slots", filled(state))


def check_unset(flow: Flow, findings: Findings) -> None:
    """Warn of every value that may not be there where it is needed."""
    if shared(flow):
        return
    names = _Names()
    for state_name, known in _reaching(flow, names).items():
        for path, place in _unset(flow.states[state_name], known, names):
            message = f"`{path}` is not written on every way that leads to `{state_name}`"
            findings.warn(place, "maybe-unset", message, f"give it a value in `vars`, or ask `has({path})` first")


def check_unused(flow: Flow, findings: Findings, every: Iterable[Use]) -> None:
    """Warn of every variable that is written and never read."""
    if shared(flow):
        return
    read: set[str] = set()
    for use in every:
        names = use.expression.roots.get("vars", frozenset())
        if names is None:
            return
        read |= names
    told: set[str] = set()
    for name, template in assignments(flow):
        if name not in read and name not in told:
            told.add(name)
            findings.warn(template.place, "unused-variable", f"nothing ever reads `vars.{name}`", "remove it, or use it")


def _reaching(flow: Flow, names: _Names) -> dict[str, int]:
    """For each state that a call can come to: what is written by then, whatever way it came."""
    moves = {name: tuple(_moves(flow, state, names)) for name, state in flow.states.items()}
    found = {flow.entry: names.of("vars", flow.variables)}
    ahead = [flow.entry]
    while ahead:
        name = ahead.pop()
        for target, written in moves[name]:
            before, known = found.get(target), found[name] | written
            after = known if before is None else before & known
            if after != before:
                found[target] = after
                ahead.append(target)
    return found


def _moves(flow: Flow, state: FlowState, names: _Names) -> Iterator[tuple[str, int]]:
    """Where a state leads, and what it writes on that way."""
    done, answer = names.done(state), names.filled(state)
    named = graph.taken(flow, state).items() if state.step is not None else state.edges.items()
    edges = [(name, edge) for name, edge in named if name != "hangup" and (state.step is not None or name == "error")]
    for name, edge in [*edges, *(("", edge) for edge in graph.leaving(state))]:
        # An error may come before anything was done.
        written = 0 if name == "error" else done if name in UNANSWERED else done | answer
        written |= names.of("vars", edge.values)
        target = graph.target(flow, edge, state.name)
        if target == graph.ANYWHERE:
            yield from ((one, written) for one in flow.states)
        elif target in flow.states:
            yield target, written


def _unset(state: FlowState, known: int, names: _Names) -> Iterator[tuple[str, Place]]:
    """What a state needs and may not have; what nothing ever writes is told elsewhere."""
    for step in state.do:
        yield from _needs(uses.of_step(step), known, names)
        known |= names.set(step)
    if state.step is not None:
        yield from _needs(uses.of_step(state.step), known, names)
    for edge in graph.leaving(state):
        yield from _edge(edge, known, names)
    for name, edge in state.own.items():
        yield from _edge(edge, known if name in UNANSWERED else known | names.filled(state), names)


def _edge(edge: Edge, known: int, names: _Names) -> Iterator[tuple[str, Place]]:
    yield from _needs(uses.of_values(edge.values), known, names)
    yield from _needs(uses.of_edge(edge, values=False), known | names.of("vars", edge.values), names)


def _needs(found: Iterator[Use], known: int, names: _Names) -> Iterator[tuple[str, Place]]:
    for use in found:
        roots = use.expression.roots
        if use.wants == "bool" or not ("vars" in roots or "slots" in roots):
            continue
        tree = use.expression.tree
        missing = [(path, at) for path, at in _paths(tree) if path in names.bits and not names.bits[path] & known]
        asked = set(_asked(tree)) if missing else set()
        yield from ((path, use.expression.place.shifted(at)) for path, at in missing if path not in asked)


def _paths(tree: Tree) -> Iterator[tuple[str, int]]:
    for one in walk(tree):
        if isinstance(one, Select) and not one.test and isinstance(one.of, Name) and one.of.name in ("vars", "slots"):
            yield f"{one.of.name}.{one.name}", one.of.at


def _asked(tree: Tree) -> Iterator[str]:
    """Paths that the expression itself asks for: `has(vars.x)`, `vars.x == null`, `!vars.x`, or by `?` at all."""
    for one in walk(tree):
        if isinstance(one, Select) and one.test and isinstance(one.of, Name):
            yield f"{one.of.name}.{one.name}"
        elif isinstance(one, Call) and one.name in ("!", "==", "!="):
            null = one.name == "!" or any(isinstance(side, Literal) and side.kind == "null" for side in one.arguments)
            yield from (path for side in one.arguments if null for path, _ in _paths(side))
        elif isinstance(one, Call) and one.name == "?:":
            yield from (path for path, _ in _paths(one.arguments[0]))
