"""Plays a test case against a flow and says what was not as it should be. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ivr.dialplan import events as flow
from ivr.dialplan.cases import ANSWER_WITHIN, Act, Case, Given, agrees
from ivr.dialplan.cases_expect import COMMANDS, INSIDE, TELLING, Unmet, check, path, quoted, says, shown, waits
from ivr.dialplan.machine import Machine
from ivr.dialplan.mocks import Feel, Understand, Wording, World
from ivr.dialplan.moments import Moment, Spoken, data_of
from ivr.dialplan.overheard import Spot
from ivr.dialplan.problems import Place
from ivr.dialplan.simulator import Simulation
from ivr.dialplan.stage import Watch

USUAL_TIME = "2026-01-05 10:00"
"""When a case begins that says nothing else: a Monday morning."""
SLOW = 60.0

RENAMED = {"need": "needs"}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What all cases of a run share."""

    understand: Understand
    machine: Callable[[Given], Machine]
    """The machine of the flow, with the flags and values of a case."""
    feel: Feel | None = None
    wording: Wording | None = None
    watch: Watch | None = None
    """Sees every step of every case."""
    spot: Spot | None = None
    """Finds what triggers wait for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a case went."""

    case: Case
    message: str = ""
    """What was not as it should be; "" where everything was."""
    cure: str = ""
    place: Place = field(default_factory=Place)
    """Of the line that failed."""
    log: tuple[Moment, ...] = ()
    entered: tuple[tuple[str, str], ...] = ()
    """Flow and state of each that was entered, in order."""
    edges: tuple[flow.CountEdge, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.message


def run_case(case: Case, rehearsal: Rehearsal) -> Verdict:
    """Play `case` to its end or to the first thing that is not as it should be."""
    player = _Player(case, rehearsal)
    place, message, cure = case.place, "", ""
    try:
        for act in case.acts:
            player.sound(act.kind)
            place = act.place
            player.play(act)
        player.simulation.hear_out()
        player.sound()
        for expected in case.then:
            place = expected.place
            check(player.simulation, expected)
    except Unmet as error:
        message, cure = str(error), error.cure
    one = player.simulation
    return Verdict(case, message, cure, place, tuple(one.log), tuple(one.entered), tuple(one.edges))


def seconds_at(text: str, zone: str) -> float:
    """Seconds since the epoch of a time as cases write it."""
    return datetime.fromisoformat(text or USUAL_TIME).replace(tzinfo=ZoneInfo(zone)).timestamp()


def world_of(given: Given) -> World:
    late = {"slow": SLOW, "down": 0.0}.get(given.profile if isinstance(given.profile, str) else "", 0.0)
    profile = given.profile if isinstance(given.profile, Mapping) else {}
    return World(given.lookups, given.queues, profile, late, asr=given.speech, unknown=None)


class _Player:
    """One case on the stage. What must happen is sought among what came since the caller or the world last did something."""

    def __init__(self, case: Case, rehearsal: Rehearsal) -> None:
        machine = rehearsal.machine(case.given)
        self.simulation = Simulation(
            machine,
            world_of(case.given),
            at=seconds_at(case.given.at, machine.flow.time_zone),
            understand=rehearsal.understand,
            feel=rehearsal.feel,
            call=case.given.call,
            wording=rehearsal.wording,
            watch=rehearsal.watch,
            spot=rehearsal.spot,
        )
        self.at = 0.0
        """When the caller or the world last did something."""
        self.said = self.commands = 0
        """What was there before."""
        self.faults = 0
        """Faults that the case expected."""

    def sound(self, coming: str = "") -> None:
        """Nothing broke by itself, unless that is what the case says next."""
        faults = self.simulation.faults
        if len(faults) > self.faults and coming != "breaks":
            cure = "write `- breaks` where the flow is meant to take its `error` edge by itself"
            raise Unmet(f"the flow failed in {faults[self.faults]}", cure)

    def _breaks(self, wanted: str) -> None:
        new = self.simulation.faults[self.faults :]
        self.faults += len(new)
        if not any(agrees(wanted, fault) for fault in new):
            raise Unmet(f"expected the flow to fail, and {new[0] if new else 'it did not'}", path(self.simulation))

    def play(self, act: Act) -> None:
        one = self.simulation
        within = float(act.more.get("within", ANSWER_WITHIN))
        match act.kind:
            case "hears" | "hears_not":
                self._hears(act, within)
            case "in":
                if not one.listen_for(lambda: one.state.state == act.value, within):
                    raise Unmet(f"expected to be in `{act.value}`, is in `{one.state.state}`", path(one))
            case "asked":
                self._asked(act, within)
            case "breaks":
                one.listen_for(lambda: len(one.faults) > self.faults, within)
                self._breaks(f"*{act.value or ''}*")
            case "does":
                wanted = dict(act.value)
                self._command(str(wanted.pop("command", "")), wanted, within)
            case _ if act.kind in COMMANDS:
                kind, name = COMMANDS[act.kind]
                self._command(kind.__name__, _fields(act.value, name), within, INSIDE.get(act.kind, ""))
            case _:
                self._do(act)
        if one.unanswered:
            name = one.unanswered[0]
            raise Unmet(f"the flow asks `{name}`, and the case has no answer", f"given: {{ lookups: {{ {name}: … }} }}")

    # --- what the caller and the world do

    def _do(self, act: Act) -> None:
        one = self.simulation
        over = act.kind.endswith("_over")
        if not over and act.kind not in ("position", "rings"):
            one.hear_out()
        if one.ended and act.kind != "waits":
            raise Unmet(f"`{act.kind.replace('_', ' ')}`, but the call has ended: {one.ended}", path(one))
        began = one.elapsed
        said, commands = len(one.said), len(one.commands)
        self._act(act, over)
        self.at = one.elapsed if act.kind == "waits" else max(began, one.acted)
        self.said, self.commands = said, commands

    def _act(self, act: Act, over: bool) -> None:
        one, value = self.simulation, act.value
        match act.kind:
            case "says" | "speaks_over" | "mumbles":
                more: dict[str, Any] = {name: act.more.get(name) for name in ("confidence", "voice")}
                more["mood"] = act.more.get("mood", "")
                if not one.say(value or "", over=over, **more):
                    raise Unmet(f"the caller speaks, but nothing listens in `{one.state.state}`", waits(one))
            case "agent_says":
                if not one.talk("agent", value):
                    raise Unmet(f"an agent speaks, but the call waits for nobody in `{one.state.state}`", waits(one))
            case "presses" | "presses_over":
                one.press(value, over=over)
            case "waits":
                one.wait(value)
            case "stays_silent":
                one.stay_silent()
            case "hangs_up":
                one.hang_up()
            case "loses_speech":
                one.lose_speech()
            case "fails":
                one.fail(value or "as the case says")
            case "position":
                if not one.listen_for(lambda: one.waiting_for() == "queue", ANSWER_WITHIN) or not one.move_up(value):
                    raise Unmet(f"no queue to have a position in: the call is in `{one.state.state}`", path(one))
            case "rings":
                if not one.listen_for(lambda: one.in_queue, ANSWER_WITHIN) or not one.ring():
                    raise Unmet(f"nobody to ring for: the call is in no queue but in `{one.state.state}`", path(one))
            case "served" | "outcome":
                if not one.outcome(value or "served", **({"result": act.more["result"]} if "result" in act.more else {})):
                    raise Unmet(f"nothing can end so: `{one.state.state}` waits for nobody outside", waits(one))

    # --- what must happen

    def _hears(self, act: Act, within: float) -> None:
        one = self.simulation
        for text in act.value:
            heard = one.listen_for(lambda text=text: self._heard(text) is not None, within)  # type: ignore[misc]
            spoken = self._heard(text)
            if act.kind == "hears_not":
                if heard:
                    raise Unmet(f"expected not to hear {quoted(text)}", self._heard_words())
                continue
            if not heard or spoken is None:
                raise Unmet(f"expected to hear {quoted(text)}, heard {self._heard_words()}", self._near(text))
            late = spoken.at - self.at
            if late > within + 1e-6:
                raise Unmet(f"heard {quoted(text)} after {late:.1f} s, not within {within:g} s")

    def _heard(self, text: str) -> Spoken | None:
        return next((one for one in self.simulation.said[self.said :] if says(one, text)), None)

    def _heard_words(self) -> str:
        heard = [f"“{one.text}”" for one in self.simulation.said[self.said :]]
        return " ".join(heard[-3:]) or "nothing"

    def _near(self, text: str) -> str:
        one = self.simulation
        earlier = next((said for said in reversed(one.said) if says(said, text)), None)
        if earlier is not None:
            return f"it was heard {one.elapsed - earlier.at:.0f} s earlier, in `{earlier.state}`, before the line above"
        names = [name for said in one.said for name in said.names]
        texts = [said.text for said in one.said]
        close = difflib.get_close_matches(text, [*names, *texts], n=1, cutoff=0.4)
        return f"the nearest was “{close[0]}”" if close else path(one)

    def _asked(self, act: Act, within: float) -> None:
        source, _, operation = str(act.value).partition(".")
        wanted: dict[str, Any] = {"source": source, **({"operation": operation} if operation else {})}
        if act.more.get("with"):
            wanted["arguments"] = act.more["with"]
        self._command("Lookup", wanted, within)

    def _command(self, name: str, wanted: Mapping[str, Any], within: float, inside: str = "") -> None:
        one = self.simulation
        wanted = {RENAMED.get(key, key): value for key, value in wanted.items()}

        def found() -> list[Mapping[str, Any]]:
            given = [data_of(each) for each in one.commands[self.commands :] if type(each).__name__ == name]
            return [each[inside] if inside else each for each in given]

        if one.listen_for(lambda: any(not wanted or agrees(wanted, each) for each in found()), within):
            return
        others = found()
        if not others:
            given = [type(each).__name__ for each in one.commands[self.commands :] if type(each).__name__ in TELLING]
            raise Unmet(
                f"expected {name}{shown(wanted)}, and there was none", f"there was {', '.join(given)}" if given else path(one)
            )
        got = {key: others[-1].get(key) for key in wanted}
        raise Unmet(f"expected {name}{shown(wanted)}, got{shown(got)}")


def _fields(value: Any, name: str) -> Mapping[str, Any]:
    """What is wanted of a command: all that is written, or the one field that a bare text stands for."""
    return {} if value is None else value if isinstance(value, Mapping) else {name: value}
