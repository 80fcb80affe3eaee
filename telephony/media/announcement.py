"""A voice over another voice: clips mixed over what a far end would hear anyway. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from telephony.media.clip import Clip
from telephony.media.codec import FRAME_SAMPLES, Codec
from telephony.media.coding import Frame
from telephony.media.hearing import FrameSource
from telephony.media.jitter import JitterBuffer


class Announcement:
    """Clips at `gain_db` over the forwarded voice at `duck_db`; there is only as much buffer as the announcement is long."""

    __slots__ = ("_clips", "_duck", "_place", "_voice")

    def __init__(self, clips: Sequence[Clip], gain_db: float, duck_db: float) -> None:
        joined = np.concatenate([np.zeros(0, np.int16), *(clip.samples for clip in clips)])
        missing = -len(joined) % FRAME_SAMPLES
        self._clips = np.pad(joined, (0, missing)) * np.float32(10 ** (gain_db / 20))
        self._duck = np.float32(10 ** (duck_db / 20))
        self._place = 0
        self._voice = JitterBuffer()

    def heard(self, codec: Codec, payload: bytes, sequence: int, timestamp: int, ssrc: int, now: float) -> None:
        """Take a voice packet that would have been forwarded."""
        self._voice.put(codec, payload, sequence, timestamp, ssrc, now)

    def frame(self, now: float, beneath: FrameSource | None) -> Frame | None:
        """The next 20 ms, over the voice of `beneath` where that is given; None once all clips were heard."""
        clip = self._clips[self._place : self._place + FRAME_SAMPLES]
        if not len(clip):
            return None
        self._place += FRAME_SAMPLES
        voice = self._voice.get(now).frame if beneath is None else beneath.frame(now)
        mixed = clip if voice is None else clip + voice * self._duck
        out: Frame = np.rint(np.clip(mixed, -32768, 32767)).astype(np.int16)
        return out
