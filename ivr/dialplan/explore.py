"""Random callers that try to get lost in a flow: every path must end, nothing may break, nothing may go unheard. Pure.

Dice are handed in, so that a seed gives the same callers everywhere. After its moves a caller keeps silent and everybody else
does what they are there for: then the call must end by itself within bounds. After every step the state must survive JSON and a
machine that never saw the call.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ivr.dialplan import events as flow
from ivr.dialplan.cases import Given
from ivr.dialplan.cases_run import Rehearsal, seconds_at, world_of
from ivr.dialplan.explore_words import Choose, key_press, speech
from ivr.dialplan.machine import Commands, Machine
from ivr.dialplan.mocks import Reply
from ivr.dialplan.simulator import Simulation
from ivr.dialplan.state import State

MOST_MOVES = 30
MOST_ROUNDS = 300
"""Silences and endings after the moves, within which a call must end."""
MOST_TURNS = 8
"""Times that a silent caller may come back to where everything is as it was."""
MOST_SECONDS = 12 * 3600.0
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "queue": ("served", "no_agents", "timeout", "closed", "full", "error"),
    "bridge": ("done", "busy", "no_answer", "failed"),
    "transfer": ("done", "busy", "no_answer", "failed"),
    "park": ("done", "timeout"),
    "lookup": ("error", "timeout", "down", "not_found"),
    "task": ("error",),
}
COUNTING = ("timers", "sound", "task", "queue", "errors", "losses", "speaking", "call", "places", "held")
GOOD: Mapping[str, str] = {"queue": "served", "bridge": "done", "transfer": "done", "park": "done"}
TASKS = ("OpenTicket", "ScheduleCallback")
"""Commands that are answered by "done" or "error"."""
BY_ITSELF = (flow.TimerFired, flow.LookupEnded, flow.TaskEnded)
"""Events that nobody asked for: they must not cut off what is being said."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that a caller or somebody outside does; written as a line of a test case."""

    kind: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Caller:
    """One random call: what holds before, and the moves."""

    given: Given
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that must not happen, and the call in which it does."""

    kind: str
    """"fault", "stuck", "endless", "cut off", "not recorded", "not restored"."""
    message: str
    caller: Caller
    """With no more moves than were made until then."""


@dataclass(slots=True)
class Walk:
    """What one call showed."""

    failure: Failure | None
    simulation: Simulation
    caller: Caller


def same(one: Failure, other: Failure) -> bool:
    """Whether both are the same way to go wrong; a circle is one wherever a caller gets into it."""
    return one.kind == other.kind and (one.kind == "endless" or one.message == other.message)


class Unsound(Exception):
    """A rule is broken."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def explore(rehearsal: Rehearsal, givens: Sequence[Given], choose: Choose) -> Walk:
    """One call of a caller who does what the dice say. `givens` are what may hold before; lookups answer by the dice, too."""
    given = _given(givens, choose)
    moves: list[Move] = []
    return _walk(rehearsal, Caller(given), _invented(choose), moves)


def replay(rehearsal: Rehearsal, caller: Caller) -> Walk:
    """The same call again, or a shorter one."""
    return _walk(rehearsal, caller, lambda simulation: iter(caller.moves), [])


def _walk(rehearsal: Rehearsal, caller: Caller, moves: Callable[[Simulation], Iterator[Move]], made: list[Move]) -> Walk:
    watcher = _Watcher(rehearsal.machine(caller.given))
    simulation = _simulation(rehearsal, caller.given, watcher)
    watcher.attend(simulation)
    failure: Failure | None = None
    try:
        watcher.look()
        for move in moves(simulation):
            made.append(move)
            make(simulation, move)
            watcher.look()
            if simulation.ended:
                break
        _peace(simulation, watcher)
    except Unsound as broken:
        failure = Failure(broken.kind, str(broken), replace(caller, moves=tuple(made)))
    return Walk(failure, simulation, replace(caller, moves=tuple(made)))


def _simulation(rehearsal: Rehearsal, given: Given, watcher: _Watcher) -> Simulation:
    return Simulation(
        watcher.machine,
        replace(world_of(given), unknown=Reply("not_found")),
        at=seconds_at(given.at, watcher.machine.flow.time_zone),
        understand=rehearsal.understand,
        feel=rehearsal.feel,
        call=given.call,
        wording=rehearsal.wording,
        watch=watcher.step,
    )


