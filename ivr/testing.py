"""Plays the conversations of `*.test.yaml`: which did not go as written, and what no conversation tried."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ivr.dialplan.cases import CaseFile
from ivr.dialplan.cases_build import build_cases
from ivr.dialplan.cases_report import Result, failure, junit
from ivr.dialplan.cases_run import run_case
from ivr.dialplan.coverage import Coverage, percent_of, table
from ivr.dialplan.coverage_html import page
from ivr.dialplan.diagram import Look
from ivr.dialplan.diagram_svg import draw
from ivr.dialplan.positions import MAX_CHARACTERS
from ivr.dialplan.problems import Findings, Place, Problem, nearest, render
from ivr.errors import ConfigError, DialplanError
from ivr.rehearsing import House, Theatre

SUFFIX = ".test.yaml"


@dataclass(slots=True)
class Outcome:
    """What a run of tests came to."""

    results: list[Result] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    coverages: dict[str, Coverage] = field(default_factory=dict)

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if not result.verdict.ok]


def run(args: argparse.Namespace) -> int:
    """`ivr test`: 1 where a case fails, a file is wrong, or the coverage is below what is asked for."""
    logging.getLogger("ivr.dialplan.machine").setLevel(logging.CRITICAL)
    house = House.of(args.config)
    paths = args.paths or list(house.flows)
    if args.explore:
        from ivr import exploring

        return exploring.run(paths, house, args.explore, args.seed, args.format)
    began = time.perf_counter()
    outcome = run_files(paths, house, args.name, args.strict, args.repeat)
    seconds = time.perf_counter() - began
    if args.name and not outcome.results and not outcome.problems:
        raise DialplanError(f"-k: no case has {args.name!r} in its name")
    if args.coverage is not None:
        data = {name: one.to_dict() for name, one in outcome.coverages.items()}
        args.coverage.write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf-8")
    if args.html is not None:
        _write_page(args.html, outcome, house)
    sys.stdout.write(_shown(outcome, args.format, seconds, chosen=bool(args.name)))
    errors = any(problem.severity == "error" for problem in outcome.problems)
    below = not args.name and percent_of(outcome.coverages.values()) < args.fail_under
    if below and args.format == "text":
        print(f"below {args.fail_under:g} %")
    return 1 if outcome.failed or errors or below else 0


def run_files(paths: Sequence[Path], house: House, name: str = "", strict: bool = False, times: int = 1) -> Outcome:
    """Play every case of the test files that `paths` name or hold, so many times. Raises DialplanError where there are none."""
    files = test_files(paths)
    if not files:
        where = ", ".join(str(path) for path in paths)
        raise DialplanError(f"{where}: no tests there (*{SUFFIX}); they stand beside the flow: telecom.yaml, telecom{SUFFIX}")
    outcome = Outcome()
    theatres: dict[Path, Theatre] = {}
    for file in files:
        if file.parent not in theatres:
            flows = [] if house.settings is None else [path for path in house.flows if path.resolve() != file.parent.resolve()]
            theatres[file.parent] = Theatre.load([file.parent, *flows], house)
            outcome.problems += [one for one in theatres[file.parent].problems if one.severity == "error"]
        _run_file(file, theatres[file.parent], outcome, name, strict, times)
    return outcome


def _run_file(file: Path, theatre: Theatre, outcome: Outcome, name: str, strict: bool, times: int) -> None:
    cases, problems = read_cases(file)
    if cases is not None and cases.flow not in theatre.flows:
        cure = nearest(cases.flow, theatre.flows)
        place = cases.place
        problems = [
            *problems,
            Problem(str(file), place.line, place.column, "error", "unknown-flow", f"there is no flow `{cases.flow}`", cure),
        ]
        cases = None
    outcome.problems += problems
    if cases is None:
        return
    flow = theatre.flow(cases.flow)
    for one in (flow, *(sub for sub in flow.subflows.values() if not _tests_of(Path(sub.file)).exists())):
        outcome.coverages.setdefault(one.name, Coverage(one, strict=strict))
    for result in (one for _ in range(times) for one in play(cases, theatre, name)):
        outcome.results.append(result)
        for coverage in outcome.coverages.values():
            coverage.add(result.verdict.entered, result.verdict.edges)


def play(cases: CaseFile, theatre: Theatre, name: str = "") -> Iterator[Result]:
    """One result after another."""
    rehearsal = theatre.rehearsal(cases.flow)
    for case in cases.cases:
        if name.casefold() in case.name.casefold():
            began = time.perf_counter()
            verdict = run_case(case, rehearsal)
            yield Result(cases.file, cases.flow, verdict, time.perf_counter() - began)


def read_cases(file: Path) -> tuple[CaseFile | None, list[Problem]]:
    """The cases of a file; None where it is wrong. Never raises."""
    findings = Findings(str(file))
    try:
        text = file.read_text("utf-8") if file.stat().st_size <= 4 * MAX_CHARACTERS else " " * (MAX_CHARACTERS + 1)
    except UnicodeDecodeError as error:
        findings.error(Place(), "yaml", f"not UTF-8 at byte {error.start}", "save the file as UTF-8")
        return None, findings.problems
    except OSError as error:
        findings.error(Place(), "unreadable", f"cannot be read: {error.strerror}", "check the name and the permissions")
        return None, findings.problems
    return build_cases(text, findings), findings.problems


def test_files(paths: Sequence[Path]) -> list[Path]:
    """Test files among `paths`, those in folders, and those beside flows. Raises ConfigError for a path that is not there."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: no such file or folder")
        if path.is_dir():
            found += sorted(path.glob(f"*{SUFFIX}"))
        elif path.name.endswith(SUFFIX):
            found.append(path)
        else:
            found += [_tests_of(path)] if _tests_of(path).exists() else []
    return list(dict.fromkeys(found))


