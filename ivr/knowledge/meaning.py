"""Cards by what they mean: vectors of their pieces beside the vector of what was said. Pure: vectors come from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ivr.knowledge.index import Document

Vectors = NDArray[np.float32]
"""(texts, dimensions), each row of length 1."""

MOST_PIECES, LONGEST_PIECE, SHORTEST_PIECE = 24, 300, 4
"""Of one card; characters of a piece. What is shorter says too little by itself, unless it is a title or a phrase."""
_SENTENCE = re.compile(r"[。；！？;!?\n]+|\.(?=\s|$)")
LEAST, ABOVE_IDLE, AMONG_BEST = 0.35, 0.05, 0.08
"""Likeness from which a card is put forward by itself; more than that to the nearest idle sentence; below the best one."""

IDLE = (
    *(
        "您好 有什么可以帮您",
        "谢谢 再见",
        "好的 知道了",
        "对 没错",
        "不是",
        "请说",
        "听得见吗",
        "我叫李明",
        "您贵姓",
        "请稍等 我查一下",
    ),
    *("麻烦再说一遍", "没关系", "今天天气真好", "一二三四五六七", "我不太明白", "没有了 就这些", "hello how can I help"),
    *("thank you goodbye", "okay I see", "yes exactly", "no", "go ahead", "can you hear me", "my name is John Smith"),
    *("what is your name please", "just a moment while I check", "please repeat that", "never mind", "nice weather today"),
    *("one two three four five six", "I do not understand", "nothing else thank you", "let me find a piece of paper"),
)
"""What says nothing about anything: whatever is nearer to one of these than to any card puts none forward."""


def pieces(one: Document) -> list[str]:
    """What of a card is compared by itself: titles, phrases, each text as a whole with its title, and its sentences."""
    parts = one.parts or ((one.title, one.text),)
    found = [*(title for title, _ in parts), *one.phrases]
    found += [f"{title}. {text}" for title, text in parts if text]
    sentences = [piece.strip() for _, text in parts for piece in _SENTENCE.split(text)]
    found += [piece for piece in sentences if len(piece) >= SHORTEST_PIECE]
    return list(dict.fromkeys(piece[:LONGEST_PIECE] for piece in found if piece.strip()))[:MOST_PIECES]


@dataclass(frozen=True, slots=True)
class Near:
    """How like the cards are to one text."""

    likeness: Mapping[str, float]
    """Card to -1..1."""
    idle: float
    """To the nearest sentence that says nothing."""
    piece: Mapping[str, str] = field(default_factory=dict)
    """Card to the piece of it that is most like; of those that `sure` has."""

    def sure(self) -> list[str]:
        """Cards that may be put forward by themselves, the most like first; none for idle words."""
        best = max(self.likeness.values(), default=0.0)
        if best < LEAST or best - self.idle < ABOVE_IDLE:
            return []
        found = [name for name, value in self.likeness.items() if value >= max(LEAST, best - AMONG_BEST)]
        return sorted(found, key=lambda name: -self.likeness[name])


class Meaning:
    """The pieces of all cards as vectors. Asking it costs a product of two matrices: some milliseconds for thousands."""

    def __init__(self, documents: Sequence[Document], vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """`vectors` has one for each of the `pieces` and for each of `IDLE`."""
        told = {one.name: some for one in documents if (some := pieces(one))}
        self._names = list(told)
        self._pieces = [piece for some in told.values() for piece in some]
        self._starts = np.cumsum([0, *(len(some) for some in told.values())])[:-1]
        self._matrix = np.stack([vectors[piece] for piece in self._pieces]) if told else np.zeros((0, 1), np.float32)
        self._idle = np.stack([vectors[one] for one in IDLE])

    def near(self, vector: NDArray[np.float32]) -> Near:
        """`vector` has length 1."""
        if not self._pieces:
            return Near({}, 1.0)
        like = self._matrix @ vector
        best = np.maximum.reduceat(like, self._starts)
        likeness = {name: float(value) for name, value in zip(self._names, best, strict=True)}
        found = Near(likeness, float((self._idle @ vector).max()))
        return Near(found.likeness, found.idle, {name: self._nearest(like, name) for name in found.sure()[:5]})

    def _nearest(self, like: NDArray[np.float32], name: str) -> str:
        number = self._names.index(name)
        begin = int(self._starts[number])
        end = int(self._starts[number + 1]) if number + 1 < len(self._names) else len(self._pieces)
        return self._pieces[begin + int(np.argmax(like[begin:end]))]
