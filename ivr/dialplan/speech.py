"""What a flow says, as typed values: prompts, text by language, values read aloud. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.problems import Place


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A recorded prompt by name."""

    name: str
    place: Place
    language: str = ""
    """"" for the caller's language."""
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class TextPart:
    """Inline text, one for each language of the flow."""

    texts: Mapping[str, Template]
    place: Place
    language: str = ""
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class ValuePart:
    """A value read aloud: `amount`, `number`, `digits`, `date`, `time`, `datetime`, `phone`, `plate`, `ordinal` or `wait`."""

    kind: str
    value: Expression
    place: Place
    language: str = ""
    when: Expression | None = None


Part = PromptPart | TextPart | ValuePart
Speech = tuple[Part, ...]