class _Watcher:
    """Sees every step of the machine and says what must not be."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.simulation: Simulation | None = None
        self.broken: Unsound | None = None
        self._fresh = Machine(machine.flow, machine.environment)
        self._sounding = False

    def attend(self, simulation: Simulation) -> None:
        """The call that is watched, once it has begun."""
        self.simulation, self._sounding = simulation, simulation.speaking

    def step(self, before: State, event: flow.Event | None, after: State, commands: Commands, now: float) -> None:
        again = self._fresh.restore(json.loads(json.dumps(after.to_dict())))
        if again != after:
            self._break("not restored", f"the state in `{after.state}` is not the same after JSON")
        speaks = any(isinstance(one, flow.Say | flow.Play | flow.Hangup) for one in commands)
        if self._sounding and speaks and isinstance(event, BY_ITSELF):
            self._break("cut off", f"in `{before.state}` {type(event).__name__} cuts off what is being said")
        self._sounding = self.simulation is not None and self.simulation.speaking

    def _break(self, kind: str, message: str) -> None:
        self.broken = self.broken or Unsound(kind, message)

    def look(self) -> None:
        """Raises Unsound where a rule was broken."""
        one = self.simulation
        assert one is not None
        if one.faults:
            raise Unsound("fault", f"the flow failed in {one.faults[0]}")
        if one.unrecorded:
            raise Unsound("not recorded", f"nobody recorded {one.unrecorded[0]}")
        if self.broken is not None:
            raise self.broken


def make(simulation: Simulation, move: Move) -> None:
    """Do it."""
    value = move.value
    match move.kind:
        case "says" | "speaks over" | "mumbles":
            simulation.say(value or "", over=move.kind == "speaks over")
        case "presses" | "presses over":
            simulation.press(value, over=move.kind == "presses over")
        case "waits":
            simulation.wait(value)
        case "stays silent":
            simulation.stay_silent()
        case "hangs up":
            simulation.hang_up()
        case "loses speech":
            simulation.lose_speech()
        case "position":
            simulation.move_up(value)
        case "fails":
            simulation.fail("as the dice say")
        case "outcome" | "served":
            simulation.outcome(value or "served")


def _peace(simulation: Simulation, watcher: _Watcher) -> None:
    """The caller keeps silent and everybody else does their work, until the call ends. Raises Unsound where it does not."""
    places: Counter[str] = Counter()
    for _ in range(MOST_ROUNDS):
        simulation.hear_out()
        watcher.look()
        if simulation.ended:
            return
        here = _standing(simulation)
        places[here] += 1
        if places[here] > MOST_TURNS:
            break
        waits = simulation.waiting_for()
        if waits in GOOD:
            simulation.outcome(GOOD[waits])
        elif not simulation.pending and not simulation.asked:
            if simulation.playing:
                simulation.hang_up()  # music that waits for a key is the caller's to end
            else:
                raise Unsound("stuck", f"nothing can happen any more in `{simulation.state.state}`")
        else:
            simulation.stay_silent()
        watcher.look()
        if simulation.elapsed > MOST_SECONDS:
            break
    if not simulation.ended:
        states = sorted(set(simulation.visited[-MOST_TURNS:]) or {simulation.state.state})
        raise Unsound("endless", f"a silent caller never leaves {', '.join(f'`{state}`' for state in states)}")


def _standing(simulation: Simulation) -> str:
    """Where a call stands, without what only counts up."""
    data = simulation.state.to_dict()
    return json.dumps({name: value for name, value in data.items() if name not in COUNTING}, sort_keys=True)


# --- what the dice say


def _given(givens: Sequence[Given], choose: Choose) -> Given:
    """One of the cases' beginnings, with answers of sources that may fail and recognition that may be missing."""
    given = givens[choose(len(givens))] if givens else Given()
    languages = ("", *dict.fromkeys(str(one.call.get("language") or "") for one in givens))
    call = {**given.call, "language": languages[choose(len(languages))]}
    found: dict[str, list[Reply]] = {}
    for one in givens:
        for name, replies in one.lookups.items():
            found.setdefault(name, []).extend(reply for reply in replies if reply.outcome in ("found", "done"))
    lookups = {name: tuple(_reply(name, _apt(name, found[name]), choose) for _ in range(3)) for name in sorted(found)}
    return replace(given, call=call, lookups=lookups, queues={}, speech=() if choose(8) == 0 else None)


def _apt(name: str, found: Sequence[Reply]) -> Sequence[Reply]:
    """Answers that fit whatever is asked under this name: of a whole source none where they differ in kind."""
    whole = name not in TASKS and not any(one in name for one in ". /")
    return () if whole and any(one.result.keys() != found[0].result.keys() for one in found) else found


def _reply(name: str, found: Sequence[Reply], choose: Choose) -> Reply:
    if found and choose(3):
        return replace(found[choose(len(found))], delay=(0.0, 0.5, 30.0)[choose(3)])
    outcomes = OUTCOMES["task" if name in TASKS else "lookup"]
    return Reply(outcomes[choose(len(outcomes))], {}, (0.0, 0.5)[choose(2)])


