from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.media import libopus, opus
from telephony.media.codec import Codec
from telephony.media.coding import Decoder, Encoder, Frame, make_decoder, make_encoder
from telephony.media.opus import FfmpegOpusDecoder, FfmpegOpusEncoder
from tests.unit.telephony.media.waves import blocks, decibels, found, sine


def through(encoder: Encoder, decoder: Decoder, samples: Frame, size: int) -> Frame:
    return np.concatenate([decoder.decode(encoder.encode(block)) for block in blocks(samples, size)])


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_a_tone_comes_through_within_a_decibel(codec: Codec, hertz: int) -> None:
    out = through(make_encoder(codec), make_decoder(codec), sine(hertz, 2.0), 160)
    assert len(out) == 16000
    amplitude, clean = found(out[4000:], hertz)
    assert abs(decibels(amplitude / 8000)) < 1
    assert clean > 20


@pytest.mark.parametrize("codec", [Codec.G722, Codec.OPUS])
@pytest.mark.parametrize("hertz", [1000, 6000])
def test_wideband_carries_6_khz(codec: Codec, hertz: int) -> None:
    out = through(make_encoder(codec, 16000), make_decoder(codec, 16000), sine(hertz, 2.0, 16000), 320)
    amplitude, clean = found(out[8000:], hertz, 16000)
    assert len(out) == 32000
    assert abs(decibels(amplitude / 8000)) < 1 and clean > 15


def test_g722_is_64_kbit_per_second_whatever_rate_it_is_fed_with() -> None:
    assert {len(make_encoder(Codec.G722, rate).encode(sine(440, 0.02, rate))) for rate in (8000, 16000)} == {160}


def test_g722_packet_by_packet_is_bit_for_bit_g722_in_one_go() -> None:
    voice = sine(440, 0.5, 16000) + sine(2500, 0.5, 16000, 3000)
    encoder, decoder = make_encoder(Codec.G722, 16000), make_decoder(Codec.G722, 16000)
    packets = [encoder.encode(block) for block in blocks(voice, 320)]
    whole = make_decoder(Codec.G722, 16000)
    joined = np.concatenate([whole.decode(b"".join(packets[at : at + 5])) for at in range(0, len(packets), 5)])
    assert np.array_equal(np.concatenate([decoder.decode(packet) for packet in packets]), joined)


@pytest.mark.parametrize("codec", list(Codec))
def test_two_streams_of_one_codec_do_not_meet(codec: Codec) -> None:
    alone, beside = make_encoder(codec), make_encoder(codec)
    other = make_encoder(codec)
    loud = sine(1700, 0.02, amplitude=20000)
    for block in blocks(sine(440, 0.2), 160):
        expected = alone.encode(block)
        other.encode(loud)
        assert beside.encode(block) == expected


@pytest.mark.parametrize("codec", [Codec.G722, Codec.OPUS])
@given(payload=st.binary(max_size=2048))
def test_whatever_a_peer_sends_nothing_is_raised_and_little_comes_out(codec: Codec, payload: bytes) -> None:
    out = make_decoder(codec).decode(payload)
    assert out.dtype == np.int16 and len(out) <= 1280


@given(payload=st.binary(max_size=1500))
def test_opus_through_ffmpeg_stands_as_much(payload: bytes) -> None:
    decoder = FfmpegOpusDecoder(8000)
    assert len(decoder.decode(payload)) <= 960
    assert len(decoder.decode(make_encoder(Codec.OPUS).encode(sine(440, 0.02)))) == 160


def test_an_empty_payload_is_no_voice() -> None:
    assert [len(make_decoder(codec).decode(b"")) for codec in Codec] == [0, 0, 0, 0]


def test_opus_packets_of_silence_suppression_and_of_every_length_are_decoded() -> None:
    decoder = make_decoder(Codec.OPUS)
    assert len(decoder.decode(make_encoder(Codec.OPUS).encode(sine(440, 0.02)))) == 160
    assert len(decoder.decode(b"\x08")) == 160  # a lone header: SILK, 20 ms, nothing transmitted (RFC 6716 §2.1.9)
    assert len(decoder.decode(b"\x18")) == 480  # 60 ms of it


def test_stereo_is_heard_as_mono() -> None:
    if libopus.library() is None:
        pytest.skip("libopus cannot be called directly")
    import av

    context = av.AudioCodecContext.create("libopus", "w")
    context.sample_rate, context.layout, context.format = 48000, "stereo", "s16"
    context.open()
    left = sine(1000, 1.0, 48000)
    pcm = np.stack([left, left], 1).reshape(1, -1)
    decoder, parts = make_decoder(Codec.OPUS), []
    for start in range(0, pcm.shape[1], 1920):
        frame = av.AudioFrame.from_ndarray(pcm[:, start : start + 1920], format="s16", layout="stereo")
        frame.sample_rate = 48000
        parts += [decoder.decode(bytes(packet)) for packet in context.encode(frame)]
    amplitude, _ = found(np.concatenate(parts)[2000:], 1000)
    assert abs(decibels(amplitude / 8000)) < 1


def test_a_lost_opus_packet_is_rebuilt_from_the_one_after_it() -> None:
    if libopus.library() is None:
        pytest.skip("libopus cannot be called directly")
    voice = np.concatenate([sine(hertz, 0.1, amplitude=9000) for hertz in (300, 500, 350, 600, 420, 700) * 3])
    encoder = make_encoder(Codec.OPUS)
    packets = [encoder.encode(block) for block in blocks(voice, 160)]
    perfect = make_decoder(Codec.OPUS)
    truth = [perfect.decode(packet) for packet in packets]
    errors = {"recovered": 0.0, "silent": 0.0}
    decoder = make_decoder(Codec.OPUS)
    for number, packet in enumerate(packets):
        if number % 10 == 5:
            continue
        if number % 10 == 6:
            rebuilt = decoder.recover(packet, 160)
            assert rebuilt is not None and len(rebuilt) == 160
            lost = truth[number - 1].astype(float)
            errors["recovered"] += float(np.sum((lost - rebuilt) ** 2))
            errors["silent"] += float(np.sum(lost**2))
        decoder.decode(packet)
    assert errors["recovered"] < 0.25 * errors["silent"]
    concealed = decoder.conceal(160)
    assert concealed is not None and len(concealed) == 160


@pytest.mark.parametrize("hertz", [300, 1000, 3000])
def test_without_a_direct_libopus_pyav_does_it(monkeypatch: pytest.MonkeyPatch, hertz: int) -> None:
    monkeypatch.setattr(opus, "library", lambda: None)
    encoder, decoder = make_encoder(Codec.OPUS), make_decoder(Codec.OPUS)
    assert isinstance(encoder, FfmpegOpusEncoder) and isinstance(decoder, FfmpegOpusDecoder)
    out = through(encoder, decoder, sine(hertz, 2.0), 160)
    assert len(out) == 16000
    amplitude, clean = found(out[4000:], hertz)
    assert abs(decibels(amplitude / 8000)) < 1 and clean > 20
    assert decoder.conceal(160) is None and decoder.recover(b"\x08", 160) is None


def test_g711_has_nothing_to_conceal_with() -> None:
    decoder = make_decoder(Codec.PCMA)
    assert decoder.conceal(160) is None and decoder.recover(bytes(160), 160) is None
