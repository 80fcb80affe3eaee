"""Frames that come unevenly leave evenly, and never pile up."""

from __future__ import annotations

import numpy as np

from telephony.media.inlet import MOST, Inlet


def frame(number: int) -> np.ndarray:
    return np.full(160, number, np.int16)


def numbers(*frames: np.ndarray | None) -> list[int | None]:
    return [None if one is None else int(one[0]) for one in frames]


def test_the_first_frame_is_there_at_once() -> None:
    inlet = Inlet()
    assert inlet.get() is None and inlet.dry == 0
    inlet.put(frame(1))
    assert numbers(inlet.get()) == [1]


def test_after_running_dry_it_waits_for_one_more() -> None:
    inlet = Inlet()
    inlet.put(frame(1))
    assert numbers(inlet.get(), inlet.get()) == [1, None] and inlet.dry == 1
    inlet.put(frame(2))
    assert inlet.get() is None
    inlet.put(frame(3))
    assert numbers(inlet.get(), inlet.get()) == [2, 3]


def test_jitter_of_60_ms_is_ridden_out_after_a_while() -> None:
    inlet, got = Inlet(), []
    for burst in range(50):
        for number in range(3):
            inlet.put(frame(burst * 3 + number))
        got += numbers(inlet.get(), inlet.get(), inlet.get())
        inlet_late = burst % 2
        if inlet_late:
            got += numbers(inlet.get())
            inlet.put(frame(0))
    assert None not in got[60:]


def test_what_is_too_much_pushes_the_oldest_out_and_depth_is_given_back() -> None:
    inlet = Inlet()
    for number in range(MOST + 3):
        inlet.put(frame(number))
    assert inlet.dropped == 3 and numbers(inlet.get()) == [3]
    for number in range(600):
        inlet.put(frame(number))
        inlet.get()
    assert len(inlet._frames) <= 3
