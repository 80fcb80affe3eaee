"""JSON schemas written short: `{"state": "available|break", "seconds?": "number 0..", "tags?": ["text 80"]}`. Pure.

A word is `any`, `object`, `bool`, `text [most]`, `name` (text that is no key, at most 128), `int [least..most]`, `number
[least..most]`, `time` (epoch seconds), `iso` (ISO 8601), or words with `|` between them: one of these. With `?` at its
end it may be null. A key with `?` may be missing. A list has what its items are; a mapping of `*` takes any names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Shape = str | Mapping[str, Any] | Sequence[Any]
Schema = dict[str, Any]

_PLAIN: Mapping[str, Schema] = {
    "any": {},
    "object": {"type": "object"},
    "bool": {"type": "boolean"},
    "name": {"type": "string", "minLength": 1, "maxLength": 128},
    "time": {"type": "number", "description": "seconds since the Unix epoch"},
    "iso": {"type": "string", "description": "a time in ISO 8601"},
}


def schema_of(shape: Shape) -> Schema:
    """The JSON schema (2020-12). Raises ValueError for a word that is none."""
    if isinstance(shape, str):
        return _word(shape)
    if isinstance(shape, Mapping):
        return _object(shape)
    if len(shape) != 1:
        raise ValueError(f"a list has one kind of items, this has {len(shape)}")
    return {"type": "array", "items": schema_of(shape[0])}


def _object(shape: Mapping[str, Any]) -> Schema:
    if set(shape) == {"*"}:
        return {"type": "object", "additionalProperties": schema_of(shape["*"])}
    required = [name for name in shape if not name.endswith("?")]
    found: Schema = {
        "type": "object",
        "properties": {name.removesuffix("?"): schema_of(value) for name, value in shape.items()},
    }
    return {**found, "required": required} if required else found


def _word(word: str) -> Schema:
    if word.endswith("?"):
        inner = _word(word.removesuffix("?"))
        kind = inner.get("type")
        if "enum" in inner:
            return {"enum": [*inner["enum"], None]}
        return {**inner, "type": [kind, "null"]} if kind else inner
    if word in _PLAIN:
        return dict(_PLAIN[word])
    if "|" in word:
        return {"type": "string", "enum": word.split("|")}
    kind, _, limits = word.partition(" ")
    match kind:
        case "text":
            return {"type": "string", **({"maxLength": int(limits)} if limits else {})}
        case "int" | "number":
            least, _, most = limits.partition("..")
            found: Schema = {"type": "integer" if kind == "int" else "number"}
            if least:
                found["minimum"] = float(least) if kind == "number" else int(least)
            if most:
                found["maximum"] = float(most) if kind == "number" else int(most)
            return found
    raise ValueError(f"'{word}' is no word of a shape")
