"""libopus itself, called directly: it codes at 8 and 16 kHz without resampling, repairs losses, and costs half of what it does
through FFmpeg (docs/media.md). The library is the one that PyAV brings along, else the system's. No I/O, no clock.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
from functools import cache
from pathlib import Path

import numpy as np

from telephony.media.coding import Frame

_OK = 0
_VOIP = 2048
_SET_BITRATE, _SET_COMPLEXITY, _SET_FEC, _SET_LOSS, _SET_SIGNAL = 4002, 4010, 4012, 4014, 4024
_VOICE = 3001
_MOST_OCTETS = 1275
"""The longest frame (RFC 6716 §3.4)."""

_BUNDLED = ("av.libs/libopus*", "av/.dylibs/libopus*", "av.libs/opus*")


@cache
def library() -> ctypes.PyDLL | None:
    """The library with the signatures of what is called here; None where there is none.

    `PyDLL` keeps the interpreter lock: a frame takes less than handing the lock over and back may.
    """
    for path in _candidates():
        try:
            return _declared(ctypes.PyDLL(path))
        except (OSError, AttributeError):
            continue
    return None


def _candidates() -> list[str]:
    spec = importlib.util.find_spec("av")
    if spec is not None and spec.origin is not None:
        site = Path(spec.origin).parent.parent
        bundled = [str(path) for pattern in _BUNDLED for path in sorted(site.glob(pattern))]
        if bundled:
            return bundled
    system = ctypes.util.find_library("opus")
    return [system] if system else []


def _declared(found: ctypes.PyDLL) -> ctypes.PyDLL:
    pointer, integer, octets = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    for size, channels in ((found.opus_decoder_get_size, 1), (found.opus_encoder_get_size, 1)):
        size.argtypes = [integer]
        if size(channels) <= 0:
            raise OSError("libopus does not know the size of its own state")
    found.opus_decoder_init.argtypes = [pointer, ctypes.c_int32, integer]
    found.opus_encoder_init.argtypes = [pointer, ctypes.c_int32, integer, integer]
    found.opus_decode.argtypes = [pointer, octets, ctypes.c_int32, pointer, integer, integer]
    found.opus_encode.argtypes = [pointer, octets, integer, pointer, ctypes.c_int32]
    return found


class DirectOpusDecoder:
    """`telephony.media.coding.Decoder`; stereo is mixed down to mono. The state is 18 kB."""

    __slots__ = ("_address", "_decode", "_longest", "_pcm", "_state")

    def __init__(self, opus: ctypes.PyDLL, rate: int) -> None:
        self._state = ctypes.create_string_buffer(opus.opus_decoder_get_size(1))
        if opus.opus_decoder_init(self._state, rate, 1) != _OK:
            raise ValueError(f"Opus cannot be decoded to {rate} Hz")
        self._decode = opus.opus_decode
        self._longest = rate * 120 // 1000
        self._pcm = np.zeros(self._longest, np.int16)
        self._address = self._pcm.ctypes.data

    def decode(self, payload: bytes) -> Frame:
        if not payload:
            return self._taken(0)  # libopus would take it for a loss
        return self._taken(self._decode(self._state, payload, len(payload), self._address, self._longest, 0))

    def conceal(self, count: int) -> Frame | None:
        """Any number of samples that 2.5 ms divide, up to 120 ms."""
        return self._taken(self._decode(self._state, None, 0, self._address, count, 0))

    def recover(self, payload: bytes, count: int) -> Frame | None:
        """Where `payload` carries no copy of what was lost, this is what `conceal` gives."""
        return self._taken(self._decode(self._state, payload, len(payload), self._address, count, 1))

    def _taken(self, count: int) -> Frame:
        return self._pcm[: max(0, count)].copy()


class DirectOpusEncoder:
    """`telephony.media.coding.Encoder`, mono, with error correction in band. The state is 30 kB."""

    __slots__ = ("_encode", "_octets", "_state", "_view")

    def __init__(self, opus: ctypes.PyDLL, rate: int, bitrate: int, complexity: int, expected_loss: int) -> None:
        """`bitrate` in bit/s, `complexity` 0-10, `expected_loss` in percent: what error correction provides for."""
        self._state = ctypes.create_string_buffer(opus.opus_encoder_get_size(1))
        if opus.opus_encoder_init(self._state, rate, 1, _VOIP) != _OK:
            raise ValueError(f"Opus cannot be encoded from {rate} Hz")
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, complexity),
            (_SET_SIGNAL, _VOICE),
            (_SET_FEC, 1 if expected_loss else 0),
            (_SET_LOSS, expected_loss),
        ):
            opus.opus_encoder_ctl(self._state, ctypes.c_int(request), ctypes.c_int(value))
        self._encode = opus.opus_encode
        self._octets = ctypes.create_string_buffer(_MOST_OCTETS)
        self._view = memoryview(self._octets).cast("B")

    def encode(self, samples: Frame) -> bytes:
        count = self._encode(self._state, samples.tobytes(), len(samples), self._octets, _MOST_OCTETS)
        return bytes(self._view[: max(0, count)])
