"""How often a raised voice is told from a calm one: `python -m tests.load.shouting`.

Each voice of `tests/audio` says some sentences calmly, then each of its others calm, and again louder, higher and faster
by resampling, through µ-law. No word counts. These are renderings: nobody in them is angry.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.speech.voice_facts import measure
from ivr.speech.wav import read_wav
from ivr.understanding.feelings import Feelings, feel
from ivr.understanding.observations import Said
from telephony.media.g711 import decode_pcmu, encode_pcmu

AUDIO = Path(__file__).parents[1] / "audio"
CALM = 3
"""Sentences that make the calm voice."""
WAYS = {
    "calm": (0.0, 0.0),
    "noise of the line": (0.0, 0.0),
    "6 dB louder": (6.0, 0.0),
    "10 dB louder": (10.0, 0.0),
    "4 semitones higher and faster": (0.0, 4.0),
    "8 dB louder, 4 semitones higher and faster": (8.0, 4.0),
}
QUIETER = 0.25
"""Of full scale: renderings are louder than people on a telephone, and there must be room to shout."""
Samples = NDArray[np.int16]


def spoken(samples: Samples, way: str) -> Samples:
    """Said another way, as a telephone line carries it."""
    louder, higher = WAYS[way]
    at = np.arange(0, len(samples) - 1, 2 ** (higher / 12))
    voice = np.interp(at, np.arange(len(samples)), samples.astype(np.float64)) * QUIETER * 10 ** (louder / 20)
    if way == "noise of the line":
        voice = voice + np.random.default_rng(len(samples)).normal(0, 60, len(voice))
    return decode_pcmu(encode_pcmu(np.clip(voice, -32768, 32767).astype(np.int16)))


def main() -> None:
    voices: dict[str, list[Samples]] = defaultdict(list)
    for entry in json.loads((AUDIO / "index.json").read_text("utf-8")):
        if not entry["voice"].startswith("espeak"):
            voices[entry["voice"]].append(read_wav(AUDIO / entry["file"]))
    print(f"{'':44}{'turns':>6}{'tense':>7}{'angry':>7}")
    for way in WAYS:
        labels = [label for sentences in voices.values() for label in _judged(sentences, way)]
        counts = "".join(f"{labels.count(one):>7}" for one in ("tense", "angry"))
        print(f"{way:44}{len(labels):>6}{counts}")


def _judged(sentences: list[Samples], way: str) -> list[str]:
    """The mood of each further sentence said so, after the calm ones."""
    calm = Feelings()
    for samples in sentences[:CALM]:
        calm = feel(calm, Said("", "zh", measure(spoken(samples, "calm"), 8000)))
    return [feel(calm, Said("", "zh", measure(spoken(one, way), 8000))).label for one in sentences[CALM:]]


if __name__ == "__main__":
    main()
