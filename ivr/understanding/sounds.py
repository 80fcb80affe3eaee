"""Words and their sounds: what a turn is compared with, once it was made plain. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from rapidfuzz.distance import Levenshtein

LONGEST = 400
"""Characters of a turn that are looked at; the last ones, where it is longer."""

_TOKEN = re.compile(r"[㐀-鿿]|[a-z0-9&]+(?:'[a-z]+)?|[.,;:!?。，；：！？、…—]+")
CJK = re.compile(r"[㐀-鿿]")
_FILLERS = frozenset("嗯呃额哦喔噢诶唉哎") | {
    *("um", "uh", "er", "erm", "hmm", "mm", "oh", "well", "just", "really", "actually", "please"),
}
_CONTRACTED = (
    (re.compile(r"\bwon't\b", re.ASCII), "will not"),
    (re.compile(r"\bcan't\b|\bcannot\b", re.ASCII), "can not"),
    (re.compile(r"n't\b", re.ASCII), " not"),
    (re.compile(r"\b(do|does|did|is|are|was|would|could|should)nt\b", re.ASCII), r"\1 not"),
    (re.compile(r"'ll\b", re.ASCII), " will"),
    (re.compile(r"'re\b", re.ASCII), " are"),
    (re.compile(r"'ve\b", re.ASCII), " have"),
    (re.compile(r"\bi'm\b|\bim\b", re.ASCII), "i am"),
    (re.compile(r"'d\b", re.ASCII), " would"),
    (re.compile(r"\b(it|that|he|she|there|what)'s\b", re.ASCII), r"\1 is"),
    (re.compile(r"'s\b|'", re.ASCII), ""),
    (re.compile(r"\bgonna\b", re.ASCII), "going to"),
    (re.compile(r"\bwanna\b", re.ASCII), "want to"),
)
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
"""Pairs that many speakers of Chinese, and telephone lines, do not keep apart."""


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    tone: str
    sound: str
    clause: int


def tokens(text: str) -> tuple[Token, ...]:
    """The words and characters of a turn, fillers left out, each with its sound and the clause that it stands in."""
    plain = unicodedata.normalize("NFKC", text[-LONGEST:]).casefold().replace("’", "'")[:LONGEST]
    for pattern, words in _CONTRACTED:
        plain = pattern.sub(words, plain)
    found, clause = list[Token](), 0
    for one in _TOKEN.findall(plain):
        if one in _FILLERS:
            continue
        if not one[0].isalnum() and one[0] != "&":
            clause += 1
        elif CJK.match(one):
            tone = _toned(one)
            found.append(Token(one, tone, _blurred(tone), clause))
        else:
            word = _stem(one)
            found.append(Token(word, word, _skeleton(word), clause))
    return tuple(found)


@lru_cache(maxsize=8192)
def _toned(character: str) -> str:
    """The commonest reading with its tone: "kao3"."""
    return lazy_pinyin(character, style=Style.TONE3)[0]


@lru_cache(maxsize=8192)
def _blurred(tone: str) -> str:
    sound = tone.rstrip("12345")
    for precise, blurred in _ALIKE:
        sound = sound.replace(precise, blurred)
    return sound


def _stem(word: str) -> str:
    """English without the commonest endings: "bills" is "bill"."""
    for ending, left in (("ing", 3), ("ed", 3), ("es", 3), ("s", 4)):
        if word.endswith(ending) and len(word) - len(ending) >= left:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and (word.endswith("e") or word[-1] == word[-2]) else word


_SPELT = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"^kn", "n"),
        (r"^wr", "r"),
        (r"ph", "f"),
        (r"gh", ""),
        (r"c(?=[eiy])", "s"),
        (r"ck|[cq]", "k"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"(?<=.)[aeiouywh]+", ""),
        (r"^[aeiou]", "a"),
        (r"(.)\1+", r"\1"),
    )
)


_SAME = {
    "two": "to",
    "too": "to",
    "four": "for",
    "bye": "by",
    "buy": "by",
    "know": "no",
    "their": "there",
    "wil": "will",
    "hear": "here",
    "right": "write",
    "weak": "week",
    "wear": "where",
    "wait": "weight",
    "your": "you",
    "won": "one",
    "su": "sue",
    "shore": "sure",
    "caught": "krt",
}
"""Short words that sound the same."""


@lru_cache(maxsize=4096)
def _skeleton(word: str) -> str:
    """The consonants of an English word: "cancel" and "council" are both "knsl"; numbers and short words stay."""
    found = word
    for pattern, by in _SPELT:
        found = pattern.sub(by, found)
    return found if len(found) > 2 and not word.isdigit() else _SAME.get(word, word)


@lru_cache(maxsize=4096)
def near(one: str, other: str) -> bool:
    """Whether a recogniser, or a listener, may take one sound for the other."""
    if not one or not other or one.isdigit() or other.isdigit():
        return False
    if len(one) >= 4 and len(other) >= 4 and not re.search(r"[aeiou]", one[1:] + other[1:]):
        return Levenshtein.distance(one, other) <= 1  # skeletons of English words
    if _SYLLABLE.match(one) is None or _SYLLABLE.match(other) is None:
        return False
    (head, tail), (head_2, tail_2) = _split(one), _split(other)
    return tail == tail_2 or (bool(head) and head == head_2)


_SYLLABLE = re.compile(r"[bpmfdtnlgkhjqxrzcsyw]?[aeiouv]+(?:n|ng|r)?\Z")


def _split(syllable: str) -> tuple[str, str]:
    """Initial and final of a syllable."""
    found = re.match(r"[^aeiouv]*", syllable)
    end = found.end() if found is not None else 0
    return syllable[:end], syllable[end:]
