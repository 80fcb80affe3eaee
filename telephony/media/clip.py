"""Audio that is sent as it is: encoded once for each codec, cut into ready 20 ms payloads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from telephony.media.codec import FRAME_SAMPLES, Codec
from telephony.media.g711 import encode_pcma, encode_pcmu

_RATE = 8000
_ENCODERS = {Codec.PCMU: encode_pcmu, Codec.PCMA: encode_pcma}


class Clip:
    """A piece of audio, immutable, shared by every leg that plays it. Make one with `from_pcm`, `silence` or `tone`."""

    __slots__ = ("_frames", "_samples", "name")

    def __init__(self, samples: NDArray[np.int16], name: str = "") -> None:
        self._samples = np.array(samples, dtype=np.int16).reshape(-1)
        self._samples.setflags(write=False)
        self._frames: dict[Codec, tuple[bytes, ...]] = {}
        self.name = name

    @classmethod
    def from_pcm(cls, samples: NDArray[np.int16], name: str = "") -> Clip:
        """Keep a copy of `samples`: mono linear PCM at 8 kHz. `name` is for logs."""
        return cls(samples, name)

    @classmethod
    def silence(cls, seconds: float) -> Clip:
        return cls(np.zeros(round(seconds * _RATE), np.int16), f"silence {seconds:g} s")

    @classmethod
    def tone(cls, hertz: float, seconds: float, amplitude: int = 8000) -> Clip:
        """A sine of peak `amplitude` (of 32767)."""
        angles = np.arange(round(seconds * _RATE)) * (2 * np.pi * hertz / _RATE)
        return cls(np.rint(np.sin(angles) * amplitude).astype(np.int16), f"tone {hertz:g} Hz")

    @property
    def samples(self) -> NDArray[np.int16]:
        """The linear PCM, 8 kHz mono, read-only."""
        return self._samples

    @property
    def seconds(self) -> float:
        return len(self._samples) / _RATE

    def frames(self, codec: Codec) -> tuple[bytes, ...]:
        """The 160-octet payloads, the last one filled up with silence; encoded on first use and kept."""
        frames = self._frames.get(codec)
        if frames is None:
            frames = self._frames[codec] = self._encode(codec)
        return frames

    def _encode(self, codec: Codec) -> tuple[bytes, ...]:
        missing = -len(self._samples) % FRAME_SAMPLES
        octets = _ENCODERS[codec](np.pad(self._samples, (0, missing)))
        return tuple(octets[i : i + FRAME_SAMPLES] for i in range(0, len(octets), FRAME_SAMPLES))

    def __repr__(self) -> str:
        return f"<Clip {self.name!r} {self.seconds:.2f} s>"
