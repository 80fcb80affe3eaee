"""A call walking through a flow: events in, commands out. Pure; it never raises and never sleeps.

`now` is seconds since the Unix epoch: `time` in expressions comes from it. A `State` belongs to the version of the flow that it
began with; `handle` may run in any process that has that version.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.events import (
    CallerHungUp,
    Command,
    Event,
    Hangup,
    Pressed,
    PromptEnded,
    SetLanguage,
    StepFailed,
    TimerFired,
)
from ivr.dialplan.expression import EvaluationError, as_text, plain
from ivr.dialplan.graph import key_of
from ivr.dialplan.holding import give_up, held, settled
from ivr.dialplan.model import AGAIN, END, RESERVED, Edge, Flow, Go, HangUp, Leave, Return, Switch
from ivr.dialplan.question import AskingStep
from ivr.dialplan.run import FlowFault, Run
from ivr.dialplan.splits import line_taken
from ivr.dialplan.state import Phase, State

log = logging.getLogger(__name__)

MAX_INSTANT = 100
"""States passed without waiting before a flow is taken to run in a circle."""
MAX_ERRORS = 3
"""`error` edges that one call may take."""

Commands = tuple[Command, ...]


class Machine:
    """Runs the calls of one version of one flow in one environment; holds nothing of any call."""

    def __init__(self, flow: Flow, environment: Environment = NOTHING) -> None:
        self.flow = flow
        self.environment = environment
        self._memo: dict[Any, Any] = {}
        self._secrets: frozenset[str] | None = None
        """Slots that are asked for as secrets."""

    def start(
        self, call: Mapping[str, Any], profile: Mapping[str, Any], now: float, *, asr: Mapping[str, Any] | None = None
    ) -> tuple[State, Commands]:
        """The state and the first commands of a call.

        `call` is `Call.to_dict()` or any part of it; its `language` is the wish known beforehand, "" for none. `asr` says what
        can be recognised: `{"available": bool, "languages": ["zh"]}`, everything where None.
        """
        data = {name: plain(value, 4) for name, value in call.items() if name not in ("turns", "profile", "slots", "tags")}
        wish = str(data.get("language") or "").split("-")[0].lower()
        language = wish if wish in self.flow.languages else self.flow.languages[0]
        data["language"] = wish if wish in self.flow.languages else ""
        state = State(
            flow=self.flow.name,
            version=self.flow.pinned,
            language=language,
            state=self.flow.entry,
            call=data,
            profile=plain(profile),
            asr=plain(asr or {}),
        )
        run = Run(self.flow, state, now, self._memo, self.environment)
        run.emit(SetLanguage(language))
        try:
            run.assign(self.flow.variables)
            self._walk(run, self.flow.entry)
        except Exception as error:
            self._fail(run, error)
        return run.state, tuple(run.commands)

    def handle(self, state: State, event: Event, now: float) -> tuple[State, Commands]:
        """What `event` does to the call. An event that means nothing here changes nothing; a call that ended stays ended."""
        if state.phase is Phase.ENDED:
            return state, ()
        run = Run(self.flow, state, now, self._memo, self.environment)
        try:
            edge = self._react(run, event)
            if edge is not None:
                self._walk(run, self._take(run, edge))
            if run.state.held:
                settled(run)
        except Exception as error:
            self._fail(run, error)
        return run.state, tuple(run.commands)

    def hides(self, state: State) -> bool:
        """Whether the caller is asked for something secret: no transcript, log, trace or recording may have the answer."""
        step = self._step_of(state)
        return isinstance(step, AskingStep) and step.hides(state.step)

    def hidden(self, state: State) -> dict[str, Any]:
        """The slots of this call that were asked for as secrets, with their values."""
        if self._secrets is None:
            flows = (self.flow, *self.flow.subflows.values())
            steps = [(one.name, one.step) for flow in flows for one in flow.states.values()]
            asked = (step.hidden_slots(name) for name, step in steps if isinstance(step, AskingStep))
            self._secrets = frozenset(slot for slots in asked for slot in slots)
        return {name: state.slots[name] for name in self._secrets if name in state.slots}

    def _step_of(self, state: State) -> Any:
        flow = self.flow if state.flow == self.flow.name else self.flow.subflows.get(state.flow)
        here = None if flow is None else flow.states.get(state.state)
        return None if here is None or state.phase is Phase.ENDED else here.step

    def restore(self, data: Mapping[str, Any]) -> State:
        """A state from `State.to_dict`. Raises ValueError where it belongs to another version."""
        state = State.from_dict(data)
        if (state.root, state.version) != (self.flow.name, self.flow.pinned):
            raise ValueError(f"the state is of {state.root} {state.version}, not of {self.flow.name} {self.flow.pinned}")
        return state

    # --- events

    def _react(self, run: Run, event: Event) -> Edge | None:
        match event:
            case CallerHungUp():
                self._hung_up(run)
                return None
            case StepFailed(what):
                raise FlowFault(what)
            case TimerFired(name):
                if name not in run.state.timers:
                    return None
                run.forget_timer(name)
            case PromptEnded(number):
                if not run.state.speaking or number not in (0, run.state.sound):
                    return None
                run.update(speaking=False)
        if run.state.held and held(run, event):
            return None
        if run.state.phase is Phase.INTRO:
            return self._in_intro(run, event)
        step = run.here.step
        if step is None:
            return None
        if isinstance(event, Pressed) and not step.listens and event.digit in run.here.own and event.digit in step.edge_keys():
            return run.here.own[event.digit]
        return step.react(run, event)

    def _in_intro(self, run: Run, event: Event) -> Edge | None:
        here = run.flow.states.get(run.state.state)
        if isinstance(event, PromptEnded):
            if here is None or here.step is None:
                leave = None if here is None else here.leave
                self._hang_up(run, leave.cause if isinstance(leave, HangUp) else "normal")
                return None
            return here.step.start(run)
        if isinstance(event, Pressed) and here is not None and here.step is not None and event.digit in here.step.edge_keys():
            return here.own.get(event.digit)
        return None

    def _hung_up(self, run: Run) -> None:
        """The caller is gone: nothing is spoken any more, but what the `hangup` edge remembers is noted."""
        here = run.flow.states.get(run.state.state)
        edge = here.edges.get("hangup") if here is not None else None
        run.update(speaking=False)
        try:
            if here is not None and here.step is not None and run.state.phase is not Phase.INTRO:
                here.step.hung_up(run)
            run.settle()
            if run.state.held:
                give_up(run)
            if edge is not None:
                run.count("hangup", END)
                run.assign(edge.values)
                for tag in edge.tags:
                    run.tag(tag)
        finally:
            run.update(phase=Phase.ENDED, ended="hangup")

    # --- walking

    def _take(self, run: Run, edge: Edge) -> str:
        """Leave the step, do what the edge says, and give the name of the target."""
        run.settle()
        return self._follow(run, edge)

    def _follow(self, run: Run, edge: Edge, why: str = "") -> str:
        here = run.here
        run.effects(edge)
        target = AGAIN if edge.to is None else edge.to.text(run.scope())
        if edge.to is not None and edge.to.fixed is None and target not in (*run.flow.states, *RESERVED):
            target = _found(run, edge, target)
        run.count(key_of(here, edge), here.name if target == AGAIN else target, why)
        return target

    def _walk(self, run: Run, target: str) -> None:
        """Go from state to state until one waits or the call ends. Raises FlowFault where that does not happen."""
        for _ in range(MAX_INSTANT):
            edge = self._arrive(run, target)
            if edge is not None:
                target = self._follow(run, edge)
            elif run.entered:
                target, run.entered = run.flow.entry, False
            else:
                return
        raise FlowFault(f"{MAX_INSTANT} states without waiting, at `{run.state.state}`")

    def _arrive(self, run: Run, target: str) -> Edge | None:
        if target == END:
            run.update(state=END)
            self._farewell(run, "normal")
            return None
        if target == AGAIN and run.here.step is not None:
            return self._begin(run)
        name = run.state.state if target == AGAIN else target
        state = run.flow.states.get(name)
        if state is None:
            raise FlowFault(f"there is no state `{name}`")
        run.update(state=name, attempt=0, losses=0)
        for step in state.do:
            step.perform(run)
        return self._begin(run) if state.step is not None else self._leave(run, state.leave)

    def _begin(self, run: Run) -> Edge | None:
        step = run.here.step
        assert step is not None
        run.speak(step.opening())
        if step.listens or step.calls or step.overlaps or not run.pending:
            return step.start(run)
        run.say(None)
        run.update(phase=Phase.INTRO)
        return None

    def _leave(self, run: Run, leave: Leave | None) -> Edge | None:
        match leave:
            case Go():
                taken = line_taken(run, leave)
                if taken is not None:
                    return taken
            case Switch(of, cases, otherwise):
                found = cases.get(as_text(of.value(run.scope())), otherwise)
                if found is not None:
                    return found
            case Return(name) if run.state.stack:
                return run.leave(name)
            case Return():
                run.count("return!", END)
                self._farewell(run, "normal")
                return None
            case HangUp(cause):
                run.count("hangup!", END)
                self._farewell(run, cause)
                return None
        raise FlowFault(f"state `{run.state.state}` leads nowhere")

    # --- endings

    def _farewell(self, run: Run, cause: str) -> None:
        """Hang up, after what is still to be said."""
        if not run.pending:
            self._hang_up(run, cause)
            return
        run.say(None)
        run.update(phase=Phase.INTRO)

    def _hang_up(self, run: Run, cause: str, ended: str = "") -> None:
        run.settle()
        run.emit(Hangup(cause))
        run.update(phase=Phase.ENDED, ended=ended or ("flow" if cause == "normal" else cause))

    def _fail(self, run: Run, error: Exception) -> None:
        """Take the `error` edge; hang up where there is none, or where it fails too often."""
        while run.state.phase is not Phase.ENDED:
            log.warning("flow %s, state `%s`: %s", self.flow.name, run.state.state, error, exc_info=not _expected(error))
            run.pending.clear()
            run.settle()
            run.update(errors=run.state.errors + 1)
            here = run.flow.states.get(run.state.state)
            edge = here.edges.get("error") if here is not None else None
            if edge is None or run.state.errors > MAX_ERRORS:
                run.count("error", END, str(error))
                self._hang_up(run, "normal", "error")
                return
            try:
                self._walk(run, self._follow(run, edge, str(error)))
                return
            except Exception as another:
                error = another


def _found(run: Run, edge: Edge, name: str) -> str:
    """Where a computed target leads that is no state: to where a menu leads for the intent of that name, else `otherwise`."""
    for state in run.flow.states.values():
        taken = state.edges.get(name) if state.step is not None and name in state.step.answers() else None
        if taken is not None and name in run.flow.intents and taken.to is not None and taken.to.fixed is not None:
            run.effects(taken)
            return taken.to.fixed
    return name if edge.otherwise is None else edge.otherwise.text(run.scope())


def _expected(error: Exception) -> bool:
    return isinstance(error, FlowFault | EvaluationError)
