"""What a call was about, for whoever takes it over and for its record: who, what for, what was tried, what is promised. Pure.

Made of what was said and noted, never of anything else: the caller's own best sentence, the outcomes of what the flow looked
up, slots, mood and promises. At most `MOST` characters; where that is too little the least important part is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.call import Call, Medium, Speaker, Turn

MOST = 500
MOST_QUOTED = 90
MOST_LOOKED_AT = 100
"""Turns of the caller in which the sentence is looked for: people say at once why they call."""
MOST_TRIED, MOST_SLOTS, MOST_PROMISES = 4, 6, 2
PERSON = frozenset(("agent", "human", "operator", "person", "representative"))
"""Intents that only ask for somebody."""

_SMALL = re.compile(
    r"(?:(?:嗯|啊|喂|你好|您好|好的?|是的?|对的?|不是|不用|谢谢|人工|转人工|没有|可以|行|hello|hi|yes|no|yeah|okay|ok|sure|right"
    r"|thanks?|thank you|please|agent|operator)[\s，。！？,.!?]*){1,12}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\u3400-\u9fff]|[A-Za-z']+")
_MASK = re.compile(r"\[[^\]]{1,40}\]|[•…]+")
_SAYS_MORE = re.compile(
    r"因为|为什么|怎么|没有|坏|错|多|少|想|要|问题|because|why|how|not|n't|wrong|broken|need|want|can't|problem|charged",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Tried:
    """Something that the flow did for the caller, and how it came out."""

    what: str
    """`lookup`, `ticket`, `callback`, `bridge`, `transfer`, `message`, `queue`."""
    name: str = ""
    """What was looked up, the number of the ticket, the queue."""
    outcome: str = ""
    """As the step's edge: `found`, `not_found`, `done`, `busy`, `timeout`, ..."""


@dataclass(frozen=True, slots=True)
class Story:
    """What happened on a call besides its words."""

    tried: Sequence[Tried] = ()
    misunderstood: int = 0
    """Answers that nothing matched."""
    silent: int = 0
    """Questions without an answer."""
    wish: str = ""
    """The intent in the words of the flow."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Slot to what it is called."""
    ended: bool = False
    """Whether the call is over: then the summary says how."""
    disposition: str = ""
    agent: str = ""
    """Who talked with the caller."""
    talk_seconds: float = 0.0
    person: bool = False
    """Whether the caller asked for somebody, in whatever way."""


_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "caller": "客户",
        "wants": "{who}来电：{wish}。",
        "quoted": "{who}来电：{wish}，原话“{quote}”。",
        "unknown": "{who}来电，未说明来意。",
        "only_quoted": "{who}来电，原话“{quote}”。",
        "tried": "已处理：{}。",
        "slots": "已提供：{}。",
        "secret": "（保密）",
        "not_understood": "有{}次没听懂。",
        "silent": "有{}次没有回答。",
        "person": "要求人工。",
        "mood": "情绪：{}。",
        "signs": "留意：{}。",
        "promised_agent": "坐席答应：{}。",
        "promised_caller": "客户答应：{}。",
        "open": "未结事项：{}。",
        "joint": "；",
        "pair": "{}{}",
        "ended": "结果：{}。",
    },
    "en": {
        "caller": "The caller",
        "wants": "{who} is calling about: {wish}.",
        "quoted": "{who} is calling about: {wish}. In their words: “{quote}”.",
        "unknown": "{who} did not say what it is about.",
        "only_quoted": "{who} said: “{quote}”.",
        "tried": "So far: {}.",
        "slots": "Given: {}.",
        "secret": "(kept secret)",
        "not_understood": "Not understood {}.",
        "silent": "Did not answer {}.",
        "person": "Asked for a person.",
        "mood": "Mood: {}.",
        "signs": "Note: {}.",
        "promised_agent": "The agent promised: {}.",
        "promised_caller": "The caller promised: {}.",
        "open": "Still open: {}.",
        "joint": "; ",
        "pair": "{} {}",
        "ended": "Outcome: {}.",
    },
}
_MOODS = {
    "zh": {"angry": "生气", "tense": "急躁", "rising": "越来越激动", "falling": "已缓和"},
    "en": {"angry": "angry", "tense": "tense", "rising": "getting worse", "falling": "calming down"},
}
_SIGNS = {
    "zh": {
        "hesitation": "在犹豫",
        "churn": "可能流失",
        "legal": "提到投诉或法律途径",
        "competitor": "提到竞争对手",
        "vulnerable": "可能需要特别照顾",
    },
    "en": {
        "hesitation": "hesitates",
        "churn": "may leave us",
        "legal": "spoke of a complaint or the law",
        "competitor": "named a competitor",
        "vulnerable": "may need special care",
    },
}
_DONE: Mapping[str, Mapping[tuple[str, str], str]] = {
    "zh": {
        ("lookup", "found"): "查询{}：已查到",
        ("lookup", "not_found"): "查询{}：没有查到",
        ("lookup", ""): "查询{}：系统没有响应",
        ("ticket", "done"): "已开工单 {}",
        ("ticket", ""): "开工单失败",
        ("callback", "done"): "已登记回电 {}",
        ("callback", ""): "登记回电失败",
        ("bridge", "done"): "已接通外线",
        ("bridge", "busy"): "外线占线",
        ("bridge", "no_answer"): "外线无人接听",
        ("bridge", ""): "外线接通失败",
        ("transfer", "done"): "已转接",
        ("transfer", ""): "转接失败",
        ("message", "done"): "已留言",
        ("queue", "timeout"): "在 {} 队列等候过久",
        ("queue", ""): "没能排上 {} 队列",
    },
    "en": {
        ("lookup", "found"): "looked up {}, found",
        ("lookup", "not_found"): "looked up {}, nothing found",
        ("lookup", ""): "looked up {}, the system did not answer",
        ("ticket", "done"): "opened ticket {}",
        ("ticket", ""): "a ticket could not be opened",
        ("callback", "done"): "scheduled callback {}",
        ("callback", ""): "a callback could not be scheduled",
        ("bridge", "done"): "was put through to an outside line",
        ("bridge", "busy"): "the outside line was busy",
        ("bridge", "no_answer"): "the outside line did not answer",
        ("bridge", ""): "the outside line could not be reached",
        ("transfer", "done"): "was transferred",
        ("transfer", ""): "the transfer failed",
        ("message", "done"): "left a message",
        ("queue", "timeout"): "waited too long in the queue {}",
        ("queue", ""): "the queue {} could not take the call",
    },
}
_ENDS = {
    "zh": {
        "served": "{}已接听",
        "self_served": "自助办理完成",
        "abandoned": "排队时挂断",
        "overflowed": "排队后改由其他方式处理",
        "left_flow": "在语音菜单中挂断",
        "rejected": "未受理",
        "unanswered": "无人接听",
        "lost": "通话意外中断",
    },
    "en": {
        "served": "{} took the call",
        "self_served": "served by the menu alone",
        "abandoned": "hung up in the queue",
        "overflowed": "left the queue for another way",
        "left_flow": "hung up in the menu",
        "rejected": "turned away",
        "unanswered": "nobody answered",
        "lost": "the call broke off",
    },
}
_TIMES = {1: "once", 2: "twice"}


