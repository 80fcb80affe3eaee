"""A JSON schema for a form, from the classes of the settings: their types, defaults, and the words under their fields. Pure."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

Schema = dict[str, Any]
DURATION = r"^\d+(\.\d+)?\s*(ms|s|m|h)?$"
SECRET = frozenset({"password", "token", "secret", "credential", "encrypt_key", "hep_password"})
"""Fields that never leave the server."""


def schema_of(kind: Any) -> Schema:
    """The schema of what the settings take for a type: a dataclass, `tuple[X, ...]`, `Mapping[str, X]`, text, number, flag."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        return {"type": "array", "items": schema_of(args[0])}
    if origin is UnionType:
        return {"anyOf": [schema_of(one) for one in args]}
    if origin is not None:
        return {"type": "object", "additionalProperties": schema_of(args[1])}
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind)
    if kind is float:
        return {"type": ["number", "string"], "format": "duration", "pattern": DURATION}
    return {"type": {bool: "boolean", int: "integer"}.get(kind, "string")}


def _object(kind: type[Any]) -> Schema:
    hints, words = get_type_hints(kind), field_words(kind)  # type: ignore[arg-type]
    properties: dict[str, Schema] = {}
    needed = []
    for one in fields(kind):
        found = schema_of(hints[one.name])
        if one.name in SECRET:
            found["format"] = "secret"
        if words.get(one.name):
            found["description"] = words[one.name]
        if one.default is not MISSING and _plain(one.default):
            found["default"] = list(one.default) if isinstance(one.default, tuple) else one.default
        if one.default is MISSING and one.default_factory is MISSING:
            needed.append(one.name)
        properties[one.name] = found
    described = (
        {"description": inspect.getdoc(kind)} if kind.__doc__ and not kind.__doc__.startswith(f"{kind.__name__}(") else {}
    )
    return {"type": "object", **described, "properties": properties, "required": needed, "additionalProperties": False}


def _plain(value: Any) -> bool:
    """Whether a default is something JSON can say; an empty mapping and another class are not worth saying."""
    if isinstance(value, tuple):
        return all(isinstance(one, str | int | float) for one in value)
    return isinstance(value, str | int | float | bool) and not isinstance(value, Mapping)


@lru_cache(maxsize=64)
def field_words(kind: type[Any]) -> Mapping[str, str]:
    """What is written under each field of a class; empty where its source is not at hand."""
    try:
        tree = ast.parse(inspect.cleandoc(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for one, following in zip(body, [*body[1:], None], strict=True):
        match one, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                found[name] = inspect.cleandoc(words)
    return found
