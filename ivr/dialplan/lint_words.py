"""Questions that take too long to say. Pure: recordings by their length, texts by how fast they are read aloud."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.speech import Part, PromptPart, Speech, TextPart

LONGEST = 20.0
"""Seconds that a question may take; people forget the first option of a longer one."""
LETTERS_A_SECOND = {"zh": 4.5, "ja": 7.0, "ko": 5.0}
OTHERS_A_SECOND = 15.0
VALUE = 2.0
"""Seconds of a number or an amount."""

Lengths = Mapping[tuple[str, str], float]
"""(prompt, language) to the seconds of its recording."""


def check_words(flow: Flow, findings: Findings, lengths: Lengths | None, longest: float = LONGEST) -> None:
    """Warn of every question that takes longer than `longest` seconds in one of its languages."""
    for state in flow.states.values():
        step = state.step
        speech: Speech = getattr(step, "speech", ())
        if step is None or not step.listens or not speech:
            continue
        took = {language: seconds(speech, language, lengths or {}) for language in flow.languages}
        language = max(took, key=lambda one: took[one])
        if took[language] > longest:
            message = f"`{state.name}` speaks for {took[language]:.0f} s in `{language}` before the caller may answer"
            cure = f"{longest:g} s are the limit: say less, or ask in two steps"
            findings.warn(_first(speech), "long-prompt", message, cure)


def _first(speech: Speech) -> Place:
    return speech[0].place


def seconds(speech: Collection[Part], language: str, lengths: Lengths) -> float:
    """How long a speech sounds, what stands under a condition left out; what nobody measured counts for nothing."""
    return sum(_part(part, part.language or language, lengths) for part in speech if part.when is None)


def _part(part: Part, language: str, lengths: Lengths) -> float:
    match part:
        case PromptPart(name=name):
            return lengths.get((name, language), lengths.get((name, ""), 0.0))
        case TextPart(texts=texts):
            template = texts.get(language)
            return 0.0 if template is None else len(template.source) / LETTERS_A_SECOND.get(language, OTHERS_A_SECOND)
        case _:
            return VALUE
