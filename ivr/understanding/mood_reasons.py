"""Why a mood is what it is, in words for people. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TEXTS: Mapping[str, tuple[str, str]] = {
    "said": ("说了“{0}”", "said “{0}”"),
    "wording": ("措辞像是不满", "words of a displeased caller"),
    "louder": ("比开始时大声 {0} 分贝", "louder by {0} dB than at first"),
    "higher": ("声音比开始时高 {0} 个半音", "voice higher by {0} semitones than at first"),
    "faster": ("语速比开始时快 {0}%", "speaks {0} % faster than at first"),
    "person": ("{0} 次要求人工", "asked for a person {0} times"),
    "chant": ("一口气要了 {0} 次人工", "asked for a person {0} times in one breath"),
    "repeated": ("同样的话说了 {0} 遍", "said the same {0} times"),
    "keys": ("连按“{0}”", "pressed {0}"),
    "over": ("连续 {0} 次打断提示音", "spoke over {0} prompts in a row"),
    "silent": ("连续 {0} 次没有回答", "gave no answer {0} times in a row"),
}
"""Code to how it is said in Chinese and in English."""
CODES = frozenset(_TEXTS)
LONGEST = 40
"""Characters of a value."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that counted."""

    code: str
    """One of CODES."""
    value: str = ""
    """The word, number or keys that it speaks of."""

    def to_dict(self) -> dict[str, Any]:
        """`{code, value, zh, en}`: what pages, records and interfaces show."""
        chinese, english = _TEXTS[self.code]
        return {"code": self.code, "value": self.value, "zh": chinese.format(self.value), "en": english.format(self.value)}


def reason(code: str, value: str | float = "") -> Reason:
    """A reason whose number is rounded and whose text is bounded."""
    return Reason(code, str(round(value) if isinstance(value, float) else value)[:LONGEST])
