"""Test cases from their YAML; every mistake is reported with its place and a cure, as in flows. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ivr.dialplan.cases import Act, Case, CaseFile, Expected, Given
from ivr.dialplan.fields import Fields, duration, integer, word, words
from ivr.dialplan.mocks import Line, Reply
from ivr.dialplan.model import KEYS
from ivr.dialplan.moods import voice_given
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, kind, read
from ivr.dialplan.problems import Findings, Place

TEXT, WORDS, KEYED, DURATION, DATA, FIELDS, NUMBER, BARE = (
    "text",
    "words",
    "keys",
    "duration",
    "data",
    "fields",
    "number",
    "bare",
)

ACTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # what may stand after the colon, and what may stand beside it
    "hears": ((WORDS,), ("within",)),
    "hears_not": ((WORDS,), ("within",)),
    "says": ((TEXT,), ("confidence", "mood", "voice")),
    "speaks_over": ((TEXT,), ("confidence", "mood", "voice")),
    "agent_says": ((TEXT,), ()),
    "mumbles": ((BARE,), ()),
    "presses": ((KEYED,), ()),
    "presses_over": ((KEYED,), ()),
    "waits": ((DURATION,), ()),
    "stays_silent": ((BARE,), ()),
    "hangs_up": ((BARE,), ()),
    "in": ((TEXT,), ("within",)),
    "queued": ((BARE, TEXT, FIELDS), ("within",)),
    "position": ((NUMBER,), ()),
    "rings": ((BARE,), ()),
    "served": ((BARE,), ()),
    "outcome": ((TEXT,), ("result",)),
    "bridged": ((BARE, TEXT, FIELDS), ("within",)),
    "transferred": ((BARE, TEXT, FIELDS), ("within",)),
    "parked": ((BARE, TEXT, FIELDS), ("within",)),
    "asked": ((TEXT,), ("with", "within")),
    "voicemail": ((BARE, TEXT, FIELDS), ("within",)),
    "ticket": ((BARE, FIELDS), ("within",)),
    "callback": ((BARE, FIELDS), ("within",)),
    "survey": ((BARE, TEXT, FIELDS), ("within",)),
    "notified": ((BARE, TEXT, FIELDS), ("within",)),
    "recording": ((TEXT,), ("within",)),
    "does": ((FIELDS,), ("within",)),
    "loses_speech": ((BARE,), ()),
    "fails": ((BARE, TEXT), ()),
    "breaks": ((BARE, TEXT), ()),
}
"""Every line that `call` may have."""

THEN = (
    *("visited", "not_visited", "slots", "vars", "tags", "ended", "language", "intent", "mood", "mood_trend", "handover"),
    *("tickets", "callbacks", "surveys", "notices", "queues", "not_heard", "triggers", "tasks"),
)
GIVEN = (
    "profile",
    "at",
    "language",
    "from",
    "name",
    "called",
    "channel",
    "authenticated",
    "flags",
    "values",
    "lookups",
    "queues",
    "speech",
)
PROFILES = ("slow", "down", "unknown")
ENDS_OF_QUEUES = ("served", "no_agents", "timeout", "closed", "full", "error")
OUTCOMES = ("found", "not_found", "timeout", "error", "down", "done")
ENDS = ("hangup", "flow", "rejected", "busy", "error", "running")
_REPLY = {"after", "outcome", "found"}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?\Z")


def build_cases(text: str, findings: Findings) -> CaseFile | None:
    """The cases that `text` describes; None where it has errors, all of them in `findings`. Never raises."""
    root = read(text, findings)
    if root is None:
        return None
    fields = Fields(root, findings, "a file of tests", ("flow", "given", "cases"))
    flow = fields.need("flow", "name the flow that is tested: `flow: name`")
    shared = _given(fields.get("given"), Given(), findings)
    node = fields.need("cases", "add `cases:` with a list of conversations")
    cases = tuple(_case(item, shared, findings) for item in _items(node, findings, "`cases`"))
    _names(cases, findings)
    name = "" if flow is None else word(flow, findings, "`flow`")
    return None if findings.failed else CaseFile(findings.file, name, fields.place if flow is None else flow.place, cases)


def _names(cases: tuple[Case, ...], findings: Findings) -> None:
    seen: dict[str, Place] = {}
    for case in cases:
        if case.name in seen:
            findings.error(
                case.place, "duplicate-case", f"there is already `{case.name}` in line {seen[case.name].line}", "rename one"
            )
        seen.setdefault(case.name, case.place)


def _case(node: Node, shared: Given, findings: Findings) -> Case:
    fields = Fields(node, findings, "a case", ("name", "given", "call", "then"))
    name = fields.need("name", "say in a few words what holds: `name: …`")
    call = fields.need("call", "add `call:` with what is said and heard, line by line")
    then = fields.get("then")
    return Case(
        "" if name is None else word(name, findings, "`name`"),
        node.place,
        _given(fields.get("given"), shared, findings),
        tuple(act for item in _items(call, findings, "`call`") if (act := _act(item, findings)) is not None),
        () if then is None else tuple(_then(then, findings)),
    )


def _items(node: Node | None, findings: Findings, what: str) -> list[Node]:
    if node is None or isinstance(node, Sequence):
        return [] if node is None else node.items
    findings.error(node.place, "wrong-type", f"{what} must be a list, this is {kind(node)}", "begin each line with `- `")
    return []


# --- lines of `call`


def _act(node: Node, findings: Findings) -> Act | None:
    if isinstance(node, Scalar):
        return _bare(node, findings)
    if not isinstance(node, Mapping):
        findings.error(node.place, "wrong-type", f"a line of `call` is one thing, this is {kind(node)}", "write `says: …`")
        return None
    names = {_name(key.text): (key, value) for _, key, value in node.items()}
    found = [name for name in names if name in ACTS]
    if not found:
        key = next(iter(names.values()))[0] if names else Scalar("", "", node.place)
        findings.unknown(key.place, "line of a call", key.text, (name.replace("_", " ") for name in ACTS))
        return None
    if len(found) > 1:
        second = names[found[1]][0]
        findings.error(second.place, "too-many", f"`{found[0]}` and `{second.text}` in one line", "begin a new line with `- `")
    allowed, beside = ACTS[found[0]]
    key, value = names[found[0]]
    for name, (other, _) in names.items():
        if name not in (*found, *beside):
            findings.unknown(other.place, f"key beside {key.text}", other.text, beside)
    more = {name: _more(name, inner, findings) for name, (_, inner) in names.items() if name in beside}
    return Act(found[0], _value(found[0], value, allowed, findings), node.place, more)


def _bare(node: Scalar, findings: Findings) -> Act | None:
    name = _name(node.text)
    if name not in ACTS:
        findings.unknown(node.place, "line of a call", node.text, (name.replace("_", " ") for name in ACTS))
        return None
    if BARE not in ACTS[name][0]:
        findings.error(node.place, "missing-key", f"`{node.text}` needs a value", f"write `{node.text}: …`")
        return None
    return Act(name, None, node.place)


def _name(text: str) -> str:
    return text.strip().replace(" ", "_")


def _more(name: str, node: Node, findings: Findings) -> Any:
    match name:
        case "within":
            return duration(node, findings, "`within`", 60.0)
        case "confidence":
            return _fraction(node, findings)
        case "with" | "result":
            return _fields(node, findings, name)
        case "voice":
            return voice_given(node, findings)
        case _:
            return word(node, findings, f"`{name}`")


def _fraction(node: Node, findings: Findings) -> float:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    findings.error(node.place, "out-of-range", "`confidence` is a number from 0 to 1", "0.6")
    return 1.0


def _value(name: str, node: Node, allowed: tuple[str, ...], findings: Findings) -> Any:
    if isinstance(node, Scalar) and node.value is None and BARE in allowed:
        return None
    if isinstance(node, Mapping) and FIELDS in allowed:
        return data(node)
    what = f"`{name.replace('_', ' ')}`"
    match next((one for one in allowed if one not in (BARE, FIELDS)), FIELDS):
        case "words":
            return tuple(text for text, _ in words(node, findings, what))
        case "keys":
            return _keys(node, findings, what)
        case "duration":
            return duration(node, findings, what, 1.0)
        case "number":
            return integer(node, findings, what, 1, 1, 9999)
        case "text":
            return word(node, findings, what)
        case _:
            return _fields(node, findings, name)


def _keys(node: Node, findings: Findings, what: str) -> str:
    text = word(node, findings, what)
    wrong = next((one for one in text if one not in KEYS), "")
    if wrong or not text:
        findings.error(
            node.place, "wrong-type", f"{what}: `{wrong or text}` is no key of a telephone", '0 to 9, * and #: "12#"'
        )
        return ""
    return text


def _fields(node: Node, findings: Findings, name: str) -> dict[str, Any]:
    if isinstance(node, Mapping):
        found: dict[str, Any] = data(node)
        return found
    findings.error(node.place, "wrong-type", f"`{name}` must be a mapping, this is {kind(node)}", "write { key: value }")
    return {}


def data(node: Node) -> Any:
    """A tree as plain data."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [data(item) for item in node.items]
        case Mapping():
            return {name: data(value) for name, _, value in node.items()}