def summary(call: Call, story: Story) -> str:
    """The summary in the language of the call, Chinese or else English; "" for a call of which nothing is known."""
    tongue = "zh" if call.language.startswith("zh") else "en"
    said = [turn for turn in call.turns if turn.speaker is Speaker.CALLER]
    if not said and not story.tried and call.intent is None and not call.slots and not story.ended:
        return ""
    texts = _TEXTS[tongue]
    parts = [  # the more important, the smaller; they are shown in this order
        (0, _wish(call, story, said, tongue)),
        (2, _listed(texts["tried"], _tried(story, tongue), texts["joint"])),
        (3, _listed(texts["slots"], _slots(call, story, tongue), texts["joint"])),
        (6, _trouble(story, tongue)),
        (5, texts["person"] if story.person or _wants_person(call, said) else ""),
        (1, _mood(call, tongue)),
        (4, _listed(texts["signs"], _signs(call, tongue), texts["joint"])),
        (1, _promises(call, tongue)),
        (7, _listed(texts["open"], _matters(call), texts["joint"])),
        (2, _end(story, tongue)),
    ]
    return _bounded(parts, "" if tongue == "zh" else " ")


def _bounded(parts: Sequence[tuple[int, str]], joint: str) -> str:
    kept = [(weight, text) for weight, text in parts if text]
    while len(kept) > 1 and len(joint.join(text for _, text in kept)) > MOST:
        kept.remove(max(kept, key=lambda one: one[0]))
    return joint.join(text for _, text in kept)[:MOST]


# --- what for


def _wish(call: Call, story: Story, said: Sequence[Turn], tongue: str) -> str:
    texts, quote = _TEXTS[tongue], best_sentence(said, call.intent.name if call.intent else "")
    who = call.caller.name[:60] or texts["caller"]
    named = call.intent.name if call.intent else ""
    wish = "" if named in PERSON else story.wish or _words(named)
    if quote and _same(quote, wish):
        quote = ""
    if wish:
        return texts["quoted" if quote else "wants"].format(who=who, wish=wish, quote=quote)
    return texts["only_quoted" if quote else "unknown"].format(who=who, quote=quote)


def best_sentence(said: Sequence[Turn], intent: str = "") -> str:
    """The caller's own words that say most about why they call, at most `MOST_QUOTED` characters; "" where none does."""
    spoken = [turn for turn in said[:MOST_LOOKED_AT] if turn.medium is Medium.SPEECH]
    scored = [(_worth(turn, intent), -place, turn.text) for place, turn in enumerate(spoken)]
    best = max(scored, default=(0.0, 0, ""))
    return _cut(best[2]) if best[0] > 0 else ""


