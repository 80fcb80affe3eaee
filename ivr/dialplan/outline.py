"""What stands where in a flow's text, for an editor: also of a text with mistakes, as long as it is YAML. Pure."""

from __future__ import annotations

from typing import Any

from ivr.dialplan.positions import Mapping, Node, Scalar, Sequence, read
from ivr.dialplan.problems import Findings
from ivr.dialplan.registry import waiting

INSTANT = "pass"


def outline(text: str) -> dict[str, Any] | None:
    """`{flow, languages, entry, states, intents, defaults, vars}` with lines; None where the text is not YAML. Never raises."""
    root = read(text, Findings(""))
    if not isinstance(root, Mapping):
        return None
    lines = text.splitlines()
    tops = [key.place.line for _, key, _ in root.items()]
    parts = {name: (node, _end(key.place.line, tops, len(lines) + 1)) for name, key, node in root.items()}
    states = _named(parts, "states", lines)
    for state, (_, node) in zip(states, _entries(parts, "states"), strict=True):
        state["kind"] = _kind(node)
    first = states[0]["name"] if states else ""
    return {
        "flow": _word(parts, "flow"),
        "languages": _words(parts, "languages"),
        "entry": _word(parts, "entry") or first,
        "states": states,
        "intents": _named(parts, "intents", lines),
        "defaults": _named(parts, "defaults", lines),
        "vars": [one["name"] for one in _named(parts, "vars", lines)],
    }


Parts = dict[str, tuple[Node, int]]


def _end(line: int, others: list[int], last: int) -> int:
    """The line of the next key, as an end that is not included."""
    return min((other for other in others if other > line), default=last)


def _entries(parts: Parts, name: str) -> list[tuple[Scalar, Node]]:
    node = parts[name][0] if name in parts else None
    return list(node.entries.values()) if isinstance(node, Mapping) else []


def _named(parts: Parts, name: str, lines: list[str]) -> list[dict[str, Any]]:
    entries = _entries(parts, name)
    starts = sorted(key.place.line for key, _ in entries)
    found = []
    for key, _ in entries:
        end = _end(key.place.line, starts, parts[name][1]) - 1
        while end > key.place.line and lines[end - 1].strip()[:1] in ("", "#"):
            end -= 1
        end = max(end, key.place.line)
        found.append({"name": key.text, "line": key.place.line, "column": key.place.column, "end_line": end})
    return found


def _kind(node: Node) -> str:
    """The step that a state waits in, else how it is left."""
    if not isinstance(node, Mapping):
        return INSTANT
    known = (*waiting(), "hangup")
    return next((name for name in node.entries if name in known), INSTANT)


def _word(parts: Parts, name: str) -> str:
    node = parts[name][0] if name in parts else None
    return node.text if isinstance(node, Scalar) else ""


def _words(parts: Parts, name: str) -> list[str]:
    node = parts[name][0] if name in parts else None
    if isinstance(node, Scalar):
        return [node.text]
    return [one.text for one in node.items if isinstance(one, Scalar)] if isinstance(node, Sequence) else []
