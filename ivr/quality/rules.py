"""What the rules of a card answer of a contact, and what each answer rests on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.dialplan.sheets import Words
from ivr.quality.facts import Facts
from ivr.quality.model import MOST_POINTS, NA, NO, YES, Card, Known, LineSaid, Measured, Question, Rule, Said, Value
from ivr.quality.spotting import Hit, line_key, said_key

Hits = Mapping[str, Sequence[Hit]]
OPEN: Mapping[str, Any] = {"value": None, "comment": "", "at": None, "automatic": False, "why": {}}
"""An answer that nobody gave."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found; `value` None: it is not known."""

    value: Value = None
    why: Words = field(default_factory=dict)
    at: float | None = None
    """Second of the playback."""


def answers(card: Card, facts: Facts, hits: Hits) -> dict[str, dict[str, Any]]:
    """Question to its answer, as docs/quality.md has it; open where no rule could tell."""
    found = {}
    for question in card.questions():
        one = _answer(question, facts, hits)
        told = {**OPEN} if one.value is None else {"value": one.value, "comment": "", "at": one.at, "automatic": True}
        found[question.name] = {**told, "why": dict(one.why)}
    return found


def _answer(question: Question, facts: Facts, hits: Hits) -> Finding:
    if question.only_if is not None:
        applies = _holds(question.only_if, facts, hits)
        if applies.value != YES:
            return Finding(NA if applies.value == NO else None, applies.why)
    rule = question.auto
    match rule:
        case None:
            return Finding()
        case Measured(steps=steps) if steps:
            return _step(rule, facts)
        case Known(choose=choose) if choose:
            value = facts.facts.get(rule.fact)
            return Finding(choose.get(str(value)), _told(rule.fact, value)) if value is not None else Finding()
    return _holds(rule, facts, hits)


def _holds(rule: Rule, facts: Facts, hits: Hits) -> Finding:
    """`yes` or `no`, or nothing where that cannot be known."""
    match rule:
        case Said():
            return _said(rule, facts, hits)
        case LineSaid(line=line):
            return _line(line, facts, hits)
        case Measured():
            number = facts.measures.get(rule.measure)
            if number is None:
                return Finding()
            within = (rule.least is None or number >= rule.least) and (rule.most is None or number <= rule.most)
            return Finding(YES if within else NO, _told(rule.measure, number))
        case Known():
            value = facts.facts.get(rule.fact)
            if value is None:
                return Finding()
            right = (not rule.one_of or value in rule.one_of) and value not in rule.none_of
            return Finding(YES if right else NO, _told(rule.fact, value))


def _said(rule: Said, facts: Facts, hits: Hits) -> Finding:
    who = {"zh": {"agent": "坐席", "caller": "客户"}[rule.by], "en": f"the {rule.by}"}
    for hit in hits.get(said_key(rule), ()):
        passed = hit.by.since if rule.of == "start" else hit.by.left
        if not rule.within or passed <= rule.within:
            why = {"zh": f"{who['zh']}说了“{hit.phrase}”", "en": f"{who['en']} said “{hit.phrase}”"}
            return Finding(NO if rule.absent else YES, why, hit.by.at)
    if rule.by not in facts.heard:
        return Finding(None, {"zh": f"没有{who['zh']}的文字记录", "en": f"no transcript of {who['en']}"})
    limit = f"{rule.within:g}"
    inside = {
        "start": {"zh": f"开头 {limit} 秒内", "en": f" in the first {limit} s"},
        "end": {"zh": f"最后 {limit} 秒内", "en": f" in the last {limit} s"},
    }[rule.of]
    zh, en = (inside["zh"], inside["en"]) if rule.within else ("", "")
    return Finding(YES if rule.absent else NO, {"zh": f"{zh}没有听到这样的话", "en": f"nothing of it was heard{en}"})


def _line(line: str, facts: Facts, hits: Hits) -> Finding:
    for hit in hits.get(line_key(line), ()):
        why = {"zh": f"坐席说了“{hit.phrase}”", "en": f"the agent said “{hit.phrase}”"}
        return Finding(YES, why, hit.by.at)
    if line in facts.ticked:
        return Finding(YES, {"zh": "坐席已勾选", "en": "ticked by the agent"})
    if "agent" not in facts.heard:
        return Finding(None, {"zh": "没有坐席的文字记录", "en": "no transcript of the agent"})
    return Finding(NO, {"zh": "没有听到，也没有勾选", "en": "neither heard nor ticked"})


def _step(rule: Measured, facts: Facts) -> Finding:
    number = facts.measures.get(rule.measure)
    if number is None:
        return Finding()
    rising = rule.steps[0] < rule.steps[-1]
    for points, limit in zip(range(MOST_POINTS, 1, -1), rule.steps, strict=True):
        if number <= limit if rising else number >= limit:
            return Finding(points, _told(rule.measure, number))
    return Finding(1, _told(rule.measure, number))


SHARES = frozenset({"silence_share", "talk_over_share", "agent_share", "mood_level"})
NAMED: Mapping[str, tuple[str, str, str, str]] = {
    "wait_seconds": ("等待", "the wait", " 秒", " s"),
    "talk_seconds": ("通话", "the talk", " 秒", " s"),
    "wrap_up_seconds": ("事后处理", "the wrap-up", " 秒", " s"),
    "handle_seconds": ("处理时长", "handling", " 秒", " s"),
    "hold_seconds": ("保持", "on hold", " 秒", " s"),
    "first_words": ("坐席开口", "the agent's first words", " 秒", " s"),
    "silence_share": ("沉默占比", "silence", "%", " %"),
    "longest_silence": ("最长沉默", "the longest silence", " 秒", " s"),
    "talk_over_share": ("抢话占比", "both at once", "%", " %"),
    "talk_overs": ("抢话", "both spoke at once", " 次", " times"),
    "agent_share": ("坐席说话占比", "the agent's share", "%", " %"),
    "agent_rate": ("坐席语速", "the agent's rate", " 每分钟", " a minute"),
    "mood_level": ("客户情绪", "the caller's mood", "%", " %"),
    "colleagues": ("经手坐席", "agents", " 人", ""),
    "csat": ("满意度", "the survey", " 分", " points"),
    "mood_end": ("结束时的情绪", "the mood at the end", "", ""),
    "mood_worst": ("最差的情绪", "the worst mood", "", ""),
    "recovered": ("客户平静下来", "the caller calmed down", "", ""),
    "transferred": ("转接过", "transferred", "", ""),
    "note_written": ("写了备注", "a note was written", "", ""),
    "outcome": ("处理结果", "the outcome", "", ""),
    "disposition": ("联络结果", "the contact was", "", ""),
    "end_cause": ("结束方式", "it ended by", "", ""),
}
_VALUES: Mapping[str | bool, tuple[str, str]] = {
    "calm": ("平静", "calm"),
    "tense": ("有情绪", "tense"),
    "angry": ("生气", "angry"),
    True: ("是", "yes"),
    False: ("否", "no"),
    "": ("没有", "none"),
}


def _told(name: str, value: str | bool | float | None) -> Words:
    """A fact or a number in words."""
    zh, en, unit_zh, unit_en = NAMED[name]
    if isinstance(value, bool | str):
        shown_zh, shown_en = _VALUES.get(value, (str(value), str(value)))
    else:
        number = (value or 0.0) * 100 if name in SHARES else value or 0.0
        shown_zh = shown_en = f"{round(number, 1):g}"
    return {"zh": f"{zh}：{shown_zh}{unit_zh}", "en": f"{en}: {shown_en}{unit_en}"}
