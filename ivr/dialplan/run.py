"""One step of a call in the making: the state so far and the commands that it gives. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ivr.dialplan import holding
from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.events import (
    Answer,
    BridgeTo,
    CancelTimer,
    Command,
    CountEdge,
    EndTask,
    Enqueue,
    Hangup,
    Note,
    ParkCaller,
    Play,
    Progress,
    Prompt,
    RecordCall,
    RecordMessage,
    Say,
    SetLanguage,
    SetTimer,
    StopListening,
    StopSpeaking,
    TransferTo,
    Utterance,
    Value,
    Words,
)
from ivr.dialplan.expression import ROOTS, Template, plain
from ivr.dialplan.model import Edge, Flow, FlowState
from ivr.dialplan.reading import spoken_value
from ivr.dialplan.speech import Part, PromptPart, Speech, TextPart, ValuePart
from ivr.dialplan.state import Phase, State

MAX_TAGS = 32
MAX_TASKS = 500
"""Lookups, messages, tickets and callbacks of one call."""
LOST = 2
"""Losses of the recogniser in one state after which it goes on with keys alone."""
_AWAY = (Enqueue, BridgeTo, TransferTo, ParkCaller, RecordMessage, Hangup)
"""What takes a caller out of a queue in which a place is held."""
MAX_DEPTH = 8
"""Sub-flows that may wait for each other."""


class FlowFault(Exception):
    """The flow or a command failed at run time: the `error` edge is taken."""


class Run:
    """What one event does. `state` is a copy of its own, nobody else's until it is done; `pending` is still to be spoken."""

    def __init__(
        self, root: Flow, state: State, now: float, memo: dict[Any, Any] | None = None, environment: Environment = NOTHING
    ) -> None:
        self.root = root
        """The flow that the call began in, with its sub-flows."""
        self.flow = root.subflows.get(state.flow, root)
        """The one that it is in."""
        self.entered = False
        """A sub-flow was entered and has not begun."""
        self.state = state.copy()
        self.now = now
        self.environment = environment
        self.memo = {} if memo is None else memo
        """Kept by the machine across calls: what follows from the flow alone."""
        self.commands: list[Command] = []
        self.pending: list[Utterance] = []

    def update(self, **changes: Any) -> None:
        # Frozen for everybody else; a copy for each change would be half of a step's time.
        for name, value in changes.items():
            object.__setattr__(self.state, name, value)

    def emit(self, command: Command) -> None:
        if self.state.held and isinstance(command, _AWAY):
            holding.give_up(self)
        self.commands.append(command)

    def count(self, edge: str, to: str = "", why: str = "") -> None:
        """Note an edge that is taken, by its key, as long as the call is still where it begins."""
        self.emit(CountEdge(self.state.flow, self.state.state, edge, to, why))

    @property
    def here(self) -> FlowState:
        return self.flow.states[self.state.state]

    def edge(self, name: str) -> Edge:
        """The edge of that name, written or inherited. Raises FlowFault where there is none: `check` refuses such a flow."""
        found = self.here.edges.get(name)
        if found is None:
            raise FlowFault(f"state `{self.state.state}` has no edge `{name}`")
        return found

    def outcome(self, name: str) -> Edge:
        """The edge of how a step ended. Raises FlowFault where nobody thought of that: the `error` edge is taken."""
        found = self.here.edges.get(name)
        if found is None:
            raise FlowFault(f"{self.state.phase.value} ended by {name}")
        return found

    def wait(self, **memory: Any) -> None:
        """Wait for events in the step of this state, which remembers `memory`: plain data."""
        self.update(phase=Phase.STEP, step=memory)

    def task(self) -> int:
        """A number for a command that reports back, so that a late answer is not taken for that of the next one."""
        if self.state.task >= MAX_TASKS:
            raise FlowFault(f"{MAX_TASKS} lookups and tasks in one call")
        self.update(task=self.state.task + 1)
        return self.state.task

    # --- sub-flows

    def enter(self, name: str, values: Mapping[str, Template]) -> None:
        """Go into a sub-flow, with some variables set; where it returns to is remembered. Raises FlowFault."""
        if len(self.state.stack) >= MAX_DEPTH:
            raise FlowFault(f"sub-flows call each other {MAX_DEPTH} deep")
        sub = self._named(name)
        if self.state.language not in sub.languages:
            raise FlowFault(f"the sub-flow `{name}` does not speak `{self.state.language}`")
        given = {key: plain(value.value(self.scope()), 4) for key, value in values.items()}
        self.count("call!", name)
        frame = {"flow": self.state.flow, "state": self.state.state}
        self.flow = sub
        self.update(flow=name, state=sub.entry, stack=(*self.state.stack, frame), step={}, attempt=0)
        self.assign(sub.variables)
        self.update(vars={**self.state.vars, **given})
        self.entered = True  # last: where its variables fail, its `error` edge is taken and it does not begin

    def leave(self, name: str) -> Edge:
        """Go back to whoever called this sub-flow, by the edge of that name. Raises FlowFault where it has none."""
        self.count("return!", name)
        *stack, frame = self.state.stack
        self.flow = self._named(frame["flow"])
        self.update(flow=frame["flow"], state=frame["state"], stack=tuple(stack), attempt=0)
        if self.state.language not in self.flow.languages:
            self.change_language(self.flow.languages[0])
        found = self.here.edges.get(name)
        if found is None:
            raise FlowFault(f"a sub-flow returned `{name}`")
        return found

    def _named(self, name: str) -> Flow:
        if name == self.root.name:
            return self.root
        found = self.root.subflows.get(name)
        if found is None:
            raise FlowFault(f"there is no flow `{name}`")
        return found

    # --- what expressions see

    def scope(self) -> Scope:
        return Scope(self.state, self.now, self.flow.time_zone, self.environment)

    # --- sound

    def speak(self, speech: Speech) -> None:
        """Add to what will be spoken next. Raises EvaluationError."""
        scope = self.scope()
        for part in speech:
            if part.when is None or part.when.holds(scope):
                self.pending.extend(utterance(part, scope, part.language or self.state.language))

    def rendered(self, speech: Speech) -> list[Utterance]:
        """What `speech` says now, without saying it. Raises EvaluationError."""
        before, self.pending = self.pending, []
        try:
            self.speak(speech)
            return self.pending
        finally:
            self.pending = before

    def say(self, barge_in: float | None) -> None:
        """Begin to speak what is pending."""
        self._be_heard()
        number = self.state.sound + 1
        self.emit(Say(tuple(self.pending), barge_in, number))
        self.pending.clear()
        self.update(sound=number, speaking=True)

    def play(self, name: str, repeat: bool) -> None:
        self._be_heard()
        number = self.state.sound + 1
        self.emit(Play(name, repeat, number))
        self.update(sound=number, speaking=True)

    def answer(self) -> None:
        if not self.state.answered:
            self.emit(Answer())
            self.update(answered=True, early=False)

    def progress(self) -> None:
        """Be heard from here on without taking the call."""
        if not self.state.answered and not self.state.early:
            self.emit(Progress())
            self.update(early=True)

    def _be_heard(self) -> None:
        if not self.state.early:
            self.answer()

    def hush(self) -> None:
        if self.state.speaking:
            self.emit(StopSpeaking())
            self.update(speaking=False)

    def stop_listening(self) -> None:
        if self.state.hearing:
            self.emit(StopListening())
            self.update(hearing=False)

    # --- timers

    def set_timer(self, name: str, seconds: float) -> None:
        self.emit(SetTimer(name, seconds))
        self.update(timers={**self.state.timers, name: self.now + seconds})

    def cancel_timer(self, name: str) -> None:
        if name in self.state.timers:
            self.emit(CancelTimer(name))
            self.forget_timer(name)

    def forget_timer(self, name: str) -> None:
        self.update(timers={key: due for key, due in self.state.timers.items() if key != name})

    def settle(self) -> None:
        """End everything that the current step began: sound, recognition, timers, the place in a queue."""
        self.hush()
        self.stop_listening()
        for name in self.state.timers:
            self.emit(CancelTimer(name))
        if self.state.phase is Phase.QUEUE:
            holding.leave(self, self.state.step)
        if self.state.phase is Phase.STEP and "task" in self.state.step:
            self.emit(EndTask(self.state.step["task"]))
        self.update(timers={}, keys="", ahead="", step={}, phase=Phase.INTRO)

    # --- what steps and edges do on the way

    def record(self, action: str) -> None:
        self.emit(RecordCall(action))

    def effects(self, edge: Edge) -> None:
        self.switch_language(edge.language)
        self.assign(edge.values)
        for tag in edge.tags:
            self.tag(tag)
        self.speak(edge.speech)

    def assign(self, values: Mapping[str, Template]) -> None:
        for name, template in values.items():
            value = plain(template.value(self.scope()), 4)
            self.update(vars={**self.state.vars, name: value})

    def switch_language(self, template: Template | None) -> None:
        if template is None:
            return
        language = template.text(self.scope())
        if language not in self.flow.languages:
            raise FlowFault(f"no language `{language}`")
        self.change_language(language)

    def change_language(self, language: str) -> None:
        """Speak and listen in it from here on."""
        self.update(language=language, call={**self.state.call, "language": language})
        self.emit(SetLanguage(language))

    def tag(self, template: Template) -> None:
        self.tag_as(template.text(self.scope()))

    def tag_as(self, tag: str) -> None:
        if tag and tag not in self.state.tags and len(self.state.tags) < MAX_TAGS:
            self.update(tags=(*self.state.tags, tag))
            self.emit(Note(tags=(tag,)))

    def fill(self, slot: str, value: Any) -> None:
        """Put plain data into a slot, for the flow, the record and the agent."""
        self.update(slots={**self.state.slots, slot: value})
        self.emit(Note(slots={slot: value}))


