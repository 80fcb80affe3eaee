"""Endpointer: decisions from probabilities alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.endpointer import Confirmed, Decision, Ended, Endpointer, Opened, State, Timing

WINDOW = 256
PATIENCE = 4000
SPEECH, SILENCE = 0.9, 0.05


def run(probabilities: list[float], timing: Timing | None = None) -> list[Decision]:
    endpointer = Endpointer(timing or Timing())
    return [decision for p in probabilities for decision in endpointer.push(p)]


def windows(seconds: float) -> int:
    return round(seconds * 8000 / WINDOW)


def test_speech_is_opened_with_pre_roll_confirmed_and_ended() -> None:
    quiet = windows(1.0)
    decisions = run([SILENCE] * quiet + [SPEECH] * windows(1.0) + [SILENCE] * windows(0.6))
    opened, confirmed, ended = decisions
    assert opened == Opened(quiet * WINDOW - 2400)
    assert isinstance(confirmed, Confirmed)
    assert 0.3 <= (confirmed.position - quiet * WINDOW) / 8000 < 0.3 + 0.032
    assert ended == Ended((quiet + windows(1.0)) * WINDOW, windows(1.0) * WINDOW, True)


def test_a_cough_is_never_confirmed() -> None:
    decisions = run([SILENCE] * 20 + [SPEECH] * 6 + [SILENCE] * 30)
    assert not any(isinstance(d, Confirmed) for d in decisions)
    assert decisions[-1] == Ended(26 * WINDOW, 6 * WINDOW, False)


def test_clicks_now_and_then_do_not_add_up_to_speech() -> None:
    decisions = run(([SPEECH] + [SILENCE] * 8) * 60)
    assert not any(isinstance(d, Confirmed) for d in decisions)


def test_a_pause_shorter_than_patience_does_not_cut() -> None:
    talk = [SPEECH] * windows(0.8)
    decisions = run(talk + [SILENCE] * windows(0.4) + talk + [SILENCE] * windows(0.6))
    assert [type(d) for d in decisions] == [Opened, Confirmed, Ended]


def test_endless_speech_is_cut_and_goes_on() -> None:
    decisions = run([SPEECH] * windows(5), Timing(longest=2.0))
    assert sum(isinstance(d, Ended) for d in decisions) == 2


def test_the_pre_roll_never_reaches_into_the_utterance_before() -> None:
    talk = [SPEECH] * windows(0.5) + [SILENCE] * (PATIENCE // WINDOW + 1)
    endpointer = Endpointer(Timing())
    decisions = [d for p in [*talk, SPEECH] for d in endpointer.push(p)]
    second = [d for d in decisions if isinstance(d, Opened)][1]
    assert second.start >= (len(talk) - 1) * WINDOW
    assert endpointer.state is State.OPEN


def test_skipping_is_silence() -> None:
    endpointer = Endpointer(Timing())
    for _ in range(20):
        endpointer.push(SPEECH)
    assert endpointer.skip(20)[-1] == Ended(20 * WINDOW, 20 * WINDOW, True)


@given(st.lists(st.floats(0, 1), max_size=400), st.floats(0.1, 1.0), st.floats(0.1, 0.8))
def test_decisions_always_come_in_order_and_in_bounds(probabilities: list[float], patience: float, confirm: float) -> None:
    timing = Timing(patience, confirm, longest=4.0)
    endpointer = Endpointer(timing)
    open_from: int | None = None
    confirmed = False
    for probability in probabilities:
        for decision in endpointer.push(probability):
            match decision:
                case Opened(start):
                    assert open_from is None
                    assert 0 <= start <= endpointer.position
                    open_from, confirmed = start, False
                case Confirmed(position):
                    assert open_from is not None
                    assert not confirmed
                    assert position - open_from >= round(confirm * 8000)
                    confirmed = True
                case Ended(last_voiced, voiced, was_confirmed):
                    assert open_from is not None
                    assert was_confirmed is confirmed
                    assert 0 < voiced <= last_voiced - open_from
                    assert last_voiced <= endpointer.position
                    open_from = None
        assert endpointer.keep_from <= endpointer.position
        assert (endpointer.state is State.IDLE) == (open_from is None)


@given(st.lists(st.booleans(), max_size=300))
def test_everything_ends_within_patience_of_silence(voiced: list[bool]) -> None:
    endpointer = Endpointer(Timing())
    for v in voiced:
        endpointer.push(SPEECH if v else SILENCE)
    endpointer.skip(PATIENCE // WINDOW + 1)
    assert endpointer.state is State.IDLE
