"""A telephone whose line gives back what it hears: an echo of the other end's voice under the caller's own."""

from __future__ import annotations

import asyncio
from collections import deque

import numpy as np

from telephony.leg import Frame
from telephony.media.clip import Clip
from tests.e2e.signals import Samples
from tests.load.phone import VOICED, Phone

SILENT: Frame = np.zeros(160, np.int16)


class EchoingPhone(Phone):
    """`loss` dB down and `delay` frames (20 ms) late everything comes back; `noise` is added, then what is said."""

    def __init__(self, user: str, *, loss: float = 12.0, delay: int = 8, noise: Samples | None = None) -> None:
        super().__init__(user)
        self._gain = 10 ** (-loss / 20)
        self._back: deque[Frame] = deque([SILENT] * delay, maxlen=delay + 10)
        self._said: deque[Frame] = deque()
        self._noise = noise if noise is not None else SILENT
        self._noise_at = 0

    async def call(self, uri: str, seconds: float = 10.0) -> None:
        await super().call(uri, seconds)
        assert self._leg is not None
        self._leg.media.source = self

    def speak(self, clip: Clip, *, repeat: bool = False) -> float:
        """Say a clip over the echo, from the next frame on."""
        samples = np.pad(clip.samples, (0, -len(clip.samples) % 160))
        self._said.extend(samples.reshape(-1, 160))
        return asyncio.get_running_loop().time()

    def frame(self, now: float) -> Frame:
        """What this line sends in the next 20 ms."""
        back = self._back.popleft() if len(self._back) else SILENT
        own = self._said.popleft() if self._said else SILENT
        noise = np.take(self._noise, range(self._noise_at, self._noise_at + 160), mode="wrap")
        self._noise_at += 160
        return np.asarray(np.clip(back * self._gain + own + noise, -32768, 32767), np.int16)

    def _hear(self, frame: Frame) -> None:
        super()._hear(frame)
        self._back.append(frame)

    def sounding(self, since: float, until: float) -> float:
        """Seconds of sound heard between two moments of the loop's clock."""
        return 0.02 * sum(rms > VOICED for at, rms in self.heard if since < at < until)
