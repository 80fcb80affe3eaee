"""Every expression of a flow, where it stands and what it has to give. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ivr.dialplan import graph
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.kinds import Step
from ivr.dialplan.model import Edge, Flow, FlowState, Go, Switch
from ivr.dialplan.speech import Speech, TextPart, ValuePart


@dataclass(frozen=True, slots=True)
class Use:
    """One expression."""

    expression: Expression
    wants: str = ""
    """`bool`, `number`, `list`, `spoken` (text or a number), `moment` (a date or time, as text), or "" for anything."""


def of_template(template: Template | None) -> Iterator[Use]:
    if template is not None:
        for part in template.parts:
            if isinstance(part, Expression):
                yield Use(part)


def of_speech(speech: Speech) -> Iterator[Use]:
    for part in speech:
        if part.when is not None:
            yield Use(part.when, "bool")
        if isinstance(part, TextPart):
            for text in part.texts.values():
                yield from of_template(text)
        elif isinstance(part, ValuePart):
            yield Use(part.value, "moment" if part.kind in ("date", "time", "datetime") else "spoken")


def of_values(values: Mapping[str, Template]) -> Iterator[Use]:
    for template in values.values():
        yield from of_template(template)


def of_edge(edge: Edge, *, values: bool = True) -> Iterator[Use]:
    """What an edge computes, without `values` not what it remembers; not the condition that it is taken by."""
    yield from of_template(edge.language)
    if values:
        yield from of_values(edge.values)
    for template in (*edge.tags, edge.to):
        yield from of_template(template)
    for speech in (edge.speech, *edge.retries):
        yield from of_speech(speech)


def of_step(step: Step) -> Iterator[Use]:
    for speech in step.speeches():
        yield from of_speech(speech)
    for one in step.expressions():
        if isinstance(one, Template):
            yield from of_template(one)
        else:
            wants = {"number": "priority", "list": "rank_by"}
            if any(one is condition for condition in step.conditions()):
                yield Use(one, "bool")
                continue
            yield Use(one, next((kind for kind, name in wants.items() if one is getattr(step, name, None)), ""))


def of_leaving(state: FlowState) -> Iterator[Use]:
    """The conditions by which a state is left, without what its edges compute."""
    match state.leave:
        case Go(branches):
            yield from (Use(branch.when, "bool") for branch in branches if branch.when is not None)
        case Switch(of=of):
            yield Use(of)


def of_state(state: FlowState) -> Iterator[Use]:
    """Everything of a state but its inherited edges."""
    for step in state.do:
        yield from of_step(step)
    if state.step is not None:
        yield from of_step(state.step)
    yield from of_leaving(state)
    for edge in (*state.own.values(), *graph.leaving(state)):
        yield from of_edge(edge)


def of_flow(flow: Flow) -> Iterator[Use]:
    """Everything of a flow."""
    yield from of_values(flow.variables)
    for intent in flow.intents.values():
        yield from of_speech(intent.offer)
    for edge in flow.defaults.values():
        yield from of_edge(edge)
    for state in flow.states.values():
        yield from of_state(state)
