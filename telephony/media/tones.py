"""Call-progress tones by country, as clips to be played repeated (ITU-T E.180/Q.35 and E.180 Supplement 2). No I/O.

A tone is a cadence: sounds and pauses in turn. Its clip is as many rounds of it as make whole 20 ms frames, so that
`leg.play([clip], repeat=True)` keeps the rhythm; a continuous tone is cut where its phase comes round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from telephony.media.clip import Clip
from telephony.media.codec import FRAME_SAMPLES
from telephony.media.spectrum import RATE, amplitude

LEVEL = -13.0
"""dBm0 of each frequency. E.180 §4 asks for -10 dBm0, give or take 5, for the whole tone."""

_RAMP = 32
"""Samples (4 ms) over which a sound fades in and out: an edge clicks."""


@dataclass(frozen=True, slots=True)
class Tone:
    """`hertz` sound together for the even ones of `cadence`; an empty cadence never pauses."""

    hertz: tuple[float, ...]
    cadence: tuple[float, ...] = ()
    """Seconds of sound and of silence, in turn."""

    @property
    def seconds(self) -> float:
        """How long the clip is: whole rounds of the cadence and whole frames."""
        once = sum(self.cadence) if self.cadence else 1.0
        return next((once * rounds for rounds in (1, 2, 4) if round(once * rounds * RATE) % FRAME_SAMPLES == 0), once)


_PLAIN = (425.0,)
_AMERICAN_BUSY = (480.0, 620.0)

TONES: Mapping[str, Mapping[str, Tone]] = {
    "cn": {
        "dial": Tone((450,)),
        "ringback": Tone((450,), (1.0, 4.0)),
        "busy": Tone((450,), (0.35, 0.35)),
        "congestion": Tone((450,), (0.7, 0.7)),
        "call_waiting": Tone((450,), (0.4, 4.0)),
    },
    "us": {
        "dial": Tone((350, 440)),
        "ringback": Tone((440, 480), (2.0, 4.0)),
        "busy": Tone(_AMERICAN_BUSY, (0.5, 0.5)),
        "congestion": Tone(_AMERICAN_BUSY, (0.25, 0.25)),
        "call_waiting": Tone((440,), (0.3, 10.0)),
    },
    "uk": {
        "dial": Tone((350, 440)),
        "ringback": Tone((400, 450), (0.4, 0.2, 0.4, 2.0)),
        "busy": Tone((400,), (0.375, 0.375)),
        "congestion": Tone((400,), (0.4, 0.35, 0.225, 0.525)),
        "call_waiting": Tone((400,), (0.1, 4.0)),
    },
    "eu": {
        "dial": Tone(_PLAIN),
        "ringback": Tone(_PLAIN, (1.0, 4.0)),
        "busy": Tone(_PLAIN, (0.5, 0.5)),
        "congestion": Tone(_PLAIN, (0.2, 0.2)),
        "call_waiting": Tone(_PLAIN, (0.2, 0.2, 0.2, 5.0)),
    },
}
"""Country to tone to what it sounds like. `eu` is the 425 Hz plan that E.180 recommends and most of Europe uses."""

COUNTRIES = tuple(TONES)
NAMES = tuple(TONES["cn"])


@cache
def clip(country: str, name: str) -> Clip:
    """The tone to play repeated; made once. Raises KeyError for a country or a tone that is not in `TONES`."""
    tone = TONES[country][name]
    return Clip.from_pcm(render(tone), f"{name} {country}")


def render(tone: Tone, dbm0: float = LEVEL) -> NDArray[np.int16]:
    """`tone.seconds` of a tone, 8 kHz mono; each of its frequencies at `dbm0`."""
    samples = round(tone.seconds * RATE)
    angles = np.outer(np.asarray(tone.hertz, np.float64), np.arange(samples)) * (2 * np.pi / RATE)
    wave = np.sin(angles).sum(axis=0) * amplitude(dbm0)
    if tone.cadence:
        wave *= _envelope(tone.cadence, samples)
    samples16: NDArray[np.int16] = np.rint(wave).astype(np.int16)
    return samples16


def _envelope(cadence: tuple[float, ...], samples: int) -> NDArray[np.float64]:
    shape = np.zeros(samples)
    rounds = round(samples / RATE / sum(cadence))
    edges = np.rint(np.cumsum((0.0, *cadence * rounds)) * RATE).astype(int)
    ramp = np.linspace(0.0, 1.0, _RAMP)
    for start, end in zip(edges[0::2], edges[1::2], strict=False):
        shape[start:end] = 1.0
        shape[start : start + _RAMP] *= ramp
        shape[end - _RAMP : end] *= ramp[::-1]
    return shape
