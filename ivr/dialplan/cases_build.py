"""Test cases from their YAML; every mistake is reported with its place and a cure, as in flows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ivr.dialplan.cases import Act, Case, CaseFile, Expected, Given
from ivr.dialplan.cases_given import data, fields_of, given_of
from ivr.dialplan.fields import Fields, duration, integer, word, words
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
ENDS = ("hangup", "flow", "rejected", "busy", "error", "running")


def build_cases(text: str, findings: Findings) -> CaseFile | None:
    """The cases that `text` describes; None where it has errors, all of them in `findings`. Never raises."""
    root = read(text, findings)
    if root is None:
        return None
    fields = Fields(root, findings, "a file of tests", ("flow", "given", "cases"))
    flow = fields.need("flow", "name the flow that is tested: `flow: name`")
    shared = given_of(fields.get("given"), Given(), findings)
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
        given_of(fields.get("given"), shared, findings),
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
            return fields_of(node, findings, name)
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
            return fields_of(node, findings, name)


def _keys(node: Node, findings: Findings, what: str) -> str:
    text = word(node, findings, what)
    wrong = next((one for one in text if one not in KEYS), "")
    if wrong or not text:
        findings.error(
            node.place, "wrong-type", f"{what}: `{wrong or text}` is no key of a telephone", '0 to 9, * and #: "12#"'
        )
        return ""
    return text


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
            value = fields_of(inner, findings, name)
        if name in THEN:
            yield Expected(name, value, key.place)
