"""The page of every step, from docstrings and schemas: `python -m ivr.dialplan.reference > docs/steps.md`"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import Any

from ivr.dialplan import registry
from ivr.dialplan.kinds import InstantStep, Schema, Step, WaitingStep
from ivr.dialplan.schema_parts import DURATION, NAME

HEADER = """# Steps

What a state can do. Made of the docstrings and schemas of the steps: `python -m ivr.dialplan.reference > docs/steps.md`. How
states, edges, speech and expressions are written stands in [dialplan.md](dialplan.md). A package adds kinds of its own by an
entry point of the group `hotline.steps` (`ivr/dialplan/kinds.py`).

Keys in bold must be given. *speech* is a prompt, text by language, a value or a list of these; *expression* is CEL; *text* may
have `{expressions}` in it where the message is computed.
"""
_SHARED = {
    "speech": "speech",
    "expression": "expression",
    "edge": "edge",
    "edges": "edges",
    "instant": "step",
    "state": "state",
}


def page() -> str:
    """What docs/steps.md holds."""
    waiting = [_section(kind) for kind in registry.waiting().values()]
    instant = [_section(kind) for kind in registry.instant().values()]
    return "\n".join(
        [
            HEADER,
            "## Steps that wait",
            "",
            "A state has at most one of these. It leaves by an edge of `on`; `error` and `hangup` can be edges of every one.",
            "",
            *waiting,
            "## Steps that take no time",
            "",
            "Items of `do`, in their order.",
            "",
            *instant,
        ]
    )


def _section(kind: type[Step]) -> str:
    lines = [f"### {kind.name}", "", inspect.getdoc(kind) or "", ""]
    if issubclass(kind, WaitingStep):
        lines += [_edges(kind), ""]
    rows = list(_rows(kind))
    if rows:
        lines += ["| key | value | |", "| --- | --- | --- |", *rows, ""]
    elif issubclass(kind, InstantStep) or not rows:
        lines += [f"Value: {words(kind.schema())}.", ""]
    return "\n".join(lines)


def _edges(kind: type[WaitingStep]) -> str:
    if kind.calls:
        return "Leaves by the names that the sub-flow returns."
    names = ", ".join(f"`{name}`" for name in kind.edge_names)
    if kind.listens:
        return f"Leaves by its answers, by every intent and key that has an edge, by `agent`, and by {names}."
    return f"Leaves by {names}." if names else "Leaves by what it is told."


def _rows(kind: type[Step]) -> Iterator[str]:
    """A line of the table for each key."""
    schema, told, given = _mapping(kind.schema()), _docs(kind), _defaults(kind)
    if schema is None:
        return
    for name, value in schema["properties"].items():
        shown = f"**{name}**" if name in schema.get("required", ()) else name
        default = f" ({given[name]})" if given.get(name) else ""
        yield f"| {shown} | {words(value)}{default} | {told.get(name) or value.get('description', '')} |".replace("\n", " ")


def _mapping(schema: Schema) -> Schema | None:
    """The part of a schema that is a mapping with known keys."""
    if "properties" in schema:
        return schema
    found = (_mapping(one) for one in schema.get("anyOf", ()))
    return next((one for one in found if one is not None), None)


def words(schema: Schema) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return f"*{_SHARED.get(name, name)}*"
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return ", ".join(f"`{_plain(value)}`" for value in values)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(words(one) for one in schema["anyOf"]))
    if schema.get("pattern") == DURATION["pattern"]:
        return "duration"
    if schema.get("pattern") == NAME["pattern"]:
        return "name"
    return _typed(schema)


def _typed(schema: Schema) -> str:
    kinds = schema.get("type", "anything")
    if isinstance(kinds, list):
        return "a value" if len(kinds) > 2 else " or ".join(kinds)
    if kinds == "array":
        return f"list of {words(schema.get('items', {}))}"
    if kinds == "object":
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            return f"name: {words(more)}"
        return "{ " + ", ".join(schema.get("properties", {})) + " }" if "properties" in schema else "mapping"
    if kinds in ("integer", "number"):
        least, most = schema.get("minimum"), schema.get("maximum")
        return f"number {least} to {most}" if least is not None and most is not None else "number"
    return {"string": "text", "boolean": "true or false", "null": "nothing"}.get(str(kinds), str(kinds))


def _plain(value: Any) -> str:
    return "true" if value is True else "false" if value is False else "nothing" if value is None else str(value)


def _docs(kind: type[Step]) -> dict[str, str]:
    """Field to the text that stands under it."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not (isinstance(base, type) and issubclass(base, Step)) or base in (Step, WaitingStep, InstantStep):
            continue
        [body] = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        lines = body.body if isinstance(body, ast.ClassDef) else []
        for one, after in pairwise(lines):
            text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else None
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(text, str):
                found[one.target.id] = " ".join(text.split())
    return found


def _defaults(kind: type[Step]) -> dict[str, str]:
    """Field to what it is where nothing is written; durations with their unit."""
    found: dict[str, str] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        value = one.default
        if value is MISSING or value in ("", (), None, False) or not isinstance(value, str | int | float):
            continue
        if isinstance(value, float):
            hours = f"{value / 3600:g}h" if value and value % 3600 == 0 else ""
            found[one.name] = hours or (f"{value * 1000:g}ms" if 0 < value < 1 else f"{value:g}s" if value else "")
        else:
            found[one.name] = _plain(value)
    return found


if __name__ == "__main__":
    sys.stdout.write(page())
