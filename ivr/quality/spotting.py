"""Which phrases of scorecards were said in a contact. Pure; some tenths of a millisecond a turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivr.quality.facts import Utterance
from ivr.quality.model import Card, Rule, Said
from ivr.understanding.triggers import Sought, Spotter


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase was said."""

    phrase: str
    by: Utterance


Phrases = Mapping[str, tuple[str, ...]]
"""Language to phrases."""


@dataclass(frozen=True, slots=True)
class Ear:
    """Listens for what cards and lines wait for. Made once for them: that costs some milliseconds."""

    spotter: Spotter

    def hits(self, said: Sequence[Utterance], language: str) -> dict[str, list[Hit]]:
        """Key of a phrase list to what was said of it, in order. `language` is the contact's, for turns without one."""
        found: dict[str, list[Hit]] = {}
        for one in said:
            spoken = (one.language or language).partition("-")[0]
            for spotted in self.spotter.find(one.text, spoken, one.side):
                found.setdefault(spotted.name, []).append(Hit(spotted.phrase, one))
        return found


def ear_of(cards: Iterable[Card], lines: Mapping[str, Phrases]) -> Ear:
    """`lines` are those of the scenes."""
    sought = {key: Sought(key, rule.phrases, rule.by) for card in cards for key, rule in _rules(card) if isinstance(rule, Said)}
    sought |= {line_key(name): Sought(line_key(name), phrases, "agent") for name, phrases in lines.items() if phrases}
    return Ear(Spotter(sought.values()))


def said_key(rule: Said) -> str:
    """Alike for rules that wait for the same from the same side."""
    told = "\0".join(f"{language}:{'|'.join(phrases)}" for language, phrases in sorted(rule.phrases.items()))
    return f"{rule.by}:{told}"


def line_key(name: str) -> str:
    return f"line:{name}"


def _rules(card: Card) -> Iterator[tuple[str, Rule]]:
    for question in card.questions():
        for rule in (question.auto, question.only_if):
            if rule is not None:
                yield said_key(rule) if isinstance(rule, Said) else "", rule
