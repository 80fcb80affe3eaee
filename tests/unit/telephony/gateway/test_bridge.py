from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from telephony.errors import Misuse
from telephony.gateway.bridge import MediaBridge, bridge
from telephony.leg import Bridge, Bridger, CallLeg
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.rtp import compose
from telephony.media.stream import MediaStream
from tests.unit.telephony.media.rig import Rig, octets

MUSIC = Clip.tone(440, 0.1)
T0 = 10.0


class Leg:
    """As much of a leg as a bridge touches."""

    def __init__(self) -> None:
        self.id = "leg"
        self.rig = Rig()
        self.media: MediaStream = self.rig.stream
        self._number = 0

    def speak(self, octet: int) -> None:
        self._number += 1
        self.media.receive(compose(0, False, self._number, self._number * 160, 9, octets(octet)), T0 + self._number * 0.02)

    def heard(self) -> list[bytes]:
        payloads = [packet.payload for packet in self.rig.sent]
        self.rig.sent.clear()
        return payloads


def joined() -> tuple[Leg, Leg, MediaBridge]:
    a, b = Leg(), Leg()
    return a, b, bridge(cast(CallLeg, a), cast(CallLeg, b))


def as_leg(leg: Any) -> CallLeg:
    return cast(CallLeg, leg)


def test_it_fits_the_door_to_ivr() -> None:
    bridger: Bridger = bridge
    made: Bridge = bridger(as_leg(Leg()), as_leg(Leg()))
    assert isinstance(made, MediaBridge)


def test_both_hear_each_other() -> None:
    a, b, _ = joined()
    a.speak(1)
    b.speak(2)
    assert (a.heard(), b.heard()) == ([octets(2)], [octets(1)])


def test_the_held_side_hears_music_the_other_silence_and_nobody_the_other() -> None:
    a, b, made = joined()
    made.hold(as_leg(a), [MUSIC])
    a.speak(1)
    b.speak(2)
    a.rig.run(0.2, T0)
    b.rig.run(0.06, T0)
    assert a.heard() == [*MUSIC.frames(Codec.PCMU)] * 2
    assert b.heard() == [octets(0xFF)] * 3


def test_resume_joins_again() -> None:
    a, b, made = joined()
    made.hold(as_leg(a), [MUSIC])
    made.resume(as_leg(b))
    assert a.media.playback
    made.resume(as_leg(a))
    assert not a.media.active
    assert not b.media.active
    a.speak(1)
    b.speak(2)
    assert (a.heard(), b.heard()) == ([octets(2)], [octets(1)])


def test_resume_leaves_alone_what_was_played_since() -> None:
    a, _, made = joined()
    made.hold(as_leg(a), [MUSIC])
    prompt = a.media.play([MUSIC])
    made.resume(as_leg(a))
    assert a.media.playback == prompt


def test_close_parts_and_quiets_both_once() -> None:
    a, b, made = joined()
    made.hold(as_leg(a), [MUSIC])
    made.close()
    made.close()
    made.hold(as_leg(a), [MUSIC])
    a.speak(1)
    assert b.heard() == []
    assert not a.media.active
    assert not b.media.active


def test_closing_an_old_bridge_leaves_a_new_one_alone() -> None:
    a, b, old = joined()
    c = Leg()
    bridge(as_leg(a), as_leg(c))
    old.close()
    a.speak(1)
    assert (b.heard(), c.heard()) == ([], [octets(1)])


def test_legs_that_cannot_be_bridged_are_refused() -> None:
    a, _, made = joined()
    with pytest.raises(Misuse):
        bridge(as_leg(a), as_leg(a))
    with pytest.raises(Misuse):
        made.hold(as_leg(Leg()), [MUSIC])

    class Voiceless:
        id = "voiceless"

    with pytest.raises(Misuse):
        bridge(as_leg(a), as_leg(Voiceless()))


class TalkingLeg(Leg):
    """A leg whose far end speaks what it is told to."""

    def __init__(self, codec: Codec, spoken: tuple[Codec, ...]) -> None:
        super().__init__()
        self.spoken = spoken
        self.asked: list[tuple[Codec, ...]] = []
        self.media.configure(codec, codec.payload_type, 101)

    def renegotiate(self, codecs: Sequence[Codec]) -> None:
        self.asked.append(tuple(codecs))


MU, A, WIDE, OPUS = Codec.PCMU, Codec.PCMA, Codec.G722, Codec.OPUS


@pytest.mark.parametrize(
    ("a", "b", "asked"),
    [
        ((MU, (MU, A)), (MU, (MU,)), ([], [])),
        ((MU, (MU, A)), (A, (A, MU)), ([], [])),
        ((MU, (MU, OPUS)), (OPUS, (MU, OPUS)), ([], [(MU,)])),
        ((OPUS, (OPUS, MU)), (MU, (MU,)), ([(MU,)], [])),
        ((MU, (MU,)), (OPUS, (OPUS,)), ([], [])),
        ((MU, (MU, WIDE)), (OPUS, (OPUS, WIDE)), ([(WIDE,)], [(WIDE,)])),
        ((OPUS, ()), (MU, (MU, OPUS)), ([], [(OPUS,)])),
    ],
)
def test_legs_are_asked_for_the_codec_they_share(
    a: tuple[Codec, tuple[Codec, ...]], b: tuple[Codec, tuple[Codec, ...]], asked: tuple[list[Any], list[Any]]
) -> None:
    one, other = TalkingLeg(*a), TalkingLeg(*b)
    bridge(as_leg(one), as_leg(other))
    assert (one.asked, other.asked) == asked


def test_a_leg_that_cannot_be_asked_is_transcoded() -> None:
    a, b = Leg(), TalkingLeg(OPUS, (OPUS,))
    bridge(as_leg(a), as_leg(b))
    a.speak(0x55)
    assert b.asked == []
    assert [packet.payload_type for packet in b.rig.sent] == [111]
