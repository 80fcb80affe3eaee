"""`ivr bench intent`: how often a flow knows what callers want, on sentences that somebody labelled."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.dialplan.dialogue import phrases_of
from ivr.dialplan.events import Phrase
from ivr.dialplan.loader import load
from ivr.dialplan.model import Flow
from ivr.errors import ConfigError
from ivr.minds import Minds
from ivr.understanding.classifier import OUT_OF_SCOPE
from ivr.understanding.meaning import Meaning

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Case:
    language: str
    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    found: str
    confidence: float
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--flow", type=Path, required=True, metavar="FILE", help="the flow whose intents are asked for")
    parser.add_argument("--cases", type=Path, required=True, metavar="FILE", help="JSON: a list of {language, text, intent}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")


def run(args: argparse.Namespace) -> int:
    """Prints the figures. Raises ConfigError and DialplanError."""
    flow, cases = load(args.flow), cases_of(args.cases)
    report = report_of(measure(flow, cases, Minds()))
    print(json.dumps(report, ensure_ascii=False, indent=1) if args.json else table(report))
    return 0


def cases_of(path: Path) -> list[Case]:
    """The cases of a file. Raises ConfigError naming the first that is wrong."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"--cases: {path}: {error}") from error
    if not isinstance(data, list) or len(data) > MOST:
        raise ConfigError(f"--cases: {path}: expected a list of at most {MOST} {{language, text, intent}}")
    for number, one in enumerate(data):
        if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("language", "text", "intent")):
            raise ConfigError(f"--cases: {path}: item {number} has no language, text and intent: {json.dumps(one)[:80]}")
    return [Case(one["language"], one["text"], one["intent"]) for one in data]


def measure(flow: Flow, cases: Sequence[Case], minds: Minds) -> list[Result]:
    """What the flow makes of each case, asked as a question that all intents of the cases answer."""
    minds.meet([flow])
    minds.learn(minds.wanted([flow]))
    wanted = {case.intent for case in cases} - {OUT_OF_SCOPE}
    unknown = sorted(wanted - set(flow.intents))
    if unknown:
        raise ConfigError(f"{flow.file}: the cases name intents that the flow does not have: {', '.join(unknown)}")
    phrases = {language: phrases_of(flow, sorted(wanted), language) for language in {case.language for case in cases}}
    return [_asked(flow, case, phrases[case.language], minds) for case in cases]


def _asked(flow: Flow, case: Case, phrases: Sequence[Phrase], minds: Minds) -> Result:
    began = time.perf_counter()
    found: Meaning = minds.understand(case.text, phrases, flow.version, case.language)
    return Result(case, found.name or OUT_OF_SCOPE, found.confidence, time.perf_counter() - began)


def report_of(results: Sequence[Result]) -> dict[str, Any]:
    """Accuracy over what is in scope, how much of the rest was caught, and everything that was taken for something else."""
    languages = sorted({one.case.language for one in results})
    times = sorted(one.seconds * 1000 for one in results)
    return {
        **_share(results),
        "languages": {language: _share([one for one in results if one.case.language == language]) for language in languages},
        "intents": _by_intent(results),
        "confusion": {f"{said} > {found}": times for (said, found), times in _confusion(results).most_common()},
        "misses": [_miss(one) for one in results if one.found != one.case.intent],
        "ms": {"p50": _at(times, 0.5), "p99": _at(times, 0.99)},
    }


def _share(results: Sequence[Result]) -> dict[str, Any]:
    inside = [one.found == one.case.intent for one in results if one.case.intent != OUT_OF_SCOPE]
    outside = [one.found == OUT_OF_SCOPE for one in results if one.case.intent == OUT_OF_SCOPE]
    return {
        "cases": len(results),
        "accuracy": round(sum(inside) / len(inside), 4) if inside else None,
        "out_of_scope_recall": round(sum(outside) / len(outside), 4) if outside else None,
    }


def _by_intent(results: Sequence[Result]) -> dict[str, Any]:
    said, found = Counter(one.case.intent for one in results), Counter(one.found for one in results)
    right = Counter(one.found for one in results if one.found == one.case.intent)
    return {
        name: {
            "cases": said[name],
            "recall": round(right[name] / said[name], 4) if said[name] else None,
            "precision": round(right[name] / found[name], 4) if found[name] else None,
        }
        for name in sorted({*said, *found})
    }


def _confusion(results: Sequence[Result]) -> Counter[tuple[str, str]]:
    return Counter((one.case.intent, one.found) for one in results if one.found != one.case.intent)


def _miss(one: Result) -> dict[str, Any]:
    case = one.case
    told = {"language": case.language, "text": case.text, "intent": case.intent}
    return {**told, "found": one.found, "confidence": round(one.confidence, 3)}


def _at(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else 0.0


def table(report: Mapping[str, Any]) -> str:
    """The report for a person."""
    rows = [("all", report), *report["languages"].items()]
    lines = [f"{'':12}{'cases':>8}{'right':>9}{'outside caught':>16}"]
    lines += [
        f"{name:12}{one['cases']:>8}{_percent(one['accuracy']):>9}{_percent(one['out_of_scope_recall']):>16}"
        for name, one in rows
    ]
    lines += ["", f"{'intent':16}{'cases':>8}{'recall':>9}{'precision':>11}"]
    intents = report["intents"].items()
    lines += [
        f"{name:16}{one['cases']:>8}{_percent(one['recall']):>9}{_percent(one['precision']):>11}" for name, one in intents
    ]
    lines += ["", *(f"{one['intent']} > {one['found']}: {one['text']}" for one in report["misses"])]
    return "\n".join([*lines, f"{report['ms']['p50']} ms a sentence, p99 {report['ms']['p99']} ms"])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
