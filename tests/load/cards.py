"""What knowledge cards cost: `python -m tests.load.cards [CARDS]` (2,000 unless told) prints milliseconds of CPU."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import product
from typing import Any

from ivr.knowledge.index import Document, Index
from ivr.knowledge.suggesting import Cards

TURNS = [
    {"speaker": "caller", "text": "上个月的漫游费怎么这么高，我根本没出过国，你们给我解释一下", "medium": "speech"},
    {"speaker": "agent", "text": "I am sorry, let me look at the roaming charges of last month for you", "medium": "speech"},
] * 4


def documents(number: int) -> list[Document]:
    """Different cards of the usual length, in both languages."""
    subjects = [f"{one}{two}" for one, two in product("漫账套宽网费卡号话流", "游单餐带速用务码机量")]
    english = ["roaming", "bill", "plan", "line", "speed", "charge", "card", "number", "phone", "data", "refund", "invoice"]
    return [
        Document(
            f"card{n}",
            f"{subjects[n % len(subjects)]}{n}号说明 {english[n % len(english)]} notes {n}",
            "说明文字，按规定办理，三个工作日内完成。" * 8 + "what to do about it and who decides. " * 8,
            (f"{subjects[n % len(subjects)]}的问题{n}", f"about the {english[n % len(english)]} number {n}"),
        )
        for n in range(number)
    ]


def milliseconds(what: Callable[[], Any], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        what()
    return (time.process_time() - began) / times * 1000


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    cards, made = Cards(), documents(number)
    print(f"{number} cards: index made in {milliseconds(lambda: cards.take(made), 1):.0f} ms")
    assert isinstance(cards.index, Index)
    contact = {"id": "c-1", "turns": TURNS, "intent": None}
    print(f"cards for what is being said: {milliseconds(lambda: cards.of(contact), 50):.2f} ms a turn")
    print(f"search: {milliseconds(lambda: cards.index.search('roaming charges 漫游费', {}), 50):.2f} ms")


if __name__ == "__main__":
    main()
