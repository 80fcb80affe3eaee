"""JSON Schema of the files of scenes, for editors. `python -m ivr.scenes.schema > dialplans/scenes/schema.json` Pure.

Descriptions are the docstrings of the model. The schema completes and hints; `ivr check` is what decides.
"""

from __future__ import annotations

import json
import sys

from ivr.dialplan.schema_parts import DURATION, FLAG, TEXT, Schema, either, list_of, map_of, record
from ivr.scenes import model
from ivr.scenes.reading import CHANNELS, FIELD_TYPES, FIT_KEYS, MOODS, ROLES

NAMES: Schema = either(TEXT, list_of(TEXT))
WORDS: Schema = either({"type": ["string", "number"]}, map_of({"type": ["string", "number"]}))
SAID: Schema = map_of(NAMES)
NUMBER: Schema = {"type": "number"}


def _one_of(names: tuple[str, ...]) -> Schema:
    return either({"enum": list(names)}, list_of({"enum": list(names)}))


def _modules() -> Schema:
    return list_of(either({"enum": list(model.MODULES)}, {"type": "string", "pattern": f"^{model.FRAME}[a-z][a-z0-9_]*$"}))


def _fits() -> Schema:
    known = {"channel": _one_of(CHANNELS), "mood": _one_of(MOODS), "role": _one_of(ROLES)}
    return record({key: known.get(key, NAMES) for key in FIT_KEYS}, of=model.Fits)


def _scene() -> Schema:
    keys = {
        "title": WORDS,
        "like": {**TEXT, "description": "The scene from which comes what this one does not say itself."},
        "for": _fits(),
        "who": _modules(),
        "do": _modules(),
        "procedure": TEXT,
        "lines": NAMES,
        "actions": NAMES,
        "tags": NAMES,
    }
    return record(keys, of=model.Scene)


def _field() -> Schema:
    keys = {
        "title": WORDS,
        "type": {"enum": list(FIELD_TYPES)},
        "choices": map_of(WORDS),
        "default": {"type": ["string", "number", "boolean"], "description": "`slots.amount`, `profile.email`, or the value."},
        "required": FLAG,
        "least": NUMBER,
        "most": NUMBER,
    }
    return record(keys, of=model.Field)


def schema() -> Schema:
    """The schema of one file."""
    card = record({"title": WORDS, "text": WORDS, "said": SAID, "tags": NAMES, "link": TEXT}, ("title", "text"), model.Card)
    procedure = record({"title": WORDS, "steps": map_of(WORDS)}, ("steps",), model.Procedure)
    line = record({"text": WORDS, "said": SAID, "within": DURATION}, ("text",), model.Line)
    action = record(
        {"title": WORDS, "hook": TEXT, "fields": map_of(_field()), "confirm": WORDS, "roles": _one_of(ROLES)},
        ("hook",),
        model.Action,
    )
    offer = record({"title": WORDS, "text": WORDS, "for": _fits(), "action": TEXT}, (), model.Offer)
    frame = record({"title": WORDS, "tall": FLAG}, (), model.Frame)
    sections = {
        "scenes": _scene(),
        "cards": card,
        "procedures": procedure,
        "lines": line,
        "actions": action,
        "offers": offer,
        "frames": frame,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What stands beside a conversation on the desk",
        **record({name: map_of(one) for name, one in sections.items()}),
    }


def text() -> str:
    """What `dialplans/scenes/schema.json` holds."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
