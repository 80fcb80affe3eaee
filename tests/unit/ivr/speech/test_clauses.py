"""A text is cut where a speaker breathes, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.clauses import MOST, beats, clauses


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (
            "王先生，您好。您的订单已经在今天上午10:30发货，预计后天下午三点以前送到您登记的地址，请您保持电话畅通。",
            [
                "王先生，您好。",
                "您的订单已经在今天上午10:30发货，",
                "预计后天下午三点以前送到您登记的地址，",
                "请您保持电话畅通。",
            ],
        ),
        (
            "Hello Mr. Wang, your order No. 5 left at 10:30 a.m. and costs 1,250.50 yuan. It will reach you before three.",
            [
                "Hello Mr. Wang,",
                "your order No. 5 left at 10:30 a.m. and costs 1,250.50 yuan.",
                "It will reach you before three.",
            ],
        ),
        ("好的。", ["好的。"]),
        ("第一：查询，第二：退货；谢谢", ["第一：查询，", "第二：退货；谢谢"]),
        (
            "她说：“请您稍等一下。”然后就挂断了电话，再也没有打来。",
            ["她说：“请您稍等一下。”", "然后就挂断了电话，", "再也没有打来。"],
        ),
        ("Really? Yes!", ["Really? Yes!"]),
        ("It is 3.5 km", ["It is 3.5 km"]),
        ("Ring plan B. Smith lives there", ["Ring plan B. Smith lives there"]),
        (" … ", []),
        ("", []),
    ],
)
def test_pieces_end_at_stops(text: str, pieces: list[str]) -> None:
    assert clauses(text) == pieces


def test_what_has_no_stop_is_parted_between_words() -> None:
    pieces = clauses("every word is whole " * 20)
    assert len(pieces) > 1
    assert all(beats(piece) <= MOST for piece in pieces)
    assert " ".join(pieces).split() == ("every word is whole " * 20).split()


def test_a_short_end_goes_with_what_stands_before_it() -> None:
    assert clauses("您的订单已经在今天上午发货了，谢谢。") == ["您的订单已经在今天上午发货了，谢谢。"]


@given(st.text(alphabet="王您好a1 ，。,.!?“”\n;：x", max_size=300))
def test_no_word_is_lost_or_doubled(text: str) -> None:
    pieces = clauses(text)
    assert [char for piece in pieces for char in piece if char.isalnum()] == [char for char in text if char.isalnum()]
    assert all(beats(piece) <= MOST for piece in pieces)
