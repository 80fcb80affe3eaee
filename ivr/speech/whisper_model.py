"""Whisper on one utterance, with its habits kept in check: it loops on bad audio, and hears sentences in noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ivr.speech.aliases import plain
from ivr.speech.feed import Upsampler
from ivr.speech.settings import Feed

TOKENS_AT_LEAST, TOKENS_A_SECOND = 12, 10
"""More than people say in a second, in any language: what is longer is a loop."""
COMPRESSES = 2.2
"""Times smaller than itself that a text packs which repeats itself."""
REPEATS = 4
"""Same words in a row that make a loop."""
NO_SPEECH = 0.7
LEAST_SURE = -1.2
"""Mean log probability of a token below which what was written is a guess."""
PROMPTS = {"zh": "以下是普通话的句子。"}
"""A beginning that makes it write the signs of the country."""


@dataclass(frozen=True, slots=True)
class Opinion:
    text: str
    """As `plain` gives it; "" where it heard nothing that can be believed."""
    confidence: float


class WhisperModel:
    """A loaded faster-whisper model."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Raises whatever the library does where the folder is no model; ImportError without the extra `whisper`."""
        from faster_whisper import WhisperModel as Model

        self._model: Any = Model(str(folder), device="cpu", compute_type="int8", cpu_threads=threads, local_files_only=True)

    def hear(self, samples: NDArray[np.int16], language: str, phrases: Sequence[str] = ()) -> Opinion:
        """What was said in samples at 8 kHz. `phrases` are likelier than others, and no more than that."""
        seconds = len(samples) / 8000
        wide = np.frombuffer(Upsampler(Feed.RESAMPLE).push(samples), np.int16).astype(np.float32) / 32768
        segments, _ = self._model.transcribe(
            wide,
            language=language,
            beam_size=1,
            temperature=0.0,
            condition_on_previous_text=False,
            without_timestamps=True,
            max_new_tokens=TOKENS_AT_LEAST + round(TOKENS_A_SECOND * seconds),
            initial_prompt=PROMPTS.get(language),
            hotwords=" ".join(phrases)[:200] or None,
        )
        return opinion_of([(s.text, s.avg_logprob, s.no_speech_prob, s.compression_ratio) for s in segments])


def opinion_of(segments: Sequence[tuple[str, float, float, float]]) -> Opinion:
    """One opinion out of segments (text, mean log probability, chance of no speech, how far it packs)."""
    kept = [(text, sure) for text, sure, silent, packed in segments if silent < NO_SPEECH and packed < COMPRESSES]
    text = plain(" ".join(text for text, _ in kept))
    if not text or loops(text):
        return Opinion("", 0.0)
    sure = sum(chance for _, chance in kept) / len(kept)
    return Opinion(text, math.exp(sure)) if sure > LEAST_SURE else Opinion("", 0.0)


def loops(text: str) -> bool:
    """Whether a text says the same again and again: a word, or up to eight letters, `REPEATS` times in a row.

    Single letters are let through: "8 8 8 8" is a number.
    """
    words = text.split()
    if any(len(set(words[at : at + REPEATS])) == 1 and len(words[at]) > 1 for at in range(len(words) - REPEATS + 1)):
        return True
    letters = "".join(words)
    for size in range(2, 9):
        for at in range(max(0, len(letters) - size * REPEATS + 1)):
            unit = letters[at : at + size]
            if len(set(unit)) > 1 and letters.startswith(unit * REPEATS, at):
                return True
    return False
