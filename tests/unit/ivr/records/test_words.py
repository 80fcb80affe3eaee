"""Words as they are looked for, queries as people type them, and the part of a text that is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.records.words import MOST_TERMS, SNIPPET, Term, parse, snippet, spaced


def shown(text: str, query: str) -> str:
    asked = parse(query)
    assert asked is not None
    return "".join(f"[{one['text']}]" if one["hit"] else str(one["text"]) for one in snippet(text, asked))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我要退款，订单A-77！", "我 要 退 款 订 单 a 77"),
        ("Where’s my REFUND?", "where s my refund"),
        ("Café crème", "cafe creme"),
        ("ＡＢＣ１２３", "abc123"),
        ("[卡号 尾号1111] ••••", "卡 号 尾 号 1111"),
        ("…", ""),
    ],
)
def test_a_text_is_kept_as_small_words(text: str, words: str) -> None:
    assert spaced(text) == words


def test_a_query_has_words_phrases_and_what_must_not_be_there() -> None:
    asked = parse("refund “late fee” 退款 -cancel a")
    assert asked is not None
    refund, late, chinese = Term(("refund",), True), Term(("late", "fee"), False), Term(("退", "款"), False)
    assert asked.wanted == (refund, late, chinese, Term(("a",), False))
    assert asked.unwanted == (Term(("cancel",), True),)
    assert str(asked) == "refund* + late fee + 退 款 + a + -cancel"


@pytest.mark.parametrize("query", ["", "   ", "-refund", '"', "… !!", '""', "-"])
def test_a_query_without_a_word_is_none(query: str) -> None:
    assert parse(query) is None


def test_terms_are_few() -> None:
    asked = parse(" ".join(f"w{n}" for n in range(60)))
    assert asked is not None
    assert len(asked.wanted) == MOST_TERMS


@pytest.mark.parametrize(
    ("text", "query", "wanted"),
    [
        ("上个月怎么扣了这么多钱，我要退款", "退款 扣", "上个月怎么[扣]了这么多钱，我要[退款]"),
        ("They refunded the Refund twice", "refund", "They [refunded] the [Refund] twice"),
        ("a late, fee", '"late fee"', "a [late, fee]"),
        ("退 款", "退款", "[退 款]"),
        ("Café", "cafe", "[Café]"),
        ("nothing of it", "else", "nothing of it"),
    ],
)
def test_hits_are_marked_in_the_words_as_they_were_said(text: str, query: str, wanted: str) -> None:
    assert shown(text, query) == wanted


def test_a_snippet_of_a_long_text_has_its_first_hit() -> None:
    found = shown("嗯" * 400 + "我要退款" + "啊" * 400, "退款")
    assert found.startswith("…嗯") and "我要[退款]啊" in found and found.endswith("啊…")
    assert len(found) <= SNIPPET + 4


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_and_any_query_are_taken(text: str, query: str) -> None:
    assert spaced(spaced(text)) == spaced(text)
    asked = parse(query)
    if asked is not None:
        parts = snippet(text, asked)
        assert "".join(str(one["text"]) for one in parts).replace("…", "") in text.replace("…", "")
        assert len(parts) <= SNIPPET + 2
