"""Recordings as people make them, turned into what a telephone plays: read, resampled, trimmed and levelled by pydub.

Samples are mono int16 arrays; levels are dB relative to full scale (a square wave of full scale is 0).
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.errors import ConfigError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of a missing ffmpeg, which WAV does not need, and of its own escapes
    from pydub import AudioSegment
    from pydub.exceptions import CouldntDecodeError
    from pydub.silence import detect_leading_silence

MASTER_RATE = 8_000
"""Samples a second of what is rendered: as a telephone plays it, so that loading touches nothing and the folder stays small."""
TELEPHONE_RATE = 8_000
SPEECH_LEVEL = -20.0
"""RMS of a levelled recording."""
PEAK_LEVEL = -3.0
"""No sample of a levelled recording is above this."""

_HALF_WIDTH = 24
"""Half the length of the resampling filter, in samples of the slower rate: 60 dB down within 300 Hz of the cut at 8 kHz."""
_CUT = 0.4625
"""Cut-off by the slower rate: 3.7 kHz for a telephone."""


def read_recording(path: Path, rate: int = TELEPHONE_RATE) -> NDArray[np.int16]:
    """Return any audio file as mono samples at `rate`.

    WAV needs nothing; every other format needs ffmpeg. Raises ConfigError naming the file and the cure.
    """
    try:
        segment = AudioSegment.from_file(path)
    except CouldntDecodeError:
        raise ConfigError(f"{path}: not audio that ffmpeg can read") from None
    except FileNotFoundError:
        if not path.is_file():
            raise ConfigError(f"{path}: no such file") from None
        raise ConfigError(f"{path}: {path.suffix} needs ffmpeg: install it, or convert the file to WAV") from None
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise ConfigError(f"{path}: cannot be read as audio: {error}") from None
    segment = segment.set_channels(1).set_sample_width(2)
    return resample(np.frombuffer(segment.raw_data, np.int16), segment.frame_rate, rate)


def write_recording(path: Path, samples: NDArray[np.int16], rate: int = MASTER_RATE) -> None:
    """Write mono 16-bit WAV; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    _segment(samples, rate).export(str(part), format="wav").close()
    part.replace(path)


def finish(
    samples: NDArray[np.int16], rate: int, *, lead: int = 15, tail: int = 120, levelled: bool = True
) -> NDArray[np.int16]:
    """Return the recording without silence at its ends and at the level of every other one.

    `lead` and `tail` are the milliseconds kept before the first and after the last sound. Silence is what lies 40 dB under
    the peak. A recording of nothing but silence comes back empty.
    """
    segment = _segment(samples, rate)
    if segment.max == 0:
        return samples[:0]
    threshold = max(segment.max_dBFS - 40.0, -60.0)
    begin = max(detect_leading_silence(segment, threshold, chunk_size=5) - lead, 0)
    end = len(segment) - max(detect_leading_silence(segment.reverse(), threshold, chunk_size=5) - tail, 0)
    segment = segment[begin:end].fade_in(min(10, lead or 1)).fade_out(min(30, tail or 1))
    gain = min(SPEECH_LEVEL - segment.dBFS, PEAK_LEVEL - segment.max_dBFS) if levelled else 0.0
    return np.frombuffer(segment.apply_gain(gain).raw_data, np.int16)


def level(samples: NDArray[np.int16]) -> tuple[float, float]:
    """Return RMS and peak in dB of full scale; (-inf, -inf) for silence."""
    segment = _segment(samples, TELEPHONE_RATE)
    return segment.dBFS, segment.max_dBFS


def resample(samples: NDArray[np.int16], rate: int, to: int) -> NDArray[np.int16]:
    """Return `samples` at another rate, without what the new rate cannot carry (a windowed sinc, linear in phase).

    N samples give N * to / rate of them, rounded up; nothing is shifted in time.
    """
    if rate == to or not len(samples):
        return samples
    divisor = math.gcd(rate, to)
    up, down = to // divisor, rate // divisor
    half = math.ceil(_HALF_WIDTH * rate / min(rate, to))
    filters = _filters(up, half, _CUT * min(rate, to) / rate)
    source = np.pad(samples.astype(np.float32), (half, half + down))
    result = np.empty(-(-len(samples) * up // down), np.float32)
    for phase in range(min(up, len(result))):
        outputs = result[phase::up]
        outputs[:] = 0.0
        first, row = divmod(phase * down, up)
        span = (len(outputs) - 1) * down + 1
        for tap, weight in enumerate(filters[row], start=first):
            outputs += source[tap : tap + span : down] * weight
    return np.clip(np.rint(result), -32768, 32767).astype(np.int16)


def _filters(up: int, half: int, cut: float) -> NDArray[np.float32]:
    """One row a phase, `2 * half + 1` taps each, every row of gain 1; `cut` is in cycles a sample of the source."""
    times = np.arange(-half, half + 1)[None, :] - np.arange(up)[:, None] / up
    window = np.i0(6.0 * np.sqrt(np.clip(1.0 - (times / (half + 1)) ** 2, 0.0, 1.0))) / np.i0(6.0)
    rows = np.sinc(2.0 * cut * times) * window
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), np.float32)


def _segment(samples: NDArray[np.int16], rate: int) -> AudioSegment:
    return AudioSegment(samples.astype("<i2").tobytes(), frame_rate=rate, sample_width=2, channels=1)
