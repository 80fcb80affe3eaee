"""Packets find their place by the clock, whatever the network did to them."""

from __future__ import annotations

import numpy as np

from telephony.media.two_channel import LEFT, RIGHT, FarClock, OwnClock, Timeline


def ones(count: int = 160, value: int = 1) -> np.ndarray:
    return np.full(count, value, np.int16)


def test_jitter_moves_nothing_and_a_gap_stays_a_gap() -> None:
    clock = FarClock()
    jitter = [0, 37, -20, 300, 5]
    places = [clock.place(1000 + 160 * n, 8000, 7, 160 + 160 * n + late, 160) for n, late in enumerate(jitter)]
    assert places == [0, 160, 320, 480, 640]
    assert clock.place(1000 + 160 * 20, 8000, 7, 160 * 21, 160) == 3200


def test_swapped_packets_and_a_wrapped_timestamp() -> None:
    clock = FarClock()
    start = 0xFFFFFFFF - 100
    assert clock.place(start, 8000, 7, 160, 160) == 0
    assert clock.place((start + 320) & 0xFFFFFFFF, 8000, 7, 480, 160) == 320
    assert clock.place((start + 160) & 0xFFFFFFFF, 8000, 7, 485, 160) == 160
    assert clock.place((start + 480) & 0xFFFFFFFF, 8000, 7, 640, 160) == 480


def test_opus_counts_at_48_khz() -> None:
    clock = FarClock()
    assert [clock.place(960 * n, 48000, 7, 160 + 160 * n, 160) for n in range(3)] == [0, 160, 320]


def test_a_new_source_or_a_stray_clock_begins_where_the_wall_clock_is() -> None:
    clock = FarClock()
    clock.place(5, 8000, 7, 160, 160)
    assert clock.place(999_999, 8000, 8, 1000, 160) == 840
    assert clock.place(999_999 + 100_000, 8000, 8, 1160, 160) == 1000


def test_our_own_packets_follow_each_other_unless_there_was_a_pause() -> None:
    clock = OwnClock()
    assert [clock.place(now, 160) for now in (1000, 1165, 1318, 9000, 9160)] == [1000, 1160, 1320, 9000, 9160]


def test_silence_is_what_nobody_put_there() -> None:
    line = Timeline(1.0)
    line.put(LEFT, 100, ones())
    line.put(RIGHT, 400, ones(value=2))
    taken = line.take(300)
    assert taken[:, LEFT].sum() == 160 and taken[100, LEFT] == 1 and not taken[:, RIGHT].any()
    line.put(LEFT, 250, ones(100, 3))
    assert line.late == 50
    rest = line.take(900)
    assert rest[:50, LEFT].tolist() == [3] * 50 and rest[100:260, RIGHT].tolist() == [2] * 160 and line.given == 900
    assert not line.take(950).any()


def test_what_is_too_far_ahead_is_counted_and_costs_nothing() -> None:
    line = Timeline(1.0)
    line.put(LEFT, 10_000_000, ones())
    assert line.late == 160
    assert len(line.take(10_000_000)) == 8000, "at most what is kept; the caller goes on"
    assert line.take(0).shape == (0, 2)
