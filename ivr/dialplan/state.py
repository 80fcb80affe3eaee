"""Where a call stands in its flow: plain data, so that another process can go on with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from operator import attrgetter
from typing import Any, Self


class Phase(Enum):
    """What the call waits for."""

    INTRO = "intro"
    """The end of what is said before a step, or before hanging up."""
    PROMPT = "prompt"
    """A question is being asked."""
    LISTEN = "listen"
    """It was asked; the caller's answer."""
    PLAY = "play"
    WAIT = "wait"
    QUEUE = "queue"
    BRIDGE = "bridge"
    TRANSFER = "transfer"
    PARK = "park"
    STEP = "step"
    """A step that keeps what it needs in `State.step`."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class State:
    """One call in one version of one flow. Everything in it is what JSON takes."""

    flow: str
    version: str
    language: str
    state: str = ""
    phase: Phase = Phase.INTRO
    attempt: int = 0
    """Retries made in this state."""
    errors: int = 0
    """`error` edges taken in this call."""
    losses: int = 0
    """Times the recogniser went away in this state."""
    told_busy: bool = False
    """The caller was told that nothing recognises speech now."""
    call: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    intent: str = ""
    """The last one understood."""
    keys: str = ""
    """Digits of a number being keyed."""
    ahead: str = ""
    """Keys pressed while a prompt had to be heard to its end."""
    stack: tuple[Mapping[str, Any], ...] = ()
    """Where sub-flows return to, outermost first: `{"flow": name, "state": name}`."""
    step: Mapping[str, Any] = field(default_factory=dict)
    """What the step of this state remembers while it waits."""
    task: int = 0
    """Number of the last command that reports back."""
    result: Mapping[str, Any] = field(default_factory=dict)
    """What the last lookup or task gave."""
    mood: str = ""
    """"calm", "tense" or "angry"; "" before the caller said anything."""
    mood_level: float = 0.0
    """0 (calm) to 1 (furious)."""
    mood_trend: str = ""
    """"rising", "falling" or "steady"."""
    timers: Mapping[str, float] = field(default_factory=dict)
    """Running timers and when they are due, on the clock of `now`: what a process that takes over has to set again."""
    queue: Mapping[str, Any] = field(default_factory=dict)
    """`position`, `size`, `waited`, `estimated_wait` and `outcome` of the last wait, as expressions see them."""
    places: Mapping[str, Any] = field(default_factory=dict)
    """Queues that were left without an agent: `since` (the place was taken), `until` (it is kept), `rules`, `minutes`."""
    held: Mapping[str, Any] = field(default_factory=dict)
    """The state whose queue goes on while others run: `flow`, `state`, `stack`, `queue`, `step`, `rung`."""
    asr: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = False
    early: bool = False
    """What is spoken goes out before the call is taken."""
    sound: int = 0
    """Number of the last `Say` or `Play`."""
    speaking: bool = False
    hearing: bool = False
    ended: str = ""
    """"" while it runs, then "hangup" (by the caller), "flow", "rejected", "busy" or "error"."""

    def copy(self) -> State:
        """The same state as a value of its own, ten times as fast as `dataclasses.replace`."""
        found = object.__new__(State)
        for put, value in zip(_PUT, _GET(self), strict=True):
            put(found, value)
        return found

    @property
    def root(self) -> str:
        """Name of the flow that the call began in; `flow` is the sub-flow where it is in one."""
        return str(self.stack[0]["flow"]) if self.stack else self.flow

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` gives the same value back."""
        data = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**data, "phase": self.phase.value, "tags": list(self.tags), "stack": list(self.stack)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The state that `to_dict` wrote, also by way of JSON. Raises TypeError, KeyError or ValueError on anything else."""
        return cls(**{**data, "phase": Phase(data["phase"]), "tags": tuple(data["tags"]), "stack": tuple(data["stack"])})


_NAMES = tuple(one.name for one in fields(State))
_GET = attrgetter(*_NAMES)
_PUT = tuple(getattr(State, name).__set__ for name in _NAMES)
