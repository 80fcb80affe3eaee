from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.coding import Frame
from telephony.media.g711 import decode_pcmu, encode_pcmu
from telephony.media.rtp import compose
from tests.unit.telephony.media.rig import Rig, octets, sequence_steps, timestamp_steps

T0 = 500.0


class RecordingTap:
    def __init__(self) -> None:
        self.heard_packets: list[tuple[Codec, bytes, int, int, int, float]] = []
        self.sent_packets: list[tuple[Codec, bytes, float]] = []

    def heard(self, codec: Codec, payload: bytes, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        self.heard_packets.append((codec, payload, sequence, timestamp, ssrc, now))

    def sent(self, codec: Codec, payload: bytes, now: float) -> None:
        self.sent_packets.append((codec, payload, now))


class Counting:
    """A conference that says 1, 2, nothing, 4, ... in samples of that value."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def frame(self, now: float) -> Frame | None:
        self.asked.append(now)
        number = len(self.asked)
        return None if number == 3 else np.full(160, number * 1000, np.int16)


def voice(number: int, payload: bytes = octets(0x55)) -> bytes:
    return compose(0, False, number & 0xFFFF, number * 160, 9, payload)


def test_a_tap_gets_the_packets_of_both_directions_and_no_keys() -> None:
    a, b = Rig(), Rig(sequence=100, timestamp=0)
    a.stream.forward_to, b.stream.forward_to = b.stream, a.stream
    tap = RecordingTap()
    a.stream.add_tap(tap)
    a.stream.add_tap(tap)
    a.stream.receive(voice(1), T0)
    b.stream.receive(voice(7, octets(0x66)), T0 + 0.01)
    a.stream.receive(voice(3), T0 + 0.02)
    a.stream.send_digits("5")
    a.run(0.2, T0 + 0.03)
    assert tap.heard_packets == [(Codec.PCMU, octets(0x55), n, n * 160, 9, at) for n, at in ((1, T0), (3, T0 + 0.02))]
    assert tap.sent_packets == [(Codec.PCMU, octets(0x66), T0 + 0.01)]
    a.stream.remove_tap(tap)
    a.stream.receive(voice(4), T0 + 1)
    b.stream.receive(voice(8), T0 + 1)
    assert (len(tap.heard_packets), len(tap.sent_packets)) == (2, 1)
    assert [p.payload for p in a.sent if p.payload_type == 0] == [octets(0x66), octets(0x55)]


def test_several_listeners_hear_the_same_beside_the_first() -> None:
    rig = Rig()
    heard: dict[str, list[NDArray[np.int16]]] = {"first": [], "second": [], "third": []}
    rig.stream.listener = heard["first"].append
    second, third = heard["second"].append, heard["third"].append
    rig.stream.add_listener(second)
    rig.stream.add_listener(third)
    rig.stream.receive(voice(1), T0)
    rig.stream.remove_listener(third)
    rig.stream.listener = None
    rig.stream.receive(voice(2), T0)
    assert {name: len(frames) for name, frames in heard.items()} == {"first": 1, "second": 2, "third": 1}
    assert np.array_equal(heard["second"][1], decode_pcmu(octets(0x55)))


def test_a_source_is_asked_at_each_tick_and_sent_as_one_voice() -> None:
    rig, source = Rig(), Counting()
    rig.stream.source = source
    assert rig.stream.active
    rig.run(0.12, T0)
    assert len(source.asked) == 6
    assert [p.payload for p in rig.sent] == [encode_pcmu(np.full(160, n * 1000, np.int16)) for n in (1, 2, 4, 5, 6)]
    assert sequence_steps(rig.sent) == {1} and timestamp_steps(rig.sent) == [160, 320, 160, 160]
    assert [p.marker for p in rig.sent] == [True, False, True, False, False]
    rig.stream.source = None
    assert not rig.stream.active


def test_a_source_waits_for_a_playback_and_keeps_forwarded_voice_out() -> None:
    rig, other, source = Rig(), Rig(), Counting()
    other.stream.forward_to = rig.stream
    rig.stream.source = source
    rig.stream.play([Clip.silence(0.04)])
    now = rig.run(0.04, T0)
    assert source.asked == []
    other.stream.receive(voice(1), now)
    rig.run(0.04, now)
    assert len(source.asked) == 2 and len(rig.sent) == 4
    rig.stream.source = None
    other.stream.receive(voice(2), now + 0.06)
    assert rig.sent[-1].payload == octets(0x55)


def test_held_by_the_far_end_a_source_runs_on_unheard() -> None:
    rig, source = Rig(), Counting()
    rig.stream.configure(Codec.PCMU, 0, 101, sending=False)
    rig.stream.source = source
    rig.run(0.1, T0)
    assert len(source.asked) == 5 and rig.sent == []
