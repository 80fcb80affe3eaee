"""Edges from their YAML, as they stand in `on`, in lines of `go` and in rules of a queue. Pure."""

from __future__ import annotations

from ivr.dialplan.build_speech import optional_speech
from ivr.dialplan.build_values import assignments, language_of
from ivr.dialplan.fields import Fields
from ivr.dialplan.model import Edge
from ivr.dialplan.problems import Place

EDGE_KEYS = ("to", "otherwise", "say", "set", "tag", "language")


def edge_of(fields: Fields, languages: tuple[str, ...], place: Place | None = None) -> Edge:
    """The edge that a mapping with `EDGE_KEYS` among its keys describes; mistakes go to its findings."""
    values, tag, language = fields.get("set"), fields.template("tag"), fields.get("language")
    return Edge(
        to=fields.template("to"),
        place=place or fields.place,
        speech=optional_speech(fields, "say", languages),
        values={} if values is None else assignments(values, fields.findings),
        tags=() if tag is None else (tag,),
        language=None if language is None else language_of(language, fields.findings, languages),
        otherwise=fields.template("otherwise"),
    )
