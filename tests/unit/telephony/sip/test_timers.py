from __future__ import annotations

import math

from telephony.sip.timers import Timers


def test_keys_come_out_in_order_and_once() -> None:
    timers: Timers[str] = Timers()
    timers.set("b", 2.0)
    timers.set("a", 1.0)
    assert timers.next() == 1.0
    assert [timers.pop_due(3.0) for _ in range(3)] == ["a", "b", None]
    assert timers.next() == math.inf


def test_a_key_set_again_moves_and_a_cancelled_one_is_gone() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 1.0)
    timers.set("a", 5.0)
    timers.set("b", 2.0)
    timers.cancel("b")
    assert timers.pop_due(4.0) is None
    assert timers.pop_due(5.0) == "a"


def test_the_heap_stays_in_proportion_to_what_is_alive() -> None:
    timers: Timers[int] = Timers()
    for at in range(100_000):
        timers.set(at % 10, float(at))
    assert len(timers) == 10
    assert len(timers._heap) <= 4 * 10 + 257
