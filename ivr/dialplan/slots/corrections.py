"""What a caller takes back and what is meant instead: "不是 A 是 B", "不对，是 B", "no, I meant B", "A, no sorry, B". Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ZH_MEANT = r"(?:应该|其实|而)?(?:是|要|改成|换成|改为)(?!不)"
_ZH = (
    re.compile(rf"[,。\s]*(?:不是|不要|别)(?P<old>[^,。;]+)[,。;\s]+(?:{_ZH_MEANT})?(?P<new>.+)"),
    re.compile(rf"(?P<before>.*?)(?:不是|不要|别)(?P<old>.+?)[\s,。;]*{_ZH_MEANT}(?P<new>.+)"),
    re.compile(
        rf"(?P<old>.*?)(?:[啊哦呃嗯]?[,。\s]*(?:不对|错了|说错了|搞错了|弄错了|不不|哦不|噢不|不好意思|等等)[了啊呀]?[,。!\s]*)+"
        rf"(?:{_ZH_MEANT}|我说的是|我是说)?(?P<new>.+)"
    ),
    re.compile(rf"[,。\s]*(?:不是的?|不)[,。!\s]+(?:{_ZH_MEANT})?(?P<new>.+)"),
    re.compile(r"(?P<old>.*?)(?:我的意思是|我是说|我说的是|应该是|改成|换成|改为|改到)(?P<new>.+)"),
    re.compile(r"(?P<new>[^,。\s]+?)[,。\s]*(?:而)?不是(?P<old>.+)"),
)
_EN_MEANT = r"(?:(?:it|that)(?:'s| is| should be)|i (?:meant?|said|want(?:ed)?)|make (?:it|that)|rather|actually|but|should be)"
_EN = (
    re.compile(rf"(?:no\W+)?(?:it's |that's |i said )?not (?P<old>[^,.;]+)[,.;]\s*(?:{_EN_MEANT}\s+)?(?P<new>.+)"),
    re.compile(rf"(?:no\W+)?(?:it's |that's |i said )?not (?P<old>.+?)[\s,.;]+{_EN_MEANT}\s+(?P<new>.+)"),
    re.compile(
        r"(?P<old>.*?)\W*\b(?:no|nope|wrong|incorrect|scratch that|sorry|wait|oops|correction)\b"
        rf"(?:\W+(?:no|sorry|wait|that's wrong|not that))*\W+(?:{_EN_MEANT}\s+)*(?P<new>.+)"
    ),
    re.compile(
        r"(?P<old>.*?)\W*\b(?:i mean|i meant|actually|or rather|make (?:it|that)|change (?:it|that) to|should be)\s+"
        r"(?P<new>.+)"
    ),
    re.compile(r"(?P<new>[^,.;]+?)\W*\bnot (?P<old>.+)"),
)


@dataclass(frozen=True, slots=True)
class Correction:
    """What an utterance takes back, and what it puts in its place."""

    old: str
    """"" where nothing is named."""
    new: str
    new_at: int
    """Where `new` begins in the plain text."""


def corrections(text: str, language: str) -> tuple[Correction, ...]:
    """The ways in which a plain text may be a correction, the likeliest first; none where it is none."""
    found = []
    for pattern in _ZH if language == "zh" else _EN:
        match = pattern.match(text)
        if match is not None and match["new"].strip(" ,.。!"):
            old = match.groupdict().get("old") or ""
            found.append(Correction(old.strip(" ,.。!"), match["new"], match.start("new")))
    return tuple(found)


def is_denial(text: str, language: str) -> bool:
    """Whether a text begins by denying what was read back, whatever follows."""
    return bool((_ZH_DENIAL if language == "zh" else _EN_DENIAL).match(text))


_ZH_DENIAL = re.compile(r"[\s,。嗯呃啊]*(?:不|错|没|否)")
_EN_DENIAL = re.compile(r"\W*(?:no|not|nope|wrong|incorrect|that's (?:not|wrong))\b")
