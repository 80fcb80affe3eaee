"""What is open in a question, what an answer is, and what every step that asks has. Pure."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from ivr.dialplan.events import Heard, Phrase
from ivr.dialplan.kinds import WaitingStep
from ivr.dialplan.slots import About, SlotType, Value, corrected, read

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge
    from ivr.dialplan.run import Run

NO_INPUT = "no_input"
NO_MATCH = "no_match"
OUT_OF_SCOPE = "out_of_scope"
"""What is said and none of the answers: a wish that nobody knows, or one that is not served here."""
ANGRY = "angry"
TENSE = "tense"


CERTAIN = 0.9
"""How sure an intent must be to win over free text."""

_NOISE = re.compile(r"[\s\W_]+")
_YES_NO = SlotType("yes_no")


def bare(text: str) -> str:
    """Letters and digits alone: what two texts have in common that sound the same."""
    return _NOISE.sub("", text).casefold()


@dataclass(frozen=True, slots=True)
class Question:
    """What can be understood now."""

    phrases: tuple[Phrase, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    """Bare text to the name of the answer."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Key to the name of the answer or edge."""
    slot: SlotType | None = None
    """A value that may be said, and keyed where `terminator` and `keyed` allow."""
    keyed: bool = True
    """Whether the value may be keyed now."""
    terminator: str = "#"
    """Key that ends a value early; "" for none."""
    old: Value | None = None
    """The value that was read back, which an answer may correct."""
    yes_no: bool = False
    """Yes and no are understood whatever stands around them."""
    patience: float = 0.4

    @property
    def takes_keys(self) -> bool:
        """Whether digits are collected into a value."""
        return self.slot is not None and self.keyed and self.slot.kind.keyed is not None


@dataclass(frozen=True, slots=True)
class Named:
    """An answer or edge by its name."""

    name: str
    text: str = ""
    sure: float = 1.0
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A value of the slot that was asked for."""

    value: Value
    text: str = ""
    sure: float = 1.0
    keyed: bool = False


Answer = Named | Given


class AskingStep(WaitingStep):
    """A step that asks the caller something, by voice and keys."""

    __slots__ = ()

    listens: ClassVar[bool] = True
    edge_names: ClassVar[tuple[str, ...]] = (NO_INPUT, NO_MATCH)
    timeout: float
    """Silence after the prompt that makes `no_input`."""
    between_keys: float
    """Silence after a key that ends a value."""
    barge_in: float | None
    """Seconds of speech that stop the prompt; written `false`, it is heard to its end."""

    def outcomes(self) -> tuple[str, ...]:
        return (NO_INPUT, NO_MATCH)

    def optional(self) -> tuple[str, ...]:
        return (ANGRY, TENSE, OUT_OF_SCOPE)

    def opens(self) -> bool:
        """Whether anything may be said, not only what is listened for."""
        return False

    @abstractmethod
    def question(self, run: Run) -> Question:
        """What is open now."""

    @abstractmethod
    def put(self, run: Run) -> None:
        """Add the question to what is spoken next. Raises EvaluationError."""

    @abstractmethod
    def answered(self, run: Run, answer: Answer) -> Edge | None:
        """What an answer means: the edge to take, or None where something else is asked."""

    def understood(self, run: Run, question: Question, event: Heard) -> Answer | None:
        """What was said, as an answer to the question; None where it is none."""
        return understood(run, question, event)

    def hides(self, memory: Mapping[str, Any]) -> bool:
        """Whether what is said and keyed now is nobody else's business; `memory` is what the step remembers of this call."""
        return False

    def hidden_slots(self, state: str) -> Iterable[str]:
        """The slots that it fills, in the state of that name, with what nobody else may see."""
        return ()

    def detects(self) -> bool:
        """Whether the answer may come in any language of the flow, and chooses it."""
        return False

    def missed(self, run: Run, name: str) -> Edge | bool:
        """Do something else about `no_input` or `no_match` than to ask again: False where there is nothing else."""
        return False


def about(run: Run, slot: SlotType) -> About:
    """What a value is read against in this call."""
    now = datetime.fromtimestamp(run.now, ZoneInfo(run.flow.time_zone))
    return slot.about(run.state.language, now)


def memory(run: Run) -> dict[str, Any]:
    """What the step of this state remembers, to be changed and kept with `run.update(step=...)`."""
    return dict(run.state.step)


def understood(run: Run, question: Question, event: Heard) -> Answer | None:
    """What was said, as an answer to the question; None where it is none."""
    text, slot = event.text, question.slot
    exact = question.texts.get(bare(text), "")
    near = event.intent if event.intent in question.texts.values() else ""
    if exact:
        return Named(exact, text, event.confidence)
    if near and (slot is None or (slot.name == "text" and event.confidence >= CERTAIN)):
        return Named(near, text, event.confidence)
    if slot is not None:
        where = about(run, slot)
        found = read(slot, text, where) if question.old is None else corrected(slot, question.old, text, where)
        agreed = question.yes_no and slot.name == "text" and read(_YES_NO, text, where) is not None
        if found is not None and not agreed:
            return Given(found.value, text, min(event.confidence, found.sure))
    if question.yes_no:
        found = read(_YES_NO, text, about(run, _YES_NO))
        if found is not None:
            return Named(str(found.value), text, min(event.confidence, found.sure))
    return Named(near, text, event.confidence) if near else None


def yes_or_no(run: Run, text: str) -> str:
    """ "yes", "no", or "" where the text says neither."""
    found = read(_YES_NO, text, about(run, _YES_NO))
    return "" if found is None else str(found.value)
