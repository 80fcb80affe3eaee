"""The charts of docs/performance.md about queues: `python -m tests.load.queue_charts`.

A made-up day under two sets of rules gives the waits and the estimates. `--latency FILE` takes what `ivr bench queue --json`
wrote and draws how soon freed agents have their next caller; without it that chart is left as it is.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ivr.acd.chart import Axis, lines
from ivr.acd.generated import generated_day, made_up
from ivr.acd.judged import Judged, judged
from ivr.acd.replay import Day, Replay
from ivr.acd.traffic import Rules
from ivr.queue_replay import estimates_chart, waits_chart

FOLDER = Path("docs/charts")
MIDNIGHT = 1_789_948_800.0
SEED, AGENTS, CALLERS = 1, 60, 5000
SHARES = (("p50", 50.0), ("p95", 95.0), ("p99", 99.0), ("max", 100.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=Path, metavar="FILE", help="output of `ivr bench queue --json`")
    args = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    dice = random.Random(SEED)
    now = replace(made_up(dice, AGENTS), name="20 s of wrap-up, longest idle")
    traffic = generated_day(now, dice, MIDNIGHT, CALLERS)
    changed = Rules(
        "10 s of wrap-up, least skilled",
        now.agents,
        tuple(replace(queue, wrap_up_seconds=10.0, strategy="least_skilled") for queue in now.queues),
    )
    days = [Replay(traffic, rules, random.Random(SEED).random).run() for rules in (now, changed)]
    (FOLDER / "queue-waits.svg").write_text(waits_chart(days), "utf-8")
    (FOLDER / "queue-estimates.svg").write_text(estimates_chart(_pairs(days[0])), "utf-8")
    for day in days:
        print(json.dumps(_short(judged(day))))
    if args.latency is not None:
        found = json.loads(args.latency.read_text("utf-8"))
        (FOLDER / "queue-latency.svg").write_text(latency_chart(found), "utf-8")


def _pairs(day: Day) -> list[tuple[float, float]]:
    told = ((fate, at, seconds) for fate in day.fates for at, seconds in fate.told)
    return [(fate.turn - at, seconds) for fate, at, seconds in told if fate.turn is not None and seconds is not None]


def _short(found: Judged) -> Mapping[str, object]:
    return {name: value for name, value in found.told().items() if name != "classes"}


def latency_chart(found: Mapping[str, Mapping[str, float]]) -> str:
    """How many of all were done within so many milliseconds, of assignments and of scripts in Redis."""
    series = []
    for name, key in (("assignment", "assignment_ms"), ("inside Redis", "lua_ms")):
        points = [(found[key][one], share) for one, share in SHARES if found[key].get(one) is not None]
        series.append((name, [(0.0, 0.0), *points]))
    most = max(points[-2][0] for _, points in series) * 1.2
    return lines("From a free agent to the next caller", Axis("milliseconds", most), Axis("% of all", 100.0), series)


if __name__ == "__main__":
    main()
