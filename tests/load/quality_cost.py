"""What reviewing by rule costs: `python -m tests.load.quality_cost`. Milliseconds of CPU; a talk of 10 minutes, 120 turns."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert

from ivr.quality.folder import read_cards
from ivr.quality.judging import Judge, judge
from ivr.quality.model import Card
from ivr.quality.reviews import Reviews
from ivr.quality.sampling import Candidate, Rules, choose, week_start
from ivr.quality.spotting import Ear, ear_of
from ivr.quality.tables import AUTOMATIC
from ivr.records.database import open_database, sqlite_url
from ivr.records.schema import contacts, turns
from ivr.scenes.folder import read_book

ROOT = Path(__file__).parents[2]
SAID = (
    ("agent", "您好，我是王芳，请问有什么可以帮您"),
    ("caller", "这个月怎么扣了这么多钱，我要查一下账单"),
    ("agent", "请您稍等，我帮您看一下，本次通话会被录音"),
    ("caller", "每次都这样，我要投诉你们"),
    ("agent", "非常抱歉给您添麻烦了，这笔是漫游费，两个工作日内给您答复"),
    ("caller", "好吧，那就这样，谢谢"),
)
CONTACTS = 50


def talk(name: str, at: float) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    row: dict[str, Any] = {
        "id": name,
        "channel": "sip",
        "caller_number": "+861380013",
        "caller_name": "",
        "called": "1",
        "flow": "telecom",
    }
    row |= {"flow_version": "1", "language": "zh", "correlation": "", "queue": "support", "agent_id": f"a{at % 20:.0f}"}
    row |= {"started_at": at, "connected_at": at + 20, "ended_at": at + 620, "wrap_up_ended_at": at + 640, "note": ""}
    row |= {"talk_seconds": 600.0, "disposition": "served", "slots": {}, "tags": [], "profile": {}, "quality": {}, "node": "n"}
    rest = {"contact_id": name, "language": "zh", "medium": "speech", "confidence": 0.9, "state": "talk", "intent": ""}
    said = [
        {**rest, "index": number, "at": at + 20 + 5 * number, "speaker": SAID[number % 6][0], "text": SAID[number % 6][1]}
        for number in range(120)
    ]
    return row, said


class Book:
    def __init__(self) -> None:
        self.cards, problems, _ = read_cards([ROOT / "dialplans" / "scorecards"])
        assert not problems
        lines = {name: line.said for name, line in read_book([ROOT / "dialplans" / "scenes"])[0].lines.items()}
        self.made = ear_of(self.cards.values(), lines)

    def ear(self, cards: Mapping[str, Card]) -> Ear:
        return self.made


async def main() -> None:
    begun = time.process_time()
    book = Book()
    print(f"reading cards, lines and making the ear: {1000 * (time.process_time() - begun):.0f} ms, once")
    row, said = talk("c", 1e9)
    took = []
    for _ in range(30):
        begun = time.process_time()
        judge(book.cards["hotline"], row, said, (), None, book.made)
        took.append(1000 * (time.process_time() - begun))
    print(f"rules of a talk of 120 turns: median {median(took):.1f} ms, in a thread")
    with tempfile.TemporaryDirectory() as folder:
        engine = await open_database(sqlite_url(Path(folder)))
        whole = [talk(f"c{number}", 1e9 + number) for number in range(CONTACTS)]
        async with engine.begin() as connection:
            await connection.execute(insert(contacts), [one for one, _ in whole])
            await connection.execute(insert(turns), [turn for _, some in whole for turn in some])
        numbers = itertools.count()
        work, reviews = Judge(engine, book), Reviews(engine, time.time, lambda: f"r{next(numbers)}")
        begun = time.process_time()
        for number in range(CONTACTS):
            judged = await work.of(await work.contact(f"c{number}"))
            assert judged is not None
            values = {**judged.about, "evaluator": AUTOMATIC, "calibration": ""}
            assert await reviews.make(judged.card.to_dict(), values, judged.answers, judged.score)
        print(f"a contact read, judged and kept: {1000 * (time.process_time() - begun) / CONTACTS:.1f} ms")
        await engine.dispose()
    many = [Candidate(f"c{n}", f"a{n % 50}", week_start(2900) + n * 30, 50.0 + n % 50, 1.0) for n in range(20_000)]
    begun = time.process_time()
    picks = choose(many, [], Rules(), week_start(2901))
    print(f"choosing {len(picks)} of 20,000 contacts: {1000 * (time.process_time() - begun):.0f} ms, in a thread")


if __name__ == "__main__":
    asyncio.run(main())
