"""A telephone whose line gives back what it hears: an echo of the other end's voice under the caller's own."""

from __future__ import annotations

import asyncio
from collections import deque

import numpy as np

from telephony.leg import Frame
from telephony.media.clip import Clip
from telephony.media.g711 import encode_pcmu
from tests.e2e.signals import Samples
from tests.load.phone import Phone

SILENT: Frame = np.zeros(160, np.int16)


class EchoingPhone(Phone):
    """`loss` dB down and `delay` frames (20 ms) late everything comes back; `noise` is added, then what is said.

    It sends a frame for each that it hears, so that a machine that stalls does not change the delay of its echo.
    """

    def __init__(self, user: str, *, loss: float = 12.0, delay: int = 8, noise: Samples | None = None) -> None:
        super().__init__(user)
        self._gain = 10 ** (-loss / 20)
        self._back: deque[Frame] = deque([SILENT] * delay)
        self._said: deque[Frame] = deque()
        self._noise = noise if noise is not None else SILENT
        self._noise_at = 0
        self._sent_at = 1.0

    def speak(self, clip: Clip, *, repeat: bool = False) -> float:
        """Say a clip over the echo, from the next frame on."""
        samples = np.pad(clip.samples, (0, -len(clip.samples) % 160))
        self._said.extend(samples.reshape(-1, 160))
        return asyncio.get_running_loop().time()

    def _hear(self, frame: Frame) -> None:
        super()._hear(frame)
        assert self._leg is not None
        self._back.append(frame)
        own = self._said.popleft() if self._said else SILENT
        noise = np.take(self._noise, range(self._noise_at, self._noise_at + 160), mode="wrap")
        self._noise_at += 160
        mixed = np.clip(self._back.popleft() * self._gain + own + noise, -32768, 32767).astype(np.int16)
        self._sent_at += 0.02
        self._leg.media.numbers[0].send_frame(0, encode_pcmu(mixed), self._sent_at)
