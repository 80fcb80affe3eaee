"""What stands beside a conversation on an agent's page, as the files of `dialplans/scenes` say it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ivr.dialplan.sheets import Words

JUDGED = ("scorecard", "coaching")
"""Modules of the quality page alone."""
MODULES = (
    *("caller", "mood", "intent", "callback", "handover", "why", "facts", "offers", "tickets", "history"),
    *("lines", "procedure", "cards", "actions", "advice", "wrap_up"),
    *JUDGED,
)
"""What a column may be made of; `frame:NAME` besides."""
FRAME = "frame:"
WRAP_UP = "wrap_up"
WHO = ("caller", "mood", "intent", "callback", "handover", "offers", "tickets", "facts", "history")
DO = ("lines", "procedure", "cards", "actions", "advice", WRAP_UP)
"""Where a scene says nothing else."""


@dataclass(frozen=True, slots=True)
class Fits:
    """Which contacts something is for. Each list that has names in it must have the contact's; of several one is enough."""

    channel: tuple[str, ...] = ()
    """`sip`, `webrtc`, `callback`, `message`, `ticket`."""
    queue: tuple[str, ...] = ()
    intent: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    mood: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    """Words of which the caller's products have one."""
    role: tuple[str, ...] = ()
    """Of the person at the desk."""

    @property
    def named(self) -> int:
        """How many lists have names in them: the more, the more closely it fits."""
        return sum(bool(getattr(self, one.name)) for one in fields(self))


@dataclass(frozen=True, slots=True)
class Scene:
    """Which modules stand on the page, and in which order."""

    name: str
    title: Words = field(default_factory=dict)
    fits: Fits = Fits()
    """Of the scenes that fit, the one that names most is taken, and of these the one that was written first."""
    who: tuple[str, ...] = WHO
    do: tuple[str, ...] = DO
    procedure: str = ""
    lines: tuple[str, ...] = ()
    """What must be said."""
    actions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Cards with one of these come first."""


@dataclass(frozen=True, slots=True)
class Card:
    """Something that an agent must know: short, with the words in which callers ask for it."""

    name: str
    title: Words
    text: Words
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Language to phrases: who says one of them has the card put before the agent."""
    tags: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """Steps to be ticked."""

    name: str
    title: Words
    steps: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Line:
    """Something that must be said."""

    name: str
    text: Words
    said: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Language to phrases by which the page knows that it was said; without any the agent ticks it."""
    within: float = 0.0
    """Seconds of the talk after which it is overdue; 0 for never."""


@dataclass(frozen=True, slots=True)
class Field:
    """What an agent fills in before an action."""

    name: str
    title: Words
    type: str = "text"
    """`text`, `number`, `choice`, `date` or `flag`."""
    choices: Mapping[str, Words] = field(default_factory=dict)
    default: str = ""
    """Where its value comes from: `slots.amount`, `profile.email`, `caller.number`; or the value itself."""
    required: bool = True
    least: float | None = None
    most: float | None = None
    """Of a number."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button that has something done by a system of the house."""

    name: str
    title: Words
    hook: str
    """Of the settings: where it is sent, and by which secret it is signed."""
    fields: tuple[Field, ...] = ()
    confirm: Words = field(default_factory=dict)
    """A question before it is sent; `{amount}` is the field's value."""
    roles: tuple[str, ...] = ()
    """Who may; everybody where there is none."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be offered to this caller."""

    name: str
    title: Words
    text: Words = field(default_factory=dict)
    fits: Fits = Fits()
    action: str = ""
    """That is done where the caller takes it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A page of another system within this one; its address stands in the settings under the same name."""

    name: str
    title: Words
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that the files say, each by its name and in the order in which it was written."""

    scenes: Mapping[str, Scene] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)
    procedures: Mapping[str, Procedure] = field(default_factory=dict)
    lines: Mapping[str, Line] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    offers: Mapping[str, Offer] = field(default_factory=dict)
    frames: Mapping[str, Frame] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As the page takes it: lists in their order, without the texts of cards, which it asks for."""
        told = {one.name: [asdict(each) for each in getattr(self, one.name).values()] for one in fields(self)}
        told["cards"] = [
            {"name": card.name, "title": dict(card.title), "tags": list(card.tags)} for card in self.cards.values()
        ]
        for procedure in told["procedures"]:  # in a JSON object the order of steps would mean nothing
            procedure["steps"] = [{"name": name, "text": text} for name, text in procedure["steps"].items()]
        return told


def card_dict(card: Card) -> dict[str, Any]:
    """A whole card as the page takes it."""
    whole = asdict(card)
    del whole["said"]
    return whole
