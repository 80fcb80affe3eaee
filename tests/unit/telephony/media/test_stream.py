from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.coding import make_decoder
from telephony.media.g711 import PCMU_TO_PCMA, decode_pcmu
from telephony.media.rtp import compose
from telephony.media.stream import MediaStream
from tests.unit.telephony.media.rig import Rig, octets, sequence_steps, timestamp_steps

HALF_SECOND = Clip.tone(440, 0.5)
T0 = 500.0


def voice(number: int, payload: bytes = octets(0x55), *, kind: int = 0, ssrc: int = 9) -> bytes:
    return compose(kind, False, number & 0xFFFF, number * 160, ssrc, payload)


def key(digit: int, start: int, sequence: int, *, kind: int = 101, marker: bool = False, duration: int = 160) -> bytes:
    return compose(kind, marker, sequence & 0xFFFF, start, 9, struct.pack("!BBH", digit, 10, duration))


def goertzel(samples: NDArray[np.int16], hertz: float) -> float:
    """Amplitude of the sine at `hertz` in `samples`."""
    angles = np.arange(len(samples)) * (2 * math.pi * hertz / 8000)
    return float(2 * abs(np.dot(samples, np.exp(-1j * angles))) / len(samples))


def pair(codec_a: Codec = Codec.PCMU, codec_b: Codec = Codec.PCMU) -> tuple[Rig, Rig]:
    """Two legs that hear each other; the second numbers telephone-event 96."""
    a, b = Rig(codec_a), Rig(codec_b, 96, sequence=100, timestamp=0)
    a.stream.forward_to, b.stream.forward_to = b.stream, a.stream
    return a, b


# Playback


def test_a_clip_goes_out_frame_by_frame_and_its_end_is_reported() -> None:
    rig = Rig()
    number = rig.stream.play([HALF_SECOND])
    assert rig.stream.active
    rig.run(1.0, T0)
    assert b"".join(p.payload for p in rig.sent) == b"".join(HALF_SECOND.frames(Codec.PCMU))
    assert [p.marker for p in rig.sent] == [True] + [False] * 24
    assert sequence_steps(rig.sent) == {1}
    assert set(timestamp_steps(rig.sent)) == {160}
    assert rig.playbacks == [(number, True, 500)]
    assert not rig.stream.active


def test_clips_follow_each_other_without_a_gap_and_repeat_starts_over() -> None:
    rig = Rig()
    rig.stream.play([Clip.tone(300, 0.04), Clip.silence(0.02)], repeat=True)
    rig.run(0.18, T0)
    one_round = [*Clip.tone(300, 0.04).frames(Codec.PCMU), octets(0xFF)]
    assert [p.payload for p in rig.sent] == one_round * 3
    assert rig.playbacks == []


def test_another_play_takes_the_place_of_the_first() -> None:
    rig = Rig()
    first = rig.stream.play([HALF_SECOND])
    now = rig.run(0.1, T0)
    second = rig.stream.play([HALF_SECOND])
    rig.run(1.0, now)
    assert rig.playbacks == [(first, False, 100), (second, True, 500)]
    assert set(timestamp_steps(rig.sent)) == {160}


def test_stop_ends_at_once_and_only_once() -> None:
    rig = Rig()
    number = rig.stream.play([HALF_SECOND], repeat=True)
    now = rig.run(0.2, T0)
    rig.stream.stop()
    rig.stream.stop()
    rig.run(0.2, now)
    assert len(rig.sent) == 10
    assert rig.playbacks == [(number, False, 200)]


def test_playing_nothing_ends_with_the_next_tick() -> None:
    rig = Rig()
    number = rig.stream.play([], repeat=True)
    assert rig.playbacks == []
    rig.run(0.02, T0)
    assert rig.playbacks == [(number, True, 0)]
    assert rig.sent == []


def test_a_play_from_within_the_report_follows_seamlessly() -> None:
    rig = Rig()
    again: list[int] = []

    def go_on(*ended: object) -> None:
        if len(again) < 3:
            again.append(rig.stream.play([Clip.tone(440, 0.04)]))

    rig.stream._on_playback = go_on
    rig.stream.play([Clip.tone(440, 0.04)])
    rig.run(0.3, T0)
    assert len(rig.sent) == 8
    assert set(timestamp_steps(rig.sent)) == {160}


