"""Keeps the meaning of all cards, and finds what a text means; vectors are made in another process. Blocking: use threads."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from ivr.errors import IvrError
from ivr.knowledge.index import Document
from ivr.knowledge.meaning import IDLE, Meaning, Near, Vectors, pieces

log = logging.getLogger(__name__)

AT_ONCE = 32
"""Texts in one piece of work: what is asked meanwhile waits for no more than these."""
REMEMBERED = 512
"""Texts that were asked; the same utterance is looked at with each that follows it."""
LONGEST = 600
REST_SECONDS = 30.0
"""After a failure nothing is asked for so long."""
PATIENCE = 1.0
"""Seconds that a search waits for the other process, which may have to load its model anew."""

Make = Callable[[Sequence[str], bool], Vectors]
"""Texts, and whether they are what is looked for, to their vectors. Raises IvrError."""


class Minding:
    def __init__(self, make: Make, clock: Callable[[], float]) -> None:
        self._make, self._clock = make, clock
        self._lock = threading.Lock()
        self._meaning: Meaning | None = None
        self._kept: dict[str, NDArray[np.float32]] = {}
        """Piece of a card to its vector: cards that stay the same are not looked at again."""
        self._asked: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._rests_until = 0.0
        self._newest: object = None
        self._beside = ThreadPoolExecutor(1, "meaning")

    @property
    def ready(self) -> bool:
        return self._meaning is not None

    def take(self, documents: Sequence[Document]) -> bool:
        """Put other cards in force, once their vectors are made: a millisecond or two of another core for each piece.

        False where a later call overtook this one, or the vectors could not be made: what was in force stays.
        """
        self._newest = mine = object()
        wanted = list(dict.fromkeys([*IDLE, *(piece for one in documents for piece in pieces(one))]))
        made = {piece: self._kept[piece] for piece in wanted if piece in self._kept}
        missing = [piece for piece in wanted if piece not in made]
        for begin in range(0, len(missing), AT_ONCE):
            some = missing[begin : begin + AT_ONCE]
            try:
                made.update(zip(some, self._make(some, False), strict=True))
            except IvrError as error:
                log.warning("knowledge is found by words alone: %s", error)
                return False
            if self._newest is not mine:
                return False
        self._kept, self._meaning = made, Meaning(documents, made)
        log.info("knowledge is found by meaning too: %d cards, %d pieces", len(documents), len(wanted) - len(IDLE))
        return True

    def near(self, texts: Sequence[str]) -> list[Near | None]:
        """How like the cards are to each text; None where that is not known now, and words must do."""
        meaning = self._meaning
        if meaning is None:
            return [None] * len(texts)
        found = self._vectors([text[:LONGEST] for text in texts])
        return [None if one is None else meaning.near(one) for one in found]

    def _vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
        with self._lock:
            known = {text: self._asked[text] for text in texts if text in self._asked}
        missing = [text for text in dict.fromkeys(texts) if text not in known and text.strip()]
        if missing and self._clock() >= self._rests_until:
            try:
                found = self._beside.submit(self._make, missing, True).result(PATIENCE)
                made = dict(zip(missing, found, strict=True))
            except (IvrError, TimeoutError) as error:
                self._rests_until = self._clock() + REST_SECONDS
                log.warning("knowledge is found by words alone for %d s: %s", REST_SECONDS, str(error) or "it takes too long")
                made = {}
            known |= made
            with self._lock:
                self._asked.update(made)
                while len(self._asked) > REMEMBERED:
                    self._asked.popitem(last=False)
        return [known.get(text) for text in texts]
