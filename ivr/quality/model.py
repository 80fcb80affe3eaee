"""What a contact is judged by, as the files of `dialplans/scorecards` say it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ivr.dialplan.sheets import Words

Value = str | int | None
"""`yes`, `no`, 1 to 5, the name of a choice, `na`; None is open."""

KINDS = ("yes_no", "scale", "choice")
NA = "na"
YES, NO = "yes", "no"
MOST_POINTS = 5
"""A scale is from 1 to this."""

MEASURES: Mapping[str, str] = {
    "wait_seconds": "until an agent had the caller",
    "talk_seconds": "of the talk, holds included",
    "wrap_up_seconds": "of the agent after the talk",
    "handle_seconds": "talk and wrap-up: of many contacts the average handling time",
    "hold_seconds": "for which the caller was on hold",
    "first_words": "seconds until the agent spoke",
    "silence_share": "share of the talk in which nobody spoke, 0 to 1",
    "longest_silence": "seconds",
    "talk_over_share": "share of the talk in which both spoke, 0 to 1",
    "talk_overs": "how often both spoke at once",
    "agent_share": "the agent's share of what was spoken, 0 to 1",
    "agent_rate": "syllables or words a minute of the agent",
    "mood_level": "how the caller felt at the end, 0 calm to 1 angry",
    "colleagues": "how many agents had the caller",
    "csat": "what the caller answered in the survey",
}
"""What a rule may measure; what is not known of a contact leaves its question open."""

FACTS: Mapping[str, tuple[str | bool, ...]] = {
    "mood_end": ("calm", "tense", "angry"),
    "mood_worst": ("calm", "tense", "angry"),
    "recovered": (True, False),
    "transferred": (True, False),
    "note_written": (True, False),
    "outcome": (),
    "disposition": (),
    "end_cause": (),
}
"""What a rule may ask for, and what it can be; any text where nothing is listed. `recovered`: the caller was tense or angry
with the agent, and calm at the end; `outcome` is what the agent chose in the wrap-up."""


@dataclass(frozen=True, slots=True)
class When:
    """Which contacts a card is for. Each list that has names in it must have the contact's; of several one is enough."""

    queue: tuple[str, ...] = ()
    flow: tuple[str, ...] = ()
    intent: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()

    @property
    def named(self) -> int:
        """How many lists have names in them: the more, the more closely it fits."""
        return sum(bool(getattr(self, one.name)) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Said:
    """Yes where one of the phrases was said; with `absent` where none was."""

    phrases: Mapping[str, tuple[str, ...]]
    """Language to phrases."""
    by: str = "agent"
    """`agent` or `caller`."""
    within: float = 0.0
    """Seconds from the start of the talk, or before its end; 0 for all of it."""
    of: str = "start"
    absent: bool = False


@dataclass(frozen=True, slots=True)
class LineSaid:
    """Yes where this line of the scenes was said, or ticked by the agent."""

    line: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A number that must lie between two, both included; or the steps of a scale.

    Of four rising `steps` a number up to the first gives 5, up to the second 4, and so on; of falling ones from the first on.
    """

    measure: str
    least: float | None = None
    most: float | None = None
    steps: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """Yes where a fact is one of `one_of`; or the choice that `choose` names for it."""

    fact: str
    one_of: tuple[str | bool, ...] = ()
    none_of: tuple[str | bool, ...] = ()
    choose: Mapping[str, str] = field(default_factory=dict)


Rule = Said | LineSaid | Measured | Known


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a question of kind `choice`."""

    name: str
    title: Words
    points: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a contact."""

    name: str
    title: Words
    guide: Words = field(default_factory=dict)
    """How to judge it."""
    kind: str = "yes_no"
    weight: float = 1.0
    fatal: bool = False
    """Whoever fails it has failed the whole card."""
    not_applicable: bool = False
    choices: tuple[Choice, ...] = ()
    auto: Rule | None = None
    """Answers it by itself; people may answer otherwise."""
    only_if: Rule | None = None
    """Where this is not so, the question does not apply."""

    def points(self, value: Value) -> float | None:
        """0 to 1; None for what does not count: open, or not applicable. Raises ValueError for what is no answer here."""
        if value is None or (value == NA and self.not_applicable):
            return None
        match self.kind:
            case "yes_no" if value in (YES, NO):
                return float(value == YES)
            case "scale" if type(value) is int and 1 <= value <= MOST_POINTS:
                return (value - 1) / (MOST_POINTS - 1)
            case "choice":
                for one in self.choices:
                    if one.name == value:
                        return one.points
        raise ValueError(f"{self.name}: one of {', '.join(self.answers)}")

    @property
    def answers(self) -> tuple[str, ...]:
        """In words, those that there are."""
        known = {"yes_no": (YES, NO), "scale": tuple(str(one) for one in range(1, MOST_POINTS + 1))}
        return (*known.get(self.kind, tuple(one.name for one in self.choices)), *([NA] if self.not_applicable else []))


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    title: Words
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A scorecard."""

    name: str
    title: Words
    when: When = When()
    passing: float = 80.0
    """Score from which a contact has passed."""
    sections: tuple[Section, ...] = ()

    def questions(self) -> Iterator[Question]:
        for section in self.sections:
            yield from section.questions

    @property
    def version(self) -> str:
        """Another one where anything that is asked or counted is another."""
        told = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, default=list)
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def to_dict(self) -> dict[str, Any]:
        """`Card` of docs/quality.md: what is kept of it, so that a review is readable when the card has long changed."""
        return {
            "name": self.name,
            "version": self.version,
            "title": dict(self.title),
            "pass": self.passing,
            "sections": [
                {"name": one.name, "title": dict(one.title), "questions": [_question(inner) for inner in one.questions]}
                for one in self.sections
            ],
        }


def _question(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "title": dict(question.title),
        "guide": dict(question.guide),
        "kind": question.kind,
        "weight": question.weight,
        "fatal": question.fatal,
        "not_applicable": question.not_applicable,
        "automatic": question.auto is not None,
        "choices": [{"name": one.name, "title": dict(one.title), "points": one.points} for one in question.choices],
    }


def card_of(told: Mapping[str, Any]) -> Card:
    """The card that `to_dict` told, without its rules: enough to answer and to count."""
    sections = tuple(
        Section(
            one["name"],
            one["title"],
            tuple(
                Question(
                    inner["name"],
                    inner["title"],
                    inner["guide"],
                    inner["kind"],
                    float(inner["weight"]),
                    inner["fatal"],
                    inner["not_applicable"],
                    tuple(Choice(choice["name"], choice["title"], float(choice["points"])) for choice in inner["choices"]),
                )
                for inner in one["questions"]
            ),
        )
        for one in told["sections"]
    )
    return Card(told["name"], told["title"], When(), float(told["pass"]), sections)


def fitting(cards: Mapping[str, Card], contact: Mapping[str, Any]) -> Card | None:
    """The card that names most of what the contact is, and of these the one that was written first; None where none fits."""
    found = [card for card in cards.values() if _fits(card.when, contact)]
    return max(found, key=lambda card: card.when.named) if found else None


def _fits(when: When, contact: Mapping[str, Any]) -> bool:
    for one in fields(when):
        wanted = getattr(when, one.name)
        if not wanted:
            continue
        if one.name == "tag":
            tags = contact.get("tags")
            has = {str(tag) for tag in tags} if isinstance(tags, list | tuple) else set()
        else:
            has = {str(contact.get(one.name) or "")}
        if one.name == "language":
            has |= {tag.partition("-")[0] for tag in has}
        if not has & set(wanted):
            return False
    return True
