"""`ivr bench slots`: how often a value is read as it was meant, on sentences that somebody labelled."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ivr.dialplan.slots import KINDS, SlotType, Value, read
from ivr.errors import ConfigError

MOST = 100_000
NOW = datetime.fromisoformat("2026-11-18T10:00")
"""A Wednesday: what days are counted from where `--now` says nothing else."""
TYPES = tuple(name for name in KINDS if name not in ("choice", "text"))


@dataclass(frozen=True, slots=True)
class Case:
    language: str
    type: str
    text: str
    value: Value | None
    """None: the text has no such value."""
    when: str = ""
    region: str = "CN"

    def told(self) -> dict[str, Any]:
        return {"language": self.language, "type": self.type, "text": self.text, "value": self.value}


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    found: Value | None
    sure: float
    seconds: float

    @property
    def right(self) -> bool:
        return self.found == self.case.value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shape = "{language, type, text, value}; value null where there is none; when (past, future) and region where they count"
    parser.add_argument("--cases", type=Path, required=True, metavar="FILE", help=f"JSON: a list of {shape}")
    parser.add_argument("--now", type=datetime.fromisoformat, default=NOW, metavar="TIME", help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    """Prints the figures. Raises ConfigError."""
    report = report_of(measure(cases_of(args.cases), args.now))
    print(json.dumps(report, ensure_ascii=False, indent=1) if args.json else table(report))
    return 0


def cases_of(path: Path) -> list[Case]:
    """The cases of a file. Raises ConfigError naming the first that is wrong."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"--cases: {path}: {error}") from error
    if not isinstance(data, list) or not 0 < len(data) <= MOST:
        raise ConfigError(f"--cases: {path}: expected a list of 1 to {MOST} {{language, type, text, value}}")
    return [_case(one, f"--cases: {path}: item {number}") for number, one in enumerate(data)]


def _case(one: Any, place: str) -> Case:
    if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("language", "type", "text")):
        raise ConfigError(f"{place} has no language, type and text: {json.dumps(one, ensure_ascii=False)[:80]}")
    if one["type"] not in TYPES:
        raise ConfigError(f"{place}: type '{one['type']}' is not {', '.join(TYPES)}")
    value, when, region = one.get("value"), one.get("when", ""), one.get("region", "CN")
    if "value" not in one or isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise ConfigError(f"{place}: `value` is a text, a number, or null where the text has none")
    if when not in ("", "past", "future") or not isinstance(region, str):
        raise ConfigError(f"{place}: `when` is past or future, `region` a country such as CN")
    return Case(one["language"], one["type"], one["text"], value, when, region)


def measure(cases: Sequence[Case], now: datetime = NOW) -> list[Result]:
    """What each text is read as, on that day."""
    return [_read(case, now) for case in cases]


def _read(case: Case, now: datetime) -> Result:
    slot = SlotType(case.type, when=case.when, region=case.region)
    began = time.perf_counter()
    found = read(slot, case.text, slot.about(case.language, now))
    seconds = time.perf_counter() - began
    return Result(case, None if found is None else found.value, 0.0 if found is None else found.sure, seconds)


def report_of(results: Sequence[Result]) -> dict[str, Any]:
    """Shares by type and language, and every miss."""
    kinds = Counter((one.case.type, one.case.language) for one in results)
    times = sorted(one.seconds * 1000 for one in results)
    return {
        **_share(results),
        "types": {
            f"{kind} {language}": _share([one for one in results if (one.case.type, one.case.language) == (kind, language)])
            for kind, language in kinds
        },
        "misses": [{**one.case.told(), "found": one.found, "sure": round(one.sure, 2)} for one in results if not one.right],
        "ms": {"p50": round(times[len(times) // 2], 3), "p99": round(times[len(times) * 99 // 100], 3)},
    }


def _share(results: Sequence[Result]) -> dict[str, Any]:
    """Of the texts with a value: read as it, or as another; of those without: where one was found."""
    said = [one for one in results if one.case.value is not None]
    rest = [one for one in results if one.case.value is None]
    return {
        "cases": len(results),
        "values": len(said),
        "right": sum(one.right for one in said),
        "wrong": sum(not one.right and one.found is not None for one in said),
        "wrong_but_sure": sum(not one.right and one.found is not None and one.sure >= 1.0 for one in said),
        "invented": sum(not one.right for one in rest),
        "none": len(rest),
    }


def table(report: Mapping[str, Any]) -> str:
    """The report for a person."""
    lines = [f"{'':14}{'values':>8}{'right':>8}{'wrong':>8}{'none said':>11}{'invented':>10}"]
    for name, one in (("all", report), *report["types"].items()):
        counts = (f"{one[key]:>{width}}" for key, width in (("right", 8), ("wrong", 8), ("none", 11), ("invented", 10)))
        lines.append(f"{name:14}{one['values']:>8}" + "".join(counts))
    for one in report["misses"]:
        lines.append(f"{one['language']} {one['type']} {one['text']!r}: {one['value']!r} read as {one['found']!r}")
    return "\n".join([*lines, f"{report['ms']['p50']} ms a text, p99 {report['ms']['p99']} ms"])
