"""`talk:` of a flow: whether caller and agent are transcribed while they talk, and the advice that the agent gets. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ivr.dialplan import positions
from ivr.dialplan.build_triggers import one_of, texts, usable
from ivr.dialplan.fields import Fields, words
from ivr.dialplan.positions import Node, Scalar, kind
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.schema_parts import DURATION, TEXT, Schema, either, list_of, map_of, record

OFF, PHRASES, FREE = "off", "phrases", "free"
TRANSCRIBE = (OFF, PHRASES, FREE)
KINDS = ("calm", "clarify", "slow_down", "offer", "compliance")
WHEN = ("mood", "silence", "unclear", "talk_over", "rate", "trigger", "talked")
MOODS = ("tense", "angry")
MOST = 50
"""Hints of one flow."""


@dataclass(frozen=True, slots=True)
class When:
    """What must be so for a hint; all that is named."""

    mood: str = ""
    """The caller is `tense`, which counts `angry` in, or `angry`."""
    silence: float = 0.0
    """Seconds for which nobody has spoken."""
    unclear: int = 0
    """Utterances of the caller in a row that could hardly be understood."""
    talk_over: int = 0
    """Times that both spoke at once within the last minute."""
    rate: int = 0
    """Syllables or words a minute that the agent speaks faster than."""
    trigger: str = ""
    """A trigger was hit."""
    talked: float = 0.0
    """Seconds for which they have talked."""


@dataclass(frozen=True, slots=True)
class HintRule:
    """Advice for the agent while a caller is on the line, with the condition under which it is given.

    `calm`, `silence`, `unclear`, `talk_over` and `fast` come with the house: words of your own replace theirs, `false` leaves
    one out.
    """

    name: str
    kind: str
    when: When
    text: Mapping[str, str]
    """Language to text."""
    every: float = 60.0
    """Seconds in which it is not given again."""
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class TalkWish:
    """How a talk is heard. `transcribe`: `off`, `phrases` (triggers, intents, and nothing else: cheap) or `free` (every word).

    Without it the queue's setting counts (`understanding.talk`). `sure` is how certain (0..1) words must be to count.
    """

    transcribe: str = ""
    sure: float | None = None
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Language to words that are listened for and counted besides."""
    hints: Mapping[str, HintRule | None] = field(default_factory=dict)
    """None for one that is left out."""

    def rules(self) -> tuple[HintRule, ...]:
        """Those of the house as the flow has them, and its own."""
        return tuple(rule for rule in ({**built_in(), **self.hints}).values() if rule is not None)


@lru_cache(maxsize=1)
def built_in() -> Mapping[str, HintRule]:
    """The hints that come with the house, by name."""
    found = (
        HintRule(
            "calm",
            "calm",
            When(mood="angry"),
            {"zh": "先道歉，听完再说怎么解决。", "en": "Apologise first, hear them out, then say what you will do."},
            120.0,
        ),
        HintRule(
            "silence",
            "clarify",
            When(silence=8.0),
            {"zh": "很久没人说话了：说说您在做什么。", "en": "Nobody has spoken for a while: say what you are doing."},
        ),
        HintRule(
            "unclear",
            "clarify",
            When(unclear=3),
            {
                "zh": "听不太清：请客户再说一遍，并复述您听到的。",
                "en": "Hard to hear: ask again and repeat what you understood.",
            },
        ),
        HintRule(
            "talk_over",
            "slow_down",
            When(talk_over=3),
            {"zh": "两人同时在说：让客户先讲完。", "en": "You both speak at once: let the caller finish."},
        ),
        HintRule("fast", "slow_down", When(rate=360), {"zh": "说慢一点。", "en": "Speak more slowly."}),
    )
    return {one.name: one for one in found}


# --- from YAML


def talk_wish(node: Node, findings: Findings, languages: Collection[str] | None) -> TalkWish:
    """What `node`, the value under `talk`, says. Mistakes go to `findings`."""
    fields = Fields(node, findings, "`talk`", ("transcribe", "sure", "keywords", "hints"))
    sure, hints = fields.get("sure"), fields.get("hints")
    return TalkWish(
        one_of(fields, "transcribe", "", TRANSCRIBE),
        _fraction(sure, findings),
        _keywords(fields.get("keywords"), findings, languages),
        {} if hints is None else _hints(hints, findings, languages),
    )


