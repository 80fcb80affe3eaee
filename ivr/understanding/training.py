"""Learns a linear model from examples. Takes seconds and scikit-learn: for worker processes and commands, never for a server.

Each name is told apart from all others by a linear support vector machine over pieces of texts, weighted by how rare they are.
Sentences of one pattern count together as one long pattern would, not each for itself, and names count alike however many
examples they have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, log2, sqrt
from typing import Any

import numpy as np

from ivr.understanding.classifier import OUT_OF_SCOPE, Floats, Model
from ivr.understanding.features import counted

STRICTNESS = 0.5
"""`C` of the machines."""
OUTSIDE = 1.5
"""What `out_of_scope` counts for, beside any other name: there is more of it."""
INSIDE = 0.15
"""What the examples of a name count for at least, beside all others together: among many names each would drown."""
FOREIGN = -1.2
"""What is added to the margin of `out_of_scope` beside names of one pattern, which its thousands of sentences would drown."""
FAMILIAR = 0.21
"""How much less is taken off for each doubling of the patterns: the more ways a name has, the less strange a new one looks."""
ENOUGH = 60.0
"""Patterns a name from which on more change nothing of that."""
RESEMBLANCE = 0.5
"""What likeness with sentences of `out_of_scope` counts for there, beside the line that all names must be above."""
MANY = 1000
"""Examples from which on a piece of a single one is left out: half of the memory, and nothing less understood."""
UNKNOWN = 6.0
"""What a piece that no example has counts for, as its rarity."""
SEED = 7


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    name: str
    pattern: str
    """What it was written as; sentences of one pattern share its weight."""


def train(
    examples: Sequence[Example], names: Collection[str], kinds: Mapping[str, str] | None = None, *, alone: bool = False
) -> Model:
    """The model that tells `names` apart from each other and from the rest of the examples. At least two names are in them.

    `kinds` is a name to the wider one that it is a kind of, whose examples are none of what it is told apart from. Where a flow
    stands `alone`, with its own examples and no library, `out_of_scope` is told too, by pieces that the names have.
    """
    wider = kinds or {}
    tables = [counted(one.text) for one in examples]
    rows = _rows(examples, tables, frozenset(names))
    rarity = _rarity(tables, rows)
    matrix = _matrix(tables, rows, rarity)
    weights = _weights(examples)
    told = sorted({*names, *([OUT_OF_SCOPE] if alone else [])} & {one.name for one in examples})
    columns = [_machine(matrix, _sides(examples, name, wider.get(name, "")), weights) for name in told]
    model = Model(
        tuple(told),
        rows,
        rarity,
        np.stack([column for column, _ in columns], axis=1).astype(np.float32),
        np.array([bias for _, bias in columns], np.float32),
        UNKNOWN,
    )
    return _held_back(model, examples) if alone and OUT_OF_SCOPE in told else model


def _held_back(model: Model, examples: Sequence[Example]) -> Model:
    """The model with `out_of_scope` weighed against names that have few patterns."""
    patterns = {(one.name, one.pattern) for one in examples if one.name in model.names and one.name != OUT_OF_SCOPE}
    each = len(patterns) / max(1, len({name for name, _ in patterns}))
    outside = model.names.index(OUT_OF_SCOPE)
    weights, bias = model.weights.copy(), model.bias.copy()
    weights[:, outside] *= RESEMBLANCE
    bias[outside] = RESEMBLANCE * bias[outside] + FOREIGN + FAMILIAR * log2(max(1.0, min(each, ENOUGH)))
    return replace(model, weights=weights, bias=bias)


def _rows(examples: Sequence[Example], tables: Sequence[Mapping[str, int]], names: frozenset[str]) -> dict[str, int]:
    """The pieces that examples of the names have: any of them, and where there are very many those that two sentences have."""
    told = [table for one, table in zip(examples, tables, strict=True) if one.name in names]
    seen = Counter(piece for table in told for piece in table)
    least = 2 if len(told) > MANY else 1
    return {piece: row for row, piece in enumerate(sorted(piece for piece, times in seen.items() if times >= least))}


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


def _sides(examples: Sequence[Example], name: str, wider: str) -> Any:
    """1 for what is inside, 0 for what is outside, -1 for what says nothing."""
    return np.array([1 if one.name == name else -1 if wider and one.name == wider else 0 for one in examples])


def _machine(matrix: Any, sides: Any, weights: Any) -> tuple[Any, float]:
    from sklearn.svm import LinearSVC

    told = np.flatnonzero(sides >= 0)
    inside, counts = sides[told] == 1, weights[told].copy()
    least = INSIDE * counts[~inside].sum() / counts[inside].sum()
    counts[inside] *= max(1.0, least)
    machine = LinearSVC(C=STRICTNESS, random_state=SEED)
    machine.fit(matrix[told], inside, sample_weight=counts)
    return machine.coef_[0], float(machine.intercept_[0])
