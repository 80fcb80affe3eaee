"""The environment from its file, and what live flows would miss in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from ivr.dialplan.environment import Environment, build_environment
from ivr.dialplan.lint import Surroundings, lint
from ivr.dialplan.loader import read_text
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings, Problem
from ivr.errors import DialplanError

log = logging.getLogger(__name__)


def read_environment(path: Path, today: date | None = None) -> tuple[Environment | None, list[Problem]]:
    """The environment in a file, None where it has an error, with every problem found."""
    text, problems = read_text(path)
    if problems:
        return None, problems
    findings = Findings(str(path))
    return build_environment(text, findings, today), findings.problems


def load_environment(path: Path, today: date | None = None) -> Environment:
    """The environment in a file; what is only doubtful is logged. Raises DialplanError with every problem where it is wrong."""
    found, problems = read_environment(path, today)
    if found is None:
        first = next((one for one in problems if one.severity == "error"), None)
        raise DialplanError(str(first).replace("\n    ", "; ") if first else f"{path}: no environment", tuple(problems))
    for problem in problems:
        log.warning("%s", problem)
    return found


def misfits(flows: Iterable[Flow], around: Surroundings) -> list[Problem]:
    """What flows that are right by themselves would miss in the environment of `around`."""
    found: list[Problem] = []
    for flow in flows:
        findings = Findings(flow.file)
        lint(flow, findings, around)
        found += [one for one in findings.problems if one.code == "unknown-field" and one.severity == "error"]
    return found
