"""JSON Schema of the language, for editors. `python -m ivr.dialplan.schema > dialplans/schema.json`

Descriptions are the docstrings of the model. The schema completes and hints; `ivr check` is what decides.
"""

from __future__ import annotations

import inspect
import json
import sys

from ivr.dialplan import build_triggers, model, moods, privacy, profile_wish, registry, speech, talk
from ivr.dialplan.build import CAUSES
from ivr.dialplan.expression import ROOTS
from ivr.dialplan.kinds import Schema, described
from ivr.dialplan.reading import VALUES
from ivr.dialplan.schema_parts import FLAG, LITERAL, NAME, TEXT, either, map_of, record, ref

NAMES: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
_EXPRESSION: Schema = {"type": ["string", "number", "boolean"], "description": "CEL over " + " ".join(ROOTS)}


def _speech() -> Schema:
    common = {"language": TEXT, "if": ref("expression")}
    by_language = {
        "type": "object",
        "propertyNames": {"not": {"enum": ["prompt", "text", *VALUES]}},
        "additionalProperties": TEXT,
        "minProperties": 1,
    }
    items = [
        NAME,
        record({"prompt": NAME, **common}, ("prompt",), speech.PromptPart),
        record({"text": map_of(TEXT), **common}, ("text",), speech.TextPart),
        *(record({kind: ref("expression"), **common}, (kind,), speech.ValuePart) for kind in VALUES),
        {**by_language, "description": inspect.getdoc(speech.TextPart)},
    ]
    return {"anyOf": [*items, {"type": "array", "items": {"anyOf": items}}]}


def _going() -> Schema:
    """What an edge may have."""
    return {
        "to": {**TEXT, "description": "A state, `end` or `again`."},
        "otherwise": {**TEXT, "description": "A state, where `to` is computed and names none."},
        "say": ref("speech"),
        "set": map_of(LITERAL),
        "tag": TEXT,
        "language": TEXT,
    }


def _edges() -> Schema:
    going = _going()
    several = {"type": "array", "items": ref("speech"), "minItems": 1}
    retry = {
        "retry": either({"type": "integer", "minimum": 0, "maximum": 9}, several),
        "then": either(TEXT, record(going)),
        "say": ref("speech"),
        "repeat": FLAG,
    }
    share = {"percent": {"type": "number", "minimum": 0, "maximum": 100}, "of": TEXT}
    line = record({"if": ref("expression"), **share, **going}, ("to",), model.Branch)
    return {
        "edge": either(TEXT, record(going), record(retry, ("then",)), of=model.Edge),
        "edges": map_of(ref("edge")),
        "go": {"type": "array", "items": line, "minItems": 1, "description": inspect.getdoc(model.Go)},
        "switch": record(
            {"of": ref("expression"), "cases": ref("edges"), "otherwise": ref("edge")},
            ("of", "cases", "otherwise"),
            model.Switch,
        ),
    }


def _instant() -> Schema:
    steps = {name: described(kind) for name, kind in registry.instant().items()}
    bare = [{"const": name, "description": one["description"]} for name, one in steps.items() if one.get("type") == "null"]
    taking = [record({name: one}, (name,)) for name, one in steps.items() if one.get("type") != "null"]
    return either(*bare, *taking)


def _state() -> Schema:
    leaving = {
        "go": ref("go"),
        "goto": ref("edge"),
        "switch": ref("switch"),
        "return": {**NAME, "description": inspect.getdoc(model.Return)},
        "hangup": {"enum": [*CAUSES, None], "description": inspect.getdoc(model.HangUp)},
    }
    do = either(ref("instant"), {"type": "array", "items": ref("instant")})
    return record(
        {"do": do, **{name: described(kind) for name, kind in registry.waiting().items()}, **leaving, "on": ref("edges")},
        (),
        model.FlowState,
    )


def schema() -> Schema:
    """The schema of a flow file."""
    examples = either(TEXT, {"type": "array", "items": TEXT})
    intent = {
        "type": "object",
        "properties": {"offer": ref("speech"), "label": map_of(TEXT), "is": NAME},
        "additionalProperties": examples,
        "description": inspect.getdoc(model.Intent),
    }
    flow = {
        "flow": NAME,
        "languages": either(TEXT, {"type": "array", "items": TEXT, "minItems": 1}),
        "entry": NAME,
        "time_zone": TEXT,
        "profile": profile_wish.schema(),
        "privacy": privacy.schema(),
        "vars": map_of(LITERAL),
        "defaults": ref("edges"),
        "intents": {**map_of(intent), "properties": {"use": NAMES, "ambiguous": LITERAL}},
        "triggers": build_triggers.schema(),
        "mood": moods.schema(_going()),
        "talk": talk.schema(),
        "states": map_of(ref("state")),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Hotline dialplan",
        **record(flow, ("flow", "languages", "states"), model.Flow),
        "$defs": {"speech": _speech(), "expression": _EXPRESSION, **_edges(), "instant": _instant(), "state": _state()},
    }


def text() -> str:
    """What `dialplans/schema.json` holds."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
