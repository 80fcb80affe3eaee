"""What listens for phrases is always that of the cards and the lines as they are."""

from __future__ import annotations

from ivr.quality.facts import Utterance
from ivr.quality.folder import Shelf
from ivr.scenes.model import Line
from ivr.wiring_quality import Book
from tests.unit.ivr.quality.conftest import cards_of


def heard(book: Book, text: str) -> list[str]:
    said = [Utterance(1.0, 1.0, 9.0, text, "zh", "agent")]
    return list(book.ear(book.cards).hits(said, "zh"))


def test_lines_that_are_read_again_are_heard_as_they_are_now() -> None:
    lines = {"recorded": Line("recorded", {}, {"zh": ("会录音",)})}
    book = Book(Shelf([], cards=cards_of()), lambda: lines)
    assert heard(book, "本次通话会录音") == ["line:recorded"]
    assert book.ear(book.cards) is book.ear(book.cards)
    lines = {"recorded": Line("recorded", {}, {"zh": ("留下声音",)})}
    assert heard(book, "本次通话会录音") == []
    assert heard(book, "我们会留下声音") == ["line:recorded"]


def test_a_card_that_changes_meanwhile_is_judged_by_its_own_phrases() -> None:
    before = cards_of()
    book = Book(Shelf([], cards=before), dict)
    book.shelf.cards = cards_of(_OTHER)
    assert list(book.ear(before).hits([Utterance(1.0, 1.0, 9.0, "您好", "zh", "agent")], "zh"))
    assert heard(book, "您好") == []


_OTHER = """
scorecards:
  hotline:
    sections: { opening: { questions: { bye: { title: { zh: 再见, en: Bye }, auto: { said: { zh: [再见], en: [bye] } } } } } }
"""
