from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.media.codec import Codec
from telephony.media.coding import Frame, make_encoder
from telephony.media.jitter import MOST_PACKETS, JitterBuffer
from tests.unit.telephony.media.waves import blocks, sine, speech, steepest

T0 = 100.0


class Run:
    """A far end over a bad network, and the voice that is taken out of the buffer every 20 ms."""

    def __init__(
        self, voice: Frame, codec: Codec = Codec.PCMU, *, loss: float = 0, jitter: float = 0, ppm: float = 0, seed: int = 7
    ) -> None:
        dice, encoder = np.random.default_rng(seed), make_encoder(codec)
        packets = []
        for number, block in enumerate(blocks(voice, 160)):
            payload, delay = encoder.encode(block), min(0.25, dice.exponential(jitter)) if jitter else 0.0
            if dice.random() >= loss:
                packets.append((T0 + number * 0.02 * (1 + ppm * 1e-6) + delay, number, payload))
        packets.sort()
        self.buffer = JitterBuffer()
        self.frames: list[Frame] = []
        self.concealed: list[bool] = []
        at = 0
        for tick in range(len(blocks(voice, 160)) + 20):
            now = T0 + 0.003 + tick * 0.02
            while at < len(packets) and packets[at][0] <= now:
                when, number, payload = packets[at]
                stamp = (2**32 - 8000 + number * codec.timestamp_step) & 0xFFFFFFFF
                self.buffer.put(codec, payload, (65400 + number) & 0xFFFF, stamp, 5, when)
                at += 1
            frame, concealed = self.buffer.get(now)
            self.frames.append(frame)
            self.concealed.append(concealed)
        self.heard = np.concatenate(self.frames)
        self.made_up = sum(self.concealed[:-20]) / len(self.concealed[:-20])


def test_even_packets_come_out_as_they_were_40_ms_later_at_most() -> None:
    voice = speech(4)
    run = Run(voice, Codec.PCMU)
    assert run.buffer.target <= 0.011
    delays = [delay for delay in range(480) if np.abs(run.heard[delay : delay + 8000].astype(int) - voice[:8000]).max() < 400]
    assert delays and delays[0] <= 360
    assert run.made_up == 0 and run.buffer.late == 0


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.G722, Codec.OPUS])
@pytest.mark.parametrize("percent", [1, 5, 10])
def test_losses_are_concealed_and_nothing_else_is(codec: Codec, percent: int) -> None:
    voice = speech(8)
    run = Run(voice, codec, loss=percent / 100)
    assert percent / 100 * 0.4 < run.made_up < percent / 100 * 1.7
    # libopus itself overshoots after a loss in a voice as regular as this one.
    assert steepest(run.heard) < (3 if codec is Codec.OPUS else 1.5) * steepest(voice)
    assert {frame.shape for frame in run.frames} == {(160,)}


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.OPUS])
@pytest.mark.parametrize(("jitter", "most"), [(0.005, 0.02), (0.02, 0.04), (0.06, 0.06)])
def test_jitter_is_taken_up_by_as_much_delay_as_it_needs(codec: Codec, jitter: float, most: float) -> None:
    voice = speech(15)
    run = Run(voice, codec, jitter=jitter)
    assert run.made_up < most
    assert jitter * 1.5 < run.buffer.target < jitter * 5 + 0.02
    assert steepest(run.heard) < 1.5 * steepest(voice)


@pytest.mark.parametrize("ppm", [200, -200])
def test_a_clock_that_runs_off_is_followed_in_pauses(ppm: int) -> None:
    voice = speech(100)
    run = Run(voice, Codec.PCMU, ppm=ppm)
    assert run.made_up < 0.003
    assert run.buffer.depth <= 3
    assert steepest(run.heard) < 1.1 * steepest(voice)


def test_everything_at_once() -> None:
    voice = speech(30)
    run = Run(voice, Codec.PCMU, loss=0.05, jitter=0.02, ppm=200)
    assert run.made_up < 0.1
    assert steepest(run.heard) < 1.5 * steepest(voice)


