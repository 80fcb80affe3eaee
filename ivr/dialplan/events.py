"""What a flow hears (past tense) and what it wants done (imperative). Pure values, plain enough for JSON.

The machine never says how: the phone, the simulator, a replay and the node that takes a crashed call over obey the same
commands. Seconds are seconds; `now` is handed to the machine with each event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# --- what is spoken


@dataclass(frozen=True, slots=True)
class Prompt:
    """A recorded prompt, by its name in `prompts/catalog.yaml`."""

    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Words:
    """Text of the flow itself, all expressions already filled in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value read as a native speaker reads it."""

    kind: str
    """"amount" (money), "number", "digits" (one by one)."""
    value: str
    """Decimal text: "128.5", "42", "8861"."""
    language: str


Utterance = Prompt | Words | Value


# --- events


@dataclass(frozen=True, slots=True)
class Heard:
    """The caller said something and stopped."""

    text: str
    """What was recognised; "" where there was speech that nothing matched."""
    confidence: float
    intent: str = ""
    """Name of the intent (or key of the choice) it means; "" where it means none."""


@dataclass(frozen=True, slots=True)
class Pressed:
    digit: str


@dataclass(frozen=True, slots=True)
class SpokenOver:
    """The caller began to speak (confirmed speech, not a cough) while a prompt that allows it was playing."""


@dataclass(frozen=True, slots=True)
class SpeechLost:
    """The recogniser went away in the middle of a turn: ask again."""


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
    | QueueLeft
    | BridgeEnded
    | TransferEnded
    | ParkEnded
    | CallerHungUp
    | StepFailed
)


# --- commands


@dataclass(frozen=True, slots=True)
class Answer:
    pass


@dataclass(frozen=True, slots=True)
class Say:
    """Speak the utterances one after another, then report `PromptEnded`."""

    utterances: tuple[Utterance, ...]
    barge_in: float | None = None
    """Seconds of confirmed speech that stop it; None where it must be heard to its end. Keys stop it where this is not None."""
    number: int = 0
    """Counts what a call was told to speak, so that a late `PromptEnded` is not taken for that of the next one."""


@dataclass(frozen=True, slots=True)
class Play:
    """Play a recording (music, a jingle); reports `PromptEnded` unless repeated."""

    name: str
    repeat: bool = False
    number: int = 0
    """As in `Say`."""


@dataclass(frozen=True, slots=True)
class StopSpeaking:
    pass


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing the caller may say here."""

    text: str
    intent: str
    """Name of the edge or choice it stands for."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Recognise from now on until `StopListening` or the next `Listen`. Silence is counted by the machine's own timers."""

    language: str
    phrases: tuple[Phrase, ...]
    """The closed list; the recogniser is told these words and no others."""
    patience: float = 0.4
    """Seconds of silence that end an utterance."""
    confirm: float = 0.3
    """Seconds of speech that count as speaking, and not as a cough or a click."""


@dataclass(frozen=True, slots=True)
class StopListening:
    pass


@dataclass(frozen=True, slots=True)
class SetTimer:
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    name: str


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Put the caller into a queue; `Queued` and at last `QueueLeft` follow. The caller hears `music` while waiting."""

    queue: str
    needs: Mapping[str, int]
    """Skill to the least level (1..10)."""
    priority: int = 5
    """0..10, higher first."""
    music: str = "music"
    announce_every: float = 0.0
    """Seconds between announcements of the position; 0 for never."""
    max_wait: float = 0.0
    """Seconds; 0 for no limit."""


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    pass


@dataclass(frozen=True, slots=True)
class BridgeTo:
    """Call a SIP URI and join it with the caller; `BridgeEnded` follows."""

    target: str
    ring_seconds: float = 30.0
    music: str = ""
    """What the caller hears meanwhile; "" for the ringing tone."""


@dataclass(frozen=True, slots=True)
class TransferTo:
    """Send the caller to a number for good; `TransferEnded` follows."""

    target: str
    how: str = "bridged"
    """"bridged" (we call and join), "refer" (the caller's phone calls, and we are out of it), "auto" (that, else this)."""
    ring_seconds: float = 30.0
    music: str = ""


@dataclass(frozen=True, slots=True)
class ParkCaller:
    """Put the caller into a parking slot with music; `ParkEnded` follows."""

    slot: str = ""
    """"" for a free one."""
    music: str = "music"
    seconds: float = 120.0
    """0 for no limit."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Let the caller hear us without taking the call (early media)."""


@dataclass(frozen=True, slots=True)
class RecordCall:
    """Begin, pause, resume or end the recording of the call. Nothing is reported: a call goes on without its recording."""

    action: str
    """"start", "pause", "resume", "stop"."""


@dataclass(frozen=True, slots=True)
class SetLanguage:
    language: str


@dataclass(frozen=True, slots=True)
class Note:
    """What the machine understood, for the transcript, the queue entry and the record."""

    intent: str = ""
    confidence: float | None = None
    tags: tuple[str, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hangup:
    cause: str = "normal"
    """"normal", "rejected", "busy"."""


Command = (
    Answer
    | Say
    | Play
    | StopSpeaking
    | Listen
    | StopListening
    | SetTimer
    | CancelTimer
    | Enqueue
    | LeaveQueue
    | BridgeTo
    | TransferTo
    | ParkCaller
    | Progress
    | RecordCall
    | SetLanguage
    | Note
    | Hangup
)
