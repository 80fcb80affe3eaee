from __future__ import annotations

import numpy as np
import pytest

from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.coding import Frame
from telephony.media.comfort_noise import ComfortNoise
from telephony.media.rtp import compose
from tests.unit.telephony.media.rig import Rig, octets, sequence_steps

T0 = 500.0


def loudness(frames: list[Frame]) -> float:
    """dBov."""
    return 20 * float(np.log10(np.sqrt(np.mean(np.concatenate(frames).astype(float) ** 2)) / 32767 + 1e-9))


@pytest.mark.parametrize("level", [20, 40, 60])
def test_noise_is_as_loud_as_the_packet_says(level: int) -> None:
    noise = ComfortNoise(bytes([level, 7, 9]))
    assert abs(loudness([noise.frame() for _ in range(50)]) + level) < 1


def test_noise_of_any_level_is_a_frame_and_none_repeats_the_last() -> None:
    for level in range(256):
        assert ComfortNoise(bytes([level])).frame().shape == (160,)
    assert ComfortNoise(b"").level == 65
    noise = ComfortNoise(b"\x14")
    assert not np.array_equal(noise.frame(), noise.frame())


def test_a_silent_far_end_is_heard_as_noise_in_time_until_it_speaks() -> None:
    rig, frames = Rig(), list[Frame]()
    rig.stream.listener = frames.append
    for number in range(5):
        rig.stream.receive(compose(0, False, number, number * 160, 9, octets(0x55)), T0 + number * 0.02)
    rig.stream.receive(compose(13, False, 5, 800, 9, b"\x28"), T0 + 0.1)
    assert rig.stream.active
    now = rig.run(1.0, T0 + 0.1)
    assert len(frames) == 5 + 50
    assert abs(loudness(frames[5:]) + 40) < 1
    rig.stream.receive(compose(0, True, 6, 800 + 8000, 9, octets(0x55)), now)
    rig.run(0.1, now)
    assert len(frames) == 5 + 50 + 1
    assert not rig.stream.active
    assert rig.sent == []
    assert rig.stream.quality()["packets_unwanted"] == rig.stream.quality()["packets_malformed"] == 0
    assert rig.stream.quality()["packets_lost"] == 0


def test_noise_goes_on_beside_a_prompt_and_keys_and_ends_by_itself() -> None:
    rig, frames = Rig(), list[Frame]()
    rig.stream.listener = frames.append
    rig.stream.receive(compose(13, False, 5, 800, 9, b"\x28"), T0)
    rig.stream.play([Clip.tone(440, 0.2)])
    rig.stream.send_digits("1")
    now = rig.run(0.6, T0)
    assert len(frames) == 30
    assert len([p for p in rig.sent if p.payload_type == 0]) == 10
    assert rig.playbacks == [(1, True, 200)]
    rig.run(70, now)
    assert len(frames) == 3000
    assert not rig.stream.active


def test_nobody_listens_and_no_tick_is_needed() -> None:
    rig = Rig()
    rig.stream.receive(compose(13, False, 5, 800, 9, b"\x28"), T0)
    assert not rig.stream.active


@pytest.mark.parametrize("target", [Codec.PCMU, Codec.OPUS])
def test_a_bridged_leg_gets_the_pause_and_no_hole(target: Codec) -> None:
    a, b = Rig(), Rig(target, 96)
    a.stream.forward_to = b.stream
    for number in range(3):
        a.stream.receive(compose(0, False, number, number * 160, 9, octets(0x55)), T0 + number * 0.02)
    a.stream.receive(compose(13, False, 3, 480, 9, b"\x28"), T0 + 0.06)
    a.stream.receive(compose(0, True, 4, 8480, 9, octets(0x55)), T0 + 1.06)
    assert len(b.sent) == 4 and sequence_steps(b.sent) == {1}
    assert (b.sent[3].timestamp - b.sent[2].timestamp) & 0xFFFFFFFF == 51 * target.timestamp_step
    assert b.sent[3].marker