class Scope(Mapping[str, Any]):
    """What expressions see: each root is made when an expression names it."""

    def __init__(self, state: State, now: float, zone: str, environment: Environment = NOTHING) -> None:
        self._state = state
        self._now = now
        self._zone = zone
        self._environment = environment

    def __getitem__(self, root: str) -> Any:
        state = self._state
        match root:
            case "profile" | "queue" | "result" | "slots" | "vars" | "mood" | "mood_level" | "mood_trend":
                return getattr(state, root)
            case "asr":
                return {**state.asr, "available": hears(state)}
            case "caller":
                return state.call.get("caller") or {}
            case "call":
                own = {"tags": list(state.tags), "intent": state.intent, "attempt": state.attempt, "flow": state.flow}
                return {**state.call, **own}
            case "time":
                return clock(self._now, self._zone)
            case "hours":
                return self._environment.hours_at(self._now, state.language)
            case "flags":
                return self._environment.flags_for(state.call, state.profile)
            case "env":
                return self._environment.values
        raise KeyError(root)

    def __iter__(self) -> Iterator[str]:
        return iter(ROOTS)

    def __len__(self) -> int:
        return len(ROOTS)


def hears(state: State) -> bool:
    """Whether speech in the active language can be recognised now."""
    return can_hear(state, state.language)


