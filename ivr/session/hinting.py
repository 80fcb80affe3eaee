"""Which advice an agent gets, and when: the rules of the flow against how the talk goes, never two at once. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.dialplan.talk import HintRule, When

APART = 8.0
"""Seconds between two hints."""
STALE = 30.0
"""Seconds after which a hint that found no room is not given any more."""
MOST_WAITING = 5
FIRST = ("calm", "compliance", "clarify", "slow_down", "offer")
"""Kinds of hint, what is most urgent first."""
_MOODS = {"": 0, "calm": 0, "tense": 1, "angry": 2}


@dataclass(frozen=True, slots=True)
class Situation:
    """How a talk stands, as far as rules ask."""

    mood: str = ""
    quiet: float = 0.0
    """Seconds for which nobody has spoken."""
    unclear: int = 0
    """Utterances in a row that could hardly be understood."""
    overs: int = 0
    """Times that both spoke at once within the last minute."""
    rate: float = 0.0
    """Of the agent."""
    talked: float = 0.0
    """Seconds of the talk."""
    triggers: frozenset[str] = frozenset()
    """Those that were hit just now."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Advice with the reason for it, both by language."""

    name: str
    kind: str
    text: Mapping[str, str]
    why: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self, at: float) -> dict[str, Any]:
        """As in docs/desk-protocol.md; `at` is seconds since the epoch."""
        return {"at": at, "name": self.name, "kind": self.kind, "text": dict(self.text), "why": dict(self.why)}


class Hinting:
    """Of one talk."""

    def __init__(self, rules: Sequence[HintRule]) -> None:
        self._rules = tuple(sorted(rules, key=lambda rule: FIRST.index(rule.kind)))
        self._given: dict[str, float] = {}
        self._waiting: deque[tuple[float, Hint]] = deque(maxlen=MOST_WAITING)
        self._last: float | None = None

    def offer(self, hint: Hint, now: float, every: float = 60.0) -> None:
        """Put forward a hint that somebody else has found; it is given as soon as there is room."""
        if not self._again(hint.name, now, every) or any(one.name == hint.name for _, one in self._waiting):
            return
        self._waiting.append((now, hint))

    def next(self, now: float, situation: Situation) -> Hint | None:
        """The one hint to be given now, None for none. A rule whose trigger was hit waits for its turn, as offers do."""
        for rule in self._rules:
            if rule.when.trigger in situation.triggers and _holds(rule.when, situation):
                self.offer(_of(rule), now, rule.every)
        if self._last is not None and now - self._last < APART:
            return None
        while self._waiting:
            since, hint = self._waiting.popleft()
            if now - since <= STALE:
                return self._give(hint, now)
        for rule in self._rules:
            if not rule.when.trigger and _holds(rule.when, situation) and self._again(rule.name, now, rule.every):
                return self._give(_of(rule), now)
        return None

    def _again(self, name: str, now: float, every: float) -> bool:
        return name not in self._given or now - self._given[name] >= every

    def _give(self, hint: Hint, now: float) -> Hint:
        self._last = self._given[hint.name] = now
        return hint


def _of(rule: HintRule) -> Hint:
    return Hint(rule.name, rule.kind, rule.text, _why(rule.when))


def _holds(when: When, now: Situation) -> bool:
    if when.mood and _MOODS.get(now.mood, 0) < _MOODS[when.mood]:
        return False
    return (
        now.quiet >= when.silence
        and now.unclear >= when.unclear
        and now.overs >= when.talk_over
        and now.rate >= when.rate
        and now.talked >= when.talked
        and (not when.trigger or when.trigger in now.triggers)
    )


def _why(when: When) -> dict[str, str]:
    """The condition in words."""
    told = [
        (
            bool(when.mood),
            *{"tense": ("客户有情绪", "The caller is tense")}.get(when.mood, ("客户生气了", "The caller is angry")),
        ),
        (bool(when.silence), f"{when.silence:g} 秒没人说话", f"Nobody has spoken for {when.silence:g} s"),
        (bool(when.unclear), f"连续 {when.unclear} 句听不清", f"{when.unclear} utterances in a row were unclear"),
        (
            bool(when.talk_over),
            f"一分钟内抢话 {when.talk_over} 次",
            f"Both spoke at once {when.talk_over} times within a minute",
        ),
        (bool(when.rate), "坐席说得太快", "The agent speaks fast"),
        (bool(when.trigger), f"听到了“{when.trigger}”", f"Heard: {when.trigger}"),
        (bool(when.talked), f"已通话 {when.talked / 60:.0f} 分钟", f"{when.talked / 60:.0f} minutes on the line"),
    ]
    return {"zh": "，".join(zh for so, zh, _ in told if so), "en": "; ".join(en for so, _, en in told if so)}
