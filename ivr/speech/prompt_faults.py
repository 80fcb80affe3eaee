"""What is wrong with recordings: how they sound, what they say, and whether anybody needs them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivr.speech.catalog import Entry, text_key
from ivr.speech.recording import PEAK_LEVEL, SPEECH_LEVEL, TELEPHONE_RATE, level
from ivr.speech.rendering import Wanted, file_hash

CLIPPED = 4
"""So many samples in a row at full scale are heard as a crack."""
LONGEST_PAUSE = 1.5
"""Seconds of silence within a prompt: after that callers think that the line is dead, or that it is their turn."""
LONGEST = 45.0
"""Seconds that anybody listens to."""
SPOKEN = ("values/", "words/")
"""Names of recordings that no person writes into a flow."""

Key = tuple[str, str]
"""Language ("" for none) and name."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What flows say."""

    names: Mapping[str, Collection[str]]
    """Prompt to the languages in which flows need it."""
    texts: Collection[tuple[str, str]]
    """(language, `catalog.text_key`) of every text without expressions."""
    others: Collection[tuple[str, str]] = ()
    """Likewise of names and phrases that steps put into sentences."""


def faults(samples: NDArray[np.int16], entry: Entry | None) -> list[str]:
    """Return what is wrong with the sound of a recording (mono int16 at 8 kHz), in words for a person."""
    seconds = len(samples) / TELEPHONE_RATE
    rms, peak = level(samples)
    if seconds < 0.15:
        return [f"only {seconds:.2f} s long"]
    if not samples.any():
        return [f"{seconds:.1f} s of nothing but silence"]
    speech = entry is None or bool(entry.language)
    found = list(_loudness(samples, rms, peak, speech))
    found += _silences(samples, speech)
    if entry is not None and entry.text:
        pace = seconds / _syllables(entry.text, entry.language)
        if not 0.08 <= pace <= 0.8:
            found.append(f"{pace:.2f} s a syllable is not how anyone speaks")
    if speech and seconds > LONGEST:
        found.append(f"{seconds:.0f} s long: nobody listens for more than {LONGEST:.0f} s; part it")
    return found


def _loudness(samples: NDArray[np.int16], rms: float, peak: float, speech: bool) -> Iterator[str]:
    full = np.flatnonzero(np.diff(np.concatenate([[0], (np.abs(samples.astype(np.int32)) >= 32_700).astype(np.int8), [0]])))
    runs = full[1::2] - full[::2]
    if (runs >= CLIPPED).any():
        yield f"it is clipped in {(runs >= CLIPPED).sum()} places: record it less loud"
    elif peak > PEAK_LEVEL + 2.0:
        yield f"its peak is {peak:.1f} dB: it may be clipped"
    if speech and not SPEECH_LEVEL - 6.0 <= rms <= SPEECH_LEVEL + 3.0:
        yield f"its level is {rms:.1f} dB, the others have {SPEECH_LEVEL:.0f} dB"


def _silences(samples: NDArray[np.int16], speech: bool) -> Iterator[str]:
    loudest = np.abs(samples.astype(np.int32)).max()
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > loudest / 50)
    if loud[0] > 0.2 * TELEPHONE_RATE:
        yield f"{loud[0] / TELEPHONE_RATE:.1f} s of silence before the first sound"
    if len(samples) - loud[-1] > 0.5 * TELEPHONE_RATE:
        yield f"{(len(samples) - loud[-1]) / TELEPHONE_RATE:.1f} s of silence after the last sound"
    pause = np.diff(loud).max(initial=0) / TELEPHONE_RATE
    if speech and pause > LONGEST_PAUSE:
        yield f"{pause:.1f} s of silence within it"


def _syllables(text: str, language: str) -> float:
    """Roughly: a character in Chinese, three letters in English."""
    letters = sum(char.isalnum() for char in text)
    return max(letters if language == "zh" else letters / 3, 1.0)


def stale(files: Mapping[Key, Path], entries: Mapping[Key, Entry], wanted: Iterable[Wanted]) -> Iterator[str]:
    """Recordings of a person that say what texts.yaml said when they were made."""
    for one in wanted:
        key = (one.language, one.name)
        path, entry = files.get(key), entries.get(key)
        if path is None or entry is None or text_key(entry.text) == text_key(one.text):
            continue
        if entry.audio != file_hash(path):
            yield f"{path}: says “{entry.text}”, and its text is “{one.text}” now: record it again"


def missing_languages(files: Mapping[Key, Path], languages: Collection[str], uses: Uses | None) -> Iterator[str]:
    """Prompts that one language has and another lacks: of those that flows need, where flows are known."""
    has: dict[str, set[str]] = {}
    for language, name in files:
        has.setdefault(name, set()).add(language)
    for name, spoken in sorted(has.items()):
        if "" in spoken or name.startswith("words/") or (uses is not None and name not in uses.names):
            continue
        needed = languages if uses is None else set(uses.names[name]) & set(languages)
        if name.startswith("values/"):
            continue  # languages have pieces of their own
        for language in sorted(set(needed) - spoken):
            yield f"{name}: no recording in {language}"


def unused(files: Mapping[Key, Path], texts: Mapping[Key, str], uses: Uses) -> Iterator[str]:
    """Recordings that no flow names, and whose text no flow says; pieces of values are for every flow."""
    for (language, name), path in sorted(files.items()):
        if name.startswith("values/") or name in uses.names:
            continue
        text = texts.get((language, name), "")
        key = (language, text_key(text))
        if text and (key in uses.texts or key in uses.others):
            continue
        told = f" (“{text}”)" if text and name.startswith(SPOKEN) else ""
        yield f"{path}: no flow uses it{told}"


def unrecorded(files: Mapping[Key, Path], texts: Mapping[Key, str], uses: Uses, languages: Collection[str]) -> int:
    """How many texts of flows are left to the voice."""
    recorded = {(language, text_key(text)) for (language, name), text in texts.items() if (language, name) in files}
    return sum(1 for language, key in uses.texts if language in languages and key and (language, key) not in recorded)
