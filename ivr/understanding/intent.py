"""Which of the choices of a state the caller meant. No I/O, no model: well under 5 ms a turn.

Three looks, each only where the one before found nothing: the same text; the text without politeness and punctuation; the
nearest text, in characters and, for Chinese, in pinyin, so that homophones of a recogniser (账单, 章单) are the same thing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pypinyin import lazy_pinyin

from ivr.call import Intent
from ivr.dialplan.events import Phrase
from ivr.speech.aliases import plain

NEAR = 0.62
"""Likeness (0..1) a text must have with a phrase to mean it."""
CLEAR = 0.06
"""How much nearer the best intent must be than the next one; else the caller is asked again."""
NORMALISED = 0.97
"""Confidence where only politeness and punctuation differed."""
SOUND = 0.98
"""What sounding alike is worth, beside being written alike."""
SHORT = 2
"""A phrase of so many units or fewer must be met whole, in a text not much longer: "不是" is not nearly "是"."""

_CJK = re.compile(r"[㐀-鿿]")
_POLITE_ZH = re.compile(
    r"^(?:请问|请|麻烦|你好|您好|那个|嗯|呃|我想要|我想|我要|帮我|给我|我)+|一下|(?:谢谢|吧|啊|呢|呀|嘛|了|的)+$"
)
_POLITE_EN = frozenset(
    [
        *("please", "thanks", "thank", "you", "hi", "hello", "um", "uh", "i", "i'd", "want", "to", "would", "like", "need"),
        *("the", "a", "an", "my", "me", "can", "could", "let", "is"),
    ]
)
_NEGATIONS = frozenset(["不", "没", "别", "bu", "mei", "bie", "not", "don't", "no", "never"])
_SOUNDS_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
"""Pairs that many speakers, and telephone lines, do not keep apart."""


def match(text: str, choices: Sequence[Phrase]) -> Intent | None:
    """The intent of the phrase that `text` means, with a confidence of 0..1; None where none is near or two are alike near."""
    said = _plain(text)
    if not said or not choices:
        return None
    for look, confidence in ((_plain, 1.0), (_core, NORMALISED)):
        sought = look(said)
        found = {choice.intent for choice in choices if look(choice.text) == sought}
        if len(found) == 1:
            return Intent(found.pop(), confidence)
        if found:
            return None
    return _nearest(said, choices)


def _nearest(said: str, choices: Sequence[Phrase]) -> Intent | None:
    ours = _units(said)
    index = _index(tuple(choices))
    best = dict.fromkeys(index.intents, 0.0)
    for number in index.short:
        likeness = _alike_short(ours, _units(index.choices[number].text))
        best[index.intents[number]] = max(likeness, best[index.intents[number]])
    for grams, side, worth in ((ours.grams, index.letters, 1.0), (ours.sound_grams, index.sounds, SOUND)):
        for number, likeness in side.likenesses(grams):
            best[index.intents[number]] = max(worth * likeness, best[index.intents[number]])
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    name, likeness = ranked[0]
    runner_up = ranked[1][1] if len(ranked) > 1 else 0.0
    if likeness < NEAR or likeness - runner_up < CLEAR:
        return None
    return Intent(name, round(likeness * NORMALISED, 3))


@dataclass(slots=True)
class Side:
    """The grams of many phrases, the other way round: what a text shares is found without looking at what it does not."""

    worth: dict[tuple[str, ...], float]
    """How telling each gram is: 1 where one intent has it, 1/n where n intents share it."""
    having: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    """Gram to the phrases that have it."""
    sizes: dict[int, tuple[int, float]] = field(default_factory=dict)
    """Phrase to the number of its grams and their worth."""

    def add(self, number: int, grams: frozenset[tuple[str, ...]]) -> None:
        self.sizes[number] = (len(grams), sum(self.worth[gram] for gram in grams))
        for gram in grams:
            self.having.setdefault(gram, []).append(number)

    def likenesses(self, ours: frozenset[tuple[str, ...]]) -> Iterator[tuple[int, float]]:
        """Each phrase that shares something: how much of it was said, telling grams counting more; and a little for saying
        nothing else. 0..1."""
        shared: dict[int, int] = {}
        covered: dict[int, float] = {}
        for gram in ours:
            worth = self.worth.get(gram, 0.0)
            for number in self.having.get(gram, ()):
                shared[number] = shared.get(number, 0) + 1
                covered[number] = covered.get(number, 0.0) + worth
        for number, count in shared.items():
            size, whole = self.sizes[number]
            yield number, 0.8 * covered[number] / whole + 0.2 * 2 * count / (len(ours) + size)


@dataclass(frozen=True, slots=True)
class Index:
    """A list of phrases, prepared."""

    choices: tuple[Phrase, ...]
    intents: tuple[str, ...]
    short: tuple[int, ...]
    letters: Side
    sounds: Side


@lru_cache(maxsize=256)
def _index(choices: tuple[Phrase, ...]) -> Index:
    owners: dict[tuple[str, ...], set[str]] = {}
    said = [_units(choice.text) for choice in choices]
    for choice, units in zip(choices, said, strict=True):
        for gram in units.grams | units.sound_grams:
            owners.setdefault(gram, set()).add(choice.intent)
    worth = {gram: 1 / len(names) for gram, names in owners.items()}
    short = tuple(number for number, units in enumerate(said) if len(units.letters) <= SHORT)
    letters, sounds = Side(worth), Side(worth)
    for number, units in enumerate(said):
        if len(units.letters) > SHORT:
            letters.add(number, units.grams)
            sounds.add(number, units.sound_grams)
    return Index(choices, tuple(choice.intent for choice in choices), short, letters, sounds)


@dataclass(frozen=True, slots=True)
class Units:
    """A text as what is compared: Chinese by character and by sound, other languages by word."""

    letters: tuple[str, ...]
    sounds: tuple[str, ...]
    """Toneless syllables, blurred by `_SOUNDS_ALIKE`; empty where there is no Chinese."""
    grams: frozenset[tuple[str, ...]]
    """Units and neighbouring pairs of `letters`."""
    sound_grams: frozenset[tuple[str, ...]]


def _alike_short(ours: Units, theirs: Units) -> float:
    """A short phrase counts where the text has it whole, is not much longer, and does not deny it."""
    for said, phrase, worth in ((ours.letters, theirs.letters, 1.0), (ours.sounds, theirs.sounds, 0.95)):
        at = _find(said, phrase) if phrase else None
        if at is None or len(said) > len(phrase) + SHORT or any(unit in _NEGATIONS for unit in said[:at]):
            continue
        return worth * (0.7 + 0.3 * len(phrase) / len(said))
    return 0.0


def _find(whole: tuple[str, ...], part: tuple[str, ...]) -> int | None:
    return next((i for i in range(len(whole) - len(part) + 1) if whole[i : i + len(part)] == part), None)


@lru_cache(maxsize=4096)
def _units(text: str) -> Units:
    core = _core(text)
    letters = tuple(re.findall(r"[㐀-鿿]|[^\s㐀-鿿]+", core))
    sounds: tuple[str, ...] = ()
    if _CJK.search(core):
        sounds = tuple(_blur(syllable) for syllable in lazy_pinyin(core.replace(" ", "")))
    else:
        letters = tuple(_stem(word) for word in letters)
    return Units(letters, sounds, _grams(letters), _grams(sounds))


_plain = lru_cache(maxsize=4096)(plain)


@lru_cache(maxsize=4096)
def _core(text: str) -> str:
    """The text without what people say around it; the text itself where nothing would be left."""
    said = _plain(text)
    if _CJK.search(said):
        tight = said.replace(" ", "")
        return _POLITE_ZH.sub("", tight) or tight
    return " ".join(word for word in said.split() if word not in _POLITE_EN) or said


def _blur(syllable: str) -> str:
    for precise, blurred in _SOUNDS_ALIKE:
        syllable = syllable.replace(precise, blurred)
    return syllable


def _stem(word: str) -> str:
    """English without the commonest endings: "bills" is "bill"."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _grams(units: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset([*((unit,) for unit in units), *itertools.pairwise(units)])
