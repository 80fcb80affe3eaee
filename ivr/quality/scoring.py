"""What answers come to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from ivr.quality.model import NA, Card, Question, Value

Answers = Mapping[str, Mapping[str, Any]]
"""Question to its answer."""


@dataclass(frozen=True, slots=True)
class Score:
    """`Score` of docs/quality.md."""

    score: float | None
    """0 to 100, 0 where a fatal question failed; None where nothing is answered that counts."""
    raw: float | None
    """The same before fatal questions."""
    passed: bool | None
    """None while a question is open that could change it; a fatal one that failed decides at once."""
    fatal: tuple[str, ...]
    """Fatal questions that failed."""
    covered: float
    """Share of the weight that is answered or does not apply."""
    open: tuple[str, ...]
    """Questions without an answer."""

    def to_dict(self) -> dict[str, Any]:
        told = {"score": self.score, "raw": self.raw, "passed": self.passed, "fatal": list(self.fatal)}
        return {**told, "covered": self.covered, "open": list(self.open)}


def value_of(answers: Answers, question: str) -> Value:
    value = answers.get(question, {}).get("value")
    return value if isinstance(value, str | int) else None


def score(card: Card, answers: Answers) -> Score:
    """Points of what is answered and applies, by weight. A value that is no answer of its question counts as open."""
    got = weight = known = whole = 0.0
    fatal, missing = [], []
    for question in card.questions():
        value = value_of(answers, question.name)
        points = points_of(question, value)
        whole += question.weight
        if points is None and value != NA:
            missing.append(question.name)
            continue
        known += question.weight
        if points is None:
            continue
        got, weight = got + question.weight * points, weight + question.weight
        if question.fatal and points == 0:
            fatal.append(question.name)
    raw = round(100 * got / weight, 1) if weight else None
    final = 0.0 if fatal else raw
    passed = None if final is None or (missing and not fatal) else final >= card.passing
    return Score(final, raw, passed, tuple(fatal), round(known / whole, 3) if whole else 0.0, tuple(missing))


def points_of(question: Question, value: Value) -> float | None:
    """0 to 1; None for open, not applicable, and what is no answer."""
    try:
        return question.points(value)
    except ValueError:
        return None


def spread(card: Card, given: Mapping[str, Answers], reference: str = "") -> dict[str, Any]:
    """`result` of a calibration: how far evaluators of one contact lie apart. `given` is account to answers."""
    scores = {who: score(card, answers).score for who, answers in given.items()}
    known = [one for one in scores.values() if one is not None]
    questions = [_spread(question, given, reference) for question in card.questions()]
    questions.sort(key=lambda one: (-one["spread"], one["agreement"]))
    return {"scores": scores, "spread": round(max(known) - min(known), 1) if known else 0.0, "questions": questions}


def _spread(question: Question, given: Mapping[str, Answers], reference: str) -> dict[str, Any]:
    values = {who: value_of(answers, question.name) for who, answers in given.items()}
    points = {who: points_of(question, value) for who, value in values.items()}
    numbers = [one for one in points.values() if one is not None]
    right = points.get(reference)
    off = {who: round(one - right, 3) for who, one in points.items() if one is not None} if right is not None else {}
    return {
        "name": question.name,
        "values": values,
        "agreement": _agreement(list(values.values())),
        "spread": round(max(numbers) - min(numbers), 3) if numbers else 0.0,
        "off": off,
    }


def _agreement(values: Sequence[Value]) -> float:
    """Share of the pairs of evaluators who gave the same answer; 1 for one evaluator."""
    pairs = len(values) * (len(values) - 1) / 2
    same = sum(a == b for number, a in enumerate(values) for b in values[number + 1 :])
    return round(same / pairs, 3) if pairs else 1.0


def breakdown(card: Card, many: Iterable[Answers]) -> list[dict[str, Any]]:
    """How each question of a card was answered in many reviews; answers of older versions count where they still mean
    something."""
    listed = list(many)
    found = []
    for section in card.sections:
        for question in section.questions:
            values = [value for one in listed if (value := value_of(one, question.name)) is not None]
            points = [got for value in values if (got := points_of(question, value)) is not None]
            counted = {str(value): values.count(value) for value in dict.fromkeys(values)}
            told = {"name": question.name, "section": section.name, "answered": len(points)}
            told |= {"not_applicable": values.count(NA), "mean": round(mean(points), 3) if points else None}
            found.append({**told, "failed": sum(one == 0 for one in points), "values": counted})
    return found