def _tests_of(flow: Path) -> Path:
    """Where the tests of a flow stand: a sub-flow that has its own is not judged by those of its callers."""
    return flow.with_name(flow.stem + SUFFIX)


def _write_page(folder: Path, outcome: Outcome, house: House) -> None:
    """`index.html` with the diagrams. Raises ConfigError where it cannot be written."""
    from ivr.diagram_cli import texts_of

    texts = texts_of(list(house.prompts))

    def drawn(one: Coverage, language: str) -> str:
        try:
            return draw(one.flow, Look(language, texts=texts, coverage=one.to_dict())).svg
        except ValueError:
            return ""  # more states than a person can look at

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(page(list(outcome.coverages.values()), outcome.results, drawn), "utf-8")
    except OSError as error:
        raise ConfigError(f"--html: {folder}: {error.strerror}") from error


def _shown(outcome: Outcome, form: str, seconds: float, *, chosen: bool) -> str:
    """What is printed; of `chosen` cases without the coverage, which would name all that the others try."""
    if form == "junit":
        return junit(outcome.results)
    if form == "json":
        data = {
            "passed": len(outcome.results) - len(outcome.failed),
            "failed": len(outcome.failed),
            "seconds": round(seconds, 3),
            "problems": [problem.to_dict() for problem in outcome.problems],
            "cases": [result.to_dict() for result in outcome.results],
            "coverage": {name: one.to_dict() for name, one in outcome.coverages.items()},
        }
        return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
    paint = sys.stdout.isatty()
    parts = [render(outcome.problems)] if outcome.problems else []
    parts += [failure(result, paint=paint) + "\n" for result in outcome.failed]
    parts.append("" if chosen else table(outcome.coverages.values()))
    passed = len(outcome.results) - len(outcome.failed)
    parts.append(f"{passed} passed, {len(outcome.failed)} failed in {seconds:.2f} s")
    return "\n".join(part for part in parts if part) + "\n"
