"""What a telephone does to a voice, as pure functions on 8 kHz samples: band, µ-law, noise of the line, lost packets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from telephony.media.concealment import Concealer
from telephony.media.g711 import decode_pcmu, encode_pcmu

Samples = NDArray[np.int16]
RATE = 8000
LOW, HIGH, SLOPE = 300.0, 3400.0, 60.0
"""Band in Hz and the width of its edges."""
FRAME = 160
VOICED = 0.1
"""Part of the loudest 20 ms above which a frame is voice: what a ratio of signal to noise is counted from."""


def band(samples: Samples) -> Samples:
    """Only 300 to 3,400 Hz are left."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    rising = np.clip((hertz - LOW) / SLOPE + 0.5, 0, 1)
    falling = np.clip((HIGH - hertz) / SLOPE + 0.5, 0, 1)
    return _clipped(np.fft.irfft(spectrum * rising * falling, len(samples)))


def coded(samples: Samples) -> Samples:
    """As µ-law (G.711) carries it."""
    return decode_pcmu(encode_pcmu(samples))


def noisy(samples: Samples, decibels: float, seed: int) -> Samples:
    """With even noise so many dB below the voice. The same `seed` gives the same noise."""
    noise = np.random.default_rng(seed).normal(0, 1, len(samples))
    return _clipped(samples + noise * voice_level(samples) / 10 ** (decibels / 20))


def lossy(samples: Samples, share: float, seed: int) -> Samples:
    """With that share of the 20 ms packets lost, each by itself, and concealed as this server does."""
    random = np.random.default_rng(seed)
    concealer, out = Concealer(), []
    lost = False
    for begin in range(0, len(samples) - len(samples) % FRAME, FRAME):
        frame = samples[begin : begin + FRAME]
        if random.random() < share:
            out.append(concealer.conceal(FRAME))
            lost = True
            continue
        heard = concealer.resume(frame) if lost else frame
        concealer.heard(heard)
        out.append(heard)
        lost = False
    return np.concatenate(out) if out else samples


def voice_level(samples: Samples) -> float:
    """RMS of the voiced frames; 0 where there are none."""
    whole = samples[: len(samples) - len(samples) % FRAME].astype(np.float64).reshape(-1, FRAME)
    power = (whole**2).mean(axis=1) if len(whole) else np.zeros(0)
    loud = power[power > VOICED**2 * power.max()] if len(power) and power.max() > 0 else power
    return float(np.sqrt(loud.mean())) if len(loud) else 0.0


def _clipped(samples: NDArray[np.float64]) -> Samples:
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


Channel = Callable[[Samples, int], Samples]

CHANNELS: Mapping[str, Channel] = {
    "clean": lambda samples, seed: samples,
    "telephone": lambda samples, seed: coded(band(samples)),
    "noise20": lambda samples, seed: coded(noisy(band(samples), 20, seed)),
    "noise10": lambda samples, seed: coded(noisy(band(samples), 10, seed)),
    "loss1": lambda samples, seed: lossy(coded(band(samples)), 0.01, seed),
    "loss3": lambda samples, seed: lossy(coded(band(samples)), 0.03, seed),
}
"""Name to what it does to samples; all but `clean` are 300-3,400 Hz and µ-law. The second argument seeds its chance."""
TELEPHONE = tuple(name for name in CHANNELS if name != "clean")