def _worth(turn: Turn, intent: str) -> float:
    """How much a turn tells: its length up to a point, its intent, words of complaint; nothing for yes, no and numbers."""
    bare = _MASK.sub(" ", turn.text)
    words = _WORD.findall(bare)
    if len(words) < 2 or _SMALL.fullmatch(turn.text.strip()) is not None:
        return 0.0
    worth = min(len(words), 25) / 10 + (_SAYS_MORE.search(bare) is not None)
    if turn.intent and turn.intent == intent and intent not in PERSON:
        worth += 2
    if turn.intent in PERSON:
        worth -= 1.5
    return worth * (0.5 if turn.confidence is not None and turn.confidence < 0.4 else 1.0)


def _cut(text: str) -> str:
    text = " ".join(text.replace("“", "").replace("”", "").split()).rstrip("。.，,")
    return text if len(text) <= MOST_QUOTED else text[: MOST_QUOTED - 1].rstrip() + "…"


def _same(quote: str, wish: str) -> bool:
    """Whether the words only repeat what the wish is called."""
    return "".join(_WORD.findall(quote)).casefold() in "".join(_WORD.findall(wish)).casefold()


def _wants_person(call: Call, said: Sequence[Turn]) -> bool:
    return any(turn.intent in PERSON for turn in said) or (call.intent is not None and call.intent.name in PERSON)


# --- what was done


def _tried(story: Story, tongue: str) -> list[str]:
    """What was done, the same only once, the last of it."""
    done = _DONE[tongue]
    told: dict[str, None] = {}
    for one in story.tried:
        text = done.get((one.what, one.outcome)) or done.get((one.what, ""))
        if text is not None and not (one.what == "queue" and one.outcome == "served"):
            told[text.format(_words(one.name)[:60]).strip()] = None
    return list(told)[-MOST_TRIED:]


def _words(name: str) -> str:
    """`crm.find_orders` as words: what stands before the point is where it was looked up."""
    return name.rsplit(".", 1)[-1].replace("_", " ").strip()


def _slots(call: Call, story: Story, tongue: str) -> list[str]:
    found = []
    for name, value in call.slots.items():
        if value in (None, "", False) or isinstance(value, list | dict) or (call.intent and value == call.intent.name):
            continue
        text = _TEXTS[tongue]["secret"] if set(str(value)) == {"•"} else str(value)[:40]
        found.append(_TEXTS[tongue]["pair"].format(story.labels.get(name) or _words(name), text))
    return found[:MOST_SLOTS]


def _trouble(story: Story, tongue: str) -> str:
    told = (("not_understood", story.misunderstood), ("silent", story.silent))
    return ("" if tongue == "zh" else " ").join(
        _TEXTS[tongue][key].format(_times(count, tongue)) for key, count in told if count
    )


def _times(count: int, tongue: str) -> str:
    return str(count) if tongue == "zh" else _TIMES.get(count, f"{count} times")


# --- how it went


def _mood(call: Call, tongue: str) -> str:
    names = _MOODS[tongue]
    label = names.get(str(call.handover.get("mood", "")), "")
    trend = names.get(str(call.handover.get("mood_trend", "")), "")
    if not label and trend != names["falling"]:
        return ""
    return _TEXTS[tongue]["mood"].format(("，" if tongue == "zh" else ", ").join(part for part in (label, trend) if part))


def _signs(call: Call, tongue: str) -> list[str]:
    kinds = Counter(one.get("kind") for one in _triggers(call))
    return [text for kind, text in _SIGNS[tongue].items() if kinds[kind]]


def _promises(call: Call, tongue: str) -> str:
    texts, told = _TEXTS[tongue], dict[str, list[str]]()
    for one in _triggers(call):
        if one.get("kind") == "promise" and one.get("text"):
            side = "promised_agent" if one.get("speaker") == "agent" else "promised_caller"
            told.setdefault(side, []).append(_cut(str(one["text"])))
    sides = (_listed(texts[side], list(dict.fromkeys(said))[-MOST_PROMISES:], texts["joint"]) for side, said in told.items())
    return ("" if tongue == "zh" else " ").join(sides)


def _triggers(call: Call) -> Iterable[Mapping[str, Any]]:
    found = call.handover.get("triggers")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else ()


def _matters(call: Call) -> list[str]:
    """What was open before this call."""
    found = call.profile.get("open")
    known = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []
    return [f"{one.get('id', '')} {str(one.get('label', ''))[:40]}".strip() for one in known if one.get("id")][:2]


def _end(story: Story, tongue: str) -> str:
    text = _ENDS[tongue].get(story.disposition, "") if story.ended else ""
    return (
        _TEXTS[tongue]["ended"].format(text.format(story.agent or ("坐席" if tongue == "zh" else "an agent"))) if text else ""
    )


def _listed(frame: str, items: Sequence[str], joint: str) -> str:
    return frame.format(joint.join(items)) if items else ""
