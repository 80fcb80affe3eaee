"""`ivr bench mood`: how often the words of one turn tell the mood that somebody labelled it with."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.errors import ConfigError
from ivr.understanding.mood import ANGRY, CALM, TENSE, judge, mood

MOODS = (CALM, TENSE, ANGRY)
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Case:
    language: str
    text: str
    mood: str


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    found: str
    level: float
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=Path, required=True, metavar="FILE", help="JSON: a list of {language, text, mood}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    """Prints the figures. Raises ConfigError."""
    report = report_of(measure(cases_of(args.cases)))
    print(json.dumps(report, ensure_ascii=False, indent=1) if args.json else table(report))
    return 0


def cases_of(path: Path) -> list[Case]:
    """The cases of a file. Raises ConfigError naming the first that is wrong."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"--cases: {path}: {error}") from error
    if not isinstance(data, list) or not 0 < len(data) <= MOST:
        raise ConfigError(f"--cases: {path}: expected a list of 1 to {MOST} {{language, text, mood}}")
    for number, one in enumerate(data):
        if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("language", "text", "mood")):
            raise ConfigError(f"--cases: {path}: item {number} has no language, text and mood: {json.dumps(one)[:80]}")
        if one["mood"] not in MOODS:
            raise ConfigError(f"--cases: {path}: item {number}: mood '{one['mood']}' is not {', '.join(MOODS)}")
    return [Case(one["language"], one["text"], one["mood"]) for one in data]


def measure(cases: Sequence[Case]) -> list[Result]:
    """The mood of each case by its words alone; where nothing can be told (another language) it is calm."""
    judge("好", "zh")  # the weights are read once, before anything is timed
    return [_told(case) for case in cases]


def _told(case: Case) -> Result:
    judge.cache_clear()
    began = time.perf_counter()
    found = mood(case.text, case.language) or CALM
    seconds = time.perf_counter() - began
    return Result(case, found, judge(case.text, case.language).level, seconds)


def report_of(results: Sequence[Result]) -> dict[str, Any]:
    """Accuracy, macro F1, confusion by language, and every miss."""
    languages = sorted({one.case.language for one in results})
    times = sorted(one.seconds * 1000 for one in results)
    return {
        **_share(results),
        "languages": {language: _share([one for one in results if one.case.language == language]) for language in languages},
        "misses": [_miss(one) for one in results if one.found != one.case.mood],
        "ms": {"p50": round(times[len(times) // 2], 3), "p99": round(times[min(len(times) - 1, len(times) * 99 // 100)], 3)},
    }


def _share(results: Sequence[Result]) -> dict[str, Any]:
    pairs = Counter((one.case.mood, one.found) for one in results)
    moods = {name: _of_mood(name, pairs) for name in MOODS}
    known = [one["f1"] for one in moods.values() if one["cases"]]
    return {
        "cases": len(results),
        "accuracy": round(sum(pairs[name, name] for name in MOODS) / len(results), 4),
        "macro_f1": round(sum(known) / len(known), 4),
        "moods": moods,
        "confusion": {said: {found: pairs[said, found] for found in MOODS} for said in MOODS},
    }


def _of_mood(name: str, pairs: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    right = pairs[name, name]
    said = sum(pairs[name, one] for one in MOODS)
    found = sum(pairs[one, name] for one in MOODS)
    return {
        "cases": said,
        "recall": round(right / said, 4) if said else 0.0,
        "precision": round(right / found, 4) if found else 0.0,
        "f1": round(2 * right / (said + found), 4) if said + found else 0.0,
    }


def _miss(one: Result) -> dict[str, Any]:
    case = one.case
    return {"language": case.language, "text": case.text, "mood": case.mood, "found": one.found, "level": one.level}


def table(report: Mapping[str, Any]) -> str:
    """The report for a person."""
    lines = [f"{'':8}{'cases':>8}{'right':>9}{'macro F1':>10}"]
    for name, one in (("all", report), *report["languages"].items()):
        lines.append(f"{name:8}{one['cases']:>8}{one['accuracy']:>9.1%}{one['macro_f1']:>10.3f}")
    lines += ["", f"{'said':8}" + "".join(f"{'> ' + name:>9}" for name in MOODS) + f"{'recall':>9}{'precision':>11}"]
    for name in MOODS:
        row, figures = report["confusion"][name], report["moods"][name]
        counts = "".join(f"{row[found]:>9}" for found in MOODS)
        lines.append(f"{name:8}{counts}{figures['recall']:>9.1%}{figures['precision']:>11.1%}")
    lines += ["", *(f"{one['mood']} > {one['found']}: {one['text']}" for one in report["misses"])]
    return "\n".join([*lines, f"{report['ms']['p50']} ms a turn, p99 {report['ms']['p99']} ms"])
