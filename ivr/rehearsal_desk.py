"""The tests beside the flows, for the admin pages: read, written, and run on a text that nobody published."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ivr.dialplan.cases import Given
from ivr.dialplan.cases_build import build_cases
from ivr.dialplan.cases_report import Result
from ivr.dialplan.cases_run import Rehearsal, run_case
from ivr.dialplan.coverage import Coverage
from ivr.dialplan.environment import NOTHING, Environment
from ivr.dialplan.flags import Flag
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.problems import Findings
from ivr.errors import Conflict, Stale
from ivr.rehearsing import understand
from ivr.web.admin_work import examined, problem_data
from ivr.wording import RecordedWording

SUFFIX = ".test.yaml"
MOST_CASES = 2000
SECONDS = 20.0
"""A run is cut off after this long; what is left has failed."""


class RehearsalDesk:
    """The `CaseDesk` of the admin API. Every method blocks."""

    def __init__(
        self,
        folders: Sequence[Path],
        prompts: Sequence[Path],
        file_of: Callable[[str], str],
        around: Callable[[], Surroundings],
        files: Callable[[], Mapping[str, str]],
        bench: Callable[..., Any],
    ) -> None:
        """`file_of` tells where the flow of a name is written, "" where nowhere; `folders` are those of the dialplans.

        `around` and `files` are what exists beside a flow now; `bench` runs a function where it holds no call.
        """
        self._folders, self._prompts, self._file_of = folders, prompts, file_of
        self._around, self._files, self._bench = around, files, bench
        self._lock = threading.Lock()

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
        with self._lock:  # of two who save at once the second is told
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
        return {"stamp": _stamp(text), "problems": [problem_data(one) for one in findings.problems]}

    def _path(self, flow: str) -> Path | None:
        file = self._file_of(flow)
        if file:
            path = Path(file)
            return path.with_name(path.stem + SUFFIX)
        folder = next((one for one in self._folders if one.is_dir()), None)
        return folder / f"{flow}{SUFFIX}" if folder is not None else None

    def run(self, flow: str, text: str, test: str) -> dict[str, Any]:
        """Every case of `test` on the flow in `text`: as docs/admin-api.md says."""
        folders = [str(folder) for folder in self._prompts]
        found: dict[str, Any] = self._bench(rehearse, flow, text, test, self._around(), dict(self._files()), folders)
        return found


def rehearse(
    name: str, text: str, test: str, around: Surroundings, files: Mapping[str, str], prompts: Sequence[str]
) -> dict[str, Any]:
    """Run the cases in `test` on the flow in `text`; plain data in and out, for another process."""
    began = time.perf_counter()
    findings = Findings(f"{name}{SUFFIX}")
    cases = build_cases(test, findings) if test.strip() else None
    flow, problems = examined(text, name, around, files)
    told = [problem_data(one) for one in (*problems, *findings.problems)]
    if flow is None or cases is None:
        return {"passed": 0, "failed": 0, "seconds": 0.0, "problems": told, "cases": [], "coverage": None}
    coverage, results = Coverage(flow), list[Result]()
    rehearsal = Rehearsal(understand, _machines(flow, around.environment or NOTHING), None, wording_of(prompts))
    for case in cases.cases[:MOST_CASES]:
        start = time.perf_counter()
        if start - began > SECONDS:
            break
        verdict = run_case(case, rehearsal)
        results.append(Result(cases.file, flow.name, verdict, time.perf_counter() - start))
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


def _machines(flow: Flow, environment: Environment) -> Callable[[Given], Machine]:
    kept: dict[str, Machine] = {}

    def machine(given: Given) -> Machine:
        key = repr((sorted(given.flags.items()), sorted(given.values.items(), key=lambda one: one[0])))
        if key not in kept:
            kept[key] = machine_of(flow, environment, given.flags, given.values)
        return kept[key]

    return machine


def machine_of(flow: Flow, environment: Environment, flags: Mapping[str, bool], values: Mapping[str, Any]) -> Machine:
    """The machine of a flow where some flags and values of the environment are others."""
    set_flags = {name: Flag(name, on) for name, on in flags.items()}
    changed = replace(environment, flags={**environment.flags, **set_flags}, values={**environment.values, **values})
    return Machine(flow, changed)


def wording_of(folders: Sequence[str]) -> RecordedWording:
    """What the recordings of prompt folders say, read once for each version of them. Raises ConfigError."""
    files = (Path(folder) / name for folder in folders for name in ("texts.yaml", "catalog.yaml"))
    return _wording(tuple(folders), tuple(file.stat().st_mtime_ns for file in files if file.is_file()))


@lru_cache(maxsize=2)
def _wording(folders: tuple[str, ...], changed: tuple[int, ...]) -> RecordedWording:
    return RecordedWording.load([Path(folder) for folder in folders])


def _stamp(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
