"""A recorded call, played again in today's flow: where does it go another way? Pure.

The record holds what was said and keyed, when and in which state. What sources answered it does not hold: that is mocked; and
what a queue or a talk came to is the outcome that leads to where the record goes on. The place in a queue is not compared.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ivr.dialplan import events as flow
from ivr.dialplan.question import bare
from ivr.dialplan.simulator import Simulation
from ivr.dialplan.stage import TALKS

QUEUE_OUTCOMES = ("no_agents", "timeout", "closed", "full", "error")
TALK_OUTCOMES = ("busy", "no_answer", "failed", "timeout", "done")
CALLERS_END = ("hung_up", "cancelled", "media_lost")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said, keyed or come to: by the record, by today's flow, or by both."""

    at: float
    """Seconds since the call began."""
    who: str
    """"bot", "caller", "agent"."""
    state: str
    text: str
    intent: str = ""
    only: str = ""
    """"" in both, "then" in the record alone, "now" in today's flow alone."""

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Replay:
    """A recorded call beside today's."""

    lines: tuple[Line, ...]
    began_with: str
    """Version of the flow that the record names."""
    now: str
    """That of today."""
    ended: tuple[str, str] = ("", "")
    """How it ended: then, now."""
    unanswered: tuple[str, ...] = field(default=())
    """Sources that no mock answered."""

    @property
    def first_difference(self) -> Line | None:
        return next((line for line in self.lines if line.only), None)


def replay(contact: Mapping[str, Any], simulation: Simulation) -> Replay:
    """Play the turns of a record, as the API gives it, to a call that has just begun."""
    began = seconds_of(contact.get("started_at")) or 0.0
    turns = [turn for turn in contact.get("turns") or () if turn.get("speaker") in ("bot", "caller")]
    for index, turn in enumerate(turns):
        if simulation.ended:
            break
        at = (seconds_of(turn.get("at")) or began) - began
        if turn["speaker"] == "caller":
            _reach(simulation, at, turn)
            _act(simulation, turn)
        elif index == len(turns) - 1 or turns[index + 1]["speaker"] == "bot":
            _reach(simulation, at, turn)
    _end(contact, simulation, began)
    then = [_recorded(turn, began) for turn in turns]
    waiting = {
        name
        for name, state in simulation.machine.flow.states.items()
        if state.step is not None and state.step.name == "enqueue"
    }
    lines = aligned(then, list(_played(simulation)))
    return Replay(
        tuple(line for line in lines if not (line.only == "then" and line.who == "bot" and line.state in waiting)),
        str(contact.get("flow_version") or ""),
        simulation.machine.flow.version,
        (str(contact.get("end_cause") or ""), simulation.ended or "running"),
        tuple(dict.fromkeys(simulation.unanswered)),
    )


def seconds_of(moment: Any) -> float | None:
    """Seconds since the epoch of a time as the API gives it."""
    return None if not moment else datetime.fromisoformat(str(moment)).timestamp()


def _reach(simulation: Simulation, at: float, turn: Mapping[str, Any]) -> None:
    """Let time pass until a turn; what was waited for outside ends so that the record can go on there."""
    wanted = str(turn.get("state") or "")
    simulation.wait(max(0.0, at - simulation.elapsed))
    if simulation.waiting_for() and wanted and simulation.state.state != wanted:
        outcome = _outcome(simulation, wanted)
        if outcome:
            simulation.outcome(outcome)


def _outcome(simulation: Simulation, wanted: str) -> str:
    """The outcome that leads to the wanted state: the machine is asked, and forgets; "" where none does."""
    waits, machine = simulation.waiting_for(), simulation.machine
    names = QUEUE_OUTCOMES if waits == "queue" else TALK_OUTCOMES if waits in TALKS else ()
    for name in names:
        event = flow.QueueLeft(name) if waits == "queue" else TALKS[waits](name)
        if machine.handle(simulation.state, event, simulation.now)[0].state == wanted:
            return name
    return ""


def _act(simulation: Simulation, turn: Mapping[str, Any]) -> None:
    if turn.get("medium") == "keys":
        simulation.press("".join(one for one in str(turn["text"]) if one in "0123456789*#"), over=True)
    else:
        simulation.say(str(turn["text"]), confidence=turn.get("confidence"), over=True)


def _end(contact: Mapping[str, Any], simulation: Simulation, began: float) -> None:
    """The end as it was: served by an agent, hung up, or what the flow itself came to."""
    ended = seconds_of(contact.get("ended_at"))
    if ended is not None and not simulation.ended:
        simulation.wait(max(0.0, ended - began - simulation.elapsed))
    if contact.get("connected_at") and simulation.waiting_for() == "queue" and contact.get("end_cause") not in CALLERS_END:
        simulation.outcome("served")
    if contact.get("end_cause") in CALLERS_END:
        simulation.hang_up()
    else:
        simulation.hear_out()


def _recorded(turn: Mapping[str, Any], began: float) -> Line:
    at = (seconds_of(turn.get("at")) or began) - began
    return Line(
        round(at, 1), turn["speaker"], str(turn.get("state") or ""), str(turn.get("text") or ""), str(turn.get("intent") or "")
    )


def _played(simulation: Simulation) -> Iterator[Line]:
    """What was said in the simulated call, by the rules of the transcript: each key is a turn."""
    state = ""
    for moment in simulation.log:
        at = round(moment.at, 1)
        match moment.kind:
            case "state":
                state = moment.text
            case "bot" if moment.text and not moment.more.get("queued"):
                yield Line(at, "bot", state, moment.text)
            case "caller" if moment.more.get("medium") == "keys":
                yield from (Line(at, "caller", state, key) for key in moment.text)
            case "caller" if moment.text:
                yield Line(at, "caller", state, moment.text, str(moment.more.get("understood") or ""))


def aligned(then: Sequence[Line], now: Sequence[Line]) -> Iterator[Line]:
    """Both, in order: what is the same once, what is not on its side. Music has no words and does not count."""
    then = [line for line in then if bare(line.text)] or list(then)
    matcher = difflib.SequenceMatcher(None, [_key(one) for one in then], [_key(one) for one in now], autojunk=False)
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind == "equal":
            yield from then[first:last]
        else:
            yield from (_only(line, "then") for line in then[first:last])
            yield from (_only(line, "now") for line in now[begin:end])


def _key(line: Line) -> tuple[str, str, str, str]:
    return line.who, line.state, bare(line.text) or line.text, line.intent if line.who == "caller" else ""


def _only(line: Line, side: str) -> Line:
    return Line(line.at, line.who, line.state, line.text, line.intent, side)
