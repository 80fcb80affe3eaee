"""Flows that call each other, joined: each gets the sub-flows that a call in it may come to, and what is wrong is said. Pure.

A linked flow holds its sub-flows as they are now: a call that began in it keeps them, whatever is published meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from ivr.dialplan import graph
from ivr.dialplan.model import Flow, FlowState
from ivr.dialplan.problems import Findings, Place, Problem


def link(flow: Flow, flows: Mapping[str, Flow]) -> Flow:
    """The flow with every flow that it calls, directly or by way of others, out of `flows`.

    Names that are not there are left out.
    """
    found: dict[str, Flow] = {}
    ahead = [flow]
    while ahead:
        for name in sorted(calls(ahead.pop())):
            if name != flow.name and name not in found and name in flows:
                found[name] = replace(flows[name], subflows={})
                ahead.append(found[name])
    return replace(flow, subflows=found) if found or flow.subflows else flow


def linked(flows: Mapping[str, Flow]) -> dict[str, Flow]:
    """All of them, each with its sub-flows."""
    return {name: link(flow, flows) for name, flow in flows.items()}


def calls(flow: Flow) -> set[str]:
    """Names of the flows that it calls by itself."""
    return {name for state in flow.states.values() if (name := graph.called(state))}


def problems(flow: Flow, flows: Mapping[str, Flow], elsewhere: Collection[str] = ()) -> list[Problem]:
    """What is wrong with the calls of a flow, where `flows` are all that there are but those named `elsewhere`."""
    findings = Findings(flow.file)
    for state in flow.states.values():
        name = graph.called(state)
        if not name:
            continue
        sub = flow if name == flow.name else flows.get(name)
        if sub is None and name in elsewhere:
            continue
        if sub is None:
            findings.unknown(_place(state), "flow", name, flows)
        else:
            _fits(flow, state, sub, findings)
            _returned(flow, state, sub, findings)
    for circle in _circles(flow, flows):
        place = next(_place(state) for state in flow.states.values() if graph.called(state) == circle[1])
        path = " > ".join(f"`{one}`" for one in circle)
        findings.warn(place, "calls-itself", f"the flow calls itself: {path}", "8 deep it takes the `error` edge; use `goto`")
    return findings.problems


def _place(state: FlowState) -> Place:
    return state.place if state.step is None else state.step.place


def _fits(flow: Flow, state: FlowState, sub: Flow, findings: Findings) -> None:
    for language in flow.languages:
        if language not in sub.languages:
            message = f"the flow `{sub.name}` does not speak `{language}`"
            findings.error(_place(state), "missing-language", message, f"add {language} to its `languages`")


def _returned(flow: Flow, state: FlowState, sub: Flow, findings: Findings) -> None:
    names = graph.returns(replace(flow, subflows={sub.name: sub}), state)
    for name in sorted(names - set(state.edges)):
        message = f"`{sub.name}` returns `{name}`, and `{state.name}` has no such edge"
        findings.error(state.place, "missing-edge", message, f"add `{name}: state` to `on`")
    for name, edge in state.own.items():
        if name not in names and name not in ("error", "hangup"):
            findings.unknown(edge.place, "edge", name, names)


def _circles(flow: Flow, flows: Mapping[str, Flow]) -> Iterator[tuple[str, ...]]:
    """For each sub-flow that leads back to `flow`: the shortest way there and back."""
    for first in sorted(calls(flow)):
        seen = {first}
        ahead: list[tuple[str, ...]] = [(flow.name, first)]
        while ahead:
            path = ahead.pop(0)
            if path[-1] == flow.name:
                yield path
                break
            for name in sorted(calls(flows[path[-1]]) if path[-1] in flows else ()):
                if name == flow.name or name not in seen:
                    seen.add(name)
                    ahead.append((*path, name))
