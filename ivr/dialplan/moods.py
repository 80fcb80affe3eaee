"""`mood` of a flow: from which level a caller counts as tense or angry, and what follows from that. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ivr.dialplan.events import Event, Heard, Phrase, Pressed, SpokenOver, TimerFired
from ivr.dialplan.fields import Fields
from ivr.dialplan.kinds import KEYS
from ivr.dialplan.positions import Node, Scalar, kind
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.question import ANGRY, TENSE
from ivr.dialplan.schema_parts import FLAG, TEXT, Schema, either, record
from ivr.dialplan.state import Phase, State

if TYPE_CHECKING:
    from ivr.dialplan.model import Edge, Flow

MOODS = (TENSE, ANGRY)
USUAL = {TENSE: 0.35, ANGRY: 0.65}
"""Levels, where neither the flow nor the settings say others."""
MOST_TURNS = 9
RULE_KEYS = ("from", "after")
VOICE = {"louder": (-60.0, 60.0), "higher": (-36.0, 36.0), "faster": (0.1, 10.0)}
"""How a voice may be told in a test, beside the calm one: dB, semitones, times; each with its least and most."""


@dataclass(frozen=True, slots=True)
class MoodRule:
    """When a mood is told and acted on. With `to`, `say`, `tag` or `set` beside it, it is the edge of that name everywhere."""

    level: float | None = None
    """0..1, from which the caller is said to be so; None for what the settings say."""
    after: int = 1
    """Turns in a row with this mood until its edge is taken."""
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class MoodRules:
    """How moods are judged in this flow, and which edges they take."""

    tense: MoodRule = field(default_factory=MoodRule)
    angry: MoodRule = field(default_factory=MoodRule)
    voice: bool | None = None
    """Whether loudness, pitch and rate count; None for what the settings say."""

    def due(self, event: Heard) -> bool:
        """Whether what was just said is to take the edge of its mood: it shows that mood itself, and has for long enough."""
        rule = self.angry if event.mood == ANGRY else self.tense
        return event.mood in MOODS and event.mood_fresh and event.mood_turns >= rule.after


@dataclass(frozen=True, slots=True)
class Situation:
    """What must be known of a call to judge what its caller does."""

    flow: Flow
    language: str
    phrases: Sequence[Phrase] = ()
    """What is listened for."""
    prompting: bool = False
    """A prompt is played that may be spoken over."""
    asking: bool = False
    """A question is open."""
    value: bool = False
    """Digits are asked for."""


def situation(flow: Flow, state: State, phrases: Sequence[Phrase]) -> Situation:
    """The situation of a call whose flow, or sub-flow, is `flow`."""
    here = flow.subflows.get(state.flow, flow)
    found = here.states.get(state.state)
    step = None if found is None else found.step
    asking = step is not None and step.listens
    value = asking and (bool(state.keys) or (step is not None and step.edge_keys() != KEYS))
    prompting = state.phase is Phase.PROMPT and state.hearing
    return Situation(here, state.language, phrases, prompting, asking, value)


class Mind(Protocol):
    """Follows the mood of one caller."""

    def felt(self, event: Event, where: Situation, voice: Mapping[str, float] | None = None) -> Event:
        """The event as the flow is to get it: what was said comes with the caller's mood by now. `voice` as VOICE names it."""


def matters(event: Event) -> bool:
    """Whether an event says anything of a mood: what is neither need not be looked at."""
    return isinstance(event, Heard | Pressed | SpokenOver | TimerFired)


def edge_of(event: Heard, rules: MoodRules, edges: Mapping[str, Edge]) -> Edge | None:
    """The one of `edges` that the caller's mood takes now, if any. Who is angry is tense, too, where only that has an edge."""
    if not rules.due(event):
        return None
    return edges.get(event.mood) or edges.get(TENSE)


def mood_rules(node: Node, findings: Findings, edge_keys: Sequence[str]) -> tuple[MoodRules, dict[str, Fields | Node]]:
    """The rules in `node`, and by mood what is to be built into an edge."""
    fields = Fields(node, findings, "`mood`", (*MOODS, "voice"))
    rules, edges = dict[str, MoodRule](), dict[str, Fields | Node]()
    for name in MOODS:
        inner = fields.get(name)
        if isinstance(inner, Scalar):
            edges[name] = inner
        elif inner is not None:
            rule = Fields(inner, findings, f"the mood `{name}`", (*RULE_KEYS, *edge_keys))
            rules[name] = MoodRule(_level(rule, name), rule.whole("after", 1, 1, MOST_TURNS), inner.place)
            if any(rule.get(key) is not None for key in edge_keys):
                edges[name] = rule
    _in_order(rules, findings)
    voice = None if fields.get("voice") is None else fields.flag("voice", True)
    return MoodRules(rules.get(TENSE, MoodRule()), rules.get(ANGRY, MoodRule()), voice), edges


def _level(fields: Fields, name: str) -> float | None:
    node = fields.get("from")
    if node is None:
        return None
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        cure = f"a level above 0 up to 1; {USUAL[name]} without it"
        fields.findings.error(node.place, "wrong-type", f"`from` must be a number, this is {kind(node)}", cure)
        return None
    if not 0 < value <= 1:
        fields.findings.error(node.place, "out-of-range", f"`from` is {value:g}", "above 0, 1 at most")
        return None
    return float(value)


def _in_order(rules: dict[str, MoodRule], findings: Findings) -> None:
    levels = {name: rules[name].level if name in rules else None for name in MOODS}
    tense, angry = (levels[name] if levels[name] is not None else USUAL[name] for name in MOODS)
    if tense is not None and angry is not None and tense >= angry:
        place = next(rule.place for rule in rules.values())
        message = f"a caller is tense from {tense:g} and angry from {angry:g}: nobody would ever be tense"
        findings.error(place, "out-of-range", message, "let `tense` begin below `angry`")


def voice_given(node: Node, findings: Findings) -> dict[str, float]:
    """`voice: { louder: 8 }` of a test."""
    fields = Fields(node, findings, "`voice`", VOICE)
    found: dict[str, float] = {}
    for name, (least, most) in VOICE.items():
        inner = fields.get(name)
        value = inner.value if isinstance(inner, Scalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            found[name] = float(value)
        elif inner is not None:
            findings.error(inner.place, "out-of-range", f"`{name}` is a number", f"from {least:g} to {most:g}")
    return found


def schema(going: Schema) -> Schema:
    """Of the block; `going` are the keys of an edge."""
    level: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
    turns: Schema = {"type": "integer", "minimum": 1, "maximum": MOST_TURNS}
    rule = either(TEXT, record({"from": level, "after": turns, **going}, (), MoodRule))
    return record({**dict.fromkeys(MOODS, rule), "voice": FLAG}, (), MoodRules)
