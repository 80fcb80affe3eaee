"""A recording of any format, from a file or a browser's microphone, as a telephone can play it. Blocks: call it in a thread."""

from __future__ import annotations

import io
import subprocess
import warnings
import wave

import av
import numpy as np
from numpy.typing import NDArray

from ivr.errors import Unreadable
from ivr.speech.recording import PEAK_LEVEL, SPEECH_LEVEL, finish, level, resample

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # as in ivr.speech.recording
    from pydub import AudioSegment

LARGEST = 20 << 20
"""Octets of an upload."""
LONGEST = 300.0
"""Seconds of one recording."""
TOO_LONG = f"longer than {LONGEST / 60:g} minutes; cut it"
SHORTEST = 0.1
RATES = (8_000, 16_000)
DECODED_RATE = 48_000
DECODING_SECONDS = 30.0
"""A file that takes ffmpeg longer is given up."""
DECODE = (
    *("-v", "error", "-nostdin", "-protocol_whitelist", "cache,pipe", "-i", "cache:pipe:0"),
    *("-map", "0:a:0", "-t", str(LONGEST + 1), "-ac", "1", "-ar", str(DECODED_RATE), "-f", "s16le", "pipe:1"),
)
"""A playlist in the file opens nothing, and many channels or a high rate are never held: a small file can promise gigabytes."""

Samples = NDArray[np.int16]


def taken(data: bytes, rate: int, trim: bool, even: bool) -> Samples:
    """Mono samples at `rate` of any audio file, without silence at its ends and at the common level where wanted.

    Raises Unreadable.
    """
    if rate not in RATES:
        raise Unreadable(f"rate is {' or '.join(map(str, RATES))}")
    if len(data) > LARGEST:
        raise Unreadable(f"larger than {LARGEST >> 20} MiB; send a shorter recording")
    samples, had = _decoded(data)
    if len(samples) > LONGEST * had:
        raise Unreadable(TOO_LONG)
    samples = resample(samples, had, rate)
    if len(samples) < SHORTEST * rate or level(samples)[1] < -55.0:
        raise Unreadable("there is nothing to hear in it; check the microphone or the file")
    if trim:
        return finish(samples, rate, levelled=even)
    return _louder(samples, _gain(finish(samples, rate, levelled=False))) if even else samples


def _louder(samples: Samples, factor: float) -> Samples:
    found: Samples = np.clip(np.rint(samples.astype(np.float32) * factor), -32768, 32767).astype(np.int16)
    return found


def _gain(samples: Samples) -> float:
    """The factor that brings speech to the common level."""
    loud, peak = level(samples)
    return float(10 ** (min(SPEECH_LEVEL - loud, PEAK_LEVEL - peak) / 20))


def _decoded(data: bytes) -> tuple[Samples, int]:
    """Mono samples and their rate: by the ffmpeg that pydub uses, and by PyAV where it is missing."""
    if data[:4] == b"RIFF":
        _bounded_wav(data)
    try:
        done = subprocess.run(
            [AudioSegment.converter, *DECODE],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=DECODING_SECONDS,
            check=True,
        )
    except FileNotFoundError:
        return _by_av(data)
    except subprocess.TimeoutExpired:
        raise Unreadable("reading it takes too long; send it as WAV") from None
    except (subprocess.CalledProcessError, OSError):
        raise Unreadable("not audio that can be read: WAV, MP3, Ogg, WebM, M4A, FLAC and the like can") from None
    return np.frombuffer(done.stdout, "<i2").astype(np.int16), DECODED_RATE


def _bounded_wav(data: bytes) -> None:
    """Raises Unreadable for a WAV whose header promises what nobody should have to hold."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            if not 1_000 <= file.getframerate() <= 384_000 or file.getnchannels() > 16:
                raise Unreadable("a WAV of such a rate or with so many channels cannot be used")
            frames = min(file.getnframes(), len(data) // max(1, file.getnchannels() * file.getsampwidth()))
            if frames > LONGEST * file.getframerate():
                raise Unreadable(TOO_LONG)
    except (wave.Error, EOFError):
        return  # ffmpeg reads more kinds of WAV than that module


def _by_av(data: bytes) -> tuple[Samples, int]:
    rate = DECODED_RATE
    found: list[Samples] = []
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.audio:
                raise Unreadable("there is no sound in this file")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            length = 0
            for frame in container.decode(container.streams.audio[0]):
                for one in resampler.resample(frame):
                    found.append(one.to_ndarray().reshape(-1).astype(np.int16))
                    length += len(found[-1])
                if length > (LONGEST + 1) * rate:
                    break
    except (av.error.FFmpegError, ValueError, EOFError):
        raise Unreadable("not audio that can be read: WAV, MP3, Ogg, WebM, M4A, FLAC and the like can") from None
    return (np.concatenate(found) if found else np.zeros(0, np.int16)), rate


def wav_of(samples: Samples, rate: int) -> bytes:
    """A mono 16-bit WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()
