"""Audio that is sent as it is: encoded once for each codec, cut into ready 20 ms payloads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import overload

import numpy as np
from numpy.typing import NDArray

from telephony.media.codec import FRAME_SAMPLES, Codec
from telephony.media.coding import Encoder, make_encoder

_RATE = 8000
_AT_ONCE = (Codec.PCMU, Codec.PCMA)
"""Codecs without memory, of which a whole clip is encoded in one go."""

_LOOK_AHEAD = 80
"""Samples (10 ms) by which G.722 and Opus are late at most: as much silence after the end, else the end would be cut."""


class Clip:
    """A piece of audio, immutable, shared by every leg that plays it. Make one with `from_pcm`, `silence` or `tone`."""

    __slots__ = ("_frames", "_samples", "name")

    def __init__(self, samples: NDArray[np.int16], name: str = "") -> None:
        self._samples = np.array(samples, dtype=np.int16).reshape(-1)
        self._samples.setflags(write=False)
        self._frames: dict[Codec, Sequence[bytes]] = {}
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

    def frames(self, codec: Codec) -> Sequence[bytes]:
        """The 20 ms payloads, the last one filled up with silence; encoded on first use and kept.

        G.722 and Opus are encoded from fresh state and frame by frame as they are asked for: a long prompt then stops nobody.
        """
        frames = self._frames.get(codec)
        if frames is None:
            frames = self._frames[codec] = self._encode(codec)
        return frames

    def _encode(self, codec: Codec) -> Sequence[bytes]:
        if codec not in _AT_ONCE:
            return _Encoded(self._samples, make_encoder(codec)) if len(self._samples) else ()
        missing = -len(self._samples) % FRAME_SAMPLES
        octets = make_encoder(codec).encode(np.pad(self._samples, (0, missing)))
        return tuple(octets[i : i + FRAME_SAMPLES] for i in range(0, len(octets), FRAME_SAMPLES))

    def __repr__(self) -> str:
        return f"<Clip {self.name!r} {self.seconds:.2f} s>"


def frames_of(clips: Sequence[Clip], codec: Codec) -> Sequence[bytes]:
    """The payloads of `clips`, one after another."""
    if len(clips) == 1:
        return clips[0].frames(codec)
    if codec in _AT_ONCE:
        return tuple(chain.from_iterable(clip.frames(codec) for clip in clips))
    return _Joined([clip.frames(codec) for clip in clips])


class _Encoded(Sequence[bytes]):
    """Payloads of a codec with memory, encoded in order when first asked for."""

    __slots__ = ("_done", "_encoder", "_length", "_samples")

    def __init__(self, samples: NDArray[np.int16], encoder: Encoder) -> None:
        self._length = -(-(len(samples) + _LOOK_AHEAD) // FRAME_SAMPLES)
        self._samples = samples
        self._encoder: Encoder | None = encoder
        self._done: list[bytes] = []

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        done = self._done
        if isinstance(index, int) and 0 <= index < len(done):
            return done[index]
        wanted = range(self._length)[index]
        self._encode(max(wanted, default=-1) if isinstance(wanted, range) else wanted)
        return [done[number] for number in wanted] if isinstance(wanted, range) else done[wanted]

    def _encode(self, last: int) -> None:
        while self._encoder is not None and len(self._done) <= last:
            part = self._samples[len(self._done) * FRAME_SAMPLES :][:FRAME_SAMPLES]
            self._done.append(self._encoder.encode(np.pad(part, (0, FRAME_SAMPLES - len(part)))))
            if len(self._done) == self._length:
                self._encoder = None  # its state is larger than what it made


class _Joined(Sequence[bytes]):
    """Several sequences of payloads as one, none of them asked before its turn."""

    __slots__ = ("_parts", "_starts")

    def __init__(self, parts: Sequence[Sequence[bytes]]) -> None:
        self._parts = [part for part in parts if part]
        self._starts = [0, *accumulate(map(len, self._parts))]

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        wanted = range(len(self))[index]
        if isinstance(wanted, range):
            return [self[number] for number in wanted]
        part = bisect_right(self._starts, wanted) - 1
        return self._parts[part][wanted - self._starts[part]]
