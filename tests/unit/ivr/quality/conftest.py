"""Tables without migrations, one card, a talk, and a clock that is moved by hand."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.dialplan.problems import Findings
from ivr.quality.appeals import Appeals
from ivr.quality.browsing import Browsing
from ivr.quality.calibrations import Calibrations
from ivr.quality.coaching import Coaching
from ivr.quality.house import QualityHouse
from ivr.quality.judging import Judge
from ivr.quality.model import Card
from ivr.quality.reading import merged, read_page
from ivr.quality.reviews import Reviews
from ivr.quality.rights import Person
from ivr.quality.spotting import Ear, ear_of
from ivr.quality.tables import metadata as ours
from ivr.quality.trends import Trends
from ivr.quality.worklist import WorkList
from ivr.records.schema import contacts, turns
from ivr.records.schema import metadata as records
from tests.unit.ivr.tables import copy_of, empty_file

T0 = 1_790_000_000.0
CARD = """
scorecards:
  hotline:
    title: { zh: 热线, en: Hotline }
    pass: 60
    sections:
      opening:
        questions:
          greeting: { title: { en: Greeted, zh: 问候 }, weight: 10, auto: { said: { zh: [您好], en: [hello] }, within: 20s } }
          recorded: { title: Told, weight: 5, fatal: true, not_applicable: true, auto: { line: recorded } }
          silence: { title: Silence, kind: scale, weight: 5, auto: { measure: longest_silence, steps: [3, 6, 12, 25] } }
          hold: { title: Asked, weight: 5, only_if: { measure: hold_seconds, least: 1 }, auto: { said: { zh: [请稍等] } } }
          right: { title: Right, weight: 20, kind: choice, choices: { good: { points: 1 }, poor: { points: 0 } } }
          mood: { title: Mood, weight: 5, kind: choice, choices: { fine: { points: 1 }, bad: { points: 0 } },
                  auto: { fact: mood_end, choose: { calm: fine, tense: bad, angry: bad } } }
"""
WEI = Person("wei", frozenset({"quality"}))
BOSS = Person("boss", frozenset({"supervisor"}))
ANNA = Person("anna", frozenset({"agent"}))
LEO = Person("leo", frozenset({"agent", "supervisor"}))


@dataclass
class Clock:
    now: float = T0 + 1000

    def __call__(self) -> float:
        return self.now


@dataclass
class Shelf:
    """`Cards` and `Shelf` at once."""

    cards: Mapping[str, Card]
    wrong: int = 0

    def ear(self, cards: Mapping[str, Card]) -> Ear:
        return ear_of(cards.values(), {"recorded": {"zh": ("会录音",)}})


@dataclass
class Town:
    """`Directory`."""

    listed: Sequence[tuple[str, str, tuple[str, ...]]] = (
        ("anna", "Anna", ("agent",)),
        ("boss", "Boss", ("supervisor",)),
        ("leo", "Leo", ("agent", "supervisor")),
        ("wei", "魏", ("quality",)),
    )

    async def names(self) -> Mapping[str, str]:
        return {who: name for who, name, _ in self.listed}

    async def people(self) -> Sequence[tuple[str, str, tuple[str, ...]]]:
        return self.listed


@dataclass
class Told:
    """What agents' pages were told."""

    news: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def __call__(self, agent_id: str, data: Mapping[str, Any]) -> None:
        self.news.append((agent_id, dict(data)))


def cards_of(text: str = CARD) -> Mapping[str, Card]:
    findings = Findings("cards.yaml")
    page = read_page(text, "cards.yaml", findings)
    assert findings.problems == []
    return merged([page])


def row(name: str = "c1", agent: str | None = "anna", ended: float = 300.0, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": name, "channel": "sip", "caller_number": "+8613800138000", "caller_name": "李强"}
    found |= {"called": "1000", "flow": "telecom", "flow_version": "1", "language": "zh", "correlation": "x", "node": "n1"}
    found |= {"queue": "support", "agent_id": agent, "started_at": T0, "answered_at": T0, "queued_at": T0 + 5}
    found |= {"connected_at": T0 + 10, "ended_at": T0 + ended, "wrap_up_ended_at": T0 + ended + 20, "wait_seconds": 5.0}
    found |= {"talk_seconds": ended - 10, "disposition": "served", "end_cause": "hung_up", "intent": "bill", "slots": {}}
    found |= {"tags": [], "profile": {}, "note": "", "agent_disposition": "solved", "quality": {}, "recordings": []}
    found |= {
        "signalling": {},
        "queueing": {},
        "handover": {"mood": "calm", "talk": {"longest_silence": 5.0, "held_seconds": 0.0}},
    }
    return found | more


def said(name: str, *words: tuple[float, str, str, str]) -> list[dict[str, Any]]:
    """(second, speaker, text, mood)."""
    rest = {"contact_id": name, "language": "zh", "medium": "speech", "confidence": None, "state": "talk", "intent": ""}
    return [
        {**rest, "index": number, "at": T0 + at, "speaker": speaker, "text": text, "mood": mood}
        for number, (at, speaker, text, mood) in enumerate(words)
    ]


TALK = (
    (12.0, "agent", "您好，请问有什么可以帮您", "calm"),
    (20.0, "caller", "我要查账单", "tense"),
    (290.0, "caller", "谢谢", "calm"),
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return empty_file(tmp_path_factory.mktemp("quality"), (records, ours))


@pytest.fixture
async def engine(tmp_path: Path, empty: Path) -> AsyncIterator[AsyncEngine]:
    async with copy_of(empty, tmp_path) as engine:
        yield engine


async def call(engine: AsyncEngine, name: str = "c1", *words: tuple[float, str, str, str], **more: Any) -> None:
    """A contact that is over."""
    async with engine.begin() as connection:
        await connection.execute(insert(contacts), row(name, **more))
        await connection.execute(insert(turns), said(name, *(words or TALK)))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def house(engine: AsyncEngine, clock: Clock, told: Told) -> QualityHouse:
    return house_on(engine, clock, told)


def house_on(engine: AsyncEngine, clock: Clock, told: Told) -> QualityHouse:
    numbers, shelf = itertools.count(1), Shelf(cards_of())

    def token() -> str:
        return f"r{next(numbers):04d}"

    return QualityHouse(
        shelf=shelf,
        judge=Judge(engine, shelf),
        reviews=Reviews(engine, clock, token),
        appeals=Appeals(engine, clock, token),
        work=WorkList(engine, clock),
        calibrations=Calibrations(engine, clock, token),
        coaching=Coaching(engine, clock, token),
        trends=Trends(engine),
        browsing=Browsing(engine),
        directory=Town(),
        clock=clock,
        tell=told,
    )
