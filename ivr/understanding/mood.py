"""Whether a caller is angry, by words alone. Pure: no model, no voice; well under a millisecond.

Each word that angry people say has a weight; a swear word is enough by itself, a complaint needs company: a second one, an
intensifier before it, or the same thing said over and over. What is denied ("我不是生气", "I'm not angry") counts for nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

ANGRY = "angry"
ENOUGH = 1.0
"""The sum of weights that makes a caller angry."""
LONGEST = 500
"""Characters that are looked at."""

_WEIGHTS: Mapping[str, Mapping[float, Sequence[str]]] = {
    "zh": {
        1.0: (
            *(
                "气死",
                "气炸",
                "火大",
                "发火",
                "愤怒",
                "恼火",
                "忍无可忍",
                "受够了",
                "欺人太甚",
                "太过分",
                "岂有此理",
                "骗子",
                "骗人",
                "坑人",
            ),
            *(
                "坑钱",
                "垃圾",
                "混蛋",
                "王八蛋",
                "他妈",
                "妈的",
                "狗屁",
                "放屁",
                "滚",
                "傻逼",
                "脑残",
                "废物",
                "去死",
                "什么破",
                "破公司",
            ),
            *(
                "什么玩意",
                "什么东西",
                "什么态度",
                "什么服务",
                "有病",
                "不要脸",
                "黑心",
                "无耻",
                "不讲理",
                "曝光你们",
                "告你们",
                "起诉",
            ),
        ),
        0.6: (
            "生气",
            "投诉你们",
            "差劲",
            "太差",
            "糟糕",
            "恶心",
            "烦死",
            "烦人",
            "离谱",
            "过分",
            "敷衍",
            "推卸",
            "推来推去",
            "踢皮球",
            "浪费时间",
        ),
        0.4: (
            "不满",
            "失望",
            "没人管",
            "没人理",
            "等了半天",
            "打了好几次",
            "说了多少遍",
            "到底",
            "凭什么",
            "怎么回事",
            "搞什么",
            "投诉",
            "第几次",
        ),
    },
    "en": {
        1.0: (
            *(
                "furious",
                "outrageous",
                "outraged",
                "livid",
                "pissed",
                "fed up",
                "sick and tired",
                "had enough",
                "bullshit",
                "bloody hell",
            ),
            *(
                "fuck",
                "fucking",
                "damn it",
                "goddamn",
                "asshole",
                "idiot",
                "idiots",
                "useless",
                "rip off",
                "ripped off",
                "scam",
                "crooks",
            ),
            *(
                "shut up",
                "how dare you",
                "sue you",
                "my lawyer",
                "worst service",
                "pathetic",
                "screw you",
                "crap",
                "disgusting",
            ),
        ),
        0.6: (
            "angry",
            "ridiculous",
            "unacceptable",
            "terrible",
            "awful",
            "horrible",
            "a joke",
            "waste of time",
            "wasting my time",
            "annoyed",
        ),
        0.4: (
            *(
                "disappointed",
                "frustrated",
                "frustrating",
                "upset",
                "complain",
                "complaint",
                "still waiting",
                "nobody",
                "third time",
            ),
            *("how many times", "over and over", "what the hell", "stupid", "again and again", "hours"),
        ),
    },
}
_STRONGER = {
    "zh": re.compile(r"(?:太|真|非常|特别|十分|简直|实在|极其|超级|这么|好)\Z"),
    "en": re.compile(r"\b(?:so|very|really|absolutely|completely|totally|extremely|such|this is|damn)\s+(?:an?\s+)?\Z"),
}
_DENIED = {
    "zh": re.compile(r"(?:不是|没有|没|不|并不|别|不用|不想|不会)(?:很|太|那么|在|想|要)?\Z"),
    "en": re.compile(r"\b(?:not|n't|never|no|without|isn't|wasn't|don't|didn't)\s+(?:\w+\s+){0,2}\Z"),
}
_STRONG = 1.5
"""What an intensifier makes of a weight."""
_SHOUTED = 0.2
"""What exclamation marks, or repeats of the same words, add to words that already weigh something."""
_REPEATED = re.compile(r"(.{2,12}?)[\s,.!。，！]*\1[\s,.!。，！]*\1")


def mood(text: str, language: str) -> str:
    """Return "angry" where the words are those of an angry caller, else ""; "" in languages without a word list."""
    words = _COMPILED.get(language)
    if words is None:
        return ""
    said = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()[:LONGEST]
    weight, seen = 0.0, set()
    for found in words.finditer(said):
        word = found[0]
        if word in seen or _DENIED[language].search(said[max(0, found.start() - 24) : found.start()]):
            continue
        seen.add(word)
        strong = _STRONGER[language].search(said[max(0, found.start() - 24) : found.start()])
        weight += _WEIGHT[language][word] * (_STRONG if strong else 1.0)
    if weight and ("!!" in said or _REPEATED.search(said)):
        weight += _SHOUTED
    return ANGRY if weight >= ENOUGH - 1e-9 else ""


_WEIGHT = {
    language: {word: weight for weight, words in by_weight.items() for word in words}
    for language, by_weight in _WEIGHTS.items()
}
_COMPILED = {
    language: re.compile(
        "|".join(
            rf"\b{re.escape(word)}\b" if language == "en" else re.escape(word)
            for word in sorted(weights, key=lambda one: -len(one))
        )
    )
    for language, weights in _WEIGHT.items()
}