# --- what holds before


def _given(node: Node | None, shared: Given, findings: Findings) -> Given:
    """What a case says over what its file says."""
    if node is None:
        return shared
    fields = Fields(node, findings, "given", GIVEN)
    found = dict(_given_parts(fields, shared, findings))
    return replace(shared, **found)


def _given_parts(fields: Fields, shared: Given, findings: Findings) -> Iterator[tuple[str, Any]]:
    profile, at, speech = fields.get("profile"), fields.get("at"), fields.get("speech")
    if profile is not None:
        yield "profile", _profile(profile, findings)
    if at is not None:
        yield "at", _moment(at, findings)
    if speech is not None:
        yield "speech", _speech(speech, findings)
    call = dict(shared.call)
    caller = dict(call.get("caller") or {})
    for name, inner in (("language", "language"), ("called", "called")):
        if fields.get(name) is not None:
            call[inner] = fields.text(name)
    for name, inner in (("from", "number"), ("name", "name"), ("channel", "channel")):
        if fields.get(name) is not None:
            caller[inner] = fields.text(name)
    if fields.get("authenticated") is not None:
        caller["authenticated"] = fields.flag("authenticated", False)
    yield "call", {**call, "caller": caller}
    for name in ("flags", "values"):
        inner_node = fields.get(name)
        if inner_node is not None:
            yield name, {**getattr(shared, name), **_fields(inner_node, findings, name)}
    yield "lookups", {**shared.lookups, **_lookups(fields.get("lookups"), findings)}
    yield "queues", {**shared.queues, **_queues(fields.get("queues"), findings)}


