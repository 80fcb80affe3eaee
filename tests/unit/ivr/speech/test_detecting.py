"""Which language was spoken, by what each engine made of it."""

from __future__ import annotations

import numpy as np

from ivr.speech.detecting import TIE, DetectingStream, surest
from ivr.speech.engine import Hypothesis
from tests.unit.ivr.speech.test_hearing import Script


def test_the_surest_language_wins_and_is_named() -> None:
    found = surest({"zh": Hypothesis("账单", 0.5), "en": Hypothesis("bill", 0.9)}, {})
    assert (found.text, found.language) == ("bill", "en")


def test_a_tie_goes_to_the_language_named_first() -> None:
    heard = {"zh": Hypothesis("账单", 0.8), "en": Hypothesis("bill", 0.8 + TIE / 2)}
    assert surest(heard, {}).language == "zh"
    assert surest(dict(reversed(heard.items())), {}).language == "en"


def test_an_engine_that_is_always_sure_is_trusted_less() -> None:
    heard = {"zh": Hypothesis("账单", 0.8), "en": Hypothesis("bill", 1.0)}
    assert surest(heard, {"en": 0.7}).language == "zh"


def test_nothing_heard_names_no_language() -> None:
    assert surest({"zh": Hypothesis("", 0.9), "en": Hypothesis()}, {}) == Hypothesis()


def test_every_stream_hears_the_audio_and_differing_beliefs_are_none() -> None:
    zh, en = Script({0.1: "账单"}), Script({0.5: "bill"}, says="bill")
    both = DetectingStream({"zh": zh, "en": en})
    both.accept(np.zeros(1600, np.int16))
    assert both.partial() == "账单"
    both.accept(np.zeros(4000, np.int16))
    assert both.partial() == ""
    assert (zh.accepted, en.accepted) == (5600, 5600)
    assert both.final().language == "zh", "both are as sure"
    both.accept(np.zeros(800, np.int16))
    both.reset()
    assert (zh.heard, en.heard) == (0, 0)
