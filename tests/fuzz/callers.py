"""A random caller on any flow: says, keys, waits, and lets everything else end as it can."""

from __future__ import annotations

from random import Random
from typing import Any

from ivr.dialplan import graph
from ivr.dialplan.events import (
    BridgeEnded,
    CallerHungUp,
    Event,
    Heard,
    LookupEnded,
    MessageEnded,
    ParkEnded,
    Pressed,
    PromptEnded,
    Queued,
    QueueLeft,
    SpeechLost,
    SpokenOver,
    StepFailed,
    TaskEnded,
    TimerFired,
    TransferEnded,
)
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.state import Phase

NOON = 1_795_000_000.0
SAID = (
    "是的",
    "不是",
    "yes",
    "no",
    "人工",
    "一三八零零",
    "两百五",
    "后天下午三点",
    "京A12345",
    "twenty five",
    "tomorrow at noon",
    "嗯",
    "",
)
DATA: tuple[Any, ...] = (None, "", "a", "1", 1, 0, 2.5, True, [], ["a"], {"a": 1})
FIELDS = ("name", "tier", "area", "history", "open", "likely", "blocked", "products", "amount", "status", "number", "items")
MOST_STEPS = 30


class Caller:
    """One call."""

    def __init__(self, machine: Machine, random: Random) -> None:
        self.machine, self.random = machine, random
        self.now = NOON + random.randrange(0, 30 * 86400)
        call = {"id": str(random.random()), "caller": {"number": random.choice(("", "1001", "+8613800000000"))}}
        asr = random.choice((None, None, {"available": False}, {"available": True, "languages": ["zh"]}))
        self.state, _ = machine.start(call, self._data(), self.now, asr=asr)

    def walk(self) -> int:
        """Live through some events; how many."""
        for number in range(MOST_STEPS):
            if self.state.phase is Phase.ENDED:
                return number
            self.now += self.random.choice((0.1, 1.0, 10.0))
            self.state, _ = self.machine.handle(self.state, self.event(), self.now)
        self.state, _ = self.machine.handle(self.state, CallerHungUp(), self.now)
        assert self.state.phase is Phase.ENDED
        return MOST_STEPS

    def event(self) -> Event:
        """Something that could happen now."""
        random, state = self.random, self.state
        if random.random() < 0.4 and state.speaking:
            return PromptEnded(state.sound)
        if state.timers and random.random() < 0.25:
            return TimerFired(random.choice(sorted(state.timers)))
        match state.phase:
            case Phase.QUEUE:
                return random.choice((Queued(random.randrange(5), random.random() * 90), QueueLeft(self._outcome())))
            case Phase.BRIDGE:
                return BridgeEnded(self._outcome())
            case Phase.TRANSFER:
                return TransferEnded(self._outcome())
            case Phase.PARK:
                return ParkEnded(self._outcome())
            case Phase.STEP if "task" in state.step and random.random() < 0.7:
                return self._ended(int(state.step["task"]))
        return self._spoken()

    def _ended(self, task: int) -> Event:
        random = self.random
        return random.choice(
            (
                LookupEnded(task, random.choice(("found", "not_found", "timeout", "error", "down")), self._data()),
                TaskEnded(task, random.choice(("done", "error")), {"number": "T-000001"}),
                MessageEnded(task, random.choice(("done", "empty", "failed")), 3.0, "m"),
            )
        )

    def _spoken(self) -> Event:
        random = self.random
        match random.randrange(12):
            case 0 | 1 | 2 | 3 | 4:
                return Heard(self._words(), random.random(), "", "angry" if random.random() < 0.05 else "")
            case 5 | 6 | 7 | 8:
                return Pressed(random.choice("0123456789*#"))
            case 9:
                return random.choice((SpokenOver(), SpeechLost()))
            case 10:
                return PromptEnded(self.state.sound)
            case _:
                return StepFailed("by chance") if random.random() < 0.2 else PromptEnded(0)

    def _flow(self) -> Flow:
        root = self.machine.flow
        return root.subflows.get(self.state.flow, root)

    def _words(self) -> str:
        examples = [text for intent in self._flow().intents.values() for said in intent.examples.values() for text, _ in said]
        return self.random.choice((*SAID, *examples))

    def _outcome(self) -> str:
        """How the step of this state can end."""
        flow = self._flow()
        state = flow.states.get(self.state.state)
        if state is None or state.step is None:
            return "error"
        step = state.step
        names = sorted({*step.outcomes(), *step.ending()} & set(graph.taken(flow, state)))
        return self.random.choice(names or ["error"])

    def _data(self) -> dict[str, Any]:
        random = self.random
        return {name: random.choice(DATA) for name in FIELDS if random.random() < 0.5}
