"""Expressions that cannot be right: names that nothing has, types that do not fit, conditions that are none. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from ivr.dialplan import uses
from ivr.dialplan.environment import Environment
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings
from ivr.dialplan.shapes import FREE, NUMBERS, WORDS, Type, roots
from ivr.dialplan.typing_of import MISMATCH, UNWRITTEN, infer
from ivr.dialplan.written import shared, slots, variables


def known(flow: Flow, environment: Environment | None) -> dict[str, Type]:
    """What every root holds in this flow."""
    found = roots(flow.languages, flow.intents, environment)
    if shared(flow):
        return {**found, "vars": FREE, "slots": FREE}
    found["slots"] = Type("map", slots(flow))
    found["vars"] = Type("map", variables(flow, found))
    return found


def check_types(every: Iterable[uses.Use], findings: Findings, scope: Mapping[str, Type]) -> None:
    """Report every expression whose types do not fit; `scope` is what `known` gives."""
    seen = set[tuple[int, str]]()
    for use in every:
        expression = use.expression
        key = (id(expression), use.wants)
        if key in seen:
            continue
        seen.add(key)
        _wanted(use, infer(expression.tree, scope, partial(_complain, findings, use)), findings)


def _complain(findings: Findings, use: uses.Use, column: int, code: str, message: str, cure: str) -> None:
    """A name that is never written is null: it spoils only what is read aloud."""
    report = findings.warn if code == UNWRITTEN and use.wants not in ("spoken", "moment") else findings.error
    report(use.expression.place.shifted(column), code, message, cure)


def _wanted(use: uses.Use, found: Type, findings: Findings) -> None:
    source, place = use.expression.source, use.expression.place
    if found.kind in ("any", "null"):
        return
    if use.wants == "bool" and found.kind != "bool":
        message = f"a condition must be true or false, `{source}` is {WORDS[found.kind]}"
        findings.error(place, "not-a-condition", message, "compare it: `== ...`, `> ...`")
    elif use.wants == "number" and found.kind not in NUMBERS:
        findings.error(place, MISMATCH, f"this must be a number, `{source}` is {WORDS[found.kind]}", "condition ? 8 : 5")
    elif use.wants == "list" and found.kind != "list":
        findings.error(place, MISMATCH, f"this must be a list, `{source}` is {WORDS[found.kind]}", "profile.history")
    elif use.wants == "moment" and found.kind in NUMBERS:
        cure = "a date is text: '2026-01-31'; a time '15:30'"
        findings.error(place, MISMATCH, f"`{source}` is a number and cannot be read as a date or time", cure)
    elif use.wants in ("spoken", "moment") and found.kind not in ("text", "moment", *NUMBERS):
        findings.error(place, MISMATCH, f"`{source}` is {WORDS[found.kind]} and cannot be read aloud", "name a number or text")
