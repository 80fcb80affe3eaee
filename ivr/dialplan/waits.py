"""Steps that wait for something other than an answer: `play`, `wait`, `say`, `enqueue`, and talks with others. Pure."""

from __future__ import annotations

from ivr.dialplan.dialogue import edge_of
from ivr.dialplan.events import (
    BridgeEnded,
    BridgeTo,
    Enqueue,
    Event,
    ParkCaller,
    ParkEnded,
    Pressed,
    PromptEnded,
    Queued,
    QueueLeft,
    TimerFired,
    TransferEnded,
    TransferTo,
)
from ivr.dialplan.expression import EvaluationError
from ivr.dialplan.model import KEYS, Edge
from ivr.dialplan.run import FlowFault, Run
from ivr.dialplan.state import Phase
from ivr.dialplan.steps import Announce, BridgeStep, EnqueueStep, ParkStep, PlayStep, SpeakStep, TransferStep, WaitStep

WAIT = "wait"
_TALKS = (Phase.BRIDGE, Phase.TRANSFER, Phase.PARK)
"""Keys in these are for whom the caller talks with."""


def start(run: Run) -> Edge | None:
    """Begin the step of the state now that nothing is left to say before it; the edge where it is over at once."""
    match run.here.step:
        case SpeakStep():
            return edge_of(run, "done")
        case PlayStep(name=name, repeat=repeat, answer=answer):
            if not answer:
                run.progress()
            run.play(name.text(run.scope()), repeat)
            run.update(phase=Phase.PLAY)
        case WaitStep(seconds=seconds):
            run.answer()
            run.update(phase=Phase.WAIT)
            run.set_timer(WAIT, seconds)
        case EnqueueStep() as step:
            _enqueue(run, step)
        case BridgeStep(to=to, ring=ring, music=music):
            run.emit(BridgeTo(to.text(run.scope()), ring, music))
            run.update(phase=Phase.BRIDGE)
        case TransferStep(to=to, how=how, ring=ring, music=music):
            run.emit(TransferTo(to.text(run.scope()), how, ring, music))
            run.update(phase=Phase.TRANSFER)
        case ParkStep(slot=slot, music=music, timeout=timeout):
            run.answer()
            run.emit(ParkCaller(slot.text(run.scope()), music, timeout))
            run.update(phase=Phase.PARK)
    return None


def _enqueue(run: Run, step: EnqueueStep) -> None:
    scope = run.scope()
    priority = 5 if step.priority is None else step.priority.value(scope)
    if isinstance(priority, bool) or not isinstance(priority, int | float | None):
        raise EvaluationError("the priority of a queue must be a number")
    run.answer()
    run.update(phase=Phase.QUEUE, queue={})
    run.emit(
        Enqueue(
            queue=step.queue.text(scope),
            needs=step.needs,
            priority=5 if priority is None else min(10, max(0, int(priority))),
            music=step.music,
            announce_every=step.announce.every if step.announce else 0.0,
            max_wait=step.max_wait,
        )
    )


def react(run: Run, event: Event) -> Edge | None:
    """What an event means while the step runs: the edge to take, or None to stay."""
    phase = run.state.phase
    match event:
        case Pressed(digit) if len(digit) == 1 and digit in KEYS and phase not in _TALKS:
            return run.here.own.get(digit)
        case PromptEnded() if phase is Phase.PLAY:
            return edge_of(run, "done")
        case TimerFired(name) if phase is Phase.WAIT and name == WAIT:
            return edge_of(run, "done")
        case Queued() if phase is Phase.QUEUE:
            _queued(run, event)
        case QueueLeft(outcome) if phase is Phase.QUEUE:
            run.update(phase=Phase.INTRO, queue={**run.state.queue, "outcome": outcome})
            return _outcome(run, outcome)
        case BridgeEnded(outcome) if phase is Phase.BRIDGE:
            return _outcome(run, outcome)
        case TransferEnded(outcome) if phase is Phase.TRANSFER:
            return _outcome(run, outcome)
        case ParkEnded(outcome) if phase is Phase.PARK:
            return _outcome(run, outcome)
    return None


def _outcome(run: Run, outcome: str) -> Edge:
    found = run.here.edges.get(outcome)
    if found is None:
        raise FlowFault(f"{run.state.phase.value} ended by {outcome}")
    return found


def _queued(run: Run, event: Queued) -> None:
    """Tell the place on entry and then as often as the flow wants."""
    told = run.state.queue.get("told")
    run.update(queue={"position": event.position, "waited": event.waited, "told": told})
    step = run.here.step
    announce = step.announce if isinstance(step, EnqueueStep) else None
    if announce is None or run.state.speaking or not _due(announce, told, event.waited):
        return
    run.speak(announce.first if announce.first and event.position <= 1 else announce.speech)
    if run.pending:
        run.say(None)
    run.update(queue={**run.state.queue, "told": event.waited})


def _due(announce: Announce, told: float | None, waited: float) -> bool:
    return told is None or waited - told >= announce.every * 0.9
