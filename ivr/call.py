"""The words every room of `ivr` shares: what was said on a call and what it meant. Pure values.

Times are seconds since the Unix epoch (UTC): these values are stored and cross nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Self


class Speaker(Enum):
    CALLER = "caller"
    BOT = "bot"
    AGENT = "agent"


class Medium(Enum):
    """How a turn was given."""

    SPEECH = "speech"
    KEYS = "keys"


class Disposition(Enum):
    """How a contact ended, seen from the service."""

    SERVED = "served"
    """An agent talked to the caller."""
    SELF_SERVED = "self_served"
    """The flow came to its own end without an agent."""
    ABANDONED = "abandoned"
    """The caller left while waiting in a queue."""
    OVERFLOWED = "overflowed"
    """The flow or a key took the caller out of a queue, and nobody served the caller after."""
    LEFT_FLOW = "left_flow"
    """The caller hung up in the flow, before any queue."""
    REJECTED = "rejected"
    """The flow turned the caller away."""
    UNANSWERED = "unanswered"
    """An agent dialled a number, and nobody answered."""
    LOST = "lost"
    """A fault of ours or of the network ended it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said or keyed by one side."""

    at: float
    speaker: Speaker
    text: str
    language: str = ""
    """BCP 47, as the flow names it: "zh", "en"."""
    medium: Medium = Medium.SPEECH
    confidence: float | None = None
    """0..1 as the recogniser gave it; None for the bot and for keys."""
    state: str = ""
    """Dialplan state in which it was said."""
    intent: str = ""
    mood: str = ""
    """How its speaker felt by then: "calm", "tense", "angry"; "" where nothing is known."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "speaker": self.speaker.value,
            "text": self.text,
            "language": self.language,
            "medium": self.medium.value,
            "confidence": self.confidence,
            "state": self.state,
            "intent": self.intent,
            "mood": self.mood,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        values = {**data, "speaker": Speaker(data["speaker"]), "medium": Medium(data["medium"])}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Intent:
    """What the caller wants, by the name the flow gives it."""

    name: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the wire tells."""

    number: str
    name: str = ""
    channel: str = "sip"
    """"sip" or "webrtc"."""
    authenticated: bool = False


SIGNALLING = ("trunk", "asserted", "diversion", "diversion_reason", "user_to_user", "private")
"""Fields of a call that only some calls have."""


IDENTITIES = (
    *(f"caller.{name}" for name in ("number", "user", "name", "channel")),
    *(f"call.{name}" for name in ("called", "asserted", "diversion", "user_to_user", "trunk", "language", "flow")),
)
"""What a profile may be asked for by, as settings and flows write it; `caller.user` is the account that signed in."""


@dataclass(frozen=True, slots=True)
class Call:
    """Everything known of one contact so far: the queue's data, the agent's screen and the record are views of it."""

    id: str
    caller: Caller
    called: str
    started_at: float
    flow: str = ""
    flow_version: str = ""
    language: str = ""
    correlation: str = ""
    """SIP Call-ID or peer connection id."""
    trunk: str = ""
    """Name of the trunk that it came over."""
    asserted: str = ""
    """Number that the network vouches for, where it is trusted."""
    diversion: str = ""
    """Number that was dialled first, where the call was diverted to us."""
    diversion_reason: str = ""
    """`user-busy`, `no-answer`, `unconditional`."""
    user_to_user: str = ""
    """What the caller's system handed over, as text where it is text."""
    private: bool = False
    """The caller asked not to be shown."""
    turns: tuple[Turn, ...] = ()
    intent: Intent | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)
    handover: Mapping[str, Any] = field(default_factory=dict)
    """What the flow wants the agent to know: `note`, `summary`, `facts`."""

    def with_turn(self, turn: Turn, index: int | None = None) -> Call:
        """The call with one more turn, or with another in the place of turn `index`."""
        before, after = (self.turns, ()) if index is None else (self.turns[:index], self.turns[index + 1 :])
        return replace(self, turns=(*before, turn, *after))

    @property
    def signalling(self) -> dict[str, Any]:
        """What the wire told besides who calls whom."""
        return {name: getattr(self, name) for name in SIGNALLING}

    def to_dict(self) -> dict[str, Any]:
        """Plain data that JSON takes; `from_dict` gives the same value back."""
        return {
            "id": self.id,
            "caller": {
                "number": self.caller.number,
                "name": self.caller.name,
                "channel": self.caller.channel,
                "authenticated": self.caller.authenticated,
            },
            "called": self.called,
            "started_at": self.started_at,
            "flow": self.flow,
            "flow_version": self.flow_version,
            "language": self.language,
            "correlation": self.correlation,
            **self.signalling,
            "turns": [turn.to_dict() for turn in self.turns],
            "intent": None if self.intent is None else {"name": self.intent.name, "confidence": self.intent.confidence},
            "slots": dict(self.slots),
            "tags": list(self.tags),
            "profile": dict(self.profile),
            "handover": dict(self.handover),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            **{
                **data,
                "caller": Caller(**data["caller"]),
                "turns": tuple(Turn.from_dict(turn) for turn in data["turns"]),
                "intent": None if data["intent"] is None else Intent(**data["intent"]),
                "tags": tuple(data["tags"]),
            }
        )