def test_a_report_that_plays_nothing_for_ever_does_not_hang_the_tick() -> None:
    rig = Rig()

    def play_nothing(*ended: object) -> None:
        rig.stream.play([])

    rig.stream._on_playback = play_nothing
    rig.stream.play([])
    assert rig.stream.tick(T0)


def test_skipped_ticks_move_the_timestamp_and_lose_no_audio() -> None:
    rig = Rig()
    rig.stream.play([HALF_SECOND])
    now = rig.run(0.1, T0)
    rig.run(0.5, now + 0.06)
    assert len(rig.sent) == 25
    assert timestamp_steps(rig.sent)[4] == 640


def test_held_by_the_far_end_nothing_is_sent_while_playback_runs_on() -> None:
    rig = Rig()
    rig.stream.play([HALF_SECOND])
    now = rig.run(0.1, T0)
    rig.stream.configure(Codec.PCMU, 0, 101, sending=False)
    now = rig.run(0.2, now)
    assert len(rig.sent) == 5
    rig.stream.configure(Codec.PCMU, 0, 101)
    rig.run(0.5, now)
    assert len(rig.sent) == 15
    assert rig.sent[5].marker
    assert timestamp_steps(rig.sent)[4] == 1760
    assert rig.playbacks == [(1, True, 500)]


def test_a_codec_changed_in_the_middle_goes_on_at_the_same_place() -> None:
    rig = Rig()
    rig.stream.play([HALF_SECOND])
    now = rig.run(0.1, T0)
    rig.stream.configure(Codec.PCMA, 8, 101)
    rig.run(0.5, now)
    assert [p.payload for p in rig.sent[5:]] == list(HALF_SECOND.frames(Codec.PCMA)[5:])
    assert {p.payload_type for p in rig.sent[5:]} == {8}


def test_nothing_is_sent_before_configure() -> None:
    sent: list[bytes] = []
    stream = MediaStream(ssrc=1, sequence=0, timestamp=0, transmit=sent.append, on_digit=print, on_playback=print)
    stream.play([HALF_SECOND])
    stream.send_digits("1")
    stream.tick(T0)
    assert sent == []


def test_the_pump_is_woken_by_what_needs_ticks() -> None:
    rig = Rig()
    woken: list[MediaStream] = []
    rig.stream.on_active = woken.append
    rig.stream.play([HALF_SECOND])
    rig.stream.send_digits("1")
    assert woken == [rig.stream, rig.stream]


# Digits


def test_digits_are_sent_as_events_and_a_playback_pauses_for_them() -> None:
    rig = Rig(event=96)
    rig.stream.play([HALF_SECOND])
    now = rig.run(0.1, T0)
    rig.stream.send_digits("12")
    rig.run(2.0, now)
    events = [p for p in rig.sent if p.payload_type == 96]
    starts = [p.timestamp for p in events if p.marker]
    assert len(events) == 14
    assert (starts[1] - starts[0]) & 0xFFFFFFFF == 1280
    assert {p.timestamp for p in events} == set(starts)
    assert sequence_steps(rig.sent) == {1}
    assert sum(p.payload_type == 0 for p in rig.sent) == 25
    assert max(timestamp_steps(rig.sent)) <= 1280


def test_digits_need_a_far_end_that_knows_events() -> None:
    rig = Rig(event=None)
    rig.stream.send_digits("12")
    assert not rig.stream.active


def test_a_key_is_reported_once_with_marker_and_most_packets_lost() -> None:
    rig = Rig()
    for sequence, duration in ((7, 480), (8, 640), (10, 800)):
        rig.stream.receive(key(5, 4000, sequence, duration=duration), T0)
    rig.stream.receive(key(5, 6000, 11), T0)
    assert rig.digits == ["5", "5"]
    assert rig.stream.last_received == T0


def test_a_new_source_may_use_an_old_timestamp() -> None:
    rig = Rig()
    rig.stream.receive(key(5, 4000, 1), T0)
    rig.stream.receive(compose(101, True, 2, 4000, 77, struct.pack("!BBH", 6, 10, 160)), T0)
    assert rig.digits == ["5", "6"]


# Listening


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.PCMA])
def test_a_tone_comes_through_encode_send_receive_and_listen(codec: Codec) -> None:
    sender, receiver = Rig(codec), Rig(codec)
    frames: list[NDArray[np.int16]] = []
    receiver.stream.listener = frames.append
    sender.stream.play([Clip.tone(997, 1.0, 8000)])
    sender.run(1.0, T0)
    for number, p in enumerate(sender.sent):
        receiver.stream.receive(
            compose(p.payload_type, p.marker, p.sequence, p.timestamp, p.ssrc, p.payload), T0 + number * 0.02
        )
    wave = np.concatenate(frames)
    assert len(wave) == 8000
    assert abs(goertzel(wave, 997) - 8000) < 80
    assert goertzel(wave, 700) < 80


