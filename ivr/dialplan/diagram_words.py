"""The words of a diagram in Chinese and English, and how wide they are. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

KINDS: Mapping[str, tuple[str, str]] = {
    "ask": ("提问", "asks"),
    "bridge": ("连接", "bridges to"),
    "call": ("子流程", "calls flow"),
    "callback": ("预约回电", "callback"),
    "collect": ("收集", "collects"),
    "enqueue": ("排队", "queue"),
    "handover": ("转交", "hands over"),
    "http": ("请求", "requests"),
    "lookup": ("查询", "looks up"),
    "menu": ("菜单", "menu"),
    "notify": ("通知", "notifies"),
    "park": ("驻留", "parks"),
    "play": ("播放", "plays"),
    "return": ("返回", "returns"),
    "say": ("播报", "says"),
    "survey": ("满意度", "survey"),
    "ticket": ("工单", "ticket"),
    "transfer": ("转接", "transfers to"),
    "voicemail": ("留言", "voicemail"),
    "wait": ("等待", "waits"),
}
EDGES: Mapping[str, tuple[str, str]] = {
    "agent": ("人工", "agent"),
    "angry": ("生气", "angry"),
    "busy": ("忙", "busy"),
    "closed": ("下班", "closed"),
    "done": ("完成", "done"),
    "empty": ("空", "empty"),
    "error": ("出错", "error"),
    "failed": ("失败", "failed"),
    "found": ("查到", "found"),
    "full": ("已满", "full"),
    "hangup": ("挂机", "hangs up"),
    "no": ("否", "no"),
    "no_agents": ("无坐席", "no agents"),
    "no_answer": ("无人接听", "no answer"),
    "no_input": ("没出声", "silence"),
    "no_match": ("没听懂", "not understood"),
    "not_found": ("没查到", "not found"),
    "otherwise": ("其他", "else"),
    "served": ("已服务", "served"),
    "tense": ("不满", "tense"),
    "timeout": ("超时", "timeout"),
    "yes": ("是", "yes"),
}
OTHER: Mapping[str, tuple[str, str]] = {
    "inherited": ("所有状态继承", "Inherited by every state"),
    "computed": ("由计算决定", "computed"),
    "hangs_up": ("挂机", "hangs up"),
    "now": ("当前", "now"),
    "today": ("今日", "today"),
    "gave_up": ("放弃", "gave up"),
    "tries": ("次", "tries"),
    "passes": ("直接", "passes on"),
}


def word(table: Mapping[str, tuple[str, str]], name: str, language: str) -> str:
    """A word in Chinese for `zh`, else in English; `name` itself where the table has none."""
    found = table.get(name)
    return name if found is None else found[0] if language == "zh" else found[1]


def width(text: str, size: float) -> float:
    """About how wide a sans-serif text is, in the unit of `size`, the height of its letters."""
    return sum(_advance(char) for char in text) * size


def _advance(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if unicodedata.combining(char):
        return 0.0
    return 0.36 if char in "iljt.,:;'|!()[]{} -" else 0.9 if char in "mwMW@%" else 0.68 if char.isupper() else 0.6


def clipped(text: str, size: float, most: float) -> str:
    """The text in one line, cut with an ellipsis where it is wider than `most`."""
    text = " ".join(text[:400].split())
    if width(text, size) <= most:
        return text
    room = most - size
    for end, char in enumerate(text):
        room -= _advance(char) * size
        if room < 0:
            return text[:end].rstrip() + "…"
    return text
