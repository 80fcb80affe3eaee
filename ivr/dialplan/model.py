"""A loaded flow: states, edges, intents. Frozen values that nothing changes after `ivr.dialplan.build`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.problems import Place
from ivr.dialplan.steps import (
    AskStep,
    BridgeStep,
    Choice,
    Digits,
    EnqueueStep,
    Instant,
    MenuStep,
    ParkStep,
    PlayStep,
    SpeakStep,
    Speech,
    TransferStep,
    Waiting,
    WaitStep,
)

END = "end"
"""The target that hangs up."""
AGAIN = "again"
"""The target that speaks the same state once more."""
RESERVED = (END, AGAIN)
KEYS = "0123456789*#"
AGENT = "agent"
AGENT_KEY = "0"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where to go, and what to do on the way."""

    to: Template | None
    """None stays in the state and speaks it again."""
    place: Place
    speech: Speech = ()
    values: Mapping[str, Template] = field(default_factory=dict)
    tags: tuple[Template, ...] = ()
    language: Template | None = None
    retries: tuple[Speech, ...] = ()
    """What is said before asking once more, by attempt; after the last one the edge is taken."""
    repeat: bool = True
    """Whether a retry asks the whole question again."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of `go`: taken where its condition holds."""

    when: Expression | None
    edge: Edge


@dataclass(frozen=True, slots=True)
class Go:
    """Leave at once by the first branch that holds."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """Leave at once by the case that equals the value."""

    of: Expression
    cases: Mapping[str, Edge]
    otherwise: Edge | None


@dataclass(frozen=True, slots=True)
class HangUp:
    """Say what is still to be said and hang up."""

    cause: str = "normal"


Leave = Go | Switch | HangUp


@dataclass(frozen=True, slots=True)
class Intent:
    """Something a caller may want, by its examples."""

    name: str
    place: Place
    examples: Mapping[str, tuple[tuple[str, Place], ...]]
    """Language to phrases."""
    offer: Speech = ()
    """How a menu offers it; the key is read after it."""
    label: Mapping[str, str] = field(default_factory=dict)
    """What an agent's page calls it, by language."""


@dataclass(frozen=True, slots=True)
class FlowState:
    """One state as it was written, with its inherited edges."""

    name: str
    place: Place
    do: tuple[Instant, ...]
    step: Waiting | None
    leave: Leave | None
    own: Mapping[str, Edge]
    """Edges of the state itself."""
    edges: Mapping[str, Edge]
    """Those and the inherited ones."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One version of one flow."""

    name: str
    version: str
    """Hash of the text."""
    file: str
    languages: tuple[str, ...]
    """The first one is spoken where nothing else is known."""
    entry: str
    states: Mapping[str, FlowState]
    intents: Mapping[str, Intent]
    defaults: Mapping[str, Edge]
    variables: Mapping[str, Template]
    """Values of `vars` at the start of a call, in order."""
    time_zone: str = "UTC"
    place: Place = field(default_factory=Place)


OUTCOMES: Mapping[type, tuple[str, ...]] = {
    SpeakStep: ("done",),
    PlayStep: ("done",),
    WaitStep: ("done",),
    BridgeStep: ("done", "busy", "no_answer", "failed"),
    TransferStep: ("done", "busy", "no_answer", "failed"),
    ParkStep: ("done", "timeout"),
    EnqueueStep: ("served", "no_agents", "timeout", "closed", "full"),
    MenuStep: ("no_input", "no_match"),
    AskStep: ("no_input", "no_match"),
}
"""Edges of each waiting step that do not come from the caller's words."""

EVERYWHERE = ("error", "hangup")
ENDING = ("served", "done")
"""Outcomes of a queue and of talks with others that end the call where no edge says otherwise."""
TALKS = (BridgeStep, TransferStep, ParkStep)
"""Steps in which the caller talks with somebody who is no agent."""


def answers(step: Waiting) -> tuple[str, ...]:
    """The edges that an answer to `step` takes, in the order of their keys."""
    match step:
        case MenuStep():
            return step.options
        case AskStep(expect=Choice() as choice):
            return choice.intents
        case AskStep(expect=Digits()):
            return ("done",)
        case AskStep(expect="yes_no"):
            return ("yes", "no")
        case _:
            return ()


def outcomes(step: Waiting | None) -> tuple[str, ...]:
    """The edges that `step` can take by itself and that must have a target, written or inherited."""
    if step is None:
        return ()
    found = OUTCOMES[type(step)]
    if isinstance(step, EnqueueStep):
        found = tuple(name for name in found if name != "served" and (name != "timeout" or step.max_wait))
    elif isinstance(step, ParkStep) and not step.timeout:
        found = ()
    elif isinstance(step, TALKS):
        found = found[1:]
    elif isinstance(step, PlayStep) and step.repeat:
        found = ()
    return found
