"""A handover as a page for a person."""

from __future__ import annotations

from ivr.handover.document import document
from ivr.handover.page import page_of
from ivr.handover.size import bounded
from tests.unit.ivr.handover.samples import record, turn


def test_a_person_reads_what_matters_in_the_language_of_the_call() -> None:
    english = page_of(document(record()))
    for words in (
        "李强",
        "+4930111",
        "Wants to pay.",
        "Router is red.",
        "4711",
        "order 4711",
        "gold",
        "I want to pay my bill.",
    ):
        assert words in english
    assert '<html lang="en">' in english
    assert "来电人" in page_of(document(record(language="zh-CN")))


def test_nothing_that_was_said_is_markup() -> None:
    evil = "<script>alert(1)</script>"
    text = page_of(document(record(turns=0, caller_name=evil, slots={evil: evil}) | {"turns": [turn(0, evil)]}))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 4


def test_what_is_left_out_is_told() -> None:
    assert "turns are left out" in page_of(bounded(document(record(turns=100)), 4096))
