"""What a caller meant, of what can be answered here: the words of the flow first, then what was learnt. Pure.

The same words as an example are certain, and so is what is hardly different. Else the trained model says how likely each intent
is, of those that are listened for here and those that are known everywhere. What is most likely something else is not forced
into what happens to be listened for; two that are alike likely are told both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr.call import Intent
from ivr.dialplan.events import Phrase
from ivr.understanding.classifier import OUT_OF_SCOPE, Mind
from ivr.understanding.intent import match

CLEAR = 0.9
"""How certain a recogniser is of words that it hears well, whatever they mean."""
SAME = 0.9
"""Likeness with an example from which on it is that one, whatever was learnt."""
LEAST = 0.15
"""How likely an intent must be to be taken for what was meant."""
SURER = 0.8
"""How likely it must be where an example that nobody could learn from (yes, no) is near, too."""
WORTH_TELLING = 0.1
"""How likely another one must be to be told beside the first."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means."""

    name: str = ""
    """"" for nothing that is known, `out_of_scope` for what is none of the intents; may be one that is not listened for."""
    confidence: float = CLEAR
    others: tuple[tuple[str, float], ...] = ()
    """Further names that are listened for and that it may mean, best first."""


Understand = Callable[[str, Sequence[Phrase], str, str], Meaning]
"""Text, what is listened for, the version of the flow that asks and the language to what it means. Never blocks."""


def by_phrases(text: str, phrases: Sequence[Phrase], version: str, language: str) -> Meaning:
    """What a text means where nothing was learnt."""
    return meant(text, phrases)


def nothing() -> None:
    """Stands where nothing was learnt."""


def meant(text: str, phrases: Sequence[Phrase], learnt: Callable[[], Mind | None] = nothing) -> Meaning:
    """What a text means among what is listened for; where nothing was learnt by its likeness with the phrases alone.

    `learnt` is asked only where the words are not those of an example.
    """
    near = match(text, phrases) if text else None
    if near is not None and near.confidence >= SAME:
        return Meaning(near.name, near.confidence)
    mind = learnt() if text else None
    if mind is None:
        return Meaning() if near is None else Meaning(near.name, near.confidence)
    listened = {phrase.intent for phrase in phrases}
    return _learnt(mind.likely(text, mind.open_to(listened)), listened, near)


def _learnt(ranked: Sequence[tuple[str, float]], listened: set[str], near: Intent | None) -> Meaning:
    """By what was learnt, and the nearest example."""
    name, share = ranked[0] if ranked else (OUT_OF_SCOPE, 0.0)
    if near is not None and near.name != name:
        comparable = any(near.name == other for other, _ in ranked)
        if (comparable and share < near.confidence) or (not comparable and (share < SURER or name not in listened)):
            return Meaning(near.name, near.confidence)
    if share < LEAST:
        return Meaning()
    surest = max(share, near.confidence) if near is not None and near.name == name else share
    here = tuple((other, round(part, 3)) for other, part in ranked[1:3] if other in listened and part >= WORTH_TELLING)
    return Meaning(name, round(surest, 3), here if name in listened else ())
