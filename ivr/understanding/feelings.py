"""How a caller feels, turn by turn: words, voice and behaviour joined into a level with a trend and hysteresis. Pure.

Each turn gives evidence of 0..1. It raises the level at once, and together with what was there before; a calm turn takes a
third of it away. A mood is entered at one level and left at a lower one, so it does not flicker. Under a millisecond a turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import prod
from typing import Any, Self

from ivr.understanding import habits
from ivr.understanding.mood import ANGRY, ANGRY_FROM, CALM, TENSE, TENSE_FROM, judge
from ivr.understanding.mood_reasons import CODES, Reason, reason
from ivr.understanding.observations import KeptSilent as KeptSilent
from ivr.understanding.observations import Keyed as Keyed
from ivr.understanding.observations import Said, Seen
from ivr.understanding.tone import Sounds, Voice, compare, heard, strain

CARRIED = 0.5
"""How much of the level before counts beside new evidence: displeased three times in a row is angry."""
KEPT = 0.65
"""How much of the level a calm turn leaves."""
LEFT_AT = 0.68
"""A mood is left below this part of the level that it is entered at."""
STEADY = 0.03
"""A smoothed change of the level within which the trend is steady."""
NOTABLE = 0.15
"""Evidence from which its reason is told."""
BY_PHRASE = 0.85
"""Evidence of a phrase that the flow listens for as angry."""
FAINT = 0.3
"""What is left of the level of calm words: a row of them must not add up."""
MOST_REASONS = 6
_RANK = {"": 0, CALM: 0, TENSE: 1, ANGRY: 2}

Evidence = tuple[float, Reason]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a flow may choose."""

    tense: float = TENSE_FROM
    """Level from which a caller is tense."""
    angry: float = ANGRY_FROM
    voice: bool = True
    """Whether the voice counts."""


@dataclass(frozen=True, slots=True)
class Feelings:
    """One person's mood so far: everything that the next turn is judged against. JSON takes it."""

    level: float = 0.0
    """0 (calm) to 1 (furious)."""
    label: str = ""
    """"calm", "tense", "angry"; "" before anything was seen."""
    slope: float = 0.0
    """Smoothed change of the level a turn."""
    fresh: bool = False
    """The last thing seen shows this mood itself, or made it: rules react to that, not to what is left of an earlier turn."""
    in_row: int = 0
    """Turns with this mood up to now; 0 while calm."""
    why: tuple[Reason, ...] = ()
    """What counted since the caller was calm, the newest first."""
    voices: tuple[Voice, ...] = ()
    """Of the first calm turns."""
    habit: habits.Habit = field(default_factory=habits.Habit)

    @property
    def trend(self) -> str:
        return "rising" if self.slope > STEADY else "falling" if self.slope < -STEADY else "steady"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` gives the same value back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote, also by way of JSON. Raises TypeError, KeyError or ValueError on anything else."""
        why = tuple(Reason(**one) for one in data["why"])
        if any(one.code not in CODES for one in why):
            raise ValueError("a reason that nobody knows")
        voices = tuple(Voice(**one) for one in data["voices"])
        return cls(**{**data, "why": why, "voices": voices, "habit": habits.Habit.from_dict(data["habit"])})

    def told(self) -> dict[str, Any]:
        """As the handover, the desk and the record have it."""
        return {
            "mood": self.label,
            "mood_level": round(self.level, 2),
            "mood_trend": self.trend,
            "mood_why": [one.to_dict() for one in self.why],
        }


def feel(before: Feelings, seen: Seen, limits: Limits = Limits()) -> Feelings:
    """The feelings after one more thing was seen. Never raises, whatever was said."""
    habit, evidence = habits.observe(before.habit, seen)
    now = replace(before, habit=habit)
    match seen:
        case Said():
            words = _words(seen)
            sounds = _sounds(before, seen, limits)
            evidence = [*words, *strain(sounds), *evidence]
            now = replace(now, voices=_baseline(before, seen, limits, evidence))
        case _ if not evidence:
            return replace(now, fresh=False)
    return _moved(now, evidence, limits)


def _words(seen: Said) -> list[Evidence]:
    if seen.written:
        return []
    verdict = judge(seen.text, seen.language)
    said = verdict.level if verdict.level >= TENSE_FROM else FAINT * verdict.level
    level = max(said, BY_PHRASE if seen.intent == ANGRY else 0.0)
    spoken = verdict.words or ((seen.text,) if seen.intent == ANGRY else ())
    return [(level, reason("said", " ".join(spoken[:3])) if spoken else reason("wording"))]


def _sounds(before: Feelings, seen: Said, limits: Limits) -> Sounds:
    if not limits.voice:
        return Sounds()
    return seen.sounds or compare(before.voices, seen.voice)


def _baseline(before: Feelings, seen: Said, limits: Limits, evidence: Sequence[Evidence]) -> tuple[Voice, ...]:
    """The calm voices with this one, where it is calm."""
    calm = before.level < limits.tense and all(weight < NOTABLE for weight, _ in evidence)
    return heard(before.voices, seen.voice) if calm else before.voices


def _moved(now: Feelings, evidence: Sequence[Evidence], limits: Limits) -> Feelings:
    """The feelings with the evidence of one turn."""
    weight = 1 - prod(1 - min(one, 1.0) for one, _ in evidence)
    level = max(weight + (1 - weight) * CARRIED * now.level, KEPT * now.level)
    label = _label(level, now.label, limits)
    least = {CALM: 1.1, TENSE: limits.tense, ANGRY: limits.angry}[label]
    reasons = (one for strength, one in sorted(evidence, key=lambda each: -each[0]) if strength >= NOTABLE)
    return replace(
        now,
        level=round(level, 4),
        label=label,
        slope=round(0.3 * now.slope + 0.7 * (level - now.level), 4),
        fresh=label != CALM and (_RANK[label] > _RANK[now.label] or weight >= least),
        in_row=0 if label == CALM else now.in_row + 1 if label == now.label else 1,
        why=_reasons((*reasons, *now.why)) if label != CALM else _reasons(reasons),
    )


def _label(level: float, before: str, limits: Limits) -> str:
    """Entered at a limit, left well below it."""
    if level >= limits.angry or (before == ANGRY and level >= LEFT_AT * limits.angry):
        return ANGRY
    if level >= limits.tense or (before in (TENSE, ANGRY) and level >= LEFT_AT * limits.tense):
        return TENSE
    return CALM


def _reasons(found: Any) -> tuple[Reason, ...]:
    """The newest of each kind; different words that were said are different kinds."""
    kept: dict[tuple[str, str], Reason] = {}
    for one in found:
        kept.setdefault((one.code, one.value if one.code == "said" else ""), one)
    return tuple(kept.values())[:MOST_REASONS]
