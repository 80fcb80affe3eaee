"""Lines that are never taken, conditions that decide nothing, callers who go round for ever. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ivr.dialplan import graph
from ivr.dialplan.expression import EvaluationError, Expression
from ivr.dialplan.model import END, Flow, FlowState, Go, HangUp, Return, Switch
from ivr.dialplan.problems import Findings, nearest
from ivr.dialplan.shapes import WORDS, Type
from ivr.dialplan.typing_of import infer
from ivr.dialplan.uses import Use

SILENT = "no_input"
DIGITS = "123456789"


def check_paths(flow: Flow, findings: Findings, scope: Mapping[str, Type], every: Iterable[Use]) -> None:
    """Report what of a flow can never happen, and what never ends."""
    for state in flow.states.values():
        match state.leave:
            case Go():
                _go(state.leave, findings)
            case Switch():
                _switch(state.leave, findings, scope)
        _options(state, findings)
    for use in every:
        if use.wants == "bool" and (fixed := constant(use.expression)) is not None:
            word = "true" if fixed else "false"
            message = f"`{use.expression.source}` is always {word}"
            findings.warn(
                use.expression.place, "constant-condition", message, "compare with something of the call, or remove it"
            )
    _silence(flow, findings)


def constant(expression: Expression | None) -> bool | None:
    """What a condition that depends on nothing gives; None where it depends on the call."""
    if expression is None:
        return True
    if expression.roots:
        return None
    try:
        return expression.holds({})
    except EvaluationError:
        return None


def _go(go: Go, findings: Findings) -> None:
    seen: dict[str, int] = {}
    always: int | None = None
    for branch in go.branches:
        place = branch.edge.place
        source = "" if branch.when is None else branch.when.source
        if always is not None:
            message = f"this line is never reached: the one in line {always} always holds"
            findings.error(place, "dead-branch", message, "put it before that line, or remove it")
        elif branch.share is None and source in seen:
            message = f"this line is never reached: line {seen[source]} has the same condition"
            findings.error(place, "dead-branch", message, "change one of the two conditions")
        if branch.share is None:
            seen.setdefault(source, place.line)
            if constant(branch.when) and always is None:
                always = place.line


def _switch(switch: Switch, findings: Findings, scope: Mapping[str, Type]) -> None:
    of = infer(switch.of.tree, scope, _silent)
    if not switch.of.roots:
        message = f"`{switch.of.source}` is the same for every call"
        findings.warn(switch.of.place, "constant-condition", message, "name something of the call: `call.called`")
    for case, edge in switch.cases.items():
        if not _possible(case, of):
            known = of.values or ({"true", "false"} if of.kind == "bool" else frozenset())
            cure = nearest(case, known) or "`otherwise` takes what no case does"
            message = f"`{switch.of.source}` is {WORDS.get(of.kind, 'never that')}, it never equals `{case}`"
            findings.error(edge.place, "dead-branch", message, cure)


def _possible(case: str, of: Type) -> bool:
    if of.kind == "text":
        return of.values is None or case in of.values
    if of.kind == "bool":
        return case in ("true", "false", "")
    if of.kind == "int":
        return case == "" or case.removeprefix("-").isdecimal()
    return of.kind not in ("list", "map")


def _silent(column: int, code: str, message: str, cure: str) -> None:
    """The expression complains where it is checked itself."""


def _options(state: FlowState, findings: Findings) -> None:
    """Options that are there twice, and keys that have an edge of their own."""
    step = state.step
    if step is None or not step.listens:
        return
    names, places = step.answers(), getattr(step, "places", ())
    for number, name in enumerate(names):
        if name in names[:number]:
            place = places[number] if number < len(places) else step.place
            findings.error(place, "duplicate-option", f"`{name}` is already an option", "keep it once")
    if len(names) > len(DIGITS):
        message = f"{len(names)} choices, and keys for {len(DIGITS)}: who cannot be heard has no way to the others"
        findings.warn(step.place, "too-many-choices", message, "ask in two steps; people remember five")
    for key, edge in state.own.items():
        if step.name == "menu" and key.isdecimal() and 1 <= int(key) <= len(names):
            message = f"key {key} chooses `{names[int(key) - 1]}`, so this edge is never taken"
            findings.error(edge.place, "dead-edge", message, f"take a key above {len(names)}, or `*` or `#`")


def _silence(flow: Flow, findings: Findings) -> None:
    """Report the questions from which a caller who says nothing never comes to an end."""
    leads = {name: set(_quiet(flow, state)) for name, state in flow.states.items()}
    ending = graph.reaching(leads, {END, graph.ANYWHERE})
    for name in graph.reachable(flow) - ending:
        state = flow.states[name]
        if state.step is not None and state.step.listens and _returns(name, leads):
            edge = state.edges.get(SILENT)
            place = edge.place if edge is not None and SILENT in state.own else state.place
            message = f"a caller who says nothing in `{name}` goes round for ever"
            findings.error(place, "endless-silence", message, "lead `no_input` to an end or a queue at last")


def _quiet(flow: Flow, state: FlowState) -> Iterator[str]:
    """Where a state leads while the caller neither speaks nor keys; END where others decide, such as a queue."""
    step = state.step
    if step is None:
        if isinstance(state.leave, HangUp | Return):
            yield END
        yield from (graph.target(flow, edge, state.name) for edge in graph.leaving(state))
    elif step.listens:
        edge = state.edges.get(SILENT)
        yield END if edge is None else graph.target(flow, edge, state.name)
    elif step.name in ("say", "play", "wait") and "done" in state.edges and step.outcomes():
        yield graph.target(flow, state.edges["done"], state.name)
    else:
        yield END


def _returns(name: str, leads: Mapping[str, set[str]]) -> bool:
    """Whether `name` comes back to itself."""
    seen: set[str] = set()
    ahead = list(leads[name])
    while ahead:
        one = ahead.pop()
        if one == name:
            return True
        if one not in seen:
            seen.add(one)
            ahead.extend(leads.get(one, ()))
    return False
