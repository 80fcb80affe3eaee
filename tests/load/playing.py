"""What playing and finding cost, in CPU time: `python -m tests.load.playing --calls 5000 --turns 20 --hours 0.25`.

Fills a database in a temporary folder with calls, keeps their words, looks for common and rare ones, and
draws a long recording.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.database import open_database, sqlite_url
from ivr.records.indexing import index_turns
from ivr.records.schema import contacts, turns
from ivr.records.search import Filters, TranscriptSearch
from ivr.records.words import parse
from telephony.gateway.recording_files import create
from telephony.gateway.recording_levels import levels_of
from telephony.gateway.recording_reading import RecordingReader

T0 = 1_790_000_000.0
SAID = (
    *("您好，请问有什么可以帮您？", "我要查一下上个月的账单", "怎么又多扣了钱", "好的，请稍等，我帮您看一下", "不用了，谢谢"),
    *("I was charged twice for the same order", "let me look at your account", "is there anything else", "宽带又断了", "嗯"),
)
RARE = "我要投诉，马上退款"
TIMES = 15


async def filled(engine: AsyncEngine, calls: int, said: int) -> float:
    """Write the calls; returns seconds that their words took besides."""
    dice, extra = random.Random(7), 0.0
    for first in range(0, calls, 200):
        names = range(first, min(calls, first + 200))
        row: dict[str, object] = dict.fromkeys(("caller_name", "called", "flow_version", "correlation", "note"), "")
        row |= {"channel": "sip", "caller_number": "1", "flow": "f", "language": "zh", "disposition": "served", "node": "n"}
        row |= {"slots": {}, "tags": [], "profile": {}, "quality": {}}
        rows = [
            {**row, "id": f"c{n}", "started_at": T0 + n * 30, "queue": f"q{n % 5}", "agent_id": f"a{n % 40}"} for n in names
        ]
        spoken = [
            {
                "contact_id": f"c{n}",
                "index": k,
                "at": T0 + n * 30 + k * 4,
                "speaker": ("bot", "caller", "agent")[k % 3],
                "mood": "",
            }
            | {"text": RARE if n % 997 == 0 and k == 4 else dice.choice(SAID), "language": "zh", "medium": "speech"}
            | {"state": "", "intent": "", "confidence": 0.9}
            for n in names
            for k in range(said)
        ]
        async with engine.begin() as connection:
            await connection.execute(insert(contacts), rows)
            await connection.execute(insert(turns), spoken)
            began = time.process_time()
            await index_turns(connection, spoken)
            extra += time.process_time() - began
    return extra


async def find(engine: AsyncEngine, query: str, filters: Filters, indexed: bool = True) -> tuple[float, int]:
    """Milliseconds (median) and hits of the first page."""
    asked, finder = parse(query), TranscriptSearch(engine, indexed=indexed)
    assert asked is not None
    took = []
    for _ in range(TIMES):
        began = time.process_time()
        hits = await finder.find(asked, filters)
        took.append((time.process_time() - began) * 1000)
    return statistics.median(took), len(hits.rows)


async def finding(folder: Path, calls: int, said: int) -> None:
    engine = await open_database(sqlite_url(folder))
    began = time.process_time()
    extra = await filled(engine, calls, said)
    whole = time.process_time() - began
    print(f"{calls * said} turns written in {whole:.1f} s; their words {extra / calls * 1000:.2f} ms a call")
    async with engine.connect() as connection:
        size = (
            await connection.execute(text("SELECT sum(pgsize), name FROM dbstat WHERE name LIKE 'turn%' GROUP BY name"))
        ).all()
    print("MB:", ", ".join(f"{name} {octets / 1e6:.0f}" for octets, name in size if octets > 1e6))
    for query in ("账单", "退款", "charg", "看一下 帮您", "嗯", "zebra"):
        for name, filters in (("all", Filters()), ("one agent, a day", Filters(agent="a3", since=T0, until=T0 + 86400))):
            for indexed in (True, False):
                took, hits = await find(engine, query, filters, indexed)
                print(f"{query:8} {name:17} {'index' if indexed else 'rows':5} {took:7.1f} ms {hits:3} hits")
    await engine.dispose()


def drawing(folder: Path, hours: float) -> None:
    seconds = round(hours * 3600)
    block = np.random.default_rng(3).normal(0, 2000, (8000, 2)).astype(np.int16)
    for form, key in (("wav", None), ("wav", bytes(32)), ("opus", None)):
        path = folder / f"{form}{'-sealed' if key else ''}.{'ogg' if form == 'opus' else 'wav'}{'.sealed' if key else ''}"
        file = create(path, form, key)
        for _ in range(seconds * 5):
            file.write(block[:1600])
        file.close()
        times = []
        for _ in range(2):
            began = time.process_time()
            levels = levels_of(path, key)
            times.append(time.process_time() - began)
        began = time.process_time()
        reader = RecordingReader(path, key)
        reader.read(reader.size // 2, 65_536)
        opened = (time.process_time() - began) * 1000
        reader.close()
        print(
            f"{path.name}: {len(levels)} levels in {times[0]:.2f} s, then {times[1] * 1000:.1f} ms; a part in {opened:.1f} ms"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=5000)
    arguments.add_argument("--turns", type=int, default=20)
    arguments.add_argument("--hours", type=float, default=0.25)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(finding(folder, given.calls, given.turns))
        drawing(folder, given.hours)


if __name__ == "__main__":
    main()
