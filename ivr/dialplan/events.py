"""What happens to a call in a flow, in the past tense; the commands that answer it are handed on from `commands`. Pure values.

Plain enough for JSON; seconds are seconds; `now` is handed to the machine with each event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.dialplan.commands import (
    Answer as Answer,
)
from ivr.dialplan.commands import (
    BridgeTo as BridgeTo,
)
from ivr.dialplan.commands import (
    CancelTimer as CancelTimer,
)
from ivr.dialplan.commands import (
    Command as Command,
)
from ivr.dialplan.commands import (
    CountEdge as CountEdge,
)
from ivr.dialplan.commands import (
    EndTask as EndTask,
)
from ivr.dialplan.commands import (
    Enqueue as Enqueue,
)
from ivr.dialplan.commands import (
    Hangup as Hangup,
)
from ivr.dialplan.commands import (
    HttpRequest as HttpRequest,
)
from ivr.dialplan.commands import (
    LeaveQueue as LeaveQueue,
)
from ivr.dialplan.commands import (
    Listen as Listen,
)
from ivr.dialplan.commands import (
    Lookup as Lookup,
)
from ivr.dialplan.commands import (
    Note as Note,
)
from ivr.dialplan.commands import (
    Notify as Notify,
)
from ivr.dialplan.commands import (
    OpenTicket as OpenTicket,
)
from ivr.dialplan.commands import (
    ParkCaller as ParkCaller,
)
from ivr.dialplan.commands import (
    Phrase as Phrase,
)
from ivr.dialplan.commands import (
    Play as Play,
)
from ivr.dialplan.commands import (
    Progress as Progress,
)
from ivr.dialplan.commands import (
    Prompt as Prompt,
)
from ivr.dialplan.commands import (
    RecordCall as RecordCall,
)
from ivr.dialplan.commands import (
    RecordMessage as RecordMessage,
)
from ivr.dialplan.commands import (
    SaveSurvey as SaveSurvey,
)
from ivr.dialplan.commands import (
    Say as Say,
)
from ivr.dialplan.commands import (
    ScheduleCallback as ScheduleCallback,
)
from ivr.dialplan.commands import (
    SetLanguage as SetLanguage,
)
from ivr.dialplan.commands import (
    SetTimer as SetTimer,
)
from ivr.dialplan.commands import (
    StopListening as StopListening,
)
from ivr.dialplan.commands import (
    StopSpeaking as StopSpeaking,
)
from ivr.dialplan.commands import (
    TransferTo as TransferTo,
)
from ivr.dialplan.commands import (
    Utterance as Utterance,
)
from ivr.dialplan.commands import (
    Value as Value,
)
from ivr.dialplan.commands import (
    Words as Words,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller said something and stopped."""

    text: str
    """What was recognised; "" where there was speech that nothing matched."""
    confidence: float
    intent: str = ""
    """Name of the intent (or key of the choice) it means; "" where it means none."""
    mood: str = ""
    """How the caller sounds by now: "calm", "tense", "angry"; "" where nothing is known."""
    others: tuple[tuple[str, float], ...] = ()
    """Further intents that it may mean, best first, each with its confidence: "did you mean A or B"."""
    language: str = ""
    """Which language was heard where several were listened for; "" for the one of the call."""
    mood_level: float = 0.0
    """0 (calm) to 1 (furious)."""
    mood_trend: str = ""
    """"rising", "falling", "steady"; "" where nothing is known."""
    mood_turns: int = 1
    """Turns in a row with this mood."""
    mood_fresh: bool = True
    """What was said shows the mood itself, or made it; False where it is left of an earlier turn."""


@dataclass(frozen=True, slots=True)
class Pressed:
    digit: str


@dataclass(frozen=True, slots=True)
class SpokenOver:
    """The caller began to speak (confirmed speech, not a cough) while a prompt that allows it was playing."""


@dataclass(frozen=True, slots=True)
class SpeechLost:
    """The recogniser went away in the middle of a turn: ask again."""

    busy: bool = False
    """True where no recogniser had room for the turn: ask for keys, and say why."""


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """Everything of the last `Say` was heard, or was stopped."""

    number: int = 0
    """`number` of the `Say` or `Play` that ended; 0 where unknown, then it is taken for the last one."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    name: str
    """As `SetTimer` named it; a timer that was cancelled or set anew does not fire."""


@dataclass(frozen=True, slots=True)
class Queued:
    """Where the contact stands, told when it enters and when it moves."""

    position: int
    """1 is next."""
    waited: float
    """Seconds."""
    estimate: float | None = None
    """Seconds still to wait, as far as anybody can tell; None where nobody can."""
    size: int = 0
    """Callers who wait in the queue, this one among them; one who has a place is never fewer than that place."""


@dataclass(frozen=True, slots=True)
class AgentRung:
    """An agent is being rung for the caller who waits; `Queued` follows where that comes to nothing."""

    answered: bool = False
    """The agent has answered: they are about to talk."""


@dataclass(frozen=True, slots=True)
class QueueLeft:
    """The wait in the queue is over."""

    outcome: str
    """"served" (an agent talked and it ended), "no_agents", "timeout", "closed", "full", "error"."""


@dataclass(frozen=True, slots=True)
class BridgeEnded:
    outcome: str
    """"done", "busy", "no_answer", "failed"."""


@dataclass(frozen=True, slots=True)
class TransferEnded:
    outcome: str
    """As of `BridgeEnded`; "done" where the caller's own phone took the transfer, too."""


@dataclass(frozen=True, slots=True)
class ParkEnded:
    outcome: str
    """"done" (somebody picked the caller up, and that talk is over), "timeout"."""


@dataclass(frozen=True, slots=True)
class LookupEnded:
    """What `Lookup` or `HttpRequest` gave."""

    task: int
    """Of the command."""
    outcome: str
    """"found", "not_found", "timeout", "error", "down" (the source is known to be away)."""
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """What `OpenTicket` or `ScheduleCallback` gave."""

    task: int
    outcome: str
    """"done", "error"."""
    result: Mapping[str, Any] = field(default_factory=dict)
    """Its number and what else is to be told."""


@dataclass(frozen=True, slots=True)
class MessageEnded:
    """The caller has left a message, or not."""

    task: int
    outcome: str
    """"done", "empty", "error"."""
    seconds: float = 0.0
    recording: str = ""
    """Name of the file."""


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    pass


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A command could not be done."""

    what: str


Event = (
    Heard
    | Pressed
    | SpokenOver
    | SpeechLost
    | PromptEnded
    | TimerFired
    | Queued
    | AgentRung
    | QueueLeft
    | BridgeEnded
    | TransferEnded
    | ParkEnded
    | LookupEnded
    | TaskEnded
    | MessageEnded
    | CallerHungUp
    | StepFailed
)
