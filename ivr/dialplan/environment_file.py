"""The environment from its file, read again whenever that changes: flags flip and hours move under a running service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ivr.dialplan.environment import Environment, build_environment
from ivr.dialplan.lint import lint
from ivr.dialplan.loader import FlowStore, read_text
from ivr.dialplan.problems import Findings, Problem, render
from ivr.dialplan.watch import watch
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


def misfits(store: FlowStore, environment: Environment) -> list[Problem]:
    """What the live flows would miss in an environment."""
    found: list[Problem] = []
    for flow in store.flows.values():
        findings = Findings(flow.file)
        lint(flow, findings, store.surroundings(environment))
        found.extend(
            problem for problem in findings.problems if problem.code == "unknown-field" and problem.severity == "error"
        )
    return found


async def follow(path: Path, store: FlowStore, today: Callable[[], date], *, stop: asyncio.Event | None = None) -> None:
    """Put every change of the file into use for new calls, until cancelled or `stop` is set. What is wrong changes nothing."""
    changed = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch([path], changed.set, stop=stop))
        adopting = group.create_task(_adopt(path, store, today, changed))
        await watching
        adopting.cancel()


async def _adopt(path: Path, store: FlowStore, today: Callable[[], date], changed: asyncio.Event) -> None:
    while True:
        await changed.wait()
        changed.clear()
        found, problems = await asyncio.to_thread(read_environment, path, today())
        if found is not None and found.version == store.environment.version:
            continue
        if found is not None:
            problems = [*problems, *await asyncio.to_thread(misfits, store, found)]
        if found is None or any(problem.severity == "error" for problem in problems):
            log.error("the environment stays as it was; its file has problems:\n%s", render(problems))
            continue
        store.use(found)
        log.info("the environment is now version %s", found.version)
