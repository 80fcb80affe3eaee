"""What a call needs from the rest of the house, handed in by `ivr.app`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ivr.acd.desk import Desk
from ivr.acd.routing import Router
from ivr.dialplan.loader import FlowStore
from ivr.nodes.tally import Tally
from ivr.profile.lookups import Sources
from ivr.profile.sources import ProfileSource
from ivr.records.followups import FollowUps
from ivr.records.late import LateRows
from ivr.records.writer import ContactLog
from ivr.session.awaiting import Spotters
from ivr.session.handing import Handing
from ivr.session.moving import Waits
from ivr.session.parking import ParkingLot
from ivr.session.promised import Promised, nothing_promised
from ivr.session.queue_rules import QueueHouse
from ivr.session.redacting import Privacy
from ivr.session.talks import Talks
from ivr.settings_understanding import MoodOptions, TalkOptions
from ivr.speech.prompts import PromptLibrary
from ivr.speech.recognizer import Recognizer
from ivr.understanding.llm import Summaries
from ivr.understanding.meaning import Understand, by_phrases
from telephony.errors import Misuse
from telephony.joining import Confer, Conference, Record
from telephony.leg import Bridger, Dialer
from telephony.media.clip import Clip

if TYPE_CHECKING:
    from ivr.session.call_session import CallSession


def no_conference(music: Sequence[Clip]) -> Conference:
    """Stands where a node has no mixer."""
    raise Misuse("there are no conferences here")


def no_file(name: str) -> None:
    """Stands where nothing is recorded."""


def no_alarm(data: Mapping[str, Any], agent_id: str) -> None:
    """Stands where there are no supervisors."""


class CallerPage(Protocol):
    """The page of a caller who came by browser; a telephone has none."""

    def push(self, kind: str, data: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """Shared by all calls of a node."""

    node: str
    flows: FlowStore
    prompts: PromptLibrary
    recognizer: Recognizer | None
    """None where no model is installed: every flow goes on with keys."""
    profiles: ProfileSource
    router: Router
    log: ContactLog
    desk: Desk
    talks: Talks
    bridge: Bridger
    dial: Dialer
    clock: Callable[[], float]
    """Epoch seconds: what is stored and crosses nodes."""
    confer: Confer = no_conference
    record: Record | None = None
    """None where nothing is to be recorded."""
    queues: QueueHouse = field(default_factory=QueueHouse)
    """What the settings say of each queue, and who is on duty for it."""
    parking: ParkingLot = field(default_factory=ParkingLot)
    waits: Waits = field(default_factory=Waits)
    """The calls of this node that wait in a queue."""
    running: set[CallSession] = field(default_factory=set)
    """The calls of this node that go on."""
    ringback: Sequence[Clip] = (Clip.silence(1.0),)
    """What a caller hears while somebody else's phone rings."""
    tally: Tally = field(default_factory=Tally)
    """Counts where callers are and which way they go."""
    sources: Sources = field(default_factory=Sources)
    """Where flows look things up."""
    followups: FollowUps | None = None
    """None where tickets and callbacks cannot be written: those steps leave by `error`."""
    late: LateRows | None = None
    """Takes surveys, messages and notifications."""
    promised: Promised = nothing_promised
    """What a caller was promised: a call back that need not be made any more."""
    discard: Callable[[str], None] = no_file
    """Removes a recording that nobody needs."""
    profile_budget: float = 0.3
    """Seconds a profile may take before the call goes on as a stranger's."""
    summaries: Summaries | None = None
    """A language model that words summaries, where one is to."""
    privacy: Privacy = field(default_factory=Privacy)
    """What is taken out of whatever is kept, where a flow says nothing else."""
    reattach_seconds: float = 30.0
    """For how long a caller waits with music for an agent whose page is away."""
    flush_seconds: float = 30.0
    """How long the record of a call that is over waits for a store that is away."""
    spotters: Spotters = field(default_factory=Spotters)
    """What flows wait for."""
    mood_options: MoodOptions = field(default_factory=MoodOptions)
    """From which level callers are tense or angry where flows do not say."""
    talk_options: TalkOptions = field(default_factory=TalkOptions)
    """How talks are heard where flows do not say."""
    understand: Understand = by_phrases
    """What callers' words mean; until a node has learnt its flows' intents, by their phrases alone."""
    channels: frozenset[str] = frozenset()
    """Ways in which notifications leave the house."""
    handing: Handing = field(default_factory=Handing)
    """What goes with a call to those outside."""
    alarm: Callable[[Mapping[str, Any], str], None] = no_alarm
    """Tells supervisors of an alert; not the agent named, who knows already."""