def _invented(choose: Choose) -> Callable[[Simulation], Iterator[Move]]:
    def moves(simulation: Simulation) -> Iterator[Move]:
        for _ in range(1 + choose(MOST_MOVES)):
            yield _move(simulation, choose)

    return moves


def _move(simulation: Simulation, choose: Choose) -> Move:
    waits = simulation.waiting_for()
    if waits == "task" and simulation.looking_up:
        waits = "lookup"
    if waits in OUTCOMES and choose(4):
        if waits == "queue" and choose(3) == 0:
            return Move("position", 1 + choose(12))
        return Move("outcome", OUTCOMES[waits][choose(len(OUTCOMES[waits]))])
    match choose(16):
        case 0 | 1 | 2 | 3 | 4:
            return Move("says", speech(simulation.listened_for, choose) or "…")
        case 5 | 6:
            return Move("speaks over", speech(simulation.listened_for, choose) or "…")
        case 7 | 8 | 9:
            return Move("presses", key_press(choose))
        case 10:
            return Move("presses over", key_press(choose))
        case 11:
            return Move("mumbles")
        case 12:
            return Move("stays silent")
        case 13:
            return Move("waits", (0.5, 3.0, 10.0, 90.0, 700.0)[choose(5)])
        case 14:
            return Move(("loses speech", "fails", "mumbles", "stays silent")[choose(4)])
        case _:
            return Move("hangs up") if choose(4) == 0 else Move("stays silent")


# --- shrinking


def shrink(failure: Failure, rehearsal: Rehearsal, tries: int = 150) -> Failure:
    """The shortest call found that fails in the same way, within so many calls."""
    best = failure
    progress = True
    while progress and tries > 0:
        progress = False
        for caller in _smaller(best.caller):
            tries -= 1
            found = replay(rehearsal, caller).failure
            if found is not None and same(found, failure):
                best, progress = found, True
                break
            if tries <= 0:
                break
    return best


def _smaller(caller: Caller) -> Iterable[Caller]:
    """Simpler calls, the boldest first."""
    moves = caller.moves
    size = len(moves) // 2
    while size:
        for start in range(0, len(moves), size):
            yield replace(caller, moves=moves[:start] + moves[start + size :])
        size //= 2
    plain = Given(at=caller.given.at, call=caller.given.call)
    if caller.given != plain:
        yield replace(caller, given=plain)
        yield replace(caller, given=replace(caller.given, lookups={}))
        yield replace(caller, given=replace(caller.given, profile=None))
        yield replace(caller, given=replace(caller.given, speech=None))
    for index, move in enumerate(moves):
        for simpler in _simpler(move):
            yield replace(caller, moves=(*moves[:index], simpler, *moves[index + 1 :]))


def _simpler(move: Move) -> Iterator[Move]:
    if move.kind.endswith(" over"):
        yield Move({"speaks over": "says", "presses over": "presses"}[move.kind], move.value)
    if move.kind in ("says", "speaks over"):
        yield Move("mumbles")
    if isinstance(move.value, str) and move.kind.startswith("presses") and len(move.value) > 1:
        yield from (replace(move, value=move.value[: len(move.value) // 2]), replace(move, value=move.value[:-1]))


def as_case(failure: Failure, name: str) -> str:
    """The failure as a case of a test file."""
    lines = [f"  - name: {json.dumps(name, ensure_ascii=False)}"]
    given = _as_given(failure.caller.given)
    if given:
        lines.append(f"    given: {json.dumps(given, ensure_ascii=False)}")
    lines.append("    call:" if failure.caller.moves else "    call: []")
    for move in failure.caller.moves:
        value = f"{move.value:g}s" if move.kind == "waits" else move.value
        lines.append(f"      - {move.kind}" + ("" if value is None else f": {json.dumps(value, ensure_ascii=False)}"))
    return "\n".join(lines)


def _as_given(given: Given) -> dict[str, Any]:
    call, caller = given.call, given.call.get("caller") or {}
    found: dict[str, Any] = {"language": call.get("language", "")}
    names = {"number": "from", "name": "name", "channel": "channel", "authenticated": "authenticated"}
    found |= {names[name]: value for name, value in caller.items() if name in names}
    found |= {"called": call["called"]} if call.get("called") else {}
    for name in ("profile", "at", "flags", "values"):
        if getattr(given, name):
            found[name] = getattr(given, name)
    if given.speech is not None:
        found["speech"] = list(given.speech) or False
    if given.lookups:
        found["lookups"] = {name: [_as_reply(one) for one in replies] for name, replies in given.lookups.items()}
    return found


def _as_reply(one: Reply) -> dict[str, Any]:
    what = {"found": dict(one.result)} if one.outcome == "found" else {"outcome": one.outcome}
    return {**what, **({"after": f"{one.delay:g}s"} if one.delay else {})}
