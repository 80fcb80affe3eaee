"""Plays a test case against a flow and says what was not as it should be. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ivr.dialplan import events as flow
from ivr.dialplan.cases import ANSWER_WITHIN, Act, Case, Expected, Given, agrees, in_order
from ivr.dialplan.dialogue import bare
from ivr.dialplan.machine import Machine
from ivr.dialplan.mocks import Feel, Understand, Wording, World
from ivr.dialplan.moments import Moment, Spoken, data_of
from ivr.dialplan.problems import Place, nearest
from ivr.dialplan.simulator import Simulation

USUAL_TIME = "2026-01-05 10:00"
"""When a case begins that says nothing else: a Monday morning."""
SLOW = 60.0

COMMANDS: Mapping[str, tuple[type, str]] = {
    "queued": (flow.Enqueue, "queue"),
    "bridged": (flow.BridgeTo, "target"),
    "transferred": (flow.TransferTo, "target"),
    "parked": (flow.ParkCaller, "slot"),
    "voicemail": (flow.RecordMessage, "box"),
    "ticket": (flow.OpenTicket, ""),
    "callback": (flow.ScheduleCallback, ""),
    "survey": (flow.SaveSurvey, "name"),
    "notified": (flow.Notify, "to"),
    "recording": (flow.RecordCall, "action"),
}
"""Lines that wait for a command, and what of it a bare text stands for."""
INSIDE: Mapping[str, str] = {"ticket": "fields", "callback": "fields"}
"""Commands whose own fields hold what a case speaks of."""
RENAMED = {"need": "needs"}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What all cases of a run share."""

    understand: Understand
    machine: Callable[[Given], Machine]
    """The machine of the flow, with the flags and values of a case."""
    feel: Feel | None = None
    wording: Wording | None = None


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


