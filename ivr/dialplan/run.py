"""One step of a call in the making: the state so far and the commands that it gives. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from ivr.dialplan.events import (
    Answer,
    CancelTimer,
    Command,
    CountEdge,
    LeaveQueue,
    Note,
    Play,
    Progress,
    Prompt,
    RecordCall,
    Say,
    SetLanguage,
    SetTimer,
    StopListening,
    StopSpeaking,
    Utterance,
    Value,
    Words,
)
from ivr.dialplan.expression import ROOTS, EvaluationError, Template, plain
from ivr.dialplan.model import Edge, Flow, FlowState
from ivr.dialplan.speech import Part, PromptPart, Speech, TextPart, ValuePart
from ivr.dialplan.state import Phase, State

MAX_TAGS = 32


class FlowFault(Exception):
    """The flow or a command failed at run time: the `error` edge is taken."""


class Run:
    """What one event does. `state` is a copy of its own, nobody else's until it is done; `pending` is still to be spoken."""

    def __init__(self, flow: Flow, state: State, now: float, memo: dict[Any, Any] | None = None) -> None:
        self.flow = flow
        self.state = replace(state)
        self.now = now
        self.memo = {} if memo is None else memo
        """Kept by the machine across calls: what follows from the flow alone."""
        self.commands: list[Command] = []
        self.pending: list[Utterance] = []

    def update(self, **changes: Any) -> None:
        # Frozen for everybody else; a copy for each change would be half of a step's time.
        for name, value in changes.items():
            object.__setattr__(self.state, name, value)

    def emit(self, command: Command) -> None:
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
        self.update(task=self.state.task + 1)
        return self.state.task

    # --- what expressions see

    def scope(self) -> Scope:
        return Scope(self.state, self.now, self.flow.time_zone)

    # --- sound

    def speak(self, speech: Speech) -> None:
        """Add to what will be spoken next. Raises EvaluationError."""
        scope = self.scope()
        for part in speech:
            if part.when is None or part.when.holds(scope):
                self.pending.extend(utterance(part, scope, part.language or self.state.language))

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
            self.emit(LeaveQueue())
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
        self.update(language=language, call={**self.state.call, "language": language})
        self.emit(SetLanguage(language))

    def tag(self, template: Template) -> None:
        tag = template.text(self.scope())
        if tag and tag not in self.state.tags and len(self.state.tags) < MAX_TAGS:
            self.update(tags=(*self.state.tags, tag))
            self.emit(Note(tags=(tag,)))

    def fill(self, slot: str, value: str) -> None:
        self.update(slots={**self.state.slots, slot: value})
        self.emit(Note(slots={slot: value}))


class Scope(Mapping[str, Any]):
    """What expressions see: each root is made when an expression names it."""

    def __init__(self, state: State, now: float, zone: str) -> None:
        self._state = state
        self._now = now
        self._zone = zone

    def __getitem__(self, root: str) -> Any:
        state = self._state
        match root:
            case "profile" | "queue" | "result" | "slots" | "vars" | "mood":
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
        raise KeyError(root)

    def __iter__(self) -> Iterator[str]:
        return iter(ROOTS)

    def __len__(self) -> int:
        return len(ROOTS)


def hears(state: State) -> bool:
    """Whether speech in the active language can be recognised now."""
    languages = state.asr.get("languages")
    return bool(state.asr.get("available", True)) and (languages is None or state.language in languages) and state.losses < 2


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
            return [Value(kind, spoken_value(kind, value.value(scope), value.source), language)]


def spoken_value(kind: str, value: Any, source: str) -> str:
    """The decimal text of a value. Raises EvaluationError where it is not one that can be read so."""
    text = "" if value is None or isinstance(value, bool) else str(value)
    if kind == "digits":
        digits = re.sub(r"[^0-9]", "", text)
        if digits:
            return digits[:64]
        raise EvaluationError(f"`{source}` has no digits to read")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise EvaluationError(f"`{source}` is no number") from error
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        raise EvaluationError(f"`{source}` is no number that can be read")
    rounded = number.quantize(Decimal("0.01")) if kind == "amount" else number
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
