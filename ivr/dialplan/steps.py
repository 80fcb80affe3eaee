"""The steps a flow is written in, as typed values. Pure.

A state does instant steps (`do`), then at most one step that waits, then leaves by an edge. Durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.problems import Place

# --- what is spoken


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
    """A value read aloud: `amount`, `number` or `digits`."""

    kind: str
    value: Expression
    place: Place
    language: str = ""
    when: Expression | None = None


Part = PromptPart | TextPart | ValuePart
Speech = tuple[Part, ...]

# --- steps that take no time


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """Take the call. The first thing spoken takes it too."""


@dataclass(frozen=True, slots=True)
class SayStep:
    """Speak, together with what follows; the flow goes on at once."""

    speech: Speech


@dataclass(frozen=True, slots=True)
class SetStep:
    """Remember values under `vars`, and change the language."""

    values: Mapping[str, Template]
    language: Template | None = None


@dataclass(frozen=True, slots=True)
class TagStep:
    """Mark the call for the agent and the record."""

    tag: Template


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """Let the caller hear what is spoken from here on without taking the call (early media). A question takes it."""


@dataclass(frozen=True, slots=True)
class RecordStep:
    """Begin, pause, resume or end the recording of the call; it goes on across states, queues and talks."""

    action: str
    """`start`, `pause`, `resume` or `stop`."""


Instant = AnswerStep | SayStep | SetStep | TagStep | ProgressStep | RecordStep

# --- steps that wait

YES_NO = "yes_no"


@dataclass(frozen=True, slots=True)
class Digits:
    """Keys collected into one number."""

    least: int = 1
    most: int = 32
    terminator: str = "#"
    """Key that ends it early; "" for none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some intents; keys 1..n in order."""

    intents: tuple[str, ...]
    places: tuple[Place, ...] = ()


Expect = Digits | Choice | Literal["yes_no"] | None


@dataclass(frozen=True, slots=True)
class AskStep:
    """Ask, listen, and leave by what was said or keyed."""

    speech: Speech
    expect: Expect
    place: Place
    hint: Speech = ()
    """Spoken after the question where speech cannot be recognised, to tell the keys."""
    into: str = ""
    """Slot that takes the answer."""
    timeout: float = 6.0
    """Silence after the prompt that makes `no_input`."""
    between_keys: float = 3.0
    """Silence after a key that ends a number."""
    patience: float = 0.4
    """Silence that ends an utterance."""
    barge_in: float | None = 0.3
    """Speech that stops the prompt; None where it must be heard to its end."""


@dataclass(frozen=True, slots=True)
class MenuStep:
    """Offer intents by voice and by keys 1..n, and leave by the chosen one."""

    speech: Speech
    options: tuple[str, ...]
    place: Place
    places: tuple[Place, ...] = ()
    """Where each option stands."""
    hint: Speech = ()
    """Spoken in place of the list of options where speech cannot be recognised."""
    read: Literal["always", "never", "retry"] = "retry"
    """When the options are read out with their keys; always so where speech cannot be recognised."""
    into: str = ""
    timeout: float = 6.0
    patience: float = 0.4
    barge_in: float | None = 0.3


@dataclass(frozen=True, slots=True)
class SpeakStep:
    """Speak to the end, then leave by `done`."""

    speech: Speech
    place: Place


@dataclass(frozen=True, slots=True)
class PlayStep:
    """Play a recording, then leave by `done`, or by a key that has an edge."""

    name: Template
    place: Place
    repeat: bool = False
    answer: bool = True
    """False plays it as early media, where the call was not taken yet."""


@dataclass(frozen=True, slots=True)
class WaitStep:
    """Be silent for so many seconds, then leave by `done`, or by a key that has an edge."""

    seconds: float
    place: Place


@dataclass(frozen=True, slots=True)
class Announce:
    """What the waiting caller is told about the place in the queue."""

    every: float
    speech: Speech
    first: Speech = ()
    """Spoken instead to the one who is next."""


@dataclass(frozen=True, slots=True)
class EnqueueStep:
    """Wait for an agent; leaves by how the wait ended."""

    queue: Template
    place: Place
    needs: Mapping[str, int]
    """Skill to the least level (1..10)."""
    need_places: Mapping[str, Place] = field(default_factory=dict)
    priority: Expression | None = None
    music: str = "music"
    announce: Announce | None = None
    max_wait: float = 0.0
    """0 for no limit."""


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """Call a SIP URI and join it with the caller; leaves by how that ended."""

    to: Template
    place: Place
    ring: float = 30.0
    music: str = ""
    """What the caller hears meanwhile; "" for the ringing tone."""


@dataclass(frozen=True, slots=True)
class TransferStep:
    """Send the caller to a number or SIP URI for good; leaves by how that ended."""

    to: Template
    place: Place
    how: str = "bridged"
    """`bridged` calls and joins; `refer` lets the caller's own phone call, which ends our part; `auto` tries that first."""
    ring: float = 30.0
    music: str = ""


@dataclass(frozen=True, slots=True)
class ParkStep:
    """Put the caller into a numbered slot until somebody picks them up; leaves by `done` after that talk, or by `timeout`."""

    slot: Template
    """Empty for a free one."""
    place: Place
    music: str = "music"
    timeout: float = 120.0
    """0 for no limit."""


Waiting = AskStep | MenuStep | SpeakStep | PlayStep | WaitStep | EnqueueStep | BridgeStep | TransferStep | ParkStep
