"""A loaded flow: states, edges, intents. Frozen values that nothing changes after `ivr.dialplan.build`. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.dialplan.expression import Expression, Template
from ivr.dialplan.flags import Share
from ivr.dialplan.kinds import KEYS as KEYS
from ivr.dialplan.kinds import InstantStep, WaitingStep
from ivr.dialplan.moods import MoodRules
from ivr.dialplan.privacy import Privacy
from ivr.dialplan.problems import Place
from ivr.dialplan.profile_wish import ProfileWish
from ivr.dialplan.speech import Speech
from ivr.dialplan.talk import TalkWish
from ivr.dialplan.triggers import Trigger

END = "end"
"""The target that hangs up."""
AGAIN = "again"
"""The target that speaks the same state once more."""
RESERVED = (END, AGAIN)
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
    otherwise: Template | None = None
    """Where to go if `to` is computed and names no state and no intent that a menu offers."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One line of `go`: taken where its condition holds and the caller is in its share."""

    when: Expression | None
    edge: Edge
    share: Share | None = None
    """The share of all callers that it is for."""


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


@dataclass(frozen=True, slots=True)
class Return:
    """Leave a sub-flow: the state that called it goes on by the edge of this name. In a flow that nobody called: the end."""

    name: str
    place: Place = field(default_factory=Place)


Leave = Go | Switch | HangUp | Return


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
    kind_of: str = ""
    """The wider intent that it is one kind of, which is not meant where this one is listened for; "" for none."""
    library: str = ""
    """The library that it is in, too; "" for none."""
    commonest: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the library says is said most, by language."""


@dataclass(frozen=True, slots=True)
class FlowState:
    """One state as it was written, with its inherited edges."""

    name: str
    place: Place
    do: tuple[InstantStep, ...]
    step: WaitingStep | None
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
    profile: ProfileWish = field(default_factory=ProfileWish)
    """What its callers' profiles are to be."""
    privacy: Privacy = field(default_factory=Privacy)
    """What becomes of private numbers in what is kept of its calls."""
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    """What people may say that something is done about, by name."""
    mood: MoodRules = field(default_factory=MoodRules)
    """From which level callers are tense or angry."""
    talk: TalkWish = field(default_factory=TalkWish)
    """How callers and agents are heard while they talk."""
    place: Place = field(default_factory=Place)
    ambiguous: float = 0.2
    """How much likelier (0..1) one wish must be than the next one for the caller not to be asked which."""
    libraries: tuple[str, ...] = ()
    """Collections of intents that it takes in (`ivr.dialplan.library`)."""
    subflows: Mapping[str, Flow] = field(default_factory=dict)
    """Every flow that it calls, directly or by way of others, as `ivr.dialplan.linking` found them."""

    @property
    def pinned(self) -> str:
        """The version of this text together with those of its sub-flows: what a call keeps."""
        if not self.subflows:
            return self.version
        texts = ((name, flow.version) for name, flow in self.subflows.items() if name != self.name)
        return hashlib.sha256(repr((self.version, *sorted(texts))).encode()).hexdigest()[:16]


EVERYWHERE = ("error", "hangup")
"""Edges of every state."""