def _keywords(node: Node | None, findings: Findings, languages: Collection[str] | None) -> dict[str, tuple[str, ...]]:
    if node is None:
        return {}
    fields = Fields(node, findings, "keywords", tuple(languages or ("zh", "en")))
    found = {name: words(inner, findings, "a keyword") for name, _, inner in fields.node.items()}
    return {name: tuple(text for text, place in given if usable(text, place, findings)) for name, given in found.items()}


def _fraction(node: Node | None, findings: Findings) -> float | None:
    if node is None:
        return None
    found = node.value if isinstance(node, Scalar) else None
    if isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found <= 1:
        return float(found)
    findings.error(node.place, "out-of-range", "`sure` must be a number from 0 to 1", "sure: 0.5")
    return None


def _hints(node: Node, findings: Findings, languages: Collection[str] | None) -> dict[str, HintRule | None]:
    if not isinstance(node, positions.Mapping):
        cure = "hints: { calm: false, price: { kind: offer, when: { trigger: hesitation }, en: ... } }"
        findings.error(node.place, "wrong-type", f"`hints` must be a mapping, this is {kind(node)}", cure)
        return {}
    found: dict[str, HintRule | None] = {}
    for name, key, inner in list(node.items())[:MOST]:
        if isinstance(inner, Scalar) and inner.value is False:
            if name not in built_in():
                findings.unknown(key.place, "hint", name, built_in())
            found[name] = None
        else:
            found[name] = _hint(name, inner, findings, languages)
    return found


def _hint(name: str, node: Node, findings: Findings, languages: Collection[str] | None) -> HintRule:
    base = built_in().get(name, HintRule(name, "offer", When(), {}))
    spoken = tuple(languages or ("zh", "en"))
    fields = Fields(node, findings, "a hint", ("kind", "when", "every", *spoken))
    of_kind, when = one_of(fields, "kind", base.kind, KINDS), fields.get("when")
    given = positions.Mapping(node.place)
    given.entries.update({key: entry for key, entry in fields.node.entries.items() if key in spoken})
    text = {**base.text, **texts(given, findings, spoken)}
    if not text:
        findings.error(fields.place, "missing-key", f"the hint `{name}` has no words", f"add `{spoken[0]}: ...`")
    conditions = base.when if when is None else _when(when, findings)
    if conditions == When():
        cure = "when: { mood: angry }, { silence: 8s }, { trigger: hesitation }, ..."
        findings.error(fields.place, "missing-key", f"nothing says when the hint `{name}` is given", cure)
    return HintRule(name, of_kind, conditions, text, fields.duration("every", base.every), fields.place)


def _when(node: Node, findings: Findings) -> When:
    fields = Fields(node, findings, "when", WHEN)
    return When(
        one_of(fields, "mood", "", MOODS),
        fields.duration("silence", 0.0),
        fields.whole("unclear", 0, 1, 50),
        fields.whole("talk_over", 0, 1, 50),
        fields.whole("rate", 0, 30, 1000),
        fields.text("trigger"),
        fields.duration("talked", 0.0),
    )


def check_talk(wish: TalkWish, triggers: Collection[str], findings: Findings) -> None:
    """Report hints that wait for a trigger which is not there."""
    for rule in wish.hints.values():
        if rule is not None and rule.when.trigger and rule.when.trigger not in triggers:
            cure = "" if triggers else f"add it: `triggers: {{ {rule.when.trigger}: }}`"
            findings.unknown(rule.place, "trigger", rule.when.trigger, triggers, cure=cure)


def schema() -> Schema:
    """Of `talk:`."""
    number = {"type": "integer", "minimum": 1}
    when = {
        "mood": {"enum": list(MOODS)},
        "silence": DURATION,
        "unclear": number,
        "talk_over": number,
        "rate": number,
        "trigger": TEXT,
        "talked": DURATION,
    }
    hint = record(
        {"kind": {"enum": list(KINDS)}, "when": record(when, (), When), "every": DURATION},
        (),
        HintRule,
        additionalProperties=TEXT,
    )
    keys = {
        "transcribe": {"enum": list(TRANSCRIBE)},
        "sure": {"type": "number", "minimum": 0, "maximum": 1},
        "keywords": map_of(either(TEXT, list_of(TEXT))),
        "hints": map_of(either({"const": False}, hint)),
    }
    return record(keys, (), TalkWish)
