"""Learns a linear model from examples. Takes seconds and scikit-learn: for worker processes and commands, never for a server.

Each name is told apart from all others by a linear support vector machine over pieces of texts, weighted by how rare they are.
Sentences of one pattern count together as one long pattern would, not each for itself, and names count alike however many
examples they have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Any

import numpy as np

from ivr.understanding.classifier import OUT_OF_SCOPE, Floats, Model
from ivr.understanding.features import counted

STRICTNESS = 0.5
"""`C` of the machines."""
OUTSIDE = 1.5
"""What `out_of_scope` counts for, beside any other name: there is more of it."""
UNKNOWN = 6.0
"""What a piece that no example has counts for, as its rarity."""
SEED = 7


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    name: str
    pattern: str
    """What it was written as; sentences of one pattern share its weight."""


def train(examples: Sequence[Example], names: Collection[str]) -> Model:
    """The model that tells `names` apart from each other and from the rest of the examples. At least two names are in them."""
    tables = [counted(one.text) for one in examples]
    rows = _rows(examples, tables, frozenset(names))
    rarity = _rarity(tables, rows)
    matrix = _matrix(tables, rows, rarity)
    weights = _weights(examples)
    told = sorted(set(names) & {one.name for one in examples})
    columns = [_machine(matrix, np.array([one.name == name for one in examples]), weights) for name in told]
    return Model(
        tuple(told),
        rows,
        rarity,
        np.stack([column for column, _ in columns], axis=1).astype(np.float32),
        np.array([bias for _, bias in columns], np.float32),
        UNKNOWN,
    )


def _rows(examples: Sequence[Example], tables: Sequence[Mapping[str, int]], names: frozenset[str]) -> dict[str, int]:
    """The pieces that at least one example of the names has."""
    found = {piece for one, table in zip(examples, tables, strict=True) if one.name in names for piece in table}
    return {piece: row for row, piece in enumerate(sorted(found))}


def _rarity(tables: Sequence[Mapping[str, int]], rows: Mapping[str, int]) -> Floats:
    seen = Counter(piece for table in tables for piece in table)
    return np.array([log((1 + len(tables)) / (1 + seen[piece])) + 1 for piece in rows], np.float32)


def _matrix(tables: Sequence[Mapping[str, int]], rows: Mapping[str, int], rarity: Floats) -> Any:
    from scipy.sparse import csr_matrix

    starts, columns, values = [0], list[int](), list[float]()
    for table in tables:
        known = [(rows[piece], times) for piece, times in table.items() if piece in rows]
        parts = [(1 + log(times)) * float(rarity[row]) for row, times in known]
        length = sqrt(sum(part * part for part in parts)) or 1.0
        columns.extend(row for row, _ in known)
        values.extend(part / length for part in parts)
        starts.append(len(columns))
    return csr_matrix((np.array(values), columns, starts), shape=(len(tables), len(rows)))


def _weights(examples: Sequence[Example]) -> Any:
    sizes = Counter((one.name, one.pattern) for one in examples)
    single = np.array([1 / sqrt(sizes[one.name, one.pattern]) for one in examples])
    totals: dict[str, float] = {}
    for one, weight in zip(examples, single, strict=True):
        totals[one.name] = totals.get(one.name, 0.0) + float(weight)
    factor = {name: (OUTSIDE if name == OUT_OF_SCOPE else 1.0) / total for name, total in totals.items()}
    found = single * np.array([factor[one.name] for one in examples])
    return found / found.mean()


def _machine(matrix: Any, inside: Any, weights: Any) -> tuple[Any, float]:
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=STRICTNESS, random_state=SEED)
    machine.fit(matrix, inside, sample_weight=weights)
    return machine.coef_[0], float(machine.intercept_[0])
