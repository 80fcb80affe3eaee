"""What surrounds a simulated call: answers of sources, queues, and how long words take. Frozen values. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ivr.dialplan.events import (
    Command,
    Enqueue,
    OpenTicket,
    Phrase,
    Prompt,
    Queued,
    ScheduleCallback,
    Utterance,
    Value,
    Words,
)
from ivr.dialplan.model import Flow
from ivr.dialplan.moods import Mind

Others = tuple[tuple[str, float], ...]


class Understand(Protocol):
    """What a text means among the phrases listened for: a name ("" for nothing), a confidence of 0..1, and further names."""

    def __call__(self, text: str, phrases: Sequence[Phrase], flow: str, language: str, /) -> tuple[str, float, Others]:
        """`flow` is the version of the flow that asks."""


Feel = Callable[[Flow], Mind]
"""Makes who follows the mood of one caller through a flow."""

LETTERS_A_SECOND = {"zh": 4.5}
"""How fast people read aloud, in characters without spaces, by language."""
OTHER_LETTERS_A_SECOND = 13.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a source, a service, a ticket system or a callback list answers."""

    outcome: str = "found"
    """"found", "not_found", "timeout", "error", "down" of a lookup; "done", "error" of a task."""
    result: Mapping[str, Any] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds; a lookup whose time is over before has timed out."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a queue treats the caller."""

    position: int = 1
    waits: float | None = None
    """Seconds until `outcome`; None until somebody says so."""
    outcome: str = "served"
    estimate: float | None = None
    """Seconds of waiting that are expected at first; None where nobody can tell."""

    agents: bool = True
    """False where nobody on duty could ever take the caller."""
    size: int = 0
    """Callers who wait, this one among them; 0: as many as the place says."""

    def ends(self, command: Enqueue) -> tuple[float, str] | None:
        """Seconds from entering until the wait ends, and how; None until somebody says so."""
        found = [] if self.waits is None else [(self.waits, self.outcome)]
        if command.max_wait:
            found.append((command.max_wait, "timeout"))
        if not self.agents and command.no_agents_after is not None:
            found.append((command.no_agents_after, "no_agents"))
        return min(found, key=lambda one: one[0], default=None)

    def place(self, waited: float) -> Queued:
        """What is told after so many seconds: the estimate runs down."""
        left = None if self.estimate is None else max(0.0, self.estimate - waited)
        return Queued(self.position, waited, left, max(self.size, self.position))


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside of a call and its flow."""

    lookups: Mapping[str, tuple[Reply, ...]] = field(default_factory=dict)
    """`source.operation`, or a source alone, to its answers one after another; the last one goes on."""
    queues: Mapping[str, Line] = field(default_factory=dict)
    """By name; "" for all others."""
    profile: Mapping[str, Any] = field(default_factory=dict)
    profile_delay: float = 0.0
    """Seconds that the profile takes."""
    profile_budget: float = 0.3
    """Seconds after which the call goes on as a stranger's."""
    asr: tuple[str, ...] | None = None
    """Languages that are recognised; all where None."""
    unknown: Reply | None = field(default_factory=lambda: Reply("not_found"))
    """The answer of what is not mocked; None counts it in `Simulation.unanswered` and answers "error"."""


def reply(world: World, names: Iterable[str], asked: int) -> Reply | None:
    """The answer number `asked` (from 0) of the first of `names` that has answers; None where none has."""
    for name in names:
        answers = world.lookups.get(name)
        if answers:
            return answers[min(asked, len(answers) - 1)]
    return None


def numbered(command: Command, number: int) -> dict[str, Any]:
    """What a ticket or a callback gives where the world says nothing else."""
    if isinstance(command, ScheduleCallback):
        return {"number": f"C-{number:06d}", "phone": command.fields.get("number", "")}
    return {"number": f"T-{number:06d}"} if isinstance(command, OpenTicket) else {}


class Wording(Protocol):
    """The words of prompts and how long they last: what the recordings are for a real call."""

    def text(self, utterances: Sequence[Utterance]) -> str:
        """What the caller hears, as one text."""

    def seconds(self, utterance: Utterance) -> float: ...

    def missing(self, utterance: Utterance) -> bool:
        """True where nobody recorded it, so that a real call would fail here."""


class PlainWording:
    """Without recordings: a prompt is its name in brackets, and everything is read at the speed of people."""

    def text(self, utterances: Sequence[Utterance]) -> str:
        return " ".join(plain_text(one) for one in utterances)

    def seconds(self, utterance: Utterance) -> float:
        return reading_seconds(plain_text(utterance), utterance.language)

    def missing(self, utterance: Utterance) -> bool:
        return False


def plain_text(utterance: Utterance) -> str:
    match utterance:
        case Prompt(name=name):
            return f"[{name}]"
        case Words(text=text):
            return text
        case Value(value=value):
            return value


def reading_seconds(text: str, language: str) -> float:
    """Seconds that a person needs to say `text`, a tenth at least."""
    letters = sum(not one.isspace() for one in text)
    return max(0.1, round(letters / LETTERS_A_SECOND.get(language, OTHER_LETTERS_A_SECOND), 2))
