"""`ivr test --explore N`: random callers through every flow, and a short script of each way that was found to go wrong."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.dialplan.cases import Given
from ivr.dialplan.coverage import Coverage
from ivr.dialplan.explore import Failure, as_case, explore, same, shrink
from ivr.dialplan.loader import flow_files
from ivr.dialplan.problems import render
from ivr.errors import DialplanError
from ivr.rehearsing import House, Theatre
from ivr.testing import SUFFIX, read_cases, test_files

MOST_FAILURES = 5
"""Different failures of one flow after which its search ends."""


@dataclass(slots=True)
class Explored:
    """What random callers found in one flow."""

    flow: str
    calls: int = 0
    seconds: float = 0.0
    failures: list[tuple[int, Failure]] = field(default_factory=list)
    """Number of the call, from 0, and its shortest form."""
    coverage: Coverage | None = None

    def to_dict(self, seed: int) -> dict[str, Any]:
        found = [
            {"kind": one.kind, "message": one.message, "call": number, "case": as_case(one, _name(one, seed, number))}
            for number, one in self.failures
        ]
        reached = {} if self.coverage is None else {"edges_percent": self.coverage.edges_percent}
        return {"flow": self.flow, "calls": self.calls, "seconds": round(self.seconds, 3), "failures": found, **reached}


def run(paths: Sequence[Path], house: House, calls: int, seed: int, form: str) -> int:
    """Explore every flow of `paths`; 1 where anything was found. Raises DialplanError where there is no flow to explore."""
    theatre = Theatre.load(list(dict.fromkeys(path.parent if path.name.endswith(SUFFIX) else path for path in paths)), house)
    errors = [problem for problem in theatre.problems if problem.severity == "error"]
    if errors:
        print(render(errors))
        return 1
    if not theatre.flows:
        raise DialplanError(f"{', '.join(map(str, paths))}: no flow there (*.yaml)")
    givens = _givens(paths)
    explored = [explore_flow(theatre, name, givens.get(name, []), calls, seed) for name in theatre.flows]
    if form == "json":
        print(json.dumps([one.to_dict(seed) for one in explored], ensure_ascii=False, indent=1))
    else:
        print("\n".join(line for one in explored for line in _told(one, seed)))
    return 1 if any(one.failures for one in explored) else 0


def explore_flow(theatre: Theatre, name: str, givens: Sequence[Given], calls: int, seed: int) -> Explored:
    """So many random callers, or fewer where much goes wrong. The same seed gives the same callers."""
    flow = theatre.flow(name)
    begins = list(givens) or [Given(call={"language": language}) for language in flow.languages]
    found = Explored(flow.name, coverage=Coverage(flow))
    rehearsal = theatre.rehearsal(name)
    began = time.perf_counter()
    for number in range(calls):
        dice = random.Random(f"{seed}:{name}:{number}")
        walk = explore(rehearsal, begins, dice.randrange)
        found.calls += 1
        if found.coverage is not None:
            found.coverage.add(walk.simulation.entered, walk.simulation.edges)
        if walk.failure is not None and not any(same(walk.failure, other) for _, other in found.failures):
            found.failures.append((number, shrink(walk.failure, rehearsal)))
            if len(found.failures) >= MOST_FAILURES:
                break
    found.seconds = time.perf_counter() - began
    return found


def _givens(paths: Sequence[Path]) -> dict[str, list[Given]]:
    """What the test cases of each flow begin with: callers that there may be."""
    files = test_files([*paths, *(path for path in flow_files(paths) if path.suffix == ".yaml")])
    found: dict[str, list[Given]] = {}
    for file in files:
        cases, _ = read_cases(file)
        if cases is not None:
            found.setdefault(cases.flow, []).extend(case.given for case in cases.cases)
    return found


def _told(one: Explored, seed: int) -> Iterator[str]:
    for number, failure in one.failures:
        yield f"FAIL {one.flow}: {failure.message} ({failure.kind}; call {number} of seed {seed})"
        yield as_case(failure, _name(failure, seed, number))
        yield ""
    reached = "" if one.coverage is None else f", {one.coverage.edges_percent:g} % of the edges"
    ended = "every call ended" if not one.failures else f"{len(one.failures)} ways to go wrong"
    yield f"{one.flow}: {one.calls} random callers in {one.seconds:.1f} s, {ended}{reached}"


def _name(failure: Failure, seed: int, number: int) -> str:
    return f"found by seed {seed}, call {number}: {failure.message}"
