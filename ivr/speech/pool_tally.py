"""What a pool of recognisers has done, what a turn costs it, and both as Prometheus text. No I/O, no clock."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

BOUNDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.5, 5.0)
"""Seconds of the latency histogram."""
FIRST_PRICES = {(False, False): 0.008, (False, True): 0.04, (True, False): 0.008, (True, True): 0.5}
"""CPU seconds for each second of audio, before anything was measured, by free speech or not, and speaking or not."""
LEARN = 0.02
"""Weight of a new price against what was known: a few hundred turns settle it."""
SPEAKS = 0.4
"""Share of a turn in which a caller speaks, for one that is silent now."""


@dataclass(slots=True)
class Prices:
    """What audio costs a worker, learnt from what it did cost."""

    known: dict[tuple[bool, bool], float] = field(default_factory=lambda: dict(FIRST_PRICES))

    def paid(self, *, free: bool, speaking: bool, cpu: float, audio: float) -> None:
        """Take note that `audio` seconds of such a turn took `cpu` seconds."""
        if audio > 0:
            before = self.known[free, speaking]
            self.known[free, speaking] = before + LEARN * (min(cpu / audio, 1.0) - before)

    def of(self, *, free: bool, speaking: bool) -> float:
        """Share of a core that such a turn is expected to take from now on."""
        price = self.known[free, True]
        return price if speaking else SPEAKS * price + (1 - SPEAKS) * self.known[free, False]


@dataclass(slots=True)
class PoolTally:
    """Counts since the node began."""

    turns: int = 0
    utterances: int = 0
    lost: int = 0
    """Turns whose worker ended or fell too far behind: their callers were asked again."""
    restarts: int = 0
    """Workers that were started in the place of one that ended."""
    refused: Counter[str] = field(default_factory=Counter)
    """Turns that no worker took, by reason: their callers were asked for keys."""
    dropped: int = 0
    """Frames of 20 ms that no worker heard."""
    latencies: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    latency_sum: float = 0.0

    def heard(self, latency: float) -> None:
        """Count an utterance that was told `latency` seconds after its last voiced frame."""
        self.utterances += 1
        self.latencies[bisect_left(BOUNDS, latency)] += 1
        self.latency_sum += latency


def pool_metrics(tally: PoolTally, workers: Iterable[Mapping[str, float]]) -> str:
    """Prometheus text; `workers` has the `turns`, `load` and `lag` of each one that runs."""
    running = list(workers)
    found = {
        "workers gauge": len(running),
        "turns gauge": sum(one["turns"] for one in running),
        "load_cores gauge": round(sum(one["load"] for one in running), 3),
        "lag_seconds gauge": round(max((one["lag"] for one in running), default=0.0), 3),
        "turns_total counter": tally.turns,
        "utterances_total counter": tally.utterances,
        "lost_total counter": tally.lost,
        "worker_restarts_total counter": tally.restarts,
        "dropped_frames_total counter": tally.dropped,
    }
    lines = []
    for name, value in found.items():
        named = f"hotline_speech_{name.split()[0]}"
        lines += [f"# TYPE {named} {name.split()[1]}", f"{named} {value:g}"]
    lines.append("# TYPE hotline_speech_refused_total counter")
    lines += [f'hotline_speech_refused_total{{reason="{why}"}} {count}' for why, count in sorted(tally.refused.items())]
    return "\n".join([*lines, *_histogram(tally)]) + "\n"


def _histogram(tally: PoolTally) -> Iterable[str]:
    name, so_far = "hotline_speech_latency_seconds", 0
    yield f"# TYPE {name} histogram"
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), tally.latencies, strict=True):
        so_far += count
        yield f'{name}_bucket{{le="{bound}"}} {so_far}'
    yield f"{name}_sum {tally.latency_sum:.3f}"
    yield f"{name}_count {so_far}"
