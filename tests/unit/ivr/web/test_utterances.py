"""Where in a recording a turn was said, reckoned from its time and its words."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.web.utterances import seconds, span_of, spoken_seconds

FILE = {"file": "a.wav", "started_at": 1000.0, "seconds": 60.0}


def turn(at: float, text: str, speaker: str = "caller", **more: Any) -> dict[str, Any]:
    return {"at": at, "text": text, "speaker": speaker, "medium": "speech", **more}


TURNS = [
    turn(1001.0, "What can we do for you?", "bot"),
    turn(1006.0, "my bill is wrong"),
    turn(1007.0, "1", medium="keys"),
    turn(1020.0, "我根本没有出过国"),
    turn(1090.0, "later"),
]


def test_a_person_has_just_spoken_and_the_bot_begins() -> None:
    said = span_of(TURNS, 1, [FILE])
    assert said is not None
    assert said.file == "a.wav"
    assert said.end == pytest.approx(6.4)
    assert said.start == pytest.approx(6.0 - 4 * 0.45 - 1.2)
    bot = span_of(TURNS, 0, [FILE])
    assert bot is not None
    assert bot.start == pytest.approx(0.8)
    assert bot.end == pytest.approx(1.0 + 6 * 0.45 + 0.4)


def test_it_does_not_reach_into_the_turn_before() -> None:
    close = [turn(1005.5, "yes"), turn(1006.0, "a long sentence with many words that was said in a hurry")]
    said = span_of(close, 1, [FILE])
    assert said is not None
    assert said.start == pytest.approx(5.0)


@pytest.mark.parametrize("index", [2, 4, 5, -1, 99])
def test_keys_and_what_was_not_recorded_cannot_be_heard(index: int) -> None:
    assert span_of(TURNS, index, [FILE]) is None


def test_a_recording_that_goes_on_has_no_end_yet() -> None:
    said = span_of(TURNS, 4, [FILE, {"file": "b.wav", "started_at": "1970-01-01T00:18:00Z", "seconds": None}])
    assert said is not None
    assert said.file == "b.wav"
    assert span_of(TURNS, 1, [{"file": "", "started_at": 1.0}, {"file": "x"}]) is None


def test_times_and_lengths() -> None:
    assert seconds("1970-01-01T00:00:10.500Z") == 10.5
    assert seconds(True) is None
    assert seconds("soon") is None
    assert spoken_seconds("漫游费") == pytest.approx(0.84)
    assert spoken_seconds("I don't know") == pytest.approx(1.35)
