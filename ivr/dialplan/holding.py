"""A place in a queue that is held while the flow does something else with the caller. Pure.

The contact goes on waiting; what happens to its place comes here. When an agent is rung the caller is brought back as soon as
nothing is being said, and at the latest when the agent has answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ivr.dialplan.events import AgentRung, Event, LeaveQueue, Queued, QueueLeft
from ivr.dialplan.state import Phase

if TYPE_CHECKING:
    from ivr.dialplan.run import Run

MOST_PLACES = 20
"""Queues of one call whose places are remembered."""


def hold(run: Run) -> None:
    """Go on with other states while the caller waits."""
    one = run.state
    frame = {"flow": one.flow, "state": one.state, "stack": list(one.stack)}
    run.update(held={**frame, "queue": one.queue, "step": one.step, "rung": False}, phase=Phase.INTRO, step={})


def give_up(run: Run) -> None:
    """Leave the queue in which a place is held."""
    step = run.state.held["step"]
    run.update(held={})
    leave(run, step)


def leave(run: Run, step: Mapping[str, Any]) -> None:
    """Leave a queue, and remember when the place was taken: it may be kept. `step` is what the step remembers."""
    run.emit(LeaveQueue())
    places = run.state.places
    if "since" in step and (step["queue"] in places or len(places) < MOST_PLACES):
        minutes = step["told"].get("minutes")
        kept = {"since": step["since"], "until": run.now + step["keep"], "rules": step["rules"], "minutes": minutes}
        run.update(places={**places, step["queue"]: kept})


def held(run: Run, event: Event) -> bool:
    """Whether an event was about the place that is held, and nothing is left to do about it."""
    match event:
        case Queued():
            run.update(held={**run.state.held, "rung": False, "queue": {**run.state.held["queue"], **place(event)}})
            run.update(queue=run.state.held["queue"])
            return True
        case AgentRung(answered):
            run.update(held={**run.state.held, "rung": True})
            if answered:
                come_back(run)
            return True
        case QueueLeft():
            come_back(run)
    return False


def place(event: Queued) -> dict[str, object]:
    """What `queue` says of a place."""
    size = max(event.size, event.position)
    return {"position": event.position, "size": size, "waited": event.waited, "estimated_wait": event.estimate}


def settled(run: Run) -> None:
    """Bring the caller back for an agent who is rung, where nothing is being said, looked up or keyed."""
    state = run.state
    waits = state.phase is Phase.STEP and "task" in state.step
    if state.held.get("rung") and not (state.speaking or waits or state.keys or state.phase in (Phase.INTRO, Phase.ENDED)):
        come_back(run)


def come_back(run: Run) -> None:
    """Stop what goes on and stand in the queue again, as the agent who is rung finds it."""
    before = run.state.held
    left = {"flow": run.state.flow, "state": run.state.state, "stack": list(run.state.stack)}
    run.pending.clear()
    run.settle()
    run.flow = run.root.subflows.get(before["flow"], run.root)
    step = {**before["step"], "rung": before.get("rung", False), "resume": left}
    run.update(flow=before["flow"], state=before["state"], stack=tuple(before["stack"]), attempt=0, held={})
    run.update(phase=Phase.QUEUE, queue=before["queue"], step=step)
    if run.state.language not in run.flow.languages:
        run.change_language(run.flow.languages[0])


def go_on(run: Run, left: Mapping[str, Any]) -> bool:
    """Hold the place once more, in the state that an agent who was rung in vain broke off; False where there is none."""
    flow = run.root.subflows.get(left["flow"], run.root)
    if left["state"] not in flow.states:
        return False
    hold(run)
    run.flow = flow
    run.update(flow=left["flow"], state=left["state"], stack=tuple(left["stack"]))
    return True
