"""Which edges of a flow can be taken, and where they lead. Pure; `lint` and the diagram read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.dialplan.model import (
    AGAIN,
    AGENT,
    END,
    EVERYWHERE,
    KEYS,
    Edge,
    Flow,
    FlowState,
    Go,
    HangUp,
    Return,
    Switch,
)
from ivr.dialplan.speech import Speech

ANYWHERE = "*"
"""Stands for a target that is computed."""


def possible(flow: Flow, state: FlowState) -> set[str]:
    """Names of the edges that `on` of this state may have."""
    found = _own_edges(flow, state)
    if state.step is not None and state.step.listens:
        found.update(flow.intents)
    return found


def _own_edges(flow: Flow, state: FlowState) -> set[str]:
    """Those names without the intents, which every question has."""
    step = state.step
    found = set(EVERYWHERE)
    if step is None:
        return found
    found.update(step.outcomes(), step.answers(), step.ending(), step.optional(), step.edge_keys())
    if step.listens:
        found.update((AGENT, "done"))
    if step.calls:
        found.update(state.own, returns(flow, state))
    return found


def called(state: FlowState) -> str:
    """Name of the sub-flow that a state calls; "" for none."""
    step = state.step
    return str(getattr(step, "flow", "")) if step is not None and step.calls else ""


def returns(flow: Flow, state: FlowState) -> set[str]:
    """Names that the sub-flow of a state that calls can return; any edge of the state where it is not known (not linked)."""
    sub = flow if called(state) == flow.name else flow.subflows.get(called(state))
    return set(state.edges) if sub is None else {one.leave.name for one in sub.states.values() if isinstance(one.leave, Return)}


def taken(flow: Flow, state: FlowState) -> dict[str, Edge]:
    """The edges that can be taken from a state that waits, inherited ones too, by name."""
    names = _own_edges(flow, state)
    asks = state.step is not None and state.step.listens
    return {
        name: edge
        for name, edge in state.edges.items()
        if (name in names or (asks and name in flow.intents)) and (asks or name in state.own or name not in KEYS)
    }


def leaving(state: FlowState) -> Iterator[Edge]:
    """The edges by which a state that does not wait is left."""
    yield from (edge for _, edge in branches(state))


def branches(state: FlowState) -> Iterator[tuple[str, Edge]]:
    """Those edges with their keys: "goto", "go:1" (counted from 1), "case:1000", "otherwise"."""
    match state.leave:
        case Go(branches=(only,)) if only.when is None:
            yield "goto", only.edge
        case Go(branches=lines):
            yield from ((f"go:{number}", line.edge) for number, line in enumerate(lines, 1))
        case Switch(cases=cases, otherwise=otherwise):
            yield from ((f"case:{value}", edge) for value, edge in cases.items())
            if otherwise is not None:
                yield "otherwise", otherwise


def key_of(state: FlowState, edge: Edge) -> str:
    """The key of an edge of `state`: its name, or as of `branches`; "" where it is none of them."""
    named = [*state.edges.items(), *branches(state)]
    for key, one in named:
        if one is edge:
            return key
    return next((key for key, one in named if one.place == edge.place), "")


def target(flow: Flow, edge: Edge, state: str) -> str:
    """Name of the state that an edge leads to, END, or ANYWHERE where it is computed or does not exist."""
    if edge.to is None:
        return state
    fixed = edge.to.fixed
    if fixed is None:
        return ANYWHERE
    if fixed == AGAIN:
        return state
    return fixed if fixed == END or fixed in flow.states else ANYWHERE


def successors(flow: Flow, state: FlowState, *, failing: bool = True) -> set[str]:
    """Where a state can lead; without `failing`, not by errors and hang-ups."""
    if state.step is None:
        found = {target(flow, edge, state.name) for edge in leaving(state)}
        if isinstance(state.leave, HangUp | Return):
            found.add(END)
        edges = {name: edge for name, edge in state.edges.items() if name == "error"}
    else:
        edges = taken(flow, state)
        found = {END} if state.step.calls else set()  # a sub-flow may hang up
    found.update(target(flow, edge, state.name) for name, edge in edges.items() if failing or name not in EVERYWHERE)
    return found


def edges(flow: Flow) -> Iterator[tuple[str, FlowState | None, Edge]]:
    """Every edge as it is written, with its name ("" in `go`, `goto` and `switch`) and its state (None for a default)."""
    for name, edge in flow.defaults.items():
        yield name, None, edge
    for state in flow.states.values():
        for name, edge in state.own.items():
            yield name, state, edge
        for edge in leaving(state):
            yield "", state, edge


def speeches(flow: Flow) -> Iterator[Speech]:
    """Everything that the flow can say."""
    for intent in flow.intents.values():
        yield intent.offer
    for _, _, edge in edges(flow):
        yield edge.speech
        yield from edge.retries
    for state in flow.states.values():
        for step in state.do:
            yield from step.speeches()
        if state.step is not None:
            yield from state.step.speeches()


def reachable(flow: Flow) -> set[str]:
    """Names of the states that a call can come to."""
    seen: set[str] = set()
    ahead = [flow.entry]
    while ahead:
        name = ahead.pop()
        if name == ANYWHERE:
            return set(flow.states)
        if name in seen or name not in flow.states:
            continue
        seen.add(name)
        ahead.extend(successors(flow, flow.states[name]))
    return seen


def trapped(flow: Flow) -> set[str]:
    """Names of the states from which no path leads to an end, a queue's end or a bridge's end."""
    leads = {name: successors(flow, state, failing=False) for name, state in flow.states.items()}
    return set(flow.states) - reaching(leads, {END, ANYWHERE})


def circling(flow: Flow) -> set[str]:
    """Names of the states that pass a call on at once, for ever: no state that waits and no end can follow."""
    instant = {name: state for name, state in flow.states.items() if state.step is None}
    waiting = {END, ANYWHERE, *(name for name in flow.states if name not in instant)}
    leads = {name: successors(flow, state, failing=False) for name, state in instant.items()}
    return set(instant) - reaching(leads, waiting)


def reaching(leads: Mapping[str, set[str]], goals: set[str]) -> set[str]:
    """Names whose edges lead, over any number of steps, to one of the goals."""
    back: dict[str, list[str]] = {}
    for name, following in leads.items():
        for one in following:
            back.setdefault(one, []).append(name)
    found: set[str] = set()
    ahead = list(goals)
    while ahead:
        for name in back.get(ahead.pop(), ()):
            if name not in found:
                found.add(name)
                ahead.append(name)
    return found
