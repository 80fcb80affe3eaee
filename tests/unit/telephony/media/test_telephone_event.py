from __future__ import annotations

import struct
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.media.telephone_event import DIGITS, EventReceiver, EventSender

SPURT = [(160 * n, False) for n in range(1, 5)] + [(800, True)] * 3
"""Duration and end bit of the seven packets of a 100 ms key."""


def payload(digit: str, duration: int, end: bool = False) -> bytes:
    return struct.pack("!BBH", DIGITS.index(digit), 0x80 * end | 10, duration)


@pytest.mark.parametrize("survivors", [s for n in range(1, 8) for s in combinations(range(7), n)])
def test_any_surviving_packet_reports_the_key_once(survivors: tuple[int, ...]) -> None:
    receiver = EventReceiver()
    heard = [receiver.receive(payload("5", *SPURT[i]), 4000) for i in survivors]
    assert [digit for digit in heard if digit] == ["5"]


def test_the_same_key_again_is_a_new_press() -> None:
    receiver = EventReceiver()
    assert [receiver.receive(payload("1", 160), at) for at in (0, 0, 1280, 1280, 2560)] == ["1", None, "1", None, "1"]


def test_a_packet_of_an_older_event_that_comes_late_is_not_reported() -> None:
    receiver = EventReceiver()
    heard = [receiver.receive(payload(d, 160), at) for d, at in (("1", 100), ("2", 1380), ("1", 100), ("2", 1380))]
    assert heard == ["1", "2", None, None]


def test_a_restarted_clock_does_not_silence_the_keys() -> None:
    receiver = EventReceiver()
    assert receiver.receive(payload("1", 160), 3_000_000_000) == "1"
    assert receiver.receive(payload("2", 160), 1000) == "2"


def test_a_key_held_for_nine_seconds_is_one_press() -> None:
    """RFC 4733 §2.5.1.3: the event goes on in a segment of its own."""
    receiver = EventReceiver()
    heard = [receiver.receive(payload("9", duration), 0) for duration in (160, 40000, 0xFFFF)]
    heard += [receiver.receive(payload("9", duration), 0xFFFF) for duration in (160, 320)]
    assert heard == ["9", None, None, None, None]


def test_flash_and_tones_are_not_digits() -> None:
    receiver = EventReceiver()
    assert [receiver.receive(struct.pack("!BBH", code, 10, 160), code) for code in (16, 32, 255)] == [None] * 3


@given(st.binary(max_size=12), st.integers(0, 2**32 - 1))
def test_no_bytes_raise(data: bytes, timestamp: int) -> None:
    assert EventReceiver().receive(data, timestamp) in {None, *DIGITS}


def test_digits_are_100_ms_long_60_ms_apart_and_end_three_times() -> None:
    sender = EventSender()
    sender.add("1#")
    ticks = []
    while sender:
        ticks.append(sender.next())
    assert len(ticks) == 16
    for start, code in ((0, 1), (8, 11)):
        packets = [t for t in ticks[start : start + 8] if t is not None]
        assert [struct.unpack("!BBH", p) for p, _ in packets] == [(code, 0x80 * end | 10, duration) for duration, end in SPURT]
        assert [starts for _, starts in packets] == [True] + [False] * 6
    assert ticks[7] is ticks[15] is None


def test_characters_that_are_no_keys_are_left_out_and_clear_forgets() -> None:
    sender = EventSender()
    sender.add("x-")
    assert not sender
    sender.add("d")
    assert sender.next() == (b"\x0f\x0a\x00\xa0", True)
    sender.clear()
    assert not sender
