"""Words of the flow first, then what was learnt, and nothing forced into what happens to be listened for."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.dialplan.events import Phrase
from ivr.understanding.classifier import OUT_OF_SCOPE, Mind, Model
from ivr.understanding.meaning import by_phrases, meant

NAMES = ("balance", "bill", "fault", OUT_OF_SCOPE)
PHRASES = [Phrase("check my bill", "bill"), Phrase("check my balance", "balance"), Phrase("yes", "yes")]


def mind(**shares: float) -> Mind:
    """One that finds these shares in any text."""
    bias = np.log(np.array([max(shares.get(name, 0.0), 1e-9) for name in NAMES], np.float32))
    empty = np.zeros(0, np.float32)
    model = Model(NAMES, {}, empty, np.zeros((0, len(NAMES)), np.float32), bias)
    return Mind((model,), 1.0, frozenset(NAMES))


def test_the_words_of_an_example_are_certain_whatever_was_learnt() -> None:
    asked: list[int] = []

    def learnt() -> Mind:
        asked.append(1)
        return mind(fault=1.0)

    assert meant("check my bill", PHRASES, learnt).name == "bill"
    assert not asked


def test_other_words_go_by_what_was_learnt() -> None:
    found = meant("so much money gone", PHRASES, lambda: mind(bill=0.7, balance=0.2, fault=0.1))
    assert (found.name, found.confidence) == ("bill", 0.7)
    assert found.others == (("balance", 0.2),)


def test_a_wish_that_is_not_listened_for_is_told_and_not_replaced() -> None:
    found = meant("nothing works", PHRASES, lambda: mind(fault=0.6, bill=0.4))
    assert (found.name, found.others) == ("fault", ())


def test_what_is_none_of_them_is_out_of_scope() -> None:
    found = meant("tell me a joke", PHRASES, lambda: mind(**{OUT_OF_SCOPE: 0.8, "bill": 0.2}))
    assert found.name == OUT_OF_SCOPE


def test_nothing_likely_is_nothing() -> None:
    even = dict.fromkeys(NAMES, 0.05)
    wide = Mind((*mind(**even).models,), 0.0, frozenset(NAMES))
    assert meant("hm", PHRASES, lambda: wide).confidence == pytest.approx(0.25)
    assert meant("", PHRASES, lambda: wide).name == ""


def test_a_near_example_that_nobody_learnt_counts_unless_something_is_surer() -> None:
    assert meant("yes ok", PHRASES, lambda: mind(bill=0.4, fault=0.3, balance=0.3)).name == "yes"
    assert meant("yes ok", PHRASES, lambda: mind(bill=0.9, fault=0.1)).name == "bill"
    assert meant("yes ok", PHRASES, lambda: mind(fault=0.9, bill=0.1)).name == "yes"


def test_without_a_mind_by_the_phrases_alone() -> None:
    assert by_phrases("check my bills", PHRASES, "v", "en").name == "bill"
    assert by_phrases("nothing works", PHRASES, "v", "en").name == ""


def test_a_wider_wish_is_not_meant_where_one_kind_of_it_is_listened_for() -> None:
    wide = mind(fault=0.9, bill=0.1)
    narrow = Mind(wide.models, 1.0, wide.everywhere, {"bill": "fault"})
    assert meant("so much money gone", PHRASES, lambda: narrow).name == "bill"
    assert meant("so much money gone", PHRASES[1:], lambda: narrow).name == "fault"
