"""What telephone lines do to voices, made by rule: echo, noise, clicks, coughs, keys, music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from telephony.media.codec import Codec
from telephony.media.coding import make_decoder, make_encoder
from telephony.media.g711 import decode_pcmu, encode_pcmu
from tests.e2e.signals import read_wav

RATE = 8000
FULL = 32768.0
MUSIC = Path(__file__).parents[2] / "prompts" / "music.wav"
_KEYS = ((697, 1209), (770, 1336), (852, 1477), (941, 1336))

Sound = NDArray[np.float64]


def coded(sound: Sound) -> NDArray[np.int16]:
    """As µ-law leaves it."""
    return decode_pcmu(encode_pcmu(np.clip(np.rint(sound), -32768, 32767).astype(np.int16)))


def rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound**2))) if len(sound) else 0.0


def at_level(voice: Sound, dbfs: float) -> Sound:
    """A voice whose sounding part has that level."""
    loud = voice[np.abs(voice) > np.abs(voice).max() / 30]
    return voice * (10 ** (dbfs / 20) * FULL / max(1.0, rms(loud)))


def _levels(voice: Sound) -> Sound:
    frames = voice[: len(voice) // 80 * 80].reshape(-1, 80)
    return np.asarray(np.sqrt(np.mean(frames**2, axis=1)))


def onset(voice: Sound) -> int:
    """The sample where it begins to sound: the first 10 ms within 26 dB of its loudest."""
    levels = _levels(voice)
    return int(np.nonzero(levels > levels.max() / 20)[0][0]) * 80


def echo(far: Sound, kind: str, loss: float, delay: float, rng: Generator) -> Sound:
    """`far` as it comes back `delay` seconds later and `loss` dB down.

    "line": a hybrid, some milliseconds long; "room": a loudspeaker in a room of 0.2 s; "mobile": that, overdriven, through a
    codec of 24 kbit/s both ways.
    """
    heard = far
    if kind == "mobile":
        heard = through_opus(np.tanh(through_opus(far) / 20000) * 20000)
    if kind == "line":
        response = rng.normal(size=48) * np.exp(-np.arange(48) / 8)
    else:
        response = rng.normal(size=1200) * np.exp(-np.arange(1200) / 250)
        response[:8] += 3 * rng.normal(size=8)
    back = np.convolve(heard, response)[: len(far)]
    back *= 10 ** (-loss / 20) * rms(far) / max(1.0, rms(back))
    back = np.concatenate((np.zeros(round(delay * RATE)), back))[: len(far)]
    back = through_opus(back) if kind == "mobile" else back
    return np.pad(back, (0, len(far) - len(back)))


def through_opus(sound: Sound) -> Sound:
    encoder, decoder = make_encoder(Codec.OPUS), make_decoder(Codec.OPUS)
    frames = np.clip(sound, -32768, 32767).astype(np.int16)[: len(sound) // 160 * 160].reshape(-1, 160)
    return np.concatenate([decoder.decode(encoder.encode(frame)) for frame in frames]).astype(float)


def disturbance(name: str, count: int, rng: Generator, voice_dbfs: float) -> Sound:
    """`count` samples of what is on a line without speech; silence for a name that is none of these."""
    level = 10 ** (voice_dbfs / 20) * FULL
    time = np.arange(count) / RATE
    match name:
        case "noise 20 dB":
            return coloured(count, rng) * level / 10
        case "noise 10 dB":
            return coloured(count, rng) * level / 3.16
        case "hum":
            return sum((np.sin(2 * np.pi * 50 * n * time) / n for n in (1, 2, 3, 5, 7)), np.zeros(count)) * level / 3
        case "clicks":
            return scattered(count, rng, 0.5, lambda: rng.normal(size=40) * np.exp(-np.arange(40) / 8) * level * 4)
        case "coughs":
            return scattered(count, rng, 2.5, lambda: cough(rng) * level * 1.5)
        case "keys":
            return scattered(count, rng, 0.4, lambda: key(rng) * level)
        case "dial tone":
            return (np.sin(2 * np.pi * 425 * time) * (np.mod(time, 1.0) < 0.5)) * level
        case "music":
            music = read_wav(MUSIC)[0].astype(float)
            start = int(rng.integers(len(music)))
            return np.resize(np.roll(music, -start), count) * level / max(1.0, rms(music))
    return np.zeros(count)


def coloured(count: int, rng: Generator) -> Sound:
    """Noise as lines have it, falling towards high frequencies; root mean square 1."""
    noise = np.convolve(rng.normal(size=count), 0.7 ** np.arange(20))[:count]
    return np.asarray(noise / max(1e-9, rms(noise)))


def scattered(count: int, rng: Generator, pause: float, make: object) -> Sound:
    """Sounds at random, `pause` seconds apart on average."""
    assert callable(make)
    sound, at = np.zeros(count), 0
    while (at := at + round(RATE * pause * (0.5 + rng.random()))) < count:
        one = make()[: count - at]
        sound[at : at + len(one)] += one
    return sound


def cough(rng: Generator) -> Sound:
    """One or two bursts of breath with a throat's resonances, 0.15 to 0.28 s each."""
    bursts = []
    for _ in range(int(rng.integers(1, 3))):
        count = round(RATE * (0.15 + 0.13 * rng.random()))
        breath, time = rng.normal(size=count), np.arange(200) / RATE
        throat = sum(
            (np.sin(2 * np.pi * hertz * (0.9 + 0.2 * rng.random()) * time) for hertz in (500, 1400, 2300)), np.zeros(200)
        ) * np.exp(-time * 400)
        burst = np.convolve(breath, throat)[:count] * np.minimum(1, np.arange(count) / 40) * np.exp(-np.arange(count) / 600)
        bursts += [burst / max(1e-9, rms(burst)), np.zeros(round(RATE * 0.12))]
    return np.concatenate(bursts)


def key(rng: Generator) -> Sound:
    """A key in the voice, 100 ms."""
    low, high = _KEYS[int(rng.integers(len(_KEYS)))]
    time = np.arange(800) / RATE
    return np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