def can_hear(state: State, language: str) -> bool:
    """Whether speech in that language can be recognised now."""
    languages = state.asr.get("languages")
    return bool(state.asr.get("available", True)) and (languages is None or language in languages) and state.losses < LOST


def clock(now: float, zone: str) -> dict[str, Any]:
    """`time` as expressions see it: hour 0..23, weekday 1 (Monday) to 7."""
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    return {
        "hour": local.hour,
        "minute": local.minute,
        "weekday": local.isoweekday(),
        "day": local.day,
        "month": local.month,
        "year": local.year,
        "date": local.date().isoformat(),
        "epoch": int(now),
    }


def utterance(part: Part, scope: Mapping[str, Any], language: str) -> list[Utterance]:
    """What a part of a speech says now; nothing for text that turned out empty. Raises EvaluationError."""
    match part:
        case PromptPart(name):
            return [Prompt(name, language)]
        case TextPart(texts):
            text = texts[language].text(scope).strip()
            return [Words(text, language)] if text else []
        case ValuePart(kind, value):
            found = value.value(scope)
            if kind == "wait" and found is None:  # nobody can tell: then nothing is said
                return []
            year = int(scope["time"]["year"]) if kind in ("date", "datetime") else 0
            return [Value(kind, spoken_value(kind, found, value.source, year), language)]
