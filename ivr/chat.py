"""A conversation with a flow, line by line: what is typed is said, pressed, or a command with a slash."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ivr.dialplan.cases_given import OUTCOMES
from ivr.dialplan.durations import seconds
from ivr.dialplan.mocks import Reply, World
from ivr.dialplan.model import KEYS
from ivr.dialplan.moments import Moment
from ivr.dialplan.simulator import Simulation
from ivr.errors import IvrError
from ivr.paint import Paint

LONGEST_WAIT = 24 * 3600.0
HELP = """\
  查账单            say it            12#              press keys
  /over WORDS       speak over it     /press 1 /say 1  one or the other, whatever it looks like
  /wait 5s          let time pass     /silent          say nothing until something happens
  /mumble           be unintelligible /hangup
  /served           the agent's talk is over; /outcome busy: what is waited for ends so
  /position 3       the place in the queue  /ring             an agent is rung
  /lookup billing.balance {amount: 5}   what a source answers from now on; or not_found, timeout, error, down
  /profile {name: 王芳}                  another caller: begins anew; without a value it shows the profile
  /audio FILE.wav   speak a recording through the recogniser
  /fail /lose       a command fails; the recogniser goes away
  /state /timers /phrases   what is remembered, what is due, what is understood now
  /trace            show edges, timers and commands, or hide them
  /test             the conversation so far as a test case
  /restart /quit /help"""
_BARE = {"bot": "bot", "caller": "you"}


class Chat:
    """One conversation; `restart` begins the next. `out` takes lines, `ears` hears a WAV file."""

    def __init__(
        self,
        begin: Callable[[World], Simulation],
        world: World,
        paint: Paint,
        out: Callable[[str], object],
        ears: Callable[[Path], tuple[str, float]] | None = None,
    ) -> None:
        self._begin, self._world, self._paint, self._out, self._ears = begin, world, paint, out, ears
        self._all = False
        self.mistakes = 0
        """Lines that could not be obeyed."""
        self._script: list[tuple[str, Any]] = []
        self.simulation = begin(world)
        self._shown = 0
        self._show()

    def say(self, text: str) -> None:
        self._out(text)

    def close(self) -> None:
        """The input is over."""
        if not self.simulation.ended:
            self._out(self._paint("faint", f"— the call goes on in `{self.simulation.state.state}`; the input is over"))

    def take(self, line: str) -> bool:
        """Do what a line says; False where it ends the conversation. What is wrong with it is told and changes nothing."""
        text = line.strip()
        if not text or text.startswith("# "):
            return True
        if not text.startswith("/"):
            keys = all(one in KEYS for one in text)
            self._do("presses" if keys else "says", text)
            return True
        name, _, value = text[1:].partition(" ")
        if name in ("quit", "exit", "q"):
            return False
        try:
            self._command(name, value.strip())
        except (ValueError, IvrError, yaml.YAMLError) as error:
            self.mistakes += 1
            self._out(self._paint("red", " ".join(str(error).split())))
        return True

    # --- commands

    def _command(self, name: str, value: str) -> None:
        match name:
            case "help" | "h" | "?":
                self._out(HELP)
            case "restart":
                self._restart()
            case "trace":
                self._all = not self._all
                self._out(self._paint("faint", "edges, timers and commands are " + ("shown" if self._all else "hidden")))
            case "test":
                self._out(self._as_case())
            case "profile":
                self._profile(value)
            case "lookup":
                self._lookup(value)
            case "state" | "timers" | "phrases":
                self._tell(name)
            case "audio":
                self._audio(value)
            case _:
                self._act(name, value)

    def _act(self, name: str, value: str) -> None:
        match name:
            case "say":
                self._do("says", value)
            case "over":
                keys = bool(value) and all(one in KEYS for one in value)
                self._do("presses over" if keys else "speaks over", value)
            case "press" if value and all(one in KEYS for one in value):
                self._do("presses", value)
            case "press":
                raise ValueError("keys are 0 to 9, * and #: /press 12#")
            case "wait":
                self._do("waits", min(LONGEST_WAIT, _duration(value or "1s")))
            case "silent" | "silence":
                self._do("stays silent", None)
            case "mumble":
                self._do("mumbles", None)
            case "hangup" | "hang":
                self._do("hangs up", None)
            case "served":
                self._do("served", None)
            case "outcome" | "queue" if value:
                self._do("outcome", value)
            case "ring":
                self._do("rings", None)
            case "position" if value.isdigit() and int(value):
                self._do("position", int(value))
            case "fail":
                self._do("fails", value or "by hand")
            case "lose":
                self._do("loses speech", None)
            case _:
                raise ValueError(f"no command /{name} {value}".rstrip() + ": /help lists them")

    def _do(self, kind: str, value: Any) -> None:
        one = self.simulation
        if one.ended:
            self._out(self._paint("faint", "— the call is over: /restart or /quit"))
            return
        heard = len(one.said)
        if not self._played(kind, value):
            self._out(self._paint("red", f"nothing here waits for that: `{one.state.state}`"))
            return
        one.hear_out()
        self._script.append((kind, value))
        new = one.said[heard:]
        if new and new[-1].text:
            self._script.append(("hears", new[-1].text))
        self._show()

    def _played(self, kind: str, value: Any) -> bool:
        """Do it; False where there was nothing to do it to."""
        one = self.simulation
        match kind:
            case "says" | "speaks over" | "mumbles":
                one.say(value or "", over=kind == "speaks over")
            case "presses" | "presses over":
                one.press(value, over=kind == "presses over")
            case "waits":
                one.wait(value)
            case "stays silent":
                one.stay_silent()
            case "hangs up":
                one.hang_up()
            case "fails":
                one.fail(value)
            case "loses speech":
                one.lose_speech()
            case "position":
                return one.move_up(value)
            case "rings":
                return one.ring()
            case "served" | "outcome":
                return one.outcome(value or "served")
        return True

    def _restart(self) -> None:
        self.simulation = self._begin(self._world)
        self._shown = 0
        self._script.clear()
        self._show()

    def _profile(self, value: str) -> None:
        if not value:
            self._out(_json(self.simulation.state.profile))
            return
        data = yaml.safe_load(value)
        if not isinstance(data, dict):
            raise ValueError("a profile is keys and values: /profile {name: 王芳, tier: gold}")
        self._world = replace(self._world, profile=data)
        self._restart()

    def _lookup(self, value: str) -> None:
        name, _, rest = value.partition(" ")
        if not rest:
            raise ValueError("/lookup billing.balance {amount: 5}, or not_found, timeout, error, down")
        data = yaml.safe_load(rest)
        if data not in OUTCOMES and not isinstance(data, dict):
            raise ValueError(f"an answer is keys and values, or one of {', '.join(OUTCOMES)}")
        answer = Reply("found", data) if isinstance(data, dict) else Reply(str(data))
        self._world = replace(self._world, lookups={**self._world.lookups, name: (answer,)})
        self.simulation.world = self._world
        self._out(self._paint("faint", f"{name} answers {rest}"))

    def _tell(self, name: str) -> None:
        one, state = self.simulation, self.simulation.state
        if name == "timers":
            timers = one.timers()
            self._out("\n".join(f"  {timer}: {left:.1f} s" for timer, left in timers.items()) or "  none")
        elif name == "phrases":
            phrases = sorted({(phrase.intent, phrase.text) for phrase in one.listened_for})
            self._out("\n".join(f"  {intent}: {text}" for intent, text in phrases) or "  nothing is listened for")
        else:
            kept = (
                "state",
                "phase",
                "language",
                "attempt",
                "vars",
                "slots",
                "tags",
                "intent",
                "mood",
                "queue",
                "result",
                "stack",
            )
            data = {key: value for key, value in state.to_dict().items() if key in kept and value not in ("", {}, [], 0)}
            self._out("\n".join(f"  {key}: {_json(inner)}" for key, inner in {"flow": state.flow, **data}.items()))

    def _audio(self, value: str) -> None:
        if self._ears is None:
            raise ValueError("nothing can hear here")
        self.simulation.hear_out()
        self._show()
        text, certain = self._ears(Path(value))
        self._out(self._paint("faint", f"  the recogniser heard: {text or '(nothing)'} ({certain:.0%})"))
        self._do("says" if text else "mumbles", text or None)

    # --- what is shown

    def _show(self) -> None:
        """What is new in the log."""
        self.simulation.hear_out()
        for moment in self.simulation.log[self._shown :]:
            line = self._line(moment)
            if line:
                self._out(line)
        self._shown = len(self.simulation.log)

    def _line(self, moment: Moment) -> str:
        paint, at = self._paint, f"{moment.at:7.1f}  "
        match moment.kind:
            case "bot":
                return paint("faint", at) + paint("cyan", "bot  ") + moment.text
            case "caller":
                return paint("faint", at) + paint("green", "you  ") + _typed(moment) + paint("faint", _taken(moment))
            case "end":
                return paint("faint", at) + paint("bold", f"— ended: {moment.text}")
            case "state":
                return paint("faint", f"{at}     · {moment.text}")
            case "note":
                return paint("faint", f"{at}     ({moment.text})")
            case "command" if self._all or moment.text in SHOWN:
                return (
                    paint("faint", at)
                    + paint("magenta", f"     {moment.text} ")
                    + paint("faint", _json(moment.more.get("data")))
                )
            case "edge" | "timer" if self._all:
                return paint("faint", f"{at}     {moment.kind}: {moment.text}")
        return ""

    def _as_case(self) -> str:
        """The conversation as a case of a test file."""
        lines = ["  - name: …", "    call:"]
        first = next((said.text for said in self.simulation.said), "")
        for kind, value in [("hears", first), *self._script] if first else self._script:
            shown = f"{value:g}s" if kind == "waits" else value
            lines.append(f"      - {kind}" + ("" if shown is None else f": {_json(shown)}"))
        return "\n".join(lines)


SHOWN = frozenset(
    ("Enqueue", "BridgeTo", "TransferTo", "ParkCaller", "Lookup", "HttpRequest", "RecordMessage", "OpenTicket", "Notify")
) | {"ScheduleCallback", "SaveSurvey", "RecordCall"}
"""Commands that are told without being asked for."""


def _typed(moment: Moment) -> str:
    match moment.more.get("medium"):
        case "keys":
            return f"[{moment.text}]"
        case "hang_up":
            return "(hangs up)"
        case _:
            return moment.text or "(mumbles)"


def _taken(moment: Moment) -> str:
    """What it was understood as."""
    more = moment.more
    if not more.get("heard", True):
        return ""
    mood = f", {more['mood']}" if more.get("mood") else ""
    if more.get("understood"):
        return f"  → {more['understood']} ({more['confidence']:.0%}{mood})"
    return f"  → ({more['mood']})" if mood else ""


def _duration(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return seconds(text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
