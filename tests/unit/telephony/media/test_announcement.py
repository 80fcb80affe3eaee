from __future__ import annotations

import numpy as np
import pytest

from telephony.media.clip import Clip
from telephony.media.codec import Codec
from telephony.media.coding import Frame, make_decoder, make_encoder
from telephony.media.rtp import compose
from tests.unit.telephony.media.rig import Rig, sequence_steps, timestamp_steps
from tests.unit.telephony.media.waves import blocks, decibels, found, sine

T0 = 500.0


class Bridge:
    """Two legs; the first says a tone, the second hears it."""

    def __init__(self, codec_a: Codec = Codec.PCMU, codec_b: Codec = Codec.PCMU) -> None:
        self.a, self.b = Rig(codec_a), Rig(codec_b, 96, sequence=100, timestamp=0)
        self.a.stream.forward_to = self.b.stream
        self.codec_a, self.codec_b = codec_a, codec_b
        encoder = make_encoder(codec_a)
        self._voice = [encoder.encode(block) for block in blocks(sine(300, 6.0, amplitude=6000), 160)]
        self._number = 0

    def talk(self, seconds: float, *, voice: bool = True) -> None:
        for _ in range(round(seconds * 50)):
            number, step = self._number, self.codec_a.timestamp_step
            now = T0 + number * 0.02
            if voice:
                packet = compose(self.codec_a.payload_type, False, number, number * step, 9, self._voice[number])
                self.a.stream.receive(packet, now)
            if self.b.stream.active:
                self.b.stream.tick(now + 0.005)
            self._number += 1

    def heard(self) -> Frame:
        decoder = make_decoder(self.codec_b)
        return np.concatenate([decoder.decode(packet.payload) for packet in self.b.sent])


@pytest.mark.parametrize(("codec_a", "codec_b"), [(Codec.PCMU, Codec.PCMU), (Codec.PCMA, Codec.OPUS), (Codec.G722, Codec.PCMU)])
def test_an_announcement_is_heard_over_the_voice_and_then_the_voice_alone(codec_a: Codec, codec_b: Codec) -> None:
    bridge = Bridge(codec_a, codec_b)
    bridge.talk(1.0)
    number = bridge.b.stream.announce([Clip.tone(1000, 1.0, 6000)], gain_db=-3, duck_db=-12)
    bridge.talk(3.0)
    heard = bridge.heard()
    over = heard[9600:15200]
    assert abs(decibels(found(over, 1000)[0] / 6000) + 3) < 1
    assert abs(decibels(found(over, 300)[0] / 6000) + 12) < 1.5
    after = heard[18400:]
    assert abs(decibels(found(after, 300)[0] / 6000)) < 1
    assert found(after, 1000)[0] < 100
    assert bridge.b.playbacks == [(number, True, 1000)]
    assert not bridge.b.stream.active
    assert sequence_steps(bridge.b.sent) == {1}
    assert max(timestamp_steps(bridge.b.sent)) <= 2 * codec_b.timestamp_step


def test_before_and_after_it_packets_pass_untouched() -> None:
    bridge = Bridge()
    bridge.talk(0.2)
    bridge.b.stream.announce([Clip.tone(1000, 0.2)])
    bridge.talk(0.6)
    assert [packet.payload for packet in bridge.b.sent[:10]] == bridge._voice[:10]
    assert [packet.payload for packet in bridge.b.sent[-15:]] == bridge._voice[25:40]


def test_it_is_heard_where_nobody_speaks() -> None:
    bridge = Bridge()
    bridge.b.stream.announce([Clip.tone(1000, 0.3), Clip.silence(0.1), Clip.tone(500, 0.1)])
    bridge.talk(1.0, voice=False)
    assert len(bridge.b.sent) == 25
    assert abs(decibels(found(bridge.heard()[:2400], 1000)[0] / 8000)) < 0.5


def test_it_goes_over_a_conference_too_and_can_be_stopped() -> None:
    class Conference:
        def frame(self, now: float) -> Frame | None:
            return sine(300, 0.02, amplitude=4000)

    rig = Rig()
    rig.stream.source = Conference()
    number = rig.stream.announce([Clip.tone(1000, 1.0)], duck_db=-6)
    now = rig.run(0.5, T0)
    heard = np.concatenate([make_decoder(Codec.PCMU).decode(packet.payload) for packet in rig.sent])
    assert found(heard, 1000)[0] > 7000 and 1500 < found(heard, 300)[0] < 2500
    rig.stream.stop()
    assert rig.playbacks == [(number, False, 500)]
    rig.run(0.1, now)
    assert len(rig.sent) == 30


def test_both_as_loud_as_can_be_clip_and_do_not_wrap() -> None:
    bridge = Bridge()
    bridge.b.stream.announce([Clip.from_pcm(np.full(3200, 32000, np.int16))], gain_db=6, duck_db=6)
    bridge.talk(0.3)
    assert bridge.heard()[:3200].min() > 30000


def test_a_prompt_takes_its_place() -> None:
    rig = Rig()
    first = rig.stream.announce([Clip.tone(1000, 1.0)])
    rig.run(0.1, T0)
    second = rig.stream.play([Clip.tone(500, 0.1)])
    rig.run(0.2, T0 + 0.1)
    assert rig.playbacks == [(first, False, 100), (second, True, 100)]
