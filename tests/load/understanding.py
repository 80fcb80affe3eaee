"""What it costs to understand one turn: intent, mood and triggers, as a call asks for them.

    python -m tests.load.understanding [--flow dialplans/telecom.yaml] [--json]

Every sentence of tests/understanding/callers_a.json and callers_b.json, both languages, is asked of the flow: its intents by
what was learnt, the mood of its words, and the triggers of the house. Nothing is remembered from one sentence to the next that
a call would not have. Milliseconds of CPU of the thread, which a busy machine changes little, and by the clock.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ivr.dialplan.dialogue import phrases_of
from ivr.dialplan.loader import load
from ivr.intent_bench import Case, cases_of
from ivr.minds import Minds
from ivr.understanding.classifier import OUT_OF_SCOPE
from ivr.understanding.mood import judge
from tests.load.triggers import spotter

SENTENCES = Path(__file__).parents[1] / "understanding"
LANGUAGES = ("zh", "en")
PARTS = ("intent", "mood", "triggers")
Part = Callable[[Case], object]


def parts_of(flow_file: Path, cases: list[Case]) -> dict[str, Part]:
    """What a turn asks, by name."""
    flow, minds = load(flow_file), Minds()
    minds.meet([flow])
    minds.learn(minds.wanted([flow]))
    names = sorted({case.intent for case in cases} - {OUT_OF_SCOPE})
    phrases = {language: phrases_of(flow, names, language) for language in LANGUAGES}
    spotted = spotter()

    def mood(case: Case) -> object:
        judge.cache_clear()
        return judge(case.text, case.language)

    return {
        "intent": lambda case: minds.understand(case.text, phrases[case.language], flow.version, case.language),
        "mood": mood,
        "triggers": lambda case: spotted.find(case.text, case.language),
    }


def measure(flow_file: Path) -> Iterator[dict[str, object]]:
    cases = [case for name in ("callers_a.json", "callers_b.json") for case in cases_of(SENTENCES / name)]
    parts = parts_of(flow_file, cases)
    for case in cases[:20]:
        for part in parts.values():
            part(case)
    for language in LANGUAGES:
        chosen = [case for case in cases if case.language == language]
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in (*PARTS, "turn")}
        for case in chosen:
            turn = 0.0, 0.0
            for name, part in parts.items():
                began, cpu = time.perf_counter(), time.thread_time()
                part(case)
                one = (time.thread_time() - cpu) * 1000, (time.perf_counter() - began) * 1000
                turn = turn[0] + one[0], turn[1] + one[1]
                spent[name].append(one)
            spent["turn"].append(turn)
        for name, times in spent.items():
            cpus, clocks = sorted(cpu for cpu, _ in times), sorted(clock for _, clock in times)
            yield {
                "language": language,
                "part": name,
                "turns": len(times),
                "cpu_ms": _shares(cpus),
                "clock_ms": _shares(clocks),
            }


def _shares(ordered: list[float]) -> dict[str, float]:
    return {
        name: round(ordered[int(share * (len(ordered) - 1))], 2) for name, share in (("p50", 0.5), ("p99", 0.99), ("most", 1.0))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flow", type=Path, default=Path("dialplans/telecom.yaml"))
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for row in measure(args.flow):
        print(json.dumps(row) if args.json else "  ".join(f"{name}={value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