def test_a_listener_can_be_changed_and_taken_away() -> None:
    rig = Rig()
    first: list[NDArray[np.int16]] = []
    second: list[NDArray[np.int16]] = []
    for number, listener in enumerate((first.append, second.append, None)):
        rig.stream.listener = listener
        rig.stream.receive(voice(number), T0)
    assert (len(first), len(second)) == (1, 1)
    assert rig.stream.listener is None


# Bridging


def test_bridged_voice_is_passed_on_as_it_is() -> None:
    a, b = pair()
    for number in range(5):
        a.stream.receive(voice(number, octets(number)), T0 + number * 0.02)
    assert [p.payload for p in b.sent] == [octets(n) for n in range(5)]
    assert b.sent[0].sequence == 100
    assert {p.ssrc for p in b.sent} == {0xABCD}
    assert a.sent == []


def test_the_two_laws_are_translated() -> None:
    a, b = pair(Codec.PCMU, Codec.PCMA)
    a.stream.receive(voice(1, octets(0x12)), T0)
    b.stream.receive(voice(1, octets(0x12).translate(PCMU_TO_PCMA), kind=8), T0)
    assert (b.sent[0].payload_type, b.sent[0].payload) == (8, octets(0x12).translate(PCMU_TO_PCMA))
    assert (a.sent[0].payload_type, a.sent[0].payload) == (0, octets(0x12))


def test_keys_are_renumbered_and_heard_on_the_way() -> None:
    a, b = pair()
    a.stream.receive(voice(1), T0)
    a.stream.receive(key(3, 320, 2, marker=True), T0 + 0.02)
    assert a.digits == ["3"]
    assert (b.sent[1].payload_type, b.sent[1].sequence, b.sent[1].marker) == (96, 101, True)


def test_what_the_other_side_did_not_negotiate_is_dropped_without_a_hole() -> None:
    a, b = Rig(), Rig(event=None)
    a.stream.forward_to = b.stream
    a.stream.receive(voice(1), T0)
    a.stream.receive(compose(13, False, 2, 320, 9, b"\x20"), T0 + 0.02)
    a.stream.receive(key(3, 480, 3), T0 + 0.04)
    a.stream.receive(voice(4), T0 + 0.06)
    assert [p.payload_type for p in b.sent] == [0, 0]
    assert sequence_steps(b.sent) == {1}
    assert timestamp_steps(b.sent) == [480]
    assert a.stream.quality()["packets_unwanted"] == 0
    a.stream.receive(compose(77 + 20, False, 5, 800, 9, b"\x20"), T0 + 0.08)
    assert a.stream.quality()["packets_unwanted"] == 1
    assert a.digits == ["3"]


def test_a_playback_has_the_floor_and_the_bridge_is_heard_again_after_it() -> None:
    a, b = pair()
    now = T0
    b.stream.play([Clip.tone(440, 0.1)])
    for number in range(10):
        b.stream.tick(now)
        a.stream.receive(voice(number, octets(number)), now + 0.001)
        now += 0.02
    assert [p.payload for p in b.sent[5:]] == [octets(n) for n in range(5, 10)]
    assert sequence_steps(b.sent) == {1}
    assert [p.marker for p in b.sent] == [n in (0, 5) for n in range(10)]


def test_a_held_side_gets_nothing_from_the_bridge() -> None:
    a, b = pair()
    b.stream.configure(Codec.PCMU, 0, 96, sending=False)
    a.stream.receive(voice(1), T0)
    assert b.sent == []
    b.stream.configure(Codec.PCMU, 0, 96)
    a.stream.receive(voice(2), T0)
    assert len(b.sent) == 1


def test_a_bridge_parted_and_joined_again_begins_anew() -> None:
    a, b = pair()
    a.stream.receive(voice(1), T0)
    a.stream.forward_to = None
    a.stream.receive(voice(2), T0 + 0.02)
    a.stream.forward_to = b.stream
    a.stream.receive(voice(3), T0 + 0.04)
    assert sequence_steps(b.sent) == {1}
    assert b.sent[1].marker
    assert timestamp_steps(b.sent) == [320]


