"""EchoGuard with a real end-pointer: what is confirmed, and from where on."""

from __future__ import annotations

import numpy as np

from ivr.speech.echo_guard import EchoGuard
from ivr.speech.endpointer import Confirmed, Endpointer, State, Timing
from tests.unit.ivr.speech.test_echo import come_back, line, voice

WINDOW = 256


def run(near: np.ndarray, far: np.ndarray | None) -> tuple[list[int], Endpointer, EchoGuard]:
    """Positions of what was confirmed, where every window counts as voiced."""
    guard, endpointer, confirmed = EchoGuard(0, WINDOW), Endpointer(Timing(longest=60.0)), []
    for at in range(0, len(near) - WINDOW + 1, WINDOW):
        guard.hear(near[at : at + WINDOW], None if far is None else far[at : at + WINDOW])
        voiced = float(np.sqrt(np.mean(near[at : at + WINDOW].astype(float) ** 2))) > 40
        decisions = endpointer.push(0.9 if voiced else 0.0)
        if endpointer.state is not State.IDLE:
            guard.note(at, endpointer.sounding)
        if any(isinstance(one, Confirmed) for one in decisions) and guard.confirms(endpointer):
            confirmed.append(at + WINDOW)
    return confirmed, endpointer, guard


def test_our_own_prompt_confirms_nothing() -> None:
    played = voice(1, 4.0)
    confirmed, endpointer, _ = run(line(come_back(played, 0.2, 12)), played)
    assert confirmed == []
    assert endpointer.state is not State.SPEAKING


def test_a_caller_over_the_echo_is_confirmed_in_time_and_begins_where_he_does() -> None:
    played, said = voice(1, 4.0), voice(2, 4.0, 2500.0)
    said[:20000] = 0
    confirmed, endpointer, guard = run(line(said.astype(int) + come_back(played, 0.2, 12)), played)
    assert len(confirmed) == 1
    assert 20000 + 1600 <= confirmed[0] < 20000 + 2400 + 1600  # a window of the echo may pass for his
    assert 20000 - 2400 - 8 * WINDOW <= endpointer.keep_from <= 20000
    assert len(guard.cleaned(800)) == 800


def test_without_an_echo_a_caller_is_confirmed_as_soon_as_ever() -> None:
    said = voice(2, 1.0)
    confirmed, _, _ = run(said, voice(1, 1.0))
    plain = Endpointer(Timing())
    first = next(at for at in range(0, 8000, WINDOW) if any(isinstance(one, Confirmed) for one in plain.push(0.9)))
    assert first + WINDOW <= confirmed[0] <= first + 6 * WINDOW


def test_only_what_the_caller_voiced_counts_for_a_short_word() -> None:
    played = voice(1, 2.0)
    _, _, guard = run(line(come_back(played, 0.1, 10)), played)
    assert guard.voiced() < 1024
    guard.forget()
    assert guard.voiced() == 0
