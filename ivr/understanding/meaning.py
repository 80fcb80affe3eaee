"""What a caller meant, of what can be answered here: the words of the flow first, then what was learnt. Pure.

The same text as an example is certain. Else the trained model says how likely each intent is, the nearest example how alike it
is; what is most likely none of them is not forced into one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.dialplan.events import Phrase
from ivr.understanding.classifier import Mind
from ivr.understanding.intent import match

CLEAR = 0.9
"""How certain a recogniser is of words that it hears well, whatever they mean."""
NEAR_ENOUGH = 0.9
"""Likeness with an example from which on it counts more than what was learnt."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means."""

    name: str = ""
    """"" for nothing that is known, `out_of_scope` for what surely is none of the intents."""
    confidence: float = CLEAR
    others: tuple[tuple[str, float], ...] = ()
    """Further names that it may mean, best first."""


def meant(text: str, phrases: Sequence[Phrase], mind: Mind | None) -> Meaning:
    """What a text means among what is listened for."""
    found = match(text, phrases) if text else None
    if found is not None and (mind is None or found.confidence >= NEAR_ENOUGH):
        return Meaning(found.name, found.confidence)
    if mind is None or not text:
        return Meaning()
    ranked = mind.likely(text, {*mind.everywhere, *(phrase.intent for phrase in phrases)})
    if not ranked:
        return Meaning()
    name, share = ranked[0]
    return Meaning(name, share, tuple(ranked[1:3]))