# What anybody may send


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda b: b"\x80\x00" + b)), max_size=20))
def test_no_bytes_raise(datagrams: list[bytes]) -> None:
    a, b = pair(Codec.PCMU, Codec.PCMA)
    a.stream.listener = lambda frame: None
    for data in datagrams:
        a.stream.receive(data, T0)
        a.stream.receive(b"\x80\xe5" + data[2:], T0)
    assert a.stream.quality()["packets_received"] >= len(b.sent) // 2


def test_far_numbers_cost_nothing() -> None:
    """One packet with a far timestamp made another library allocate 600 MB."""
    a, b = pair()
    frames: list[NDArray[np.int16]] = []
    a.stream.listener = frames.append
    for number in (1, 2, 30_000, 3, 4):
        a.stream.receive(compose(0, False, number, (number * 71_000_003) & 0xFFFFFFFF, 9, octets(1)), T0)
    assert len(frames) <= 5 * 11
    assert sequence_steps(b.sent) <= {1}
    assert a.stream.quality()["packets_lost"] == 0


def test_quality_counts_with_units() -> None:
    rig = Rig()
    for number in (1, 2, 4, 5):
        rig.stream.receive(voice(number), T0 + number * 0.02)
    rig.stream.receive(b"junk", T0)
    rig.stream.receive(b"\x80\xc8" + bytes(26), T0)
    quality = rig.stream.quality()
    assert (quality["packets_received"], quality["packets_lost"], quality["loss_percent"]) == (4, 1, 20.0)
    assert (quality["packets_malformed"], quality["jitter_ms"], quality["codec"]) == (2, 0.0, "PCMU")


def test_a_kept_line_goes_on_in_silence_after_a_prompt() -> None:
    """One stream: no packet is missing, and nothing but silence comes after the prompt."""
    rig = Rig()
    rig.stream.keeping = True
    now = rig.run(0.1, 1.0)
    rig.stream.play([Clip.tone(440, 0.1)])
    rig.run(0.3, now)
    assert len(rig.sent) == 20
    assert sequence_steps(rig.sent) == {1}
    assert set(timestamp_steps(rig.sent)) == {160}
    loud = [bool(np.any(decode_pcmu(packet.payload))) for packet in rig.sent]
    assert loud == [False] * 5 + [True] * 5 + [False] * 10
    assert rig.stream.active


@pytest.mark.parametrize("codec", list(Codec))
def test_silence_is_silent_in_every_codec(codec: Codec) -> None:
    rig = Rig(codec)
    rig.stream.keeping = True
    rig.run(1.0, 1.0)
    decoder = make_decoder(codec)
    heard = np.concatenate([decoder.decode(packet.payload) for packet in rig.sent])
    assert len(rig.sent) == 50
    assert np.max(np.abs(heard.astype(int))) <= 24  # -62 dBFS


def test_a_kept_line_is_left_to_a_forwarded_voice_and_taken_back_after_it() -> None:
    far, rig = Rig(), Rig()
    rig.stream.keeping = True
    woken: list[object] = []
    rig.stream.on_active = woken.append
    far.stream.forward_to = rig.stream
    rig.run(0.1, 1.0)
    far.stream.receive(compose(0, True, 7, 1000, 5, octets(0x20)), 1.11)
    assert not rig.stream.active
    assert rig.stream.tick(1.12) is False
    assert len(rig.sent) == 6
    woken.clear()
    far.stream.forward_to = None
    assert woken == [rig.stream]
    rig.run(0.1, 1.2)
    assert len(rig.sent) == 11
    assert rig.sent[-1].payload == octets(0xFF)


def test_a_kept_line_on_hold_sends_nothing_until_it_is_resumed() -> None:
    rig = Rig()
    rig.stream.keeping = True
    rig.stream.configure(Codec.PCMU, 0, 101, sending=False)
    rig.run(0.1, 1.0)
    assert rig.sent == []
    assert not rig.stream.active
    rig.stream.configure(Codec.PCMU, 0, 101)
    rig.run(0.1, 2.0)
    assert len(rig.sent) == 5


def test_keys_are_sent_on_a_kept_line() -> None:
    rig = Rig()
    rig.stream.keeping = True
    now = rig.run(0.1, 1.0)
    rig.stream.send_digits("5")
    rig.run(0.5, now)
    kinds = [packet.payload_type for packet in rig.sent]
    assert 101 in kinds
    assert kinds[-1] == 0
