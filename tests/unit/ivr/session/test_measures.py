"""Silence, speaking at once, shares and rates, against talks whose course is known."""

from __future__ import annotations

import random

import pytest

from ivr.session.measures import LATEST, Measures


def test_a_talk_without_a_word_is_silence() -> None:
    told = Measures(100.0).told(110.0)
    assert (told["seconds"], told["silence"], told["longest_silence"]) == (10.0, 1.0, 10.0)
    assert (told["talk_over"], told["agent_share"], told["caller"]["rate"]) == (0.0, None, None)


def test_who_spoke_and_for_how_long() -> None:
    talk = Measures(0.0)
    talk.spoke("agent", 1.0, 4.0)
    talk.spoke("caller", 5.0, 6.0)
    told = talk.told(10.0)
    assert told["silence"] == 0.6
    assert told["longest_silence"] == 4.0
    assert told["agent_share"] == 0.75
    assert (told["agent"]["seconds"], told["agent"]["utterances"]) == (3.0, 1)
    assert talk.quiet_for(10.0) == 4.0


def test_both_at_once_counts_from_half_a_second() -> None:
    talk = Measures(0.0)
    talk.spoke("agent", 0.0, 3.0)
    talk.spoke("caller", 2.7, 5.0)  # 0.3 s: an end that meets a beginning
    talk.spoke("agent", 6.0, 9.0)
    talk.spoke("caller", 7.0, 8.0)
    told = talk.told(10.0)
    assert told["talk_overs"] == 1
    assert told["talk_over"] == pytest.approx(0.13)
    assert talk.recent_overs(10.0) == 1
    assert talk.recent_overs(100.0) == 0


def test_who_speaks_now_counts_at_once() -> None:
    talk = Measures(0.0)
    talk.speaking("caller", 2.0)
    assert talk.quiet_for(5.0) == 0.0
    assert talk.told(5.0)["silence"] == 0.4
    talk.spoke("caller", 2.0, 4.0)
    assert talk.quiet_for(5.0) == 1.0
    talk.speaking("agent", 5.0)
    talk.silent("agent", 6.0)  # its recogniser was lost
    assert talk.told(6.0)["agent"] == {"seconds": 1.0, "utterances": 0, "rate": None, "unit": "syllables"}


def test_holds_are_left_out() -> None:
    talk = Measures(0.0)
    talk.spoke("caller", 0.0, 2.0)
    talk.speaking("agent", 3.0)
    talk.hold(4.0)
    talk.hold(5.0)
    assert talk.quiet_for(30.0) == 0.0
    talk.speaking("caller", 20.0)  # nobody is measured now
    talk.resume(34.0)
    talk.spoke("caller", 35.0, 36.0)
    told = talk.told(38.0)
    assert (told["seconds"], told["held_seconds"]) == (8.0, 30.0)
    assert told["agent"]["seconds"] == 1.0
    assert told["silence"] == pytest.approx(0.5)


def test_rates_are_of_speech_alone_and_need_enough_of_it() -> None:
    phrases, free = Measures(0.0), Measures(0.0, "free")
    phrases.spoke("agent", 0.0, 2.0, "我考虑一下", "zh", rate=4.0)
    assert phrases.rate("agent") is None
    phrases.spoke("agent", 3.0, 5.0, "", "zh", rate=5.0)
    assert phrases.told(9.0)["agent"]["rate"] == 270, "a closed list says nothing of how much was said: the voice does"
    free.spoke("caller", 0.0, 4.0, "i would like to know my balance", "en", rate=9.0)
    assert free.told(9.0)["caller"] == {"seconds": 4.0, "utterances": 1, "rate": 105, "unit": "words"}
    free.spoke("agent", 0.0, 3.0, "您的余额是一百元请问还有别的吗", "zh")
    assert (free.told(9.0)["agent"]["rate"], free.told(9.0)["agent"]["unit"]) == (300, "syllables")


def test_keywords_are_counted_and_bounded() -> None:
    talk = Measures(0.0)
    for number in range(3000):
        talk.named(f"word {number}")
    for _ in range(5):
        talk.named("word 7")
    words = talk.told(1.0)["keywords"]
    assert len(words) == 20
    assert next(iter(words.items())) == ("word 7", 6)


def test_a_long_talk_costs_no_more_and_comes_to_the_same() -> None:
    """What lies back is added up: the same figures as over all of it at once, whatever the moments one asks at."""
    dice = random.Random(3)
    asked, whole = Measures(0.0), Measures(0.0)
    ends = {"caller": 0.0, "agent": 0.0}
    for _ in range(400):
        side = dice.choice(("caller", "agent"))
        start = (
            max(ends.values()) - dice.uniform(0.0, 1.5) if dice.random() < 0.3 else max(ends.values()) + dice.uniform(0.1, 3)
        )
        start = max(start, ends[side])
        ends[side] = start + dice.uniform(0.4, 6.0)
        for one in (asked, whole):
            one.spoke(side, start, ends[side])
        asked.told(ends[side] + 0.1)
    now = max(ends.values()) + 5.0
    assert asked.told(now) == whole.told(now)
    assert max(len(one.spans) for one in asked._sides.values()) < LATEST * 2


def test_utterances_that_come_late_and_out_of_order_break_nothing() -> None:
    talk = Measures(0.0)
    talk.told(500.0)
    talk.spoke("caller", 100.0, 120.0)
    talk.spoke("agent", 490.0, 495.0)
    talk.spoke("agent", 480.0, 482.0)
    talk.spoke("agent", 495.0, 494.0)
    told = talk.told(510.0)
    assert told["agent"]["seconds"] == 7.0
    assert told["caller"]["seconds"] == 0.0
    assert 0.0 <= told["silence"] <= 1.0
