"""JSON Schema of the language, for editors. `python -m ivr.dialplan.schema > dialplans/schema.json`

Descriptions are the docstrings of the model. The schema completes and hints; `ivr check` is what decides.
"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

from ivr.dialplan import model, steps
from ivr.dialplan.build import CAUSES
from ivr.dialplan.build_calls import ACTIONS, HOW
from ivr.dialplan.build_speech import VALUES
from ivr.dialplan.expression import ROOTS

Schema = dict[str, Any]

_NAME = {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_.-]{0,63}$"}
_DURATION = {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$", "description": "300ms, 15s, 2m, 1h"}
_TEXT = {"type": "string"}
_LITERAL = {"type": ["string", "number", "boolean", "null"]}
_EXPRESSION = {"type": ["string", "number", "boolean"], "description": "CEL over " + " ".join(ROOTS)}
_FLAG = {"type": "boolean"}
_NOTHING = {"type": "null"}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(properties: Schema, required: tuple[str, ...] = (), of: type | None = None, **more: Any) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    if required:
        found["required"] = list(required)
    if of is not None:
        found["description"] = inspect.getdoc(of)
    return found


def _map(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def _either(*options: Schema, of: type | None = None) -> Schema:
    found: Schema = {"anyOf": list(options)}
    if of is not None:
        found["description"] = inspect.getdoc(of)
    return found


def _speech() -> Schema:
    common = {"language": _TEXT, "if": _ref("expression")}
    by_language = {
        "type": "object",
        "propertyNames": {"not": {"enum": ["prompt", "text", *VALUES]}},
        "additionalProperties": _TEXT,
        "minProperties": 1,
    }
    items = [
        _NAME,
        _object({"prompt": _NAME, **common}, ("prompt",), steps.PromptPart),
        _object({"text": _map(_TEXT), **common}, ("text",), steps.TextPart),
        *(_object({kind: _ref("expression"), **common}, (kind,), steps.ValuePart) for kind in VALUES),
        {**by_language, "description": inspect.getdoc(steps.TextPart)},
    ]
    return {"anyOf": [*items, {"type": "array", "items": {"anyOf": items}}]}


def _edges() -> Schema:
    going = {
        "to": {**_TEXT, "description": "A state, `end` or `again`."},
        "say": _ref("speech"),
        "set": _map(_LITERAL),
        "tag": _TEXT,
        "language": _TEXT,
    }
    several = {"type": "array", "items": _ref("speech"), "minItems": 1}
    retry = {
        "retry": _either({"type": "integer", "minimum": 0, "maximum": 9}, several),
        "then": _either(_TEXT, _object(going)),
        "say": _ref("speech"),
        "repeat": _FLAG,
    }
    line = _object({"if": _ref("expression"), **going}, ("to",), model.Branch)
    return {
        "edge": _either(_TEXT, _object(going), _object(retry, ("then",)), of=model.Edge),
        "edges": _map(_ref("edge")),
        "go": {"type": "array", "items": line, "minItems": 1, "description": inspect.getdoc(model.Go)},
        "switch": _object(
            {"of": _ref("expression"), "cases": _ref("edges"), "otherwise": _ref("edge")},
            ("of", "cases", "otherwise"),
            model.Switch,
        ),
    }


def _waiting() -> Schema:
    key = {"enum": ["#", "*", "none"]}
    count = {"type": "integer", "minimum": 1, "maximum": 64}
    digits = _object({"min": count, "max": count, "terminator": key}, (), steps.Digits)
    choice = {"type": "array", "items": _NAME, "description": inspect.getdoc(steps.Choice)}
    expect = _either(
        {"enum": ["yes_no", "digits"]}, _object({"digits": digits}, ("digits",)), _object({"choice": choice}, ("choice",))
    )
    barge_in = _either(_FLAG, _object({"after": _DURATION}))
    asking = {"say": _ref("speech"), "hint": _ref("speech"), "into": _TEXT}
    asking |= {"timeout": _DURATION, "patience": _DURATION, "barge_in": barge_in}
    read = {"enum": [True, False, "always", "never", "retry"]}
    options = {"type": "array", "items": _NAME, "maxItems": 9}
    level = {"type": "integer", "minimum": 1, "maximum": 10}
    announce = _object({"every": _DURATION, "say": _ref("speech"), "first": _ref("speech")}, ("say",), steps.Announce)
    queue = {"queue": _TEXT, "need": _map(level), "priority": _ref("expression"), "music": _NAME}
    queue |= {"announce": announce, "max_wait": _DURATION}
    calling = {"to": _TEXT, "ring": _DURATION, "music": _NAME}
    return {
        "ask": _object({**asking, "expect": expect, "between_keys": _DURATION}, ("say",), steps.AskStep),
        "menu": _object({**asking, "options": options, "read": read}, ("options",), steps.MenuStep),
        "say": {**_ref("speech"), "description": inspect.getdoc(steps.SpeakStep)},
        "play": _either(_TEXT, _object({"name": _TEXT, "repeat": _FLAG, "answer": _FLAG}, ("name",)), of=steps.PlayStep),
        "wait": _either(_DURATION, _object({"for": _DURATION}, ("for",)), of=steps.WaitStep),
        "enqueue": _object(queue, ("queue",), steps.EnqueueStep),
        "bridge": _either(_TEXT, _object(calling, ("to",)), of=steps.BridgeStep),
        "transfer": _either(_TEXT, _object({**calling, "how": {"enum": list(HOW)}}, ("to",)), of=steps.TransferStep),
        "park": _either(_NOTHING, _TEXT, _object({"slot": _TEXT, "music": _NAME, "timeout": _DURATION}), of=steps.ParkStep),
    }


def _instant() -> Schema:
    described = {
        "say": ({**_ref("speech")}, steps.SayStep),
        "set": (_map(_LITERAL), steps.SetStep),
        "language": (_TEXT, steps.SetStep),
        "tag": (_TEXT, steps.TagStep),
        "record": ({"enum": list(ACTIONS)}, steps.RecordStep),
    }
    objects = [_object({name: value}, (name,), of) for name, (value, of) in described.items()]
    bare = {"answer": steps.AnswerStep, "progress": steps.ProgressStep}
    return _either(*({"const": name, "description": inspect.getdoc(of)} for name, of in bare.items()), *objects)


def _state() -> Schema:
    leaving = {
        "go": _ref("go"),
        "goto": _ref("edge"),
        "switch": _ref("switch"),
        "hangup": {"enum": [*CAUSES, None], "description": inspect.getdoc(model.HangUp)},
    }
    do = _either(_ref("instant"), {"type": "array", "items": _ref("instant")})
    return _object({"do": do, **_waiting(), **leaving, "on": _ref("edges")}, (), model.FlowState)


def schema() -> Schema:
    """The schema of a flow file."""
    examples = _either(_TEXT, {"type": "array", "items": _TEXT})
    intent = {
        "type": "object",
        "properties": {"offer": _ref("speech"), "label": _map(_TEXT)},
        "additionalProperties": examples,
        "description": inspect.getdoc(model.Intent),
    }
    flow = {
        "flow": _NAME,
        "languages": _either(_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}),
        "entry": _NAME,
        "time_zone": _TEXT,
        "vars": _map(_LITERAL),
        "defaults": _ref("edges"),
        "intents": _map(intent),
        "states": _map(_ref("state")),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Hotline dialplan",
        **_object(flow, ("flow", "languages", "states"), model.Flow),
        "$defs": {"speech": _speech(), "expression": _EXPRESSION, **_edges(), "instant": _instant(), "state": _state()},
    }


def text() -> str:
    """What `dialplans/schema.json` holds."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
