"""When words of an utterance were spoken, from where they stand in its text. Pure."""

from __future__ import annotations

from ivr.speech.recognizer import UtteranceHeard

SYLLABLE_SECONDS = 0.45
"""Per character of an utterance without word times, at most."""
LONGEST = 15.0


def spoken_at(utterance: UtteranceHeard, text: str, start: int, end: int) -> tuple[float, float]:
    """First and last second, on the loop's clock, of `text[start:end]`.

    Where the words are not those of the text (an alias, a number written in figures) it is the whole utterance; where the
    engine tells no times at all, as long as the text may have taken to be said.
    """
    words = utterance.words
    if not words:
        seconds = min(LONGEST, 1.0 + SYLLABLE_SECONDS * len(text))
        return utterance.speech_ended_at - seconds, utterance.speech_ended_at
    place, hit = 0, []
    for word in words:
        found = text.find(word.text, place)
        if found < 0 or text[place:found].strip():
            return words[0].start, words[-1].end
        place = found + len(word.text)
        if found < end and start < place:
            hit.append(word)
    if not hit or text[place:].strip():
        return words[0].start, words[-1].end
    return hit[0].start, hit[-1].end
