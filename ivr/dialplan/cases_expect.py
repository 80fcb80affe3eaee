"""What a test case expects: commands, words and how the conversation ended. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ivr.dialplan import events as flow
from ivr.dialplan.cases import Expected, agrees, in_order
from ivr.dialplan.dialogue import bare
from ivr.dialplan.moments import Spoken, data_of
from ivr.dialplan.problems import nearest
from ivr.dialplan.simulator import Simulation

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


class Unmet(Exception):
    """Something was not as it should be: the message, and what may help."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure


def check(one: Simulation, expected: Expected) -> None:
    """Raises Unmet where the end of a conversation is not as `expected`."""
    wanted = expected.value
    match expected.name:
        case "visited":
            if not in_order(wanted, one.visited):
                raise Unmet(f"expected to visit {' → '.join(map(str, wanted))}", path(one))
        case "not_visited":
            seen = [name for name in wanted if name in one.visited]
            if seen:
                raise Unmet(f"expected not to visit `{seen[0]}`", path(one))
        case "not_heard":
            said = [text for text in wanted if any(says(each, str(text)) for each in one.said)]
            if said:
                raise Unmet(f"expected not to hear {quoted(str(said[0]))}")
        case "tags":
            missing = [tag for tag in wanted if tag not in one.state.tags]
            if missing or (not wanted and one.state.tags):
                raise Unmet(f"expected the tags {as_json(wanted)}, got {as_json(list(one.state.tags))}")
        case "ended":
            got = one.ended or "running"
            if got != wanted:
                raise Unmet(f"expected the call to end by `{wanted}`, it is `{got}`", waits(one) if not one.ended else "")
        case "triggers":
            names = [hit.name for hit in one.overheard.hits]
            if names != list(wanted):
                raise Unmet(f"expected the triggers {as_json(wanted)}, hit were {as_json(names)}")
        case "tasks":
            if not agrees(wanted, one.overheard.tasks):
                raise Unmet(f"expected tasks {as_json(wanted)}, got {as_json(one.overheard.tasks)}")
        case "tickets" | "callbacks" | "surveys" | "notices" | "queues":
            _check_all(one, expected.name, wanted)
        case _:
            got_value = _value(one, expected.name)
            if not agrees(wanted, got_value):
                raise Unmet(
                    f"expected {expected.name} {as_json(wanted)}, got {as_json(got_value)}", _unknown(wanted, got_value)
                )


def _value(one: Simulation, name: str) -> Any:
    state = one.state
    if name == "handover":
        return _handover(one)
    value = getattr(state, name)
    return dict(value) if isinstance(value, Mapping) else value


def _handover(one: Simulation) -> dict[str, Any]:
    """What the agent gets to know: what the flow hands over, and how the conversation went until then."""
    data = dict[str, Any]()
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


def _check_all(one: Simulation, name: str, wanted: Any) -> None:
    single = {"tickets": "ticket", "callbacks": "callback", "surveys": "survey", "notices": "notified", "queues": "queued"}[
        name
    ]
    kind, key = COMMANDS[single]
    got = [data_of(command) for command in one.commands if isinstance(command, kind)]
    got = [each[INSIDE[single]] if single in INSIDE else each for each in got]
    if isinstance(wanted, int):
        if len(got) != wanted:
            raise Unmet(f"expected {wanted} {name}, got {len(got)}")
        return
    texts = [each if isinstance(each, Mapping) else {key: each} for each in (wanted if isinstance(wanted, list) else [wanted])]
    if not agrees(texts, got):
        raise Unmet(f"expected {name} {as_json(wanted)}, got {as_json(got)}")


_TO_PEOPLE = ("Enqueue", "TransferTo", "BridgeTo")
TELLING = {kind.__name__ for kind, _ in COMMANDS.values()} | {"Hangup", "Lookup", "HttpRequest"}
"""Commands that tell what a conversation came to."""


def says(spoken: Spoken, text: str) -> bool:
    """Whether `text` is the name of a recording in it, or stands in its words; punctuation, spaces and case do not count."""
    if text in spoken.names:
        return True
    sought = bare(text)
    return bool(sought) and sought in bare(spoken.text)


def path(one: Simulation) -> str:
    return "the call went " + " → ".join(one.visited[-8:]) + (f" and ended: {one.ended}" if one.ended else "")


def waits(one: Simulation) -> str:
    outside = one.waiting_for()
    return f"it waits for the {outside}: end that with `served` or `outcome: …`" if outside else path(one)


def _unknown(wanted: Any, got: Any) -> str:
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        missing = next((name for name in wanted if name not in got), None)
        return "" if missing is None else nearest(str(missing), map(str, got))
    return ""


def shown(data: Mapping[str, Any]) -> str:
    return f" {as_json(data)}" if data else ""


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def quoted(text: str) -> str:
    return f"“{text}”"
