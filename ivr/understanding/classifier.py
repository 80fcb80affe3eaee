"""A trained linear model of what people want: weights in, how likely each intent is out. Pure numpy; well under 1 ms a text.

One weight for each piece of a text (`ivr.understanding.features`) and each name; `ivr.understanding.training` makes them, in
another process.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ivr.understanding.features import counted

Floats = NDArray[np.float32]

OUT_OF_SCOPE = "out_of_scope"
"""The name of everything that no intent is for."""


@dataclass(frozen=True, slots=True)
class Model:
    """Weights for the texts of one language."""

    names: tuple[str, ...]
    """What is told apart."""
    rows: Mapping[str, int]
    """Piece to its row."""
    rarity: Floats
    """(pieces,): how telling each piece is."""
    weights: Floats
    """(pieces, names)."""
    bias: Floats
    """(names,)."""
    unknown: float = 0.0
    """What a piece that no example has counts for, as `rarity`: strange words make everything less likely."""

    def margins(self, pieces: Mapping[str, int]) -> Floats:
        """(names,): how far on the inner side of each name a text of these pieces lies; below 0 is outside."""
        known: list[int] = []
        values: list[float] = []
        strange = 0.0
        for piece, times in pieces.items():
            row = self.rows.get(piece)
            weight = 1.0 + log(times)
            if row is None:
                strange += (weight * self.unknown) ** 2
            else:
                known.append(row)
                values.append(weight)
        if not known:
            return self.bias.copy()
        parts = np.asarray(values, np.float32) * self.rarity[known]
        length = float(np.sqrt(float(parts @ parts) + strange))
        scores = (parts / np.float32(length)) @ self.weights[known] + self.bias
        return scores.astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True)
class Mind:
    """What a flow understands in one language: one or more models whose names belong together."""

    models: tuple[Model, ...]
    sharpness: float
    """What margins are multiplied by before they become probabilities."""
    everywhere: frozenset[str] = frozenset()
    """Names that are known whatever is asked; the others count only where they are listened for."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Name to the wider one that it is a kind of."""
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(name for model in self.models for name in model.names))

    def open_to(self, listened: Collection[str]) -> set[str]:
        """What a text may mean where these are listened for: they, and what is known everywhere but for their wider names."""
        return set(self.everywhere) - {self.kinds.get(name, "") for name in listened} | set(listened)

    def likely(self, text: str, among: Collection[str] | None = None) -> list[tuple[str, float]]:
        """Names with how likely they are (0..1, together 1), best first; of `among` alone where it is given."""
        if not self.models:
            return []
        pieces = counted(text)
        margins = np.concatenate([model.margins(pieces) for model in self.models])
        chosen = [index for index, name in enumerate(self.names) if among is None or name in among]
        if not chosen:
            return []
        raised = self.sharpness * margins[chosen].astype(np.float64)
        shares = np.exp(raised - raised.max())
        shares /= shares.sum()
        ranked = sorted(zip(chosen, shares.tolist(), strict=True), key=lambda one: (-one[1], self.names[one[0]]))
        return [(self.names[index], share) for index, share in ranked]


def to_bytes(model: Model) -> bytes:
    """A model as a file; weights keep three digits."""
    pieces = sorted(model.rows, key=lambda piece: model.rows[piece])
    head = json.dumps({"names": model.names, "pieces": pieces, "unknown": model.unknown}, ensure_ascii=False).encode()
    kept = io.BytesIO()
    np.savez_compressed(
        kept,
        head=np.frombuffer(head, np.uint8),
        rarity=model.rarity.astype(np.float16),
        weights=model.weights.astype(np.float16),
        bias=model.bias.astype(np.float32),
    )
    return kept.getvalue()


def from_bytes(data: bytes) -> Model:
    """The model in a file. Raises ValueError for anything else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            return Model(
                tuple(head["names"]),
                _rows(head["pieces"]),
                arrays["rarity"].astype(np.float32),
                arrays["weights"].astype(np.float32),
                arrays["bias"].astype(np.float32),
                float(head["unknown"]),
            )
    except (OSError, KeyError, TypeError, ValueError, EOFError, BadZipFile) as error:
        raise ValueError(f"no trained model: {error}") from error


def _rows(pieces: Sequence[str]) -> dict[str, int]:
    return {piece: row for row, piece in enumerate(pieces)}
