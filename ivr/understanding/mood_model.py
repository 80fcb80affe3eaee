"""A small classifier of moods: hashed character n-grams and the word list, one linear model a language. Pure numpy.

Its weights (`mood_model.json`) are made of `mood_examples.yaml` by `python -m ivr.understanding.mood_training`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.understanding.mood_words import Found

BUCKETS = 4096
CLASSES = ("calm", "tense", "angry")
EXAMPLES = Path(__file__).with_name("mood_examples.yaml")
WEIGHTS = Path(__file__).with_name("mood_model.json")

_NOISE = re.compile(r"[\s\W_]+")
_WORD = re.compile(r"\w+")
_LISTED = 1.0
"""What one word of the list is worth beside the n-grams, which are of length 1 together."""

Features = tuple[NDArray[np.intp], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Model:
    """The weights of one language."""

    weights: NDArray[np.float64]
    """Classes by buckets."""
    bias: NDArray[np.float64]

    def chances(self, said: str, language: str, found: Found) -> NDArray[np.float64]:
        """How likely each of CLASSES is; together 1."""
        at, worth = features(said, language, found)
        scores = self.weights[:, at] @ worth + self.bias
        grown = np.exp(scores - scores.max())
        return np.asarray(grown / grown.sum())


def features(said: str, language: str, found: Found) -> Features:
    """Buckets and their values for a text that `mood_words.normal` made."""
    names = sorted(set(_grams(said, language)))
    scale = 1 / np.sqrt(len(names)) if names else 0.0
    listed = {
        "strong": min(found.strong, 2),
        "plain": min(found.plain, 2),
        "mild": min(found.mild, 3),
        "denied": min(found.denied, 2),
        "shouted": int(found.shouted),
    }
    kept = [(f"#{name}", _LISTED * count) for name, count in listed.items() if count]
    pairs = [*((name, scale) for name in names), *kept]
    buckets = [zlib.crc32(name.encode()) % BUCKETS for name, _ in pairs]
    return np.asarray(buckets, np.intp), np.asarray([worth for _, worth in pairs], np.float64)


def _grams(said: str, language: str) -> Iterator[str]:
    if language == "zh":
        tight = _NOISE.sub("", said)
        yield from (tight[at : at + size] for size in (1, 2, 3) for at in range(len(tight) - size + 1))
        return
    words = _WORD.findall(said)
    yield from (f"={word}" for word in words)
    yield from (f"={first} {second}" for first, second in pairwise(words))
    for word in words:
        edged = f"<{word}>"
        yield from (edged[at : at + size] for size in (3, 4) for at in range(len(edged) - size + 1))


def fingerprint() -> str:
    """Of the examples that the weights must be made of."""
    return hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()[:16]


def written(models: Mapping[str, Model]) -> str:
    """Weights as the text of a file, 8 bits each."""
    told = {}
    for language, model in models.items():
        scale = float(np.abs(model.weights).max()) / 127
        packed = np.rint(model.weights / scale).astype(np.int8).tobytes()
        bias = [round(float(one), 4) for one in model.bias]
        told[language] = {
            "scale": round(scale, 8),
            "bias": bias,
            "weights": base64.b64encode(zlib.compress(packed, 9)).decode(),
        }
    return json.dumps({"examples": fingerprint(), "buckets": BUCKETS, "classes": CLASSES, "languages": told}, indent=1) + "\n"


@cache
def models() -> Mapping[str, Model]:
    """The models by language, read once."""
    data = json.loads(WEIGHTS.read_text("utf-8"))
    return {language: _read(one) for language, one in data["languages"].items()}


def _read(data: Mapping[str, object]) -> Model:
    packed = np.frombuffer(zlib.decompress(base64.b64decode(str(data["weights"]))), np.int8)
    scale, bias = float(str(data["scale"])), np.asarray(data["bias"], np.float64)
    return Model(np.asarray(packed.reshape(len(CLASSES), BUCKETS) * scale, np.float64), bias)
