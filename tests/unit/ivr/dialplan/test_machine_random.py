"""No event in any state breaks a call: random callers on a flow with every kind of step."""

from __future__ import annotations

import json
import logging
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ivr.dialplan.events import (
    BridgeEnded,
    CallerHungUp,
    CancelTimer,
    Command,
    Event,
    Hangup,
    Heard,
    LeaveQueue,
    Pressed,
    PromptEnded,
    Queued,
    QueueLeft,
    SetTimer,
    SpeechLost,
    SpokenOver,
    StepFailed,
    TimerFired,
)
from ivr.dialplan.machine import Machine
from ivr.dialplan.state import Phase, State
from tests.unit.ivr.dialplan.flows import EVERY_STEP, NOON, machine_of

ENTRIES = ("hello", "amount", "visit", "ranked")
MACHINES = {entry: machine_of(EVERY_STEP.replace("entry: hello", f"entry: {entry}")) for entry in ENTRIES}
"""The same flow entered where a walk from its beginning seldom comes."""
WORDS = st.one_of(
    st.sampled_from(["查账单", "my bill", "yes", "不是", "agent", "other language", "", "blah", "\x00", "报修"]),
    st.sampled_from(
        [
            "两百五",
            "二十八块五",
            "不是两百五是三百",
            "后天下午三点报修",
            "日期不对",
            "day is tomorrow",
            "two fifty",
            "对",
            "北京",
        ]
    ),
)
NAMES = st.sampled_from(["bill", "fault", "yes", "no", "agent", "other", "again_please", "", "nonsense"])
OUTCOMES = st.sampled_from(["served", "no_agents", "timeout", "closed", "full", "error", "done", "busy", "failed", "?"])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Heard, WORDS, st.floats(0, 1), NAMES, st.sampled_from(["", "", "angry"])),
    st.builds(Pressed, st.sampled_from([*"0123456789*#", "A", "", "12"])),
    st.just(SpokenOver()),
    st.just(SpeechLost()),
    st.builds(PromptEnded, st.integers(0, 30)),
    st.just(PromptEnded()),
    st.builds(TimerFired, st.sampled_from(["no_input", "between_keys", "wait", "other"])),
    st.builds(Queued, st.integers(0, 9), st.floats(0, 1000)),
    st.builds(QueueLeft, OUTCOMES),
    st.builds(BridgeEnded, OUTCOMES),
    st.builds(StepFailed, st.just("say")),
)
PROFILES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["name", "amount", "tier", "time", "cities", "history", "likely", "open"]),
    st.one_of(
        *(st.none(), st.integers(), st.floats(), st.text(), st.lists(st.none())),
        st.lists(st.sampled_from(["bill", "fault", "北京"])),
        st.fixed_dictionaries({"intent": st.sampled_from(["bill", "gone"]), "confidence": st.floats(0, 1)}),
    ),
)


class Defects(logging.Handler):
    """Collects errors that are neither the flow's nor its data's: those are defects of the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.found.append(record.getMessage())


DEFECTS = Defects()
logging.getLogger("ivr.dialplan.machine").addHandler(DEFECTS)


class RandomCaller(RuleBasedStateMachine):
    """Keeps what the shell would hold: running timers, whether the caller is in a queue, and how often the call ended."""

    machine: Machine
    state: State
    timers: set[str]
    endings: int
    now: float

    @initialize(
        entry=st.sampled_from(ENTRIES),
        profile=PROFILES,
        language=st.sampled_from(["", "zh", "en-GB", "fr"]),
        speech=st.booleans(),
    )
    def begin(self, entry: str, profile: dict[str, Any], language: str, speech: bool) -> None:
        self.machine = MACHINES[entry]
        self.timers, self.endings, self.now = set(), 0, NOON
        call = {"caller": {"number": "7"}, "called": "1", "language": language}
        self.state, commands = self.machine.start(call, profile, self.now, asr={"available": speech})
        self._obey(commands)

    def _obey(self, commands: tuple[Command, ...]) -> None:
        for command in commands:
            match command:
                case SetTimer(name, seconds):
                    assert seconds > 0
                    self.timers.add(name)
                case CancelTimer(name):
                    assert name in self.timers
                    self.timers.remove(name)
                case Hangup():
                    self.endings += 1
                case LeaveQueue():
                    assert self.state.phase is not Phase.QUEUE

    def _handle(self, event: Event) -> None:
        before = self.state
        self.now += 1
        if isinstance(event, TimerFired):
            self.timers.discard(event.name)
        self.state, commands = self.machine.handle(before, event, self.now)
        if before.phase is Phase.ENDED:
            assert (self.state, commands) == (before, ())
        self._obey(commands)
        assert not DEFECTS.found

    @rule(event=EVENTS)
    def something_happens(self, event: Event) -> None:
        self._handle(event)

    @rule()
    def prompt_ends(self) -> None:
        self._handle(PromptEnded(self.state.sound))

    @rule()
    def timer_fires(self) -> None:
        if self.timers:
            self._handle(TimerFired(min(self.timers)))

    @rule()
    def caller_hangs_up(self) -> None:
        running = self.state.phase is not Phase.ENDED
        self._handle(CallerHungUp())
        assert self.state.phase is Phase.ENDED
        if running:
            assert self.state.ended == "hangup"
            assert self.state.vars["gone"] is True
            self.endings += 1

    @invariant()
    def the_state_is_plain_data(self) -> None:
        data = json.loads(json.dumps(self.state.to_dict(), allow_nan=False))
        assert self.machine.restore(data) == self.state

    @invariant()
    def it_waits_for_something_or_has_ended_once(self) -> None:
        assert set(self.state.timers) == self.timers
        ended = self.state.phase is Phase.ENDED
        assert self.endings == (1 if ended else 0)
        if self.state.phase in (Phase.INTRO, Phase.PROMPT, Phase.PLAY):
            assert self.state.speaking
        if self.state.phase in (Phase.WAIT, Phase.LISTEN):
            assert self.timers
        if ended:
            assert not self.timers
            assert not self.state.hearing


RandomCaller.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestRandomCaller = RandomCaller.TestCase
