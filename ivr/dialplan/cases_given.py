"""What a test case gives before its call: the caller, the moment, profiles, lookups and queues. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ivr.dialplan.cases import Given
from ivr.dialplan.fields import Fields, word, words
from ivr.dialplan.mocks import Line, Reply
from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, kind
from ivr.dialplan.problems import Findings

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
_REPLY = {"after", "outcome", "found"}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?\Z")


def given_of(node: Node | None, shared: Given, findings: Findings) -> Given:
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
            yield name, {**getattr(shared, name), **fields_of(inner_node, findings, name)}
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
        fields_of(node, findings, "lookups")
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
        return Reply(outcome, {} if found is None else fields_of(found, findings, "found"), fields.duration("after", 0.0))
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
        fields_of(node, findings, "queues")
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


def fields_of(node: Node, findings: Findings, name: str) -> dict[str, Any]:
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
