"""Keys in the voice of a leg, beside its other keys."""

from __future__ import annotations

from typing import cast

from telephony.fake import FakeLeg
from telephony.gateway.inband import listen_for_keys
from telephony.leg import CallLeg
from telephony.media.g711 import encode_pcmu
from telephony.media.rtp import compose
from tests.unit.telephony.media.rig import Rig
from tests.unit.telephony.media.sounds import frames, pcm, silence, sine


class KeyedLeg:
    def __init__(self) -> None:
        self.rig = Rig()
        self.media = self.rig.stream
        self.keys: list[tuple[str, str]] = []

    def key(self, digit: str, way: str) -> None:
        self.keys.append((digit, way))


def test_a_key_in_the_voice_is_one_of_the_legs() -> None:
    leg = KeyedLeg()
    assert listen_for_keys(cast(CallLeg, leg))
    line = pcm(silence(0.1), sine(852, 0.08) + sine(1336, 0.08), silence(0.1), sine(941, 0.08) + sine(1477, 0.08), silence(0.1))
    for number, frame in enumerate(frames(line)):
        leg.media.receive(compose(0, False, number, number * 160, 9, encode_pcmu(frame)), number * 0.02)
    assert leg.keys == [("8", "inband"), ("#", "inband")]


def test_a_leg_that_has_no_voice_here_is_left_alone() -> None:
    assert not listen_for_keys(FakeLeg())