class Unmet(Exception):
    """Something was not as it should be: the message, and what may help."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure


def run_case(case: Case, rehearsal: Rehearsal) -> Verdict:
    """Play `case` to its end or to the first thing that is not as it should be."""
    player = _Player(case, rehearsal)
    place, message, cure = case.place, "", ""
    try:
        for act in case.acts:
            place = act.place
            player.play(act)
        player.simulation.hear_out()
        for expected in case.then:
            place = expected.place
            player.check(expected)
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
        )
        self.at = 0.0
        """When the caller or the world last did something."""
        self.said = self.commands = 0
        """What was there before."""

    def play(self, act: Act) -> None:
        one = self.simulation
        within = float(act.more.get("within", ANSWER_WITHIN))
        match act.kind:
            case "hears" | "hears_not":
                self._hears(act, within)
            case "in":
                if not one.listen_for(lambda: one.state.state == act.value, within):
                    raise Unmet(f"expected to be in `{act.value}`, is in `{one.state.state}`", _path(one))
            case "asked":
                self._asked(act, within)
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
        if not over and act.kind != "position":
            one.hear_out()
        if one.ended and act.kind != "waits":
            raise Unmet(f"`{act.kind.replace('_', ' ')}`, but the call has ended: {one.ended}", _path(one))
        began = one.elapsed
        said, commands = len(one.said), len(one.commands)
        self._act(act, over)
        self.at = one.elapsed if act.kind == "waits" else max(began, one.acted)
        self.said, self.commands = said, commands

    def _act(self, act: Act, over: bool) -> None:
        one, value = self.simulation, act.value
        match act.kind:
            case "says" | "speaks_over" | "mumbles":
                more = {"confidence": act.more.get("confidence"), "mood": act.more.get("mood", "")}
                if not one.say(value or "", over=over, **more):
                    raise Unmet(f"the caller speaks, but nothing listens in `{one.state.state}`", _waits(one))
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
                    raise Unmet(f"no queue to have a position in: the call is in `{one.state.state}`", _path(one))
            case "served" | "outcome":
                if not one.outcome(value or "served", **({"result": act.more["result"]} if "result" in act.more else {})):
                    raise Unmet(f"nothing can end so: `{one.state.state}` waits for nobody outside", _waits(one))

    # --- what must happen

    def _hears(self, act: Act, within: float) -> None:
        one = self.simulation
        for text in act.value:
            heard = one.listen_for(lambda text=text: self._heard(text) is not None, within)  # type: ignore[misc]
            spoken = self._heard(text)
            if act.kind == "hears_not":
                if heard:
                    raise Unmet(f"expected not to hear {_quoted(text)}", self._heard_words())
                continue
            if not heard or spoken is None:
                raise Unmet(f"expected to hear {_quoted(text)}, heard {self._heard_words()}", self._near(text))
            late = spoken.at - self.at
            if late > within + 1e-6:
                raise Unmet(f"heard {_quoted(text)} after {late:.1f} s, not within {within:g} s")

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
        return f"the nearest was “{close[0]}”" if close else _path(one)

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
                f"expected {name}{_shown(wanted)}, and there was none", f"there was {', '.join(given)}" if given else _path(one)
            )
        got = {key: others[-1].get(key) for key in wanted}
        raise Unmet(f"expected {name}{_shown(wanted)}, got{_shown(got)}")

    # --- what must hold at the end

    def check(self, expected: Expected) -> None:
        one, wanted = self.simulation, expected.value
        match expected.name:
            case "visited":
                if not in_order(wanted, one.visited):
                    raise Unmet(f"expected to visit {' → '.join(map(str, wanted))}", _path(one))
            case "not_visited":
                seen = [name for name in wanted if name in one.visited]
                if seen:
                    raise Unmet(f"expected not to visit `{seen[0]}`", _path(one))
            case "not_heard":
                said = [text for text in wanted if any(says(each, str(text)) for each in one.said)]
                if said:
                    raise Unmet(f"expected not to hear {_quoted(str(said[0]))}")
            case "tags":
                missing = [tag for tag in wanted if tag not in one.state.tags]
                if missing or (not wanted and one.state.tags):
                    raise Unmet(f"expected the tags {_json(wanted)}, got {_json(list(one.state.tags))}")
            case "ended":
                got = one.ended or "running"
                if got != wanted:
                    raise Unmet(f"expected the call to end by `{wanted}`, it is `{got}`", _waits(one) if not one.ended else "")
            case "tickets" | "callbacks" | "surveys" | "notices" | "queues":
                self._check_all(expected.name, wanted)
            case _:
                got_value = self._value(expected.name)
                if not agrees(wanted, got_value):
                    raise Unmet(
                        f"expected {expected.name} {_json(wanted)}, got {_json(got_value)}", _unknown(wanted, got_value)
                    )

    def _value(self, name: str) -> Any:
        state = self.simulation.state
        if name == "handover":
            return self._handover()
        value = getattr(state, name)
        return dict(value) if isinstance(value, Mapping) else value

    def _handover(self) -> dict[str, Any]:
        """What the agent gets to know: what the flow hands over, and how the conversation went until then."""
        one, data = self.simulation, dict[str, Any]()
        for command in one.commands:
            if isinstance(command, flow.Note):
                data.update(command.handover)
        turns = 0
        for moment in one.log:
            if moment.more.get("name") in _TO_PEOPLE:
                break
            turns += moment.kind in ("bot", "caller") and moment.text != ""
        state = one.state
        return {
            "mood": state.mood,
            "intent": state.intent,
            "tags": list(state.tags),
            "slots": dict(state.slots),
            "turns": turns,
            **data,
        }

    def _check_all(self, name: str, wanted: Any) -> None:
        single = {"tickets": "ticket", "callbacks": "callback", "surveys": "survey", "notices": "notified", "queues": "queued"}[
            name
        ]
        kind, key = COMMANDS[single]
        got = [data_of(command) for command in self.simulation.commands if isinstance(command, kind)]
        got = [each[INSIDE[single]] if single in INSIDE else each for each in got]
        if isinstance(wanted, int):
            if len(got) != wanted:
                raise Unmet(f"expected {wanted} {name}, got {len(got)}")
            return
        texts = [
            each if isinstance(each, Mapping) else {key: each} for each in (wanted if isinstance(wanted, list) else [wanted])
        ]
        if not agrees(texts, got):
            raise Unmet(f"expected {name} {_json(wanted)}, got {_json(got)}")


def _fields(value: Any, name: str) -> Mapping[str, Any]:
    """What is wanted of a command: all that is written, or the one field that a bare text stands for."""
    return {} if value is None else value if isinstance(value, Mapping) else {name: value}


_TO_PEOPLE = ("Enqueue", "TransferTo", "BridgeTo")
TELLING = {kind.__name__ for kind, _ in COMMANDS.values()} | {"Hangup", "Lookup", "HttpRequest"}
"""Commands that tell what a conversation came to."""


def says(spoken: Spoken, text: str) -> bool:
    """Whether `text` is the name of a recording in it, or stands in its words; punctuation, spaces and case do not count."""
    if text in spoken.names:
        return True
    sought = bare(text)
    return bool(sought) and sought in bare(spoken.text)


def _path(one: Simulation) -> str:
    return "the call went " + " → ".join(one.visited[-8:]) + (f" and ended: {one.ended}" if one.ended else "")


def _waits(one: Simulation) -> str:
    outside = one.waiting_for()
    return f"it waits for the {outside}: end that with `served` or `outcome: …`" if outside else _path(one)


def _unknown(wanted: Any, got: Any) -> str:
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        missing = next((name for name in wanted if name not in got), None)
        return "" if missing is None else nearest(str(missing), map(str, got))
    return ""


def _shown(data: Mapping[str, Any]) -> str:
    return f" {_json(data)}" if data else ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _quoted(text: str) -> str:
    return f"“{text}”"
