"""Make the weights of the mood classifier: `python -m ivr.understanding.mood_training [--check]`.

Reads `mood_examples.yaml`, writes `mood_model.json` beside it and tells how well each fifth of the examples is told from the
other four. With `--check` nothing is written. The same examples give the same weights.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from ivr.understanding.mood_model import BUCKETS, CLASSES, EXAMPLES, WEIGHTS, Model, features, written
from ivr.understanding.mood_words import Found, find, normal

STRENGTH = 6.0
"""Inverse of the regularisation: the best of 1 to 30 over the folds."""
FOLDS = 5

Example = tuple[str, int]


def examples() -> dict[str, list[Example]]:
    """Language to texts, each with the number of its class."""
    data = yaml.safe_load(EXAMPLES.read_text("utf-8"))
    return {
        language: [(str(text), CLASSES.index(mood)) for mood, texts in moods.items() for text in texts]
        for language, moods in data.items()
    }


def train(pairs: Sequence[Example], language: str, strength: float = STRENGTH) -> Model:
    """A model of these examples, each seen with and without its words of the list.

    The list was made with these examples in view: learnt with it alone, no word of it would mean calm, which is not so.
    """
    rows = [vector(text, language, listed) for listed in (True, False) for text, _ in pairs]
    fitted = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000)
    fitted.fit(np.asarray(rows), [kind for _, kind in pairs] * 2)
    return Model(np.asarray(fitted.coef_), np.asarray(fitted.intercept_))


def vector(text: str, language: str, listed: bool = True) -> NDArray[np.float64]:
    """A text as the model sees it; not `listed`: as if no word of it were in the list."""
    said = normal(text)
    at, worth = features(said, language, find(said, language) if listed else Found())
    row = np.zeros(BUCKETS)
    np.add.at(row, at, worth)
    return row


def folds(pairs: Sequence[Example], language: str, strength: float = STRENGTH) -> float:
    """The share of examples that a model of the other four fifths gets right."""
    right = 0
    for fold in range(FOLDS):
        model = train([one for at, one in enumerate(pairs) if at % FOLDS != fold], language, strength)
        for text, kind in (one for at, one in enumerate(pairs) if at % FOLDS == fold):
            said = normal(text)
            right += int(np.argmax(model.chances(said, language, find(said, language)))) == kind
    return right / len(pairs)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args(arguments).check
    found = examples()
    for language, pairs in found.items():
        print(f"{language}: {len(pairs)} examples, {folds(pairs, language):.1%} of held-out fifths right")
    if not check:
        WEIGHTS.write_text(written({language: train(pairs, language) for language, pairs in found.items()}), "utf-8")
        print(f"wrote {WEIGHTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
