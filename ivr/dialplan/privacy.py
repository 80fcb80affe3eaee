"""The header `privacy` of a flow: which private numbers are taken out of what is kept of its calls, and how. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.dialplan import positions
from ivr.dialplan.fields import Fields, word
from ivr.dialplan.positions import Node, Scalar
from ivr.dialplan.problems import Findings
from ivr.dialplan.schema_parts import TEXT, Schema, either, map_of, record
from ivr.errors import ConfigError
from ivr.understanding.own_patterns import own_pattern
from ivr.understanding.redaction import DEFAULTS, is_mode

MOST_PATTERNS = 20


@dataclass(frozen=True, slots=True)
class Privacy:
    """What becomes of private numbers in transcripts, logs, records and recordings of the flow's calls.

    Each kind is `mask`, `last4` (the last one to eight characters stay) or `off`; `patterns` are regular expressions of your
    own, by name. What is not written is as the setting `privacy` says.
    """

    modes: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)


def privacy(node: Node, findings: Findings) -> Privacy:
    """What `node`, the value under `privacy`, says. Mistakes go to `findings`."""
    fields = Fields(node, findings, "`privacy`", (*DEFAULTS, "patterns"))
    modes: dict[str, str] = {}
    for kind in DEFAULTS:
        inner = fields.get(kind)
        if inner is None:
            continue
        mode = "off" if isinstance(inner, Scalar) and inner.value is False else word(inner, findings, f"`{kind}`")
        if is_mode(mode):
            modes[kind] = mode
        elif mode:
            findings.error(inner.place, "bad-mode", f"`{kind}` is `{mode}`", "mask, off, or last1 to last8")
    return Privacy(modes, _patterns(fields.get("patterns"), findings))


def _patterns(node: Node | None, findings: Findings) -> dict[str, str]:
    if node is None:
        return {}
    entries = node.entries if isinstance(node, positions.Mapping) else ()
    found: dict[str, str] = {}
    for name, key, inner in Fields(node, findings, "patterns", entries).node.items():
        text = word(inner, findings, f"`{name}`")
        if len(found) == MOST_PATTERNS:
            findings.error(key.place, "too-many", f"more than {MOST_PATTERNS} patterns", "leave some out")
            break
        try:
            if text:
                own_pattern(name, text)
                found[name] = text
        except ConfigError as error:
            cure = "such as: 'AB-\\d{6}', in single quotes"
            findings.error(inner.place, "bad-pattern", str(error), cure)
    return found


def schema() -> Schema:
    mode: Schema = {"type": "string", "pattern": "^(mask|off|last[1-8])$"}
    modes = {kind: either(mode, {"const": False}) for kind in DEFAULTS}
    return record({**modes, "patterns": map_of(TEXT)}, of=Privacy)
