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

Names = frozenset[str]
"""`vars.bill`, `slots.account`."""
UNANSWERED = frozenset({"no_input", "no_match", "error", "hangup", "agent", "angry"})
"""Edges on which a question has not filled its slot."""


def check_unset(flow: Flow, findings: Findings) -> None:
    """Warn of every value that may not be there where it is needed."""
    if shared(flow):
        return
    everything = frozenset(_written_anywhere(flow))
    for name, known in _reaching(flow, everything).items():
        for path, place in _unset(flow.states[name], known, everything):
            message = f"`{path}` is not written on every way that leads to `{name}`"
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


def _written_anywhere(flow: Flow) -> Iterator[str]:
    yield from (f"vars.{name}" for name in flow.variables)
    for _, _, edge in graph.edges(flow):
        yield from (f"vars.{name}" for name in edge.values)
    for state in flow.states.values():
        yield from _set(state)
        yield from _filled(state)


def _set(state: FlowState) -> Names:
    return frozenset(f"vars.{name}" for step in state.do if isinstance(step, SetStep) for name in step.values)


def _filled(state: FlowState) -> Names:
    return frozenset(f"slots.{name}" for name in filled(state))


def _reaching(flow: Flow, everything: Names) -> dict[str, Names]:
    """For each state that a call can come to: what is written by then, whatever way it came."""
    entry = frozenset(f"vars.{name}" for name in flow.variables)
    found: dict[str, Names] = {flow.entry: entry}
    ahead = [flow.entry]
    while ahead:
        state = flow.states[ahead.pop()]
        for target, known in _onward(flow, state, found[state.name], everything):
            before = found.get(target)
            after = known if before is None else before & known
            if after != before:
                found[target] = after
                ahead.append(target)
    return found


def _onward(flow: Flow, state: FlowState, known: Names, everything: Names) -> Iterator[tuple[str, Names]]:
    """Where a state leads, and what is written then."""
    after, answered = known | _set(state), known | _set(state) | _filled(state)
    named = graph.taken(flow, state).items() if state.step is not None else state.edges.items()
    edges = [(name, edge) for name, edge in named if name != "hangup" and (state.step is not None or name == "error")]
    for name, edge in [*edges, *(("", edge) for edge in graph.leaving(state))]:
        # An error may come before anything was done.
        begun = known if name == "error" else after if name in UNANSWERED else answered
        written = begun | frozenset(f"vars.{one}" for one in edge.values)
        target = graph.target(flow, edge, state.name)
        if target == graph.ANYWHERE:
            yield from ((one, written) for one in flow.states)
        elif target in flow.states:
            yield target, written


def _unset(state: FlowState, known: Names, everything: Names) -> Iterator[tuple[str, Place]]:
    """What a state needs and may not have; what nothing ever writes is told elsewhere."""
    for step in state.do:
        yield from _needs(uses.of_step(step), known, everything)
        if isinstance(step, SetStep):
            known |= frozenset(f"vars.{name}" for name in step.values)
    if state.step is not None:
        yield from _needs(uses.of_step(state.step), known, everything)
    for edge in graph.leaving(state):
        yield from _edge(edge, known, everything)
    for name, edge in state.own.items():
        yield from _edge(edge, known if name in UNANSWERED else known | _filled(state), everything)


def _edge(edge: Edge, known: Names, everything: Names) -> Iterator[tuple[str, Place]]:
    yield from _needs(uses.of_values(edge.values), known, everything)
    after = known | frozenset(f"vars.{name}" for name in edge.values)
    rest = uses.of_edge(edge, values=False)
    yield from _needs(rest, after, everything)


def _needs(found: Iterator[Use], known: Names, everything: Names) -> Iterator[tuple[str, Place]]:
    for use in found:
        if use.wants == "bool":
            continue
        tree = use.expression.tree
        asked = set(_asked(tree))
        for path, at in _paths(tree):
            if path in everything and path not in known and path not in asked:
                yield path, use.expression.place.shifted(at)


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
