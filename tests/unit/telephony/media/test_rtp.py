from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from telephony.media.rtp import Packet, Reception, compose, is_rtp, parse, payload_of

PLAIN = compose(0, True, 7, 160, 0xDEAD, b"voice")


def with_first(octet: int, rest: bytes) -> bytes:
    return bytes([octet]) + PLAIN[1:12] + rest


def test_what_is_composed_is_parsed() -> None:
    assert parse(PLAIN) == Packet(0, True, 7, 160, 0xDEAD, b"voice")
    assert parse(compose(101, False, 65535, 2**32 - 1, 0, b"")) == Packet(101, False, 65535, 2**32 - 1, 0, b"")


def test_contributors_extension_and_padding_are_taken_off() -> None:
    contributors = bytes(8)
    extension = b"\xbe\xde\x00\x01" + b"abcd"
    assert payload_of(with_first(0x82, contributors + b"voice")) == b"voice"
    assert payload_of(with_first(0x90, extension + b"voice")) == b"voice"
    assert payload_of(with_first(0xA0, b"voice\x00\x00\x03")) == b"voice"
    assert payload_of(with_first(0xB2, contributors + extension + b"voice\x01")) == b"voice"


def test_lengths_that_contradict_each_other_are_refused() -> None:
    assert parse(with_first(0x8F, b"short")) is None
    assert parse(with_first(0x90, b"\x00\x00\xff\xff")) is None
    assert parse(with_first(0x90, b"\x00")) is None
    assert parse(with_first(0xA0, b"voice\x09")) is None
    assert parse(with_first(0xA0, b"voice\x00")) is None


def test_other_protocols_on_the_port_are_not_rtp() -> None:
    assert not is_rtp(b"")
    assert not is_rtp(PLAIN[:11])
    assert not is_rtp(b"\x00\x01" + bytes(18))  # STUN
    assert not is_rtp(b"\x80\xc8" + bytes(26))  # RTCP sender report


@given(st.binary(max_size=64))
def test_no_bytes_raise(data: bytes) -> None:
    packet = parse(data)
    assert packet is None or len(packet.payload) <= len(data) - 12


def test_lost_packets_are_counted_late_ones_are_not_lost() -> None:
    reception = Reception()
    for number in (65534, 65535, 2, 1, 3):
        reception.arrived(number, number * 160, 5, number * 0.02)
    assert (reception.received, reception.lost, reception.expected) == (5, 1, 6)


def test_duplicates_do_not_make_loss_negative() -> None:
    reception = Reception()
    for number in (1, 1, 1, 2):
        reception.arrived(number, 160, 5, 0.0)
    assert reception.lost == 0


def test_far_jumps_and_new_sources_are_neither_loss_nor_jitter() -> None:
    reception = Reception()
    for start, ssrc in ((0, 5), (30000, 5), (30000, 6), (29000, 6)):
        for number in range(10):
            reception.arrived(start + number, ssrc * 10**8 + start * 977 + number * 160, ssrc, start + number * 0.02)
    assert (reception.received, reception.lost) == (40, 0)
    assert reception.jitter < 1e-6
    assert reception.ssrc == 6


def test_jitter_approaches_the_mean_change_of_transit() -> None:
    """RFC 3550 A.8: with transit alternating by 5 ms the estimate tends to 5 ms."""
    reception = Reception()
    for number in range(400):
        reception.arrived(number, number * 160, 5, number * 0.02 + (number % 2) * 0.005)
    assert abs(reception.jitter - 0.005) < 0.0001


def test_timestamps_that_wrap_are_no_jitter() -> None:
    reception = Reception()
    for number in range(20):
        reception.arrived(number, (2**32 - 800 + number * 160) % 2**32, 5, number * 0.02)
    assert reception.jitter < 1e-6


def test_random_order_never_loses_count() -> None:
    draw = random.Random(1)
    reception = Reception()
    numbers = [n for n in range(2000) if draw.random() > 0.05]
    swapped = sorted(numbers, key=lambda n: n + draw.uniform(0, 3))
    for number in swapped:
        reception.arrived(number, number * 160, 5, number * 0.02)
    assert reception.received == len(numbers)
    assert reception.lost == max(numbers) - min(swapped[0], min(numbers)) + 1 - len(numbers)
