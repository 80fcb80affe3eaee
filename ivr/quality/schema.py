"""JSON Schema of the files of scorecards, for editors. `python -m ivr.quality.schema > dialplans/scorecards/schema.json` Pure.

Descriptions are the docstrings of the model. The schema completes and hints; `ivr check` is what decides.
"""

from __future__ import annotations

import json
import sys

from ivr.dialplan.schema_parts import DURATION, FLAG, TEXT, Schema, either, list_of, map_of, record
from ivr.quality import model
from ivr.quality.reading import CHANNELS, MOST_WEIGHT, WHEN_KEYS
from ivr.quality.reading_rules import ENDS, SIDES

NAMES: Schema = either(TEXT, list_of(TEXT))
WORDS: Schema = either({"type": ["string", "number"]}, map_of({"type": ["string", "number"]}))
NUMBER: Schema = {"type": "number"}
VALUES: Schema = either({"type": ["string", "boolean"]}, list_of({"type": ["string", "boolean"]}))


def _rule() -> Schema:
    heard = {"by": {"enum": list(SIDES)}, "within": DURATION, "of": {"enum": list(ENDS)}}
    measures = {
        "enum": list(model.MEASURES),
        "description": "\n".join(f"{key}: {text}" for key, text in model.MEASURES.items()),
    }
    steps = list_of(NUMBER, minItems=4, maxItems=4)
    return either(
        record({"said": map_of(NAMES), **heard}, ("said",), model.Said),
        record({"not_said": map_of(NAMES), **heard}, ("not_said",), model.Said),
        record({"line": TEXT}, ("line",), model.LineSaid),
        record({"measure": measures, "least": NUMBER, "most": NUMBER, "steps": steps}, ("measure",), model.Measured),
        record(
            {"fact": {"enum": list(model.FACTS)}, "one_of": VALUES, "none_of": VALUES, "choose": map_of(TEXT)},
            ("fact",),
            model.Known,
        ),
    )


def _question() -> Schema:
    keys = {
        "title": WORDS,
        "guide": {**WORDS, "description": "How to judge it."},
        "kind": {"enum": list(model.KINDS)},
        "weight": {"type": "number", "minimum": 0, "maximum": MOST_WEIGHT},
        "fatal": {**FLAG, "description": "Whoever fails it has failed the whole card."},
        "not_applicable": FLAG,
        "choices": map_of(record({"title": WORDS, "points": {"type": "number", "minimum": 0, "maximum": 1}}, ("points",))),
        "auto": {**_rule(), "description": "Answers it by itself; people may answer otherwise."},
        "only_if": {**_rule(), "description": "Where this is not so, the question does not apply."},
    }
    return record(keys, ("title",), model.Question)


def schema() -> Schema:
    """The schema of one file."""
    when = {key: _one_of(CHANNELS) if key == "channel" else NAMES for key in WHEN_KEYS}
    section = record({"title": WORDS, "questions": map_of(_question())}, ("questions",))
    card = {
        "title": WORDS,
        "when": record(when, of=model.When),
        "pass": {"type": "number", "minimum": 0, "maximum": 100, "description": "Score from which a contact has passed."},
        "sections": map_of(section),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What contacts are judged by",
        **record({"scorecards": map_of(record(card, ("sections",), model.Card))}, ("scorecards",)),
    }


def _one_of(names: tuple[str, ...]) -> Schema:
    return either({"enum": list(names)}, list_of({"enum": list(names)}))


def text() -> str:
    """What `dialplans/scorecards/schema.json` holds."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
