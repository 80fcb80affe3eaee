"""What Vosk and a vosk-server tell of an utterance, as readings. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ivr.speech.engine import Word
from ivr.speech.readings import Reading


def readings_in(told: Mapping[str, Any], begun: float = 0.0) -> list[Reading]:
    """The readings of a result, best first; `begun` is where the utterance begins in the seconds that Vosk counts."""
    return _several(told, begun) if "alternatives" in told else _one(told, begun)


def _one(told: Mapping[str, Any], begun: float) -> list[Reading]:
    """Vosk's best reading; its word confidences are what it is worth."""
    found = told.get("result", ())
    words = tuple(Word(one["word"], one["start"] - begun, one["end"] - begun, one["conf"]) for one in found)
    worth = sum(word.confidence for word in words) / len(words) if words else 0.0
    return [Reading(told.get("text", ""), worth, words)]


def _several(told: Mapping[str, Any], begun: float) -> list[Reading]:
    """Vosk's best readings. It tells their log likelihoods and no word confidences; shared out, they are confidences again."""
    found = [one for one in told["alternatives"] if one.get("text")]
    scores = np.array([one["confidence"] for one in found], np.float64)
    shares = np.exp(scores - scores.max()) if len(scores) else scores
    shares = shares / shares.sum() if len(shares) else shares
    return [
        Reading(
            one["text"],
            float(share),
            tuple(Word(w["word"], w["start"] - begun, w["end"] - begun, float(share)) for w in one.get("result", ())),
        )
        for one, share in zip(found, shares, strict=True)
    ]
