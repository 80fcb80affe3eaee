"""What random callers say and press: right words, nearly right ones, numbers, times, and noise. Pure; dice are handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ivr.dialplan.events import Phrase
from ivr.dialplan.model import KEYS

Choose = Callable[[int], int]
"""A die: a number from 0 to one below what it is given, which is 1 or more."""

VALUES = (
    *(
        "是的",
        "不是",
        "不是 A 是 B",
        "一二三四",
        "幺三八零零一三八零零零",
        "两百五",
        "一百二十八块五",
        "后天上午",
        "明天下午三点半",
    ),
    *("十二月二十五号", "京A12345", "第二个", "yes", "no", "four two", "one hundred twenty eight fifty", "tomorrow at three"),
    *("the second one", "next Monday morning", "double eight six one", "0", "-1", "99999999999999999999", "12:60", "2月30号"),
)
NOISE = (
    *(
        "…",
        "。。。",
        "   ",
        "啊",
        "嗯那个我就是想问一下呃",
        "天气怎么样",
        "what is the meaning of life",
        "asdf jkl",
        "{profile.name}",
    ),
    *("😀", "\u202e反向", "a" * 300, "查" * 200, "' or 1=1 --", "<script>", "null", "%s", "١٢٣"),
)


def speech(phrases: Sequence[Phrase], choose: Choose) -> str:
    """Something a caller may say where `phrases` are listened for."""
    if phrases and choose(4):
        text = phrases[choose(len(phrases))].text
        return near(text, choose) if choose(3) == 0 else text
    pool = VALUES if choose(2) else NOISE
    return pool[choose(len(pool))]


def near(text: str, choose: Choose) -> str:
    """Almost the same: a letter lost, doubled or moved, or words around it."""
    at = choose(len(text)) if text else 0
    match choose(5):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[: at + 1] + text[at:]
        case 2:
            return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
        case 3:
            return f"嗯那个我{text}吧"
        case _:
            return f"um I {text} please"


def key_press(choose: Choose) -> str:
    """One key mostly, else a number."""
    if choose(3):
        return KEYS[choose(len(KEYS))]
    length = (4, 6, 8, 11, 33)[choose(5)]
    number = "".join(KEYS[choose(10)] for _ in range(length))
    return number + ("#" if choose(2) else "")
