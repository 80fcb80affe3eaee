"""Tape: positions stay true, whatever was forgotten."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.tape import FIRST, Tape


def test_parts_are_found_by_their_position() -> None:
    tape = Tape()
    tape.append(np.arange(100, dtype=np.int16))
    tape.forget(40)
    tape.append(np.arange(100, 200, dtype=np.int16))
    assert (tape.begin, tape.end) == (40, 200)
    assert tape.part(40, 45).tolist() == [40, 41, 42, 43, 44]
    assert tape.part(0, 42).tolist() == [40, 41], "what was forgotten is left out"
    assert tape.part(195, 999).tolist() == [195, 196, 197, 198, 199]


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 4000)), max_size=30))
def test_it_holds_what_was_not_forgotten(steps: list[tuple[int, int]]) -> None:
    tape, whole = Tape(), np.empty(0, np.int16)
    for size, back in steps:
        more = np.arange(len(whole), len(whole) + size).astype(np.int16)
        whole = np.concatenate((whole, more))
        tape.append(more)
        tape.forget(len(whole) - back)
        assert tape.end == len(whole)
        assert np.array_equal(tape.part(tape.begin, tape.end), whole[tape.begin :])


def test_a_long_call_takes_no_more_room_than_what_is_held() -> None:
    tape = Tape()
    for number in range(1, 5000):
        tape.append(np.zeros(320, np.int16))
        tape.forget(number * 320 - 2400)
    assert len(tape._room) == FIRST
