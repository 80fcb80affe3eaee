"""Legs whose far ends speak a tone each and keep what they hear: for proofs of who hears whom. Time is counted, not waited."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import numpy as np

from telephony.leg import CallLeg
from telephony.media.codec import Codec
from telephony.media.coding import make_decoder, make_encoder
from telephony.media.rtp import compose
from telephony.media.stream import MediaStream
from tests.unit.telephony.media.rig import Rig
from tests.unit.telephony.media.sounds import Voice, levels, pcm, sine


class Speaker:
    """As much of a leg as bridges, conferences and recordings touch. It speaks at -20 dBm0."""

    def __init__(self, name: str, hertz: float, codec: Codec = Codec.PCMU, phase: int = 0) -> None:
        self.id, self.hertz, self.codec, self.phase = name, hertz, codec, phase
        self.rig = Rig(codec)
        self.media: MediaStream = self.rig.stream
        self.times: list[float] = []
        """When each packet came that it heard."""
        self._encoder = make_encoder(codec)
        self._voice = pcm(sine(hertz, 60.0, -20.0))
        self._said = 0

    def speak(self, now: float) -> None:
        frame = self._voice[self._said * 160 : self._said * 160 + 160]
        self._said += 1
        stamp = self._said * self.codec.timestamp_step
        payload = self._encoder.encode(frame)
        self.media.receive(compose(self.codec.payload_type, False, self._said, stamp, 77, payload), now)

    def tick(self, now: float) -> None:
        if self.media.active:
            self.media.tick(now)

    def heard(self, last: float) -> Voice:
        """The last seconds of what reached it, decoded."""
        decoder = make_decoder(self.codec)
        frames = [decoder.decode(packet.payload) for packet in self.rig.sent if packet.payload_type == self.codec.payload_type]
        return np.concatenate(frames)[-round(last * 8000) :] if frames else np.zeros(0, np.int16)

    @property
    def leg(self) -> CallLeg:
        return cast(CallLeg, self)


class Clock:
    """Runs speakers as the pump does: four phases of 5 ms; each leg is read at every phase and ticked at its own."""

    def __init__(self, *speakers: Speaker) -> None:
        self.speakers, self.now, self._pass = list(speakers), 100.0, 0

    def run(self, seconds: float, *silent: Speaker) -> None:
        for _ in range(round(seconds / 0.005)):
            for speaker in self.speakers:
                if self._pass % 4 == (speaker.phase + 2) % 4 and speaker not in silent:
                    speaker.speak(self.now)
                if self._pass % 4 == speaker.phase:
                    speaker.tick(self.now)
            for speaker in self.speakers:  # what a bridge forwarded to it too
                speaker.times.extend([self.now] * (len(speaker.rig.sent) - len(speaker.times)))
            self._pass += 1
            self.now += 0.005


def audible(listener: Speaker, *speakers: Speaker, last: float = 0.4) -> set[str]:
    """Names of those whose tones the listener heard at the end; what is not heard must be 30 dB down."""
    heard = levels(listener.heard(last), *(speaker.hertz for speaker in speakers))
    found = dict(zip((speaker.id for speaker in speakers), heard, strict=True))
    assert all(abs(level + 20) < 1.5 or level < -50 for level in found.values()), found
    return {name for name, level in found.items() if level > -22}


def holes(listener: Speaker, hertz: float, last: float) -> float:
    """The longest time, in seconds, without a tone: packets that did not come count as well as their sound."""
    since = listener.times[-1] - last
    decoder = make_decoder(listener.codec)
    heard_at = [since]
    for at, packet in zip(listener.times, listener.rig.sent, strict=True):
        if at >= since and levels(decoder.decode(packet.payload), hertz)[0] > -32:
            heard_at.append(at)
    return max(b - a for a, b in pairwise(heard_at)) - 0.02
