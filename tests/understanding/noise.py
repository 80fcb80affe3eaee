"""What a recogniser makes of a sentence: homophones, lost pieces, sounds of thinking. The same seed gives the same mistakes."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pypinyin import lazy_pinyin

_CJK = re.compile(r"[㐀-鿿]")
_FILLERS = {"zh": ("呃", "嗯", "那个"), "en": ("um", "uh", "you know")}
_ALIKE_EN = {
    "bill": "bell",
    "balance": "ballots",
    "order": "older",
    "return": "we turn",
    "invoice": "in voice",
    "signal": "single",
    "agent": "asian",
    "password": "pass word",
    "complaint": "complain",
    "human": "humans",
    "my": "by",
    "is": "as",
    "for": "four",
    "to": "two",
    "your": "you are",
    "there": "their",
    "hours": "ours",
    "closed": "clothes",
    "the": "a",
    "refund": "re fund",
    "parcel": "partial",
    "package": "pack age",
    "receipt": "receive",
    "locked": "lock",
    "want": "won't",
}


def homophones(texts: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Syllable to the characters of `texts` that sound so."""
    found: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        for letter in text:
            if _CJK.match(letter):
                found[lazy_pinyin(letter)[0]].add(letter)
    return {sound: tuple(sorted(letters)) for sound, letters in found.items()}


def misheard(text: str, language: str, dice: random.Random, sounds: Mapping[str, Sequence[str]]) -> str:
    """About one piece in eight replaced by one that sounds alike, one in twenty lost, and now and then a sound of thinking."""
    pieces = list(text) if language == "zh" else text.split()
    kept: list[str] = []
    for piece in pieces:
        roll = dice.random()
        if roll < 0.05 and len(pieces) > 3:
            continue
        kept.append(_other(piece, language, dice, sounds) if roll < 0.18 else piece)
    if dice.random() < 0.25:
        kept.insert(dice.randrange(len(kept) + 1), dice.choice(_FILLERS[language]))
    return ("" if language == "zh" else " ").join(kept) or text


def _other(piece: str, language: str, dice: random.Random, sounds: Mapping[str, Sequence[str]]) -> str:
    if language == "en":
        return _ALIKE_EN.get(piece, piece[:-1] if piece.endswith("s") else piece)
    others = [letter for letter in sounds.get(lazy_pinyin(piece)[0], ()) if letter != piece] if _CJK.match(piece) else []
    return dice.choice(others) if others else piece
