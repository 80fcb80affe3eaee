"""What a question expects for an answer: yes or no, one of some intents, or a value of a type; and lists of phrases. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ivr.dialplan.events import Phrase
from ivr.dialplan.expression import Template
from ivr.dialplan.problems import Place
from ivr.dialplan.slots import SlotType

YES_NO = "yes_no"
MOST_PHRASES = 500
"""Phrases of one list that are listened for."""
LONGEST_PHRASE = 100
VALUE = "="
"""Begins the name of an answer that is a value and no intent: no name of an intent can."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A value of a type, said or keyed."""

    slot: SlotType
    terminator: str = "#"
    """Key that ends it early; "" for none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some intents; keys 1..n in order."""

    intents: tuple[str, ...]
    places: tuple[Place, ...] = ()


Expect = Typed | Choice | Literal["yes_no"] | None


@dataclass(frozen=True, slots=True)
class PhraseList:
    """Phrases that are answers by themselves, and the value of each: written in the flow, in a file, or computed."""

    fixed: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Language to text and value."""
    computed: Template | None = None
    """Gives a list of texts, or of mappings with `label` (or `name`, or a text by language) and `value` (or `id`)."""

    def phrases(self, language: str, scope: Mapping[str, Any]) -> tuple[Phrase, ...]:
        """What is listened for; the name of each is `=` and its value. Raises EvaluationError."""
        found = list(self.fixed.get(language, ()))
        if self.computed is not None:
            data = self.computed.value(scope)
            found += [pair for one in (data if isinstance(data, list | tuple) else ()) if (pair := _pair(one, language))]
        return tuple(Phrase(text[:LONGEST_PHRASE], f"{VALUE}{value}") for text, value in found[:MOST_PHRASES])


def _pair(one: Any, language: str) -> tuple[str, str] | None:
    if isinstance(one, Mapping):
        text = one.get("label") or one.get(language) or one.get("name")
        value = one.get("value", one.get("id", text))
    else:
        text = value = one
    return (str(text), str(value)) if isinstance(text, str | int | float) and str(text).strip() else None
