from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.media.codec import Codec
from telephony.media.coding import Frame, make_decoder, make_encoder
from telephony.media.rtp import MARKER, compose
from telephony.media.transcoding import Transcoder, Voice
from tests.unit.telephony.media.rig import Rig, sequence_steps, timestamp_steps
from tests.unit.telephony.media.waves import blocks, decibels, found, sine

T0 = 500.0
PAIRS = [(a, b) for a in Codec for b in Codec if a is not b and {a, b} != {Codec.PCMU, Codec.PCMA}]


def heard_by(target: Codec, packets: list[Voice], rate: int = 8000) -> Frame:
    decoder = make_decoder(target, rate)
    return np.concatenate([decoder.decode(packet.payload) for packet in packets])


def payloads(codec: Codec, samples: Frame, size: int = 160) -> list[bytes]:
    encoder = make_encoder(codec)
    return [encoder.encode(block) for block in blocks(samples, size)]


def converted(
    source: Codec, target: Codec, voice: list[bytes], *, start: int = 65500, first: int = 2**32 - 4000
) -> list[Voice]:
    """A stream without a fault, over the wrap of both numbers."""
    transcoder, out = Transcoder(source, target), []
    for number, payload in enumerate(voice):
        timestamp = (first + number * source.timestamp_step) & 0xFFFFFFFF
        out += transcoder.convert(payload, MARKER if not number else 0, (start + number) & 0xFFFF, timestamp, 7)
    return out


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_a_tone_is_as_loud_after_it_and_has_no_gap(source: Codec, target: Codec, hertz: int) -> None:
    out = converted(source, target, payloads(source, sine(hertz, 2.0)))
    samples = heard_by(target, out)
    assert len(samples) == 16000
    amplitude, clean = found(samples[4000:], hertz)
    assert abs(decibels(amplitude / 8000)) < 1
    assert clean > 18
    quietest = min(float(np.abs(block).max()) for block in blocks(samples[800:], 80))
    assert quietest > 5000


