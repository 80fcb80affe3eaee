"""`/api/v1/admin/simulations` and tests of flows: conversations with a text on a virtual clock. Nothing is called or kept."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.dialplan.expression import plain
from ivr.dialplan.mocks import Reply, World
from ivr.dialplan.model import Flow
from ivr.dialplan.positions import MAX_CHARACTERS
from ivr.dialplan.simulator import Simulation
from ivr.errors import Conflict, DialplanError, NotFound
from ivr.web.admin_door import Door, Who, body_of, not_here, number_in, object_in, text_in
from ivr.web.admin_flows import NAME
from ivr.web.admin_parts import AdminParts
from ivr.web.api import BadRequest

FORGOTTEN_AFTER = 900.0
"""Seconds without an act."""
EACH = 8
"""Conversations of one account; a ninth ends the one that was used longest ago."""
TOGETHER = 64
LONGEST_WAIT = 3600.0
LONGEST_SAYING = 500
LONGEST_LOG = 5000
MOST_MOCKS = 200
OUTCOMES = ("found", "not_found", "timeout", "error", "down", "done")


@dataclass(slots=True)
class Trial:
    """One conversation under way."""

    owner: str
    flow: Flow
    start: Callable[[], Simulation]
    simulation: Simulation
    told: int = 0
    """Moments of the log that the page has."""
    used: float = 0.0
    turn: threading.Lock = field(default_factory=threading.Lock)
    """Of two acts that come at once, the second waits."""

    def news(self) -> dict[str, Any]:
        log = [one.to_dict() for one in self.simulation.log[self.told :]]
        self.told = len(self.simulation.log)
        return {"log": log, "view": view(self.flow, self.simulation)}


class TrialsApi:
    """The routes."""

    def __init__(self, parts: AdminParts, door: Door, clock: Callable[[], float] = time.time) -> None:
        self._parts, self._door, self._clock = parts, door, clock
        self._trials: dict[str, Trial] = {}

    @property
    def routes(self) -> list[Route]:
        return [
            self._door.ask("/simulations", self.start),
            self._door.ask("/simulations/{id}", self.act),
            self._door.ask("/simulations/{id}", self.end, "DELETE"),
            self._door.ask("/flows/{flow}/test/run", self.test),
        ]

    # --- conversations

    async def start(self, request: Request, who: Who) -> Response:
        body = await body_of(request)
        text = await self._text(text_in(body, "flow", most=100), body.get("text"))
        trial = await self._door.work(self._started, text, body, who)
        self._make_room(who.id)
        name = secrets.token_urlsafe(9)
        self._trials[name] = trial
        return JSONResponse({"id": name, **trial.news()}, 201)

    def _started(self, text: str, body: Mapping[str, Any], who: Who) -> Trial:
        flow, problems = self._parts.examine(text, text_in(body, "flow", most=100))
        if flow is None:
            raise DialplanError("the text has errors: mend them, then talk to it", tuple(problems))
        understand = self._parts.understand
        if understand is None:
            raise not_here("this server has no simulator", "start it with the whole of Hotline installed")
        at, call, world = _when(body.get("at"), flow, self._clock()), _call(body), _world(body)
        wording = self._parts.wording() if self._parts.wording is not None else None
        flags, values = object_in(body, "flags") or {}, plain(object_in(body, "values") or {})
        if not all(isinstance(on, bool) for on in flags.values()):
            raise BadRequest("`flags` are true or false")
        machine, feel = self._parts.machine(flow, dict(flags), values), self._parts.feel

        def begin() -> Simulation:
            return Simulation(machine, world, at=at, understand=understand, feel=feel, call=call, wording=wording)

        return Trial(who.id, flow, begin, begin(), used=self._clock())

    async def act(self, request: Request, who: Who) -> Response:
        trial, body = self._trial(request, who), await body_of(request, 65536)
        if len(trial.simulation.log) > LONGEST_LOG and body.get("act") != "restart":
            raise Conflict("this conversation has become too long; start it again")
        trial.used = self._clock()
        return JSONResponse(await self._door.work(_acted, trial, body))

    async def end(self, request: Request, who: Who) -> Response:
        self._trial(request, who)
        del self._trials[str(request.path_params["id"])]
        return JSONResponse({})

    def _trial(self, request: Request, who: Who) -> Trial:
        trial = self._trials.get(str(request.path_params["id"]))
        if trial is None or trial.owner != who.id or self._clock() - trial.used > FORGOTTEN_AFTER:
            raise NotFound("this conversation was forgotten; start it again")
        return trial

    def _make_room(self, owner: str) -> None:
        now = self._clock()
        for name, trial in list(self._trials.items()):
            if now - trial.used > FORGOTTEN_AFTER:
                del self._trials[name]
        for mine, most in ((True, EACH), (False, TOGETHER)):
            mine_or_all = [(one.used, name) for name, one in self._trials.items() if not mine or one.owner == owner]
            kept = sorted(mine_or_all, key=lambda one: one[0])  # of those used at the same time the oldest goes
            for _, name in kept[: max(0, len(kept) - most + 1)]:
                del self._trials[name]

    # --- tests

    async def test(self, request: Request, who: Who) -> Response:
        name, body = str(request.path_params["flow"]), await body_of(request)
        if self._parts.tests is None:
            raise not_here("this server runs no tests", "name the folder of the flows in `dialplans`")
        text = await self._text(name, body.get("text"))
        test = body.get("test")
        if test is None:
            kept = await self._door.work(self._parts.tests.read, name)
            test = kept["text"] if kept is not None else ""
        if not isinstance(test, str) or len(test) > MAX_CHARACTERS:
            raise BadRequest("send `test` as text")
        return JSONResponse(dict(await self._door.work(self._parts.tests.run, name, text, test)))

    async def _text(self, flow: str, given: Any) -> str:
        """What was sent, else the draft. Raises BadRequest, NotFound."""
        if given is not None:
            return text_in({"text": given}, "text", most=MAX_CHARACTERS)
        if not NAME.fullmatch(flow) or self._parts.flows is None:
            raise NotFound("there is no such flow; send its text")
        return str((await self._parts.flows.draft(flow))["text"])


def _acted(trial: Trial, body: Mapping[str, Any]) -> dict[str, Any]:
    """Do what the caller, or the world, does; what came of it. Raises BadRequest, Conflict."""
    with trial.turn:
        _act(trial, body)
        return trial.news()


def _act(trial: Trial, body: Mapping[str, Any]) -> None:
    call = trial.simulation
    match body.get("act"):
        case "say":
            mood, sure = text_in(body, "mood", "", 20), number_in(body, "confidence", 0, 1)
            call.say(text_in(body, "text", most=LONGEST_SAYING), confidence=sure, mood=mood)
        case "press":
            keys = text_in(body, "keys", most=64)
            if not keys or not set(keys) <= set("0123456789*#"):
                raise BadRequest("keys are digits, * and #")
            call.press(keys)
        case "wait":
            call.wait(number_in(body, "seconds", 0, LONGEST_WAIT, 1.0) or 0.0)
        case "hang_up":
            call.hang_up()
        case "queue":
            if not call.outcome(text_in(body, "outcome", most=40)):
                raise Conflict("the call waits for nobody now")
        case "restart":
            trial.simulation, trial.told = trial.start(), 0
        case _:
            raise BadRequest("act is say, press, wait, hang_up, queue or restart")


def view(flow: Flow, call: Simulation) -> dict[str, Any]:
    """Where the conversation stands, for the page."""
    state = call.state
    known = flow.states.get(state.state)
    zone = ZoneInfo(flow.time_zone)
    return {
        "flow": state.flow,
        "state": state.state,
        "line": known.place.line if known is not None else None,
        "phase": state.phase.value,
        "attempt": state.attempt,
        "language": state.language,
        "clock": datetime.fromtimestamp(call.now, zone).isoformat(timespec="seconds"),
        "at": call.elapsed,
        "timers": [{"name": name, "in_seconds": round(left, 3)} for name, left in call.timers().items()],
        **{name: dict(getattr(state, name)) for name in ("vars", "slots", "queue", "result")},
        "tags": list(state.tags),
        "ended": state.ended,
    }


def _when(given: Any, flow: Flow, now: float) -> float:
    """Seconds since the epoch: a number, or local time of the flow. Raises BadRequest."""
    if given is None or given == "":
        return now
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < 1e11:
        return float(given)
    try:
        found = datetime.fromisoformat(str(given)[:40])
        seconds = (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(flow.time_zone))).timestamp()
        datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadRequest("`at` is written 2026-01-31T14:00") from None
    if seconds < 0:
        raise BadRequest("`at` lies before 1970")
    return seconds


def _call(body: Mapping[str, Any]) -> dict[str, Any]:
    caller = object_in(body, "caller") or {}
    known = {name: text_in(caller, name, "", 200) for name in ("number", "name", "channel")}
    known["channel"] = known["channel"] or "sip"
    language, called = text_in(body, "language", "", 20), text_in(body, "called", "", 200)
    return {"language": language, "called": called, "caller": {**known, "authenticated": bool(caller.get("authenticated"))}}


def _world(body: Mapping[str, Any]) -> World:
    lookups = object_in(body, "lookups") or {}
    if len(lookups) > MOST_MOCKS:
        raise BadRequest(f"at most {MOST_MOCKS} lookups")
    heard = body.get("asr")
    if heard is not None and not (isinstance(heard, list) and all(isinstance(one, str) for one in heard)):
        raise BadRequest("`asr` is a list of languages")
    return World(
        lookups={str(name): _replies(str(name), answer) for name, answer in lookups.items()},
        profile=plain(object_in(body, "profile") or {}),
        profile_delay=number_in(body, "profile_delay", 0, 3600, 0.0) or 0.0,
        asr=None if heard is None else tuple(heard[:20]),
    )


def _replies(name: str, given: Any) -> tuple[Reply, ...]:
    """One answer or a list of them. Raises BadRequest."""
    answers = given if isinstance(given, list) else [given]
    found = []
    for one in answers[:50]:
        outcome = one.get("outcome", "found") if isinstance(one, Mapping) else None
        if outcome not in OUTCOMES:
            raise BadRequest(f"`{name[:80]}` answers with an `outcome` of {', '.join(OUTCOMES)}")
        found.append(Reply(outcome, plain(object_in(one, "result") or {}), number_in(one, "delay", 0, 3600, 0.0) or 0.0))
    return tuple(found)
