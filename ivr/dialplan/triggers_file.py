"""Triggers that all flows share, from the file that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ivr.dialplan import positions
from ivr.dialplan.build_triggers import check_triggers, triggers
from ivr.dialplan.loader import read_text
from ivr.dialplan.problems import Findings, Problem
from ivr.dialplan.triggers import Trigger
from ivr.errors import DialplanError

KEY = "triggers"


def read_triggers(path: Path) -> tuple[dict[str, Trigger], list[Problem]]:
    """The triggers of a file, `triggers: { name: ... }` as in a flow, in any language, and what is wrong with it."""
    text, problems = read_text(path)
    if problems:
        return {}, problems
    findings = Findings(str(path))
    root = positions.read(text, findings)
    if isinstance(root, positions.Mapping) and root.entries.keys() == {KEY}:
        found = triggers(root.entries[KEY][1], findings, None)
        check_triggers(found, findings, None)
        return found, findings.problems
    if root is not None:
        cure = "triggers: { hesitation: , price: { zh: [太贵], tag: price } }"
        findings.error(root.place, "wrong-type", f"the file has `{KEY}:` and nothing else", cure)
    return {}, findings.problems


def load_triggers(path: Path) -> Mapping[str, Trigger]:
    """The triggers of a file. Raises DialplanError with every problem where it has an error."""
    found, problems = read_triggers(path)
    first = next((one for one in problems if one.severity == "error"), None)
    if first is not None:
        raise DialplanError(str(first).replace("\n    ", "; "), tuple(problems))
    return found
