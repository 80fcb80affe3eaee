"""What a flow wants done, in the imperative, and what it says. Pure values, plain enough for JSON; seconds are seconds.

The machine never says how: the phone, the simulator, a replay and the node that takes a crashed call over obey the same
commands.
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
    spare: bool = False
    """Left out where nobody recorded it and no voice speaks it: the flow goes on without a courtesy."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value read as a native speaker reads it."""

    kind: str
    """"amount" (money), "number", "digits" (one by one)."""
    value: str
    """Decimal text: "128.5", "42", "8861"."""
    language: str


Utterance = Prompt | Words | Value


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
    expects: str = ""
    """Type of the slot that is asked for, "yes_no", or "" where only phrases are."""
    open: bool = False
    """True where anything may be said, not the phrases alone."""
    length: tuple[int, int] = (0, 0)
    """Least and most digits of the value that is asked for; 0 where that is not known."""
    also: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    """Further languages, each with its list: whichever the caller speaks is heard, and named in `Heard`."""
    flow: str = ""
    """Version of the flow that asks, by which what was learnt is found; "" where a value is asked for."""


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
    music: str = ""
    """"" for that of the queue."""
    announce_every: float = 0.0
    """Seconds after which the position is told again; 0 for never."""
    max_wait: float = 0.0
    """Seconds; 0 for no limit."""
    relax: tuple[tuple[float, Mapping[str, int]], ...] = ()
    """Seconds of waiting to what is needed from then on."""
    prefer: tuple[str, ...] = ()
    """Agents who alone are offered the caller for `prefer_seconds`, where one is on duty."""
    prefer_seconds: float = 0.0
    only: tuple[str, ...] = ()
    """Where there are any, nobody else gets the caller."""
    exclude: tuple[str, ...] = ()
    where: tuple[Mapping[str, tuple[str, ...]], ...] = ()
    """`team` and `site` to those whose agents may take the call: first beside `needs`, then beside each step of `relax`; empty
    where none is asked for."""
    since: float = 0.0
    """Epoch seconds at which a place that was kept was taken; 0 for a new one."""
    no_agents_after: float | None = None
    """Seconds without anybody on duty who could ever take the caller, after which `QueueLeft` tells so; None for never."""
    comforted: bool = False
    """The flow has comfort messages of its own: those of the queue are not told."""


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
    handover: str = ""
    """What the far end is told of the call: "none", "link", "body"; "" as its trunk says."""


@dataclass(frozen=True, slots=True)
class TransferTo:
    """Send the caller to a number for good; `TransferEnded` follows."""

    target: str
    how: str = "bridged"
    """"bridged" (we call and join), "refer" (the caller's phone calls, and we are out of it), "auto" (that, else this)."""
    ring_seconds: float = 30.0
    music: str = ""
    handover: str = ""


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
    mood: str = ""
    why: tuple[str, ...] = ()
    """Reasons for what the flow chose by itself, for people who ask later."""
    handover: Mapping[str, Any] = field(default_factory=dict)
    """Facts and words for the agent who takes the call."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask a source for something; `LookupEnded` follows, within `seconds`."""

    task: int
    source: str
    operation: str
    arguments: Mapping[str, Any]
    seconds: float
    into: str = ""
    """"profile" where what is found is who the caller is: `LookupEnded` then has the new profile."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Ask a service by its own path; `LookupEnded` follows, within `seconds`."""

    task: int
    service: str
    method: str
    path: str
    body: Any
    """Plain data for JSON, or None."""
    seconds: float


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """Record the caller until silence, `#`, hang-up or `seconds`; `MessageEnded` follows."""

    task: int
    box: str
    seconds: float = 90.0
    silence: float = 4.0
    """Seconds of it that end the message."""
    beep: bool = True


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Write a ticket; `TaskEnded` follows."""

    task: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ScheduleCallback:
    """Have the caller called back; `TaskEnded` follows."""

    task: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EndTask:
    """Nobody waits for this task any more; nothing is reported of it.

    With `keep`, which is for messages: end it now, keep what was recorded, and report `MessageEnded` as usual.
    """

    task: int
    keep: bool = False


@dataclass(frozen=True, slots=True)
class SaveSurvey:
    """Keep what the caller answered. Nothing is reported."""

    name: str
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notify:
    """Send a message. Nothing is reported: the outbox tries until it is gone or given up."""

    by: str
    """"sms", "email", "webhook"."""
    to: str
    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class CountEdge:
    """Count an edge that the call took: for coverage, and for the figures on the diagram. Nothing is reported."""

    flow: str
    state: str
    edge: str
    """Its key on the diagram: "bill", "no_input:1" (a retry), "go:2", "goto", "case:1000", "otherwise", "hangup!"."""
    to: str
    """State that it led to, "end", or "" where the call stayed."""
    why: str = ""
    """Of an `error`: what went wrong."""


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
    | Lookup
    | HttpRequest
    | RecordMessage
    | OpenTicket
    | ScheduleCallback
    | EndTask
    | SaveSurvey
    | Notify
    | CountEdge
    | Hangup
)