def test_the_loudness_of_a_tone_survives_loss_and_jitter() -> None:
    run = Run(sine(200, 10), Codec.PCMU, loss=0.01, jitter=0.01)
    loudness = [float(np.sqrt(np.mean(block.astype(float) ** 2))) for block in blocks(run.heard[8000:72000], 800)]
    assert min(loudness) > 0.7 * 8000 / 2**0.5 and max(loudness) < 1.1 * 8000 / 2**0.5


def test_swapped_packets_are_put_in_order() -> None:
    buffer, tone = JitterBuffer(), sine(200, 0.4)
    encoded = [make_encoder(Codec.PCMA).encode(block) for block in blocks(tone, 160)]
    heard = []
    for tick in range(18):
        number = tick ^ 1
        buffer.put(Codec.PCMA, encoded[number], number, number * 160, 1, T0 + tick * 0.02)
        heard.append(buffer.get(T0 + tick * 0.02 + 0.001).frame)
    assert buffer.concealed == 0 and buffer.late == 0
    assert steepest(np.concatenate(heard)[800:]) <= 1.2 * steepest(tone)


def test_a_pause_of_the_far_end_is_silence_and_no_loss() -> None:
    buffer, encoder = JitterBuffer(), make_encoder(Codec.PCMU)
    block = encoder.encode(sine(300, 0.02))
    flags, heard = [], []
    for tick in range(200):
        if tick < 50 or tick >= 120:
            number = tick if tick < 50 else tick - 70
            buffer.put(Codec.PCMU, block, number, tick * 160, 1, T0 + tick * 0.02)
        frame, concealed = buffer.get(T0 + tick * 0.02 + 0.001)
        flags.append(concealed)
        heard.append(frame)
    assert sum(flags) <= 4
    assert not np.concatenate(heard[60:118]).any()
    assert np.abs(np.concatenate(heard[126:])).max() > 7000


def test_a_path_that_becomes_longer_is_followed() -> None:
    buffer, block = JitterBuffer(), make_encoder(Codec.PCMU).encode(sine(300, 0.02))
    for tick in range(400):
        late = 0.0 if tick < 200 else 0.4
        buffer.put(Codec.PCMU, block, tick, tick * 160, 1, T0 + tick * 0.02 + late)
        if tick >= 20:
            frame, concealed = buffer.get(T0 + tick * 0.02 + 0.001 + (0 if tick < 200 else 0.4))
    assert not concealed and np.abs(frame).max() > 7000


def test_another_codec_and_another_source_are_taken_over() -> None:
    buffer = JitterBuffer()
    tone = sine(300, 2.0)
    encoders = {codec: make_encoder(codec) for codec in Codec}
    heard = []
    for number, block in enumerate(blocks(tone, 160)):
        codec = list(Codec)[number // 25]
        buffer.put(
            codec, encoders[codec].encode(block), number, number * codec.timestamp_step, number // 25, T0 + number * 0.02
        )
        heard.append(buffer.get(T0 + number * 0.02 + 0.001).frame)
    for part in range(4):
        assert np.abs(np.concatenate(heard[part * 25 + 10 : part * 25 + 25])).max() > 7000


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Codec)),
            st.binary(max_size=200),
            st.integers(0, 65535),
            st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 4000)),
            st.integers(0, 1),
            st.floats(0, 0.3),
        ),
        max_size=40,
    )
)
def test_whatever_comes_it_stays_small_and_gives_frames(packets: list[tuple[Codec, bytes, int, int, int, float]]) -> None:
    buffer, now = JitterBuffer(), T0
    for codec, payload, sequence, timestamp, ssrc, pause in packets:
        now += pause
        buffer.put(codec, payload, sequence, timestamp, ssrc, now)
        frame, _ = buffer.get(now)
        assert frame.shape == (160,) and frame.dtype == np.int16
        assert buffer.depth <= MOST_PACKETS
        assert 0 < buffer.target <= 0.32
