"""Measures a spoken turn from outside: end of speech to the next prompt, over real SIP calls with real recognition.

    python -m tests.load.turns [--rounds 1] [--at-once 3] [--json]

Starts `ivr serve` with the demo flow and the speech model of the tests, calls once for each utterance of tests/audio that
the main menu understands, waits until the greeting is over, says it, and takes the time from the last voiced sample sent to
the first sound of the next prompt received. The prompts begin with at most 20 ms of silence, which count as latency.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from telephony.media.clip import Clip
from tests.e2e.conftest import AUDIO, SPEECH
from tests.e2e.server import HotlineProcess
from tests.e2e.signals import Samples, read_wav
from tests.load.phone import Phone

CALLERS = {"en": "1001", "zh": "+8613800138000"}
SAID = ("bill", "balance", "fault", "complaint", "agent")
"""What the main menu of the demo takes."""


def voiced_end(samples: Samples) -> float:
    """Seconds to the last 20 ms that carry voice: within 30 dB of the loudest."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(float)
    levels = np.sqrt(np.mean(frames**2, axis=1))
    return float(np.nonzero(levels > levels.max() / 31.6)[0][-1] + 1) * 0.02


async def turn(server: HotlineProcess, language: str, wav: Path) -> float | None:
    """Milliseconds from the end of speech to the next prompt; None where nothing came."""
    samples, rate = read_wav(wav)
    assert rate == 8000, wav
    async with Phone(CALLERS[language]) as phone:
        await phone.call(server.sip)
        await phone.until_quiet(1.0)
        ended = phone.speak(Clip.from_pcm(samples, wav.name)) + voiced_end(samples)
        try:
            return (await phone.until_sound(ended, within=6.0) - ended) * 1000
        except TimeoutError:
            return None
        finally:
            phone.hang_up()


async def _written(server: HotlineProcess, calls: int, seconds: float = 10.0) -> list[dict[str, Any]]:
    """The records of that many calls; fewer where they are not all written within `seconds`."""
    for _ in range(round(seconds / 0.2)):
        rows: list[dict[str, Any]] = (await server.api("/api/v1/contacts?limit=200"))["contacts"]
        if len(rows) >= calls:
            break
        await asyncio.sleep(0.2)
    return rows


async def measure(rounds: int, at_once: int) -> dict[str, object]:
    index = json.loads((AUDIO / "index.json").read_text("utf-8"))
    chosen = [one for one in index if one["file"].split("_")[1] in SAID and one["language"] in CALLERS]
    times: list[float] = []
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        async with HotlineProcess(Path(folder), speech=SPEECH) as server:
            room = asyncio.Semaphore(at_once)

            async def one_turn(number: int, language: str, file: str) -> None:
                await asyncio.sleep(number % at_once * 0.37)  # so that they do not end together
                async with room:
                    took = await turn(server, language, AUDIO / file)
                print(f"\r{file}: {took and round(took)} ms".ljust(70), end="", flush=True)
                missed.append(file) if took is None else times.append(took)

            said = enumerate(chosen * rounds)
            await asyncio.gather(*(one_turn(number, one["language"], one["file"]) for number, one in said))
            heard = [row for row in await _written(server, len(chosen) * rounds) if row["intent"]]
    print()
    times.sort()
    return {
        "turns": len(chosen) * rounds,
        "answered": len(times),
        "understood": len(heard),
        "p50_ms": round(statistics.median(times)),
        "p95_ms": round(times[min(len(times) - 1, int(0.95 * len(times)))]),
        "max_ms": round(times[-1]),
        "missed": missed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = asyncio.run(measure(args.rounds, args.at_once))
    print(json.dumps(result) if args.json else "\n".join(f"{name:12} {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
