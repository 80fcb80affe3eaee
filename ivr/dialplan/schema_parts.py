"""The pieces that schemas of steps are put together from. Pure."""

from __future__ import annotations

import inspect
from typing import Any

Schema = dict[str, Any]

NAME: Schema = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_.-]{0,63}$"}
DURATION: Schema = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$", "description": "300ms, 15s, 2m, 1h"}
TEXT: Schema = {"type": "string"}
LITERAL: Schema = {"type": ["string", "number", "boolean", "null"]}
FLAG: Schema = {"type": "boolean"}
NOTHING: Schema = {"type": "null"}


def ref(name: str) -> Schema:
    """A shared definition: `speech`, `expression`, `edge`, `edges`, `go`, `switch`, `instant` or `state`."""
    return {"$ref": f"#/$defs/{name}"}


def record(properties: Schema, required: tuple[str, ...] = (), of: type | None = None, **more: Any) -> Schema:
    """A mapping with these keys and no others."""
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    if required:
        found["required"] = list(required)
    if of is not None:
        found["description"] = inspect.getdoc(of)
    return found


def map_of(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def list_of(value: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": value, **more}


def either(*options: Schema, of: type | None = None) -> Schema:
    found: Schema = {"anyOf": list(options)}
    if of is not None:
        found["description"] = inspect.getdoc(of)
    return found
