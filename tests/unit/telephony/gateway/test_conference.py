"""Conferences of streams with different codecs and phases: who hears whom, and that nobody misses much when it begins."""

from __future__ import annotations

import numpy as np
import pytest

from telephony.errors import Misuse
from telephony.gateway.bridge import bridge
from telephony.gateway.conference import MediaConference, confer
from telephony.joining import Confer, Role
from telephony.media.clip import Clip
from telephony.media.codec import Codec
from tests.unit.telephony.gateway.voices import Clock, Speaker, audible, holes
from tests.unit.telephony.media.sounds import levels

MUSIC = [Clip.tone(250, 0.4, 3000)]


def party() -> tuple[Speaker, Speaker, Speaker, Speaker]:
    return (
        Speaker("anna", 400, Codec.PCMU, 0),
        Speaker("bert", 700, Codec.PCMA, 1),
        Speaker("cleo", 1100, Codec.PCMU, 3),
        Speaker("dora", 1500, Codec.PCMA, 2),
    )


def test_it_fits_the_door_to_ivr() -> None:
    made: Confer = confer
    assert isinstance(made(MUSIC), MediaConference)


def test_each_hears_exactly_the_others() -> None:
    anna, bert, cleo, _ = party()
    room = confer()
    for member in (anna, bert, cleo):
        room.join(member.leg)
    Clock(anna, bert, cleo).run(1.0)
    assert audible(anna, anna, bert, cleo) == {"bert", "cleo"}
    assert audible(bert, anna, bert, cleo) == {"anna", "cleo"}
    assert audible(cleo, anna, bert, cleo) == {"anna", "bert"}
    assert {name for name, level in room.levels().items() if level > -26} == {"anna", "bert", "cleo"}


def test_every_codec_hears_every_other() -> None:
    hertz = {Codec.PCMU: 400, Codec.PCMA: 700, Codec.G722: 1100, Codec.OPUS: 1500}
    members = [Speaker(codec.value, tone, codec, number) for number, (codec, tone) in enumerate(hertz.items())]
    room = confer()
    for member in members:
        room.join(member.leg)
    Clock(*members).run(1.2)
    for member in members:
        assert audible(member, *members) == {one.id for one in members if one is not member}


def test_a_supervisor_listens_whispers_and_barges_in_while_it_runs() -> None:
    anna, bert, _, dora = party()
    room, clock = confer(), Clock(anna, bert, dora)
    room.join(anna.leg)
    room.join(bert.leg)
    room.join(dora.leg, Role.LISTENER)
    clock.run(0.6)
    assert audible(dora, anna, bert, dora) == {"anna", "bert"}
    assert audible(anna, anna, bert, dora) == {"bert"} and audible(bert, anna, bert, dora) == {"anna"}
    room.role(dora.leg, Role.COACH, bert.leg)
    clock.run(0.6)
    assert audible(bert, anna, bert, dora) == {"anna", "dora"}
    assert audible(anna, anna, bert, dora) == {"bert"}, "the caller hears nothing of a whisper"
    room.role(dora.leg, Role.SPEAKER)
    clock.run(0.6)
    assert audible(anna, anna, bert, dora) == {"bert", "dora"}


def test_members_come_and_go_and_one_alone_hears_music() -> None:
    anna, bert, cleo, _ = party()
    room, clock = confer(MUSIC), Clock(anna, bert, cleo)
    room.join(anna.leg)
    clock.run(0.6)
    assert levels(anna.heard(0.4), 250)[0] > -25
    room.join(bert.leg)
    room.join(cleo.leg)
    clock.run(0.6)
    assert levels(anna.heard(0.4), 250)[0] < -50 and audible(anna, bert, cleo) == {"bert", "cleo"}
    room.leave(bert.leg)
    room.leave(bert.leg)
    clock.run(0.6)
    assert audible(anna, bert, cleo) == {"cleo"} and audible(cleo, anna, bert) == {"anna"}
    assert not bert.media.active and len(room) == 2


def test_mute_and_hold_with_music() -> None:
    anna, bert, cleo, _ = party()
    room, clock = confer(), Clock(anna, bert, cleo)
    for member in (anna, bert, cleo):
        room.join(member.leg)
    room.mute(anna.leg)
    room.hold(bert.leg, MUSIC)
    clock.run(0.6)
    assert audible(cleo, anna, bert) == set()
    assert levels(bert.heard(0.4), 250)[0] > -25 and audible(bert, anna, cleo) == set()
    room.mute(anna.leg, False)
    room.resume(bert.leg)
    clock.run(0.6)
    assert audible(cleo, anna, bert) == {"anna", "bert"} and audible(bert, anna, cleo) == {"anna", "cleo"}


def test_from_a_bridge_to_a_conference_and_back_without_a_hole_that_is_heard() -> None:
    worst = 0.0
    for offset in range(4):
        anna, bert, cleo, _ = party()
        clock = Clock(anna, bert, cleo)
        joined = bridge(anna.leg, bert.leg)
        clock.run(0.5 + offset * 0.005)
        joined.close()
        room = confer()
        for member in (anna, bert, cleo):
            room.join(member.leg)
        clock.run(0.5)
        assert audible(anna, bert, cleo, last=0.3) == {"bert", "cleo"}
        room.close()
        again = bridge(anna.leg, bert.leg)
        clock.run(0.5)
        assert audible(anna, bert, cleo, last=0.3) == {"bert"}
        worst = max(worst, holes(anna, bert.hertz, 1.4), holes(bert, anna.hertz, 1.4))
        again.close()
    print(f"longest hole {worst * 1000:.0f} ms")
    assert worst <= 0.060, f"{worst * 1000:.0f} ms without voice"


def test_a_member_who_falls_silent_costs_nothing_and_comes_back() -> None:
    anna, bert, cleo, _ = party()
    room, clock = confer(), Clock(anna, bert, cleo)
    for member in (anna, bert, cleo):
        room.join(member.leg)
    clock.run(0.4)
    clock.run(0.6, anna)
    assert audible(bert, anna, cleo) == {"cleo"}
    clock.run(0.8)
    assert audible(bert, anna, cleo) == {"anna", "cleo"}


def test_a_conference_is_bounded_and_leaves_streams_as_they_were() -> None:
    anna, bert, cleo, _ = party()
    room = confer(limit=2)
    room.join(anna.leg)
    room.join(bert.leg)
    with pytest.raises(Misuse, match="full"):
        room.join(cleo.leg)
    with pytest.raises(Misuse, match="already"):
        room.join(anna.leg)
    assert not cleo.media.active
    other = confer()
    room.close()
    room.close()
    other.join(anna.leg)
    room.leave(anna.leg)
    assert anna.media.source is not None and bert.media.source is None


def test_packets_of_two_legs_at_unlike_pace_do_not_pile_up() -> None:
    anna, bert, _, _ = party()
    room, clock = confer(), Clock(anna, bert)
    room.join(anna.leg)
    room.join(bert.leg)
    for _ in range(100):  # anna's clock is 10 % fast
        clock.run(0.2)
        anna.speak(clock.now)
    assert len(room._seats["anna"].inlet._frames) <= 8 and room._seats["anna"].inlet.dropped > 50
    assert audible(bert, anna) == {"anna"} or np.abs(bert.heard(0.4)).max() > 1000