def _profile(node: Node, findings: Findings) -> Any:
    if isinstance(node, Mapping):
        return data(node)
    text = word(node, findings, "`profile`")
    if text not in PROFILES:
        findings.unknown(node.place, "kind of profile", text, (*PROFILES, "{ key: value }"))
    return text


def _moment(node: Node, findings: Findings) -> str:
    text = word(node, findings, "`at`")
    if not _MOMENT.match(text):
        findings.error(
            node.place, "wrong-type", f"`at` is no time: `{text}`", 'year, month, day, hour, minute: "2026-01-05 10:00"'
        )
        return ""
    return text.replace("T", " ")


def _speech(node: Node, findings: Findings) -> tuple[str, ...] | None:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return None if node.value else ()
    return tuple(text for text, _ in words(node, findings, "a language"))


def _lookups(node: Node | None, findings: Findings) -> dict[str, tuple[Reply, ...]]:
    return {} if node is None else replies_of(node, findings)


def replies_of(node: Node, findings: Findings) -> dict[str, tuple[Reply, ...]]:
    """Sources and their answers, as under `lookups`."""
    if not isinstance(node, Mapping):
        _fields(node, findings, "lookups")
        return {}
    return {name: _replies(value, findings) for name, _, value in node.items()}


def _replies(node: Node, findings: Findings) -> tuple[Reply, ...]:
    """One answer, or a list of answers that come one after another."""
    if isinstance(node, Sequence):
        return tuple(_reply(item, findings) for item in node.items)
    return (_reply(node, findings),)


def _reply(node: Node, findings: Findings) -> Reply:
    if isinstance(node, Mapping) and node.entries and set(node.entries) <= _REPLY:
        fields = Fields(node, findings, "an answer", tuple(_REPLY))
        found = fields.get("found")
        outcome = fields.text("outcome", "found")
        _known(fields.get("outcome"), outcome, findings)
        return Reply(outcome, {} if found is None else _fields(found, findings, "found"), fields.duration("after", 0.0))
    if isinstance(node, Mapping):
        return Reply("found", data(node))
    outcome = word(node, findings, "an answer")
    _known(node, outcome, findings)
    return Reply(outcome)


def _known(node: Node | None, outcome: str, findings: Findings, known: tuple[str, ...] = OUTCOMES) -> None:
    if node is not None and outcome not in known:
        findings.unknown(node.place, "outcome", outcome, known)


def _queues(node: Node | None, findings: Findings) -> dict[str, Line]:
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        _fields(node, findings, "queues")
        return {}
    return {name: _line(value, findings) for name, _, value in node.items()}


def _line(node: Node, findings: Findings) -> Line:
    """`closed`, or `{ position: 3, size: 8, after: 40s, outcome: served, estimated_wait: 1m }`."""
    if isinstance(node, Scalar):
        _known(node, node.text, findings, ENDS_OF_QUEUES)
        return Line(1, 0.0, word(node, findings, "a queue"))
    fields = Fields(node, findings, "a queue", ("position", "size", "after", "outcome", "estimated_wait", "agents"))
    outcome = fields.text("outcome")
    _known(fields.get("outcome"), outcome, findings, ENDS_OF_QUEUES)
    after = fields.duration("after", 0.0) if fields.get("after") is not None or outcome else None
    estimate = fields.duration("estimated_wait", 0.0) if fields.get("estimated_wait") is not None else None
    position, size = fields.whole("position", 1, 1, 9999), fields.whole("size", 0, 1, 99999)
    if 0 < size < position:
        findings.error(fields.place, "out-of-range", f"place {position} in a queue of {size}", f"size: {position}, or more")
    return Line(position, after, outcome or "served", estimate, _staffed(fields, findings), size)


def _staffed(fields: Fields, findings: Findings) -> bool:
    said, node = fields.text("agents", "some"), fields.get("agents")
    _known(node, said, findings, ("none", "some"))
    return said != "none"


# --- what must hold at the end


def _then(node: Node, findings: Findings) -> Iterator[Expected]:
    fields = Fields(node, findings, "then", THEN)
    for name, key, inner in fields.node.items():
        value = data(inner)
        if name == "ended" and value not in ENDS:
            findings.unknown(inner.place, "way to end", str(value), ENDS)
        if name in ("visited", "not_visited", "tags", "not_heard", "triggers", "tasks") and not isinstance(value, list):
            value = [value]
        if name in ("slots", "vars", "handover"):
            value = _fields(inner, findings, name)
        if name in THEN:
            yield Expected(name, value, key.place)