@pytest.mark.parametrize(("source", "target"), [(Codec.G722, Codec.OPUS), (Codec.OPUS, Codec.G722)])
def test_between_wideband_codecs_6_khz_survives(source: Codec, target: Codec) -> None:
    encoder = make_encoder(source, 16000)
    out = converted(source, target, [encoder.encode(block) for block in blocks(sine(6000, 2.0, 16000), 320)])
    amplitude, _ = found(heard_by(target, out, 16000)[8000:], 6000, 16000)
    assert abs(decibels(amplitude / 8000)) < 1.5


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_numbers_run_on_in_the_clock_of_the_target(source: Codec, target: Codec) -> None:
    out = converted(source, target, payloads(source, sine(440, 2.0)))
    assert len(out) == 100
    assert {(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(out)} == {1}
    assert {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(out)} == {target.timestamp_step}
    assert [packet.marker for packet in out] == [MARKER] + [0] * 99


@pytest.mark.parametrize("size", [80, 240, 320, 480])
def test_other_packet_times_become_20_ms_packets_of_opus(size: int) -> None:
    transcoder, out = Transcoder(Codec.PCMU, Codec.OPUS), []
    for number, payload in enumerate(payloads(Codec.PCMU, sine(440, 1.2), size)):
        out += transcoder.convert(payload, 0, number, number * size, 7)
    assert len(out) == 60
    assert {b.timestamp - a.timestamp for a, b in pairwise(out)} == {960}
    assert {b.sequence - a.sequence for a, b in pairwise(out)} == {1}


@pytest.mark.parametrize(("source", "target"), [(Codec.PCMU, Codec.OPUS), (Codec.PCMA, Codec.G722), (Codec.G722, Codec.PCMU)])
def test_a_loss_stays_a_hole_of_its_size(source: Codec, target: Codec) -> None:
    voice = payloads(source, sine(440, 0.2))
    transcoder, out = Transcoder(source, target), []
    for number in (0, 1, 2, 6, 7):
        out += transcoder.convert(voice[number], 0, number, number * source.timestamp_step, 7)
    assert [packet.sequence - out[0].sequence for packet in out] == [0, 1, 2, 6, 7]
    assert [(packet.timestamp - out[0].timestamp) // target.timestamp_step for packet in out] == [0, 1, 2, 6, 7]


def test_a_single_loss_of_opus_is_filled_from_the_packet_after_it() -> None:
    voice = payloads(Codec.OPUS, sine(440, 0.4))
    transcoder, out = Transcoder(Codec.OPUS, Codec.PCMU), []
    for number in [*range(10), *range(11, 20)]:
        out += transcoder.convert(voice[number], 0, number, number * 960, 7)
    assert [packet.sequence - out[0].sequence for packet in out] == list(range(20))
    assert [packet.timestamp - out[0].timestamp for packet in out] == [n * 160 for n in range(20)]


def test_late_and_doubled_packets_are_left_out() -> None:
    voice = payloads(Codec.PCMU, sine(440, 0.2))
    transcoder, out = Transcoder(Codec.PCMU, Codec.OPUS), []
    for number in (0, 1, 1, 3, 2, 4):
        out += transcoder.convert(voice[number], 0, number, number * 160, 7)
    assert [packet.sequence - out[0].sequence for packet in out] == [0, 1, 3, 4]


def test_a_pause_moves_the_timestamp_alone_and_begins_a_talk_spurt() -> None:
    voice = payloads(Codec.OPUS, sine(440, 0.2))
    transcoder, out = Transcoder(Codec.OPUS, Codec.PCMU), []
    for number, timestamp in enumerate((0, 960, 960 + 48000, 960 + 48960)):
        out += transcoder.convert(voice[number], 0, number, timestamp, 7)
    assert [packet.sequence - out[0].sequence for packet in out] == [0, 1, 2, 3]
    assert [packet.timestamp - out[0].timestamp for packet in out] == [0, 160, 8160, 8320]
    assert [packet.marker for packet in out] == [MARKER, 0, MARKER, 0]


@settings(max_examples=60)
@given(
    st.sampled_from(PAIRS),
    st.lists(
        st.tuples(st.binary(max_size=200), st.integers(0, 65535), st.integers(0, 2**32 - 1), st.integers(0, 3)), max_size=12
    ),
)
def test_whatever_comes_is_survived(codecs: tuple[Codec, Codec], packets: list[tuple[bytes, int, int, int]]) -> None:
    transcoder = Transcoder(*codecs)
    for payload, sequence, timestamp, ssrc in packets:
        for voice in transcoder.convert(payload, 0, sequence, timestamp, ssrc):
            assert 0 <= voice.sequence <= 0xFFFF and 0 <= voice.timestamp <= 0xFFFFFFFF and len(voice.payload) <= 2560
        key = transcoder.place(payload, (sequence + 1) & 0xFFFF, timestamp, ssrc)
        assert key is None or 0 <= key.timestamp <= 0xFFFFFFFF
        transcoder.skip((sequence + 2) & 0xFFFF, ssrc)


# In a bridge


def bridged(codec_a: Codec, codec_b: Codec) -> tuple[Rig, Rig]:
    a, b = Rig(codec_a), Rig(codec_b, 96, sequence=100, timestamp=0)
    a.stream.forward_to, b.stream.forward_to = b.stream, a.stream
    return a, b


def packet(codec: Codec, number: int, payload: bytes) -> bytes:
    return compose(codec.payload_type, number == 0, number, number * codec.timestamp_step, 9, payload)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_legs_of_different_codecs_hear_each_other(source: Codec, target: Codec) -> None:
    a, b = bridged(source, target)
    for number, payload in enumerate(payloads(source, sine(1000, 1.0))):
        a.stream.receive(packet(source, number, payload), T0 + number * 0.02)
    assert {p.payload_type for p in b.sent} == {target.payload_type}
    assert sequence_steps(b.sent) == {1} and set(timestamp_steps(b.sent)) == {target.timestamp_step}
    assert [p.marker for p in b.sent] == [True] + [False] * 49
    decoder = make_decoder(target)
    amplitude, _ = found(np.concatenate([decoder.decode(p.payload) for p in b.sent])[2000:], 1000)
    assert abs(decibels(amplitude / 8000)) < 1


@pytest.mark.parametrize(("source", "target", "duration"), [(Codec.PCMU, Codec.OPUS, 4800), (Codec.OPUS, Codec.PCMU, 800)])
def test_a_key_passes_between_clocks(source: Codec, target: Codec, duration: int) -> None:
    a, b = bridged(source, target)
    voice, step = payloads(source, sine(1000, 0.4)), source.timestamp_step
    for number in range(5):
        a.stream.receive(packet(source, number, voice[number]), T0 + number * 0.02)
    for number in range(1, 8):
        held = min(number, 5) * step
        body = struct.pack("!BBH", 7, (0x80 if number > 4 else 0) | 10, held)
        a.stream.receive(compose(101, number == 1, 4 + number, 5 * step, 9, body), T0 + 0.08 + number * 0.02)
    a.stream.receive(packet(source, 12, voice[12]), T0 + 0.24)
    keys = [p for p in b.sent if p.payload_type == 96]
    assert [p.marker for p in keys] == [True] + [False] * 6
    assert len({p.timestamp for p in keys}) == 1
    assert (keys[0].timestamp - b.sent[0].timestamp) & 0xFFFFFFFF == 5 * target.timestamp_step
    assert struct.unpack("!BBH", keys[-1].payload) == (7, 0x8A, duration)
    assert sequence_steps(b.sent) == {1}
    assert (b.sent[-1].timestamp - b.sent[0].timestamp) & 0xFFFFFFFF == 12 * target.timestamp_step
    assert a.digits == ["7"] and b.digits == []


def test_after_renegotiation_packets_pass_as_they_are() -> None:
    a, b = bridged(Codec.PCMU, Codec.OPUS)
    voice = payloads(Codec.PCMU, sine(1000, 1.0))
    for number in range(20):
        a.stream.receive(packet(Codec.PCMU, number, voice[number]), T0 + number * 0.02)
    b.stream.configure(Codec.PCMU, 0, 96)
    for number in range(20, 40):
        a.stream.receive(packet(Codec.PCMU, number, voice[number]), T0 + number * 0.02)
    assert [p.payload for p in b.sent[20:]] == voice[20:40]
    assert b.sent[20].marker and sequence_steps(b.sent) == {1}
    assert set(timestamp_steps(b.sent)[20:]) == {160}


def test_keys_of_our_own_count_in_the_clock_of_the_codec() -> None:
    rig = Rig(Codec.OPUS)
    rig.stream.send_digits("3")
    rig.run(0.2, T0)
    assert [struct.unpack("!BBH", p.payload)[2] for p in rig.sent] == [960, 1920, 2880, 3840, 4800, 4800, 4800]


@pytest.mark.parametrize("codec", list(Codec))
def test_a_listener_hears_8_khz_frames_of_any_codec_across_a_loss(codec: Codec) -> None:
    rig, frames = Rig(codec), list[Frame]()
    rig.stream.listener = frames.append
    for number, payload in enumerate(payloads(codec, sine(500, 2.0))):
        if number != 30:
            rig.stream.receive(packet(codec, number, payload), T0 + number * 0.02)
    samples = np.concatenate(frames)
    assert {frame.shape for frame in frames} == {(160,)}
    assert len(samples) == 16000
    amplitude, _ = found(samples[4000:], 500)
    assert abs(decibels(amplitude / 8000)) < 1
