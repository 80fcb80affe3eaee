"""The tests beside the flows, for the admin pages: read, written, and run on a text that nobody published."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ivr.dialplan.cases import Given
from ivr.dialplan.cases_build import build_cases
from ivr.dialplan.cases_report import Result
from ivr.dialplan.cases_run import Rehearsal, run_case
from ivr.dialplan.coverage import Coverage
from ivr.dialplan.machine import Machine
from ivr.dialplan.mocks import Wording
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings, Problem
from ivr.errors import Conflict, Stale
from ivr.rehearsing import understand

SUFFIX = ".test.yaml"
MOST_CASES = 2000
SECONDS = 20.0
"""A run is cut off after this long; what is left has failed."""

Examine = Callable[[str, str], tuple[Flow | None, list[Problem]]]
Machines = Callable[[Flow, Mapping[str, bool], Mapping[str, Any]], Machine]
"""(flow, flags, values) to its machine in this server's environment."""


class RehearsalDesk:
    """The `CaseDesk` of the admin API. Every method blocks."""

    def __init__(
        self,
        folders: Sequence[Path],
        file_of: Callable[[str], str],
        examine: Examine,
        machine: Machines,
        wording: Callable[[], Wording],
    ) -> None:
        """`file_of` tells where the flow of a name is written, "" where nowhere; `folders` are those of the dialplans."""
        self._folders, self._file_of = folders, file_of
        self._examine, self._machine, self._wording = examine, machine, wording

    def read(self, flow: str) -> dict[str, Any] | None:
        path = self._path(flow)
        if path is None or not path.is_file():
            return None
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Conflict(f"{path}: {error}") from None
        return {"file": str(path), "text": text, "stamp": _stamp(text)}

    def write(self, flow: str, text: str, stamp: str) -> dict[str, Any]:
        path = self._path(flow)
        if path is None:
            raise Conflict("tests stand beside the flow's file, and it has none: publish it first")
        now = self.read(flow)
        if stamp != (now["stamp"] if now is not None else ""):
            theirs = now["text"] if now is not None else ""
            raise Stale(
                f"the tests of {flow} were changed meanwhile", yours=text, theirs=theirs, base=None, stamp=_stamp(theirs)
            )
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_text(text, "utf-8")
            part.replace(path)
        except OSError as error:
            raise Conflict(f"{path}: {error.strerror}; the server may not write there") from None
        findings = Findings(str(path))
        build_cases(text, findings)
        return {"stamp": _stamp(text), "problems": [one.to_dict() for one in findings.problems]}

    def _path(self, flow: str) -> Path | None:
        file = self._file_of(flow)
        if file:
            path = Path(file)
            return path.with_name(path.stem + SUFFIX)
        folder = next((one for one in self._folders if one.is_dir()), None)
        return folder / f"{flow}{SUFFIX}" if folder is not None else None

    def run(self, flow: str, text: str, test: str) -> dict[str, Any]:
        """Every case of `test` on the flow in `text`: as docs/admin-api.md says."""
        began = time.perf_counter()
        findings = Findings(f"{flow}{SUFFIX}")
        cases = build_cases(test, findings) if test.strip() else None
        made, problems = self._examine(text, flow)
        told = [one.to_dict() for one in (*problems, *findings.problems)]
        if made is None or cases is None:
            return {"passed": 0, "failed": 0, "seconds": 0.0, "problems": told, "cases": [], "coverage": None}
        coverage, results = Coverage(made), list[Result]()
        rehearsal = self._rehearsal(made)
        for case in cases.cases[:MOST_CASES]:
            start = time.perf_counter()
            if start - began > SECONDS:
                break
            verdict = run_case(case, rehearsal)
            results.append(Result(cases.file, made.name, verdict, time.perf_counter() - start))
            coverage.add(verdict.entered, verdict.edges)
        passed = sum(one.verdict.ok for one in results)
        return {
            "passed": passed,
            "failed": len(results) - passed,
            "left_out": len(cases.cases) - len(results),
            "seconds": round(time.perf_counter() - began, 3),
            "problems": told,
            "cases": [one.to_dict() for one in results],
            "coverage": coverage.to_dict(),
        }

    def _rehearsal(self, flow: Flow) -> Rehearsal:
        kept: dict[str, Machine] = {}

        def machine(given: Given) -> Machine:
            key = repr((sorted(given.flags.items()), sorted(given.values.items(), key=lambda one: one[0])))
            if key not in kept:
                kept[key] = self._machine(flow, given.flags, given.values)
            return kept[key]

        return Rehearsal(understand, machine, None, self._wording())


def _stamp(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
