"""What a flow writes to `vars` and `slots`, and of which types. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.dialplan import graph
from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.model import Flow, FlowState, Return
from ivr.dialplan.shapes import ANY, DOUBLE, NUMBER, TEXT, Type, joined
from ivr.dialplan.steps.asking import AskStep
from ivr.dialplan.steps.collecting import CollectStep
from ivr.dialplan.steps.instant import SetStep
from ivr.dialplan.typing_of import infer

ROUNDS = 4
"""Variables computed of variables: after so many rounds what is still open is taken for anything."""


def shared(flow: Flow) -> bool:
    """Whether other flows write the same variables: it calls some, or is called."""
    called = any(isinstance(state.leave, Return) for state in flow.states.values())
    return called or any(graph.called(state) for state in flow.states.values())


def filled(state: FlowState) -> Mapping[str, Type]:
    """The slots that the step of a state may fill."""
    step = state.step
    if step is None:
        return {}
    if isinstance(step, CollectStep):
        known = ((one.name, one.type.name if one.phrases is None and one.known is None else "") for one in step.slots)
        return {name: _of_slot(kind) for name, kind in known}
    kind = "choice" if step.listens else ""
    if isinstance(step, AskStep):
        kind = "" if step.phrases is not None else "choice" if step.slot is None else step.slot.name
    return dict.fromkeys(step.fills(state.name), _of_slot(kind))


def _of_slot(kind: str) -> Type:
    """What the values of a type of slot are; "" for one that may be anything."""
    if kind == "yes_no":
        return Type("text", values=frozenset({"yes", "no"}))
    return {"": ANY, "number": NUMBER, "amount": DOUBLE}.get(kind, TEXT)


def assignments(flow: Flow) -> Iterator[tuple[str, Template]]:
    """Every variable that something sets, once for each place."""
    yield from flow.variables.items()
    for _, _, edge in graph.edges(flow):
        yield from edge.values.items()
    for state in flow.states.values():
        for step in state.do:
            if isinstance(step, SetStep):
                yield from step.values.items()


def variables(flow: Flow, roots: Mapping[str, Type]) -> dict[str, Type]:
    """Each variable with the type that fits everything written to it."""
    written: dict[str, list[Template]] = {}
    for name, template in assignments(flow):
        written.setdefault(name, []).append(template)
    types = dict.fromkeys(written, ANY)
    for _ in range(ROUNDS):
        scope = {**roots, "vars": Type("map", types)}
        found = {name: joined([_type(one, scope) for one in templates]) for name, templates in written.items()}
        if found == types:
            return types
        types = found
    return {name: Type(one.kind) if one.kind != "any" else ANY for name, one in types.items()}


def _type(template: Template, scope: Mapping[str, Type]) -> Type:
    if len(template.parts) == 1 and isinstance(one := template.parts[0], Expression):
        return infer(one.tree, scope, _silent)
    return TEXT if template.fixed is None else Type("text", values=frozenset({template.fixed}))


def _silent(column: int, code: str, message: str, cure: str) -> None:
    """The expression complains where it is checked itself."""


def slots(flow: Flow) -> dict[str, Type]:
    """Each slot that some question fills."""
    found: dict[str, list[Type]] = {}
    for state in flow.states.values():
        for name, one in filled(state).items():
            found.setdefault(name, []).append(one)
    return {name: joined(types) for name, types in found.items()}
