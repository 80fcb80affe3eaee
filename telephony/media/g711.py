"""G.711 µ-law and A-law by table look-up (ITU-T G.711, RFC 3551 §4.5.14)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_OCTETS = np.arange(256, dtype=np.int32)
_SAMPLES = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)


def _expand_mu() -> NDArray[np.int16]:
    inverted = ~_OCTETS & 0xFF
    exponent, mantissa = inverted >> 4 & 7, inverted & 15
    magnitude = ((mantissa << 3) + 0x84 << exponent) - 0x84
    linear: NDArray[np.int16] = np.where(inverted & 0x80, -magnitude, magnitude).astype(np.int16)
    return linear


def _expand_a() -> NDArray[np.int16]:
    toggled = _OCTETS ^ 0x55
    exponent, mantissa = toggled >> 4 & 7, toggled & 15
    shifted = ((mantissa << 4) + np.where(exponent == 0, 8, 0x108)) << np.maximum(exponent - 1, 0)
    linear: NDArray[np.int16] = np.where(toggled & 0x80, shifted, -shifted).astype(np.int16)
    return linear


def _compress_mu() -> NDArray[np.uint8]:
    """Octet of every 16-bit sample: 14 bits, bias 33, louder than 8158 is the loudest octet (G.711 table 2a)."""
    scaled = _SAMPLES >> 2
    magnitude = np.minimum(np.abs(scaled), 8158) + 33
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    mantissa = magnitude >> exponent + 1 & 15
    octets: NDArray[np.uint8] = ((exponent << 4 | mantissa) ^ np.where(scaled < 0, 0x7F, 0xFF)).astype(np.uint8)
    return octets


def _compress_a() -> NDArray[np.uint8]:
    """Octet of every 16-bit sample: 13 bits, one's complement below zero, even bits inverted (G.711 table 1a)."""
    scaled = _SAMPLES >> 3
    magnitude = np.where(scaled < 0, -scaled - 1, scaled)
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    mantissa = magnitude >> np.maximum(exponent, 1) & 15
    octets: NDArray[np.uint8] = ((exponent << 4 | mantissa) ^ np.where(scaled < 0, 0x55, 0xD5)).astype(np.uint8)
    return octets


_MU_TO_LINEAR, _A_TO_LINEAR = _expand_mu(), _expand_a()
_LINEAR_TO_MU, _LINEAR_TO_A = _compress_mu(), _compress_a()

PCMU_TO_PCMA = _LINEAR_TO_A[_MU_TO_LINEAR.view(np.uint16)].tobytes()
"""For `payload.translate`: the A-law octet nearest to each µ-law octet."""

PCMA_TO_PCMU = _LINEAR_TO_MU[_A_TO_LINEAR.view(np.uint16)].tobytes()
"""For `payload.translate`: the µ-law octet nearest to each A-law octet."""


def decode_pcmu(payload: bytes) -> NDArray[np.int16]:
    """Expand G.711 µ-law (RTP payload type 0) to linear PCM.

    N octets at 8 kHz give N mono samples within ±32124; 160 are 20 ms. Every octet is valid: nothing is raised.
    """
    return _MU_TO_LINEAR.take(np.frombuffer(payload, np.uint8))


def decode_pcma(payload: bytes) -> NDArray[np.int16]:
    """Expand G.711 A-law (RTP payload type 8) to linear PCM.

    N octets at 8 kHz give N mono samples within ±32256; 160 are 20 ms. Every octet is valid: nothing is raised.
    """
    return _A_TO_LINEAR.take(np.frombuffer(payload, np.uint8))


def encode_pcmu(samples: NDArray[np.int16]) -> bytes:
    """Compress mono 16-bit samples to µ-law, one octet each; louder than ±32636 clips."""
    return _LINEAR_TO_MU[samples.view(np.uint16)].tobytes()


def encode_pcma(samples: NDArray[np.int16]) -> bytes:
    """Compress mono 16-bit samples to A-law, one octet each."""
    return _LINEAR_TO_A[samples.view(np.uint16)].tobytes()
