"""Takes private numbers out of what was said, keyed or written, by rule: cards, identity numbers, telephones, codes. Pure.

A thousand characters cost one to four milliseconds; `MOST` are looked at, and a longer text is cut. Digits are found however
they are said (`digits_said`), and over several turns where those are joined by `JOINT`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.understanding.digits_said import runs
from ivr.understanding.numbers_of import NONE, Hints, hints_near, hints_of, in_run
from ivr.understanding.own_patterns import OwnPattern

MOST = 8000
"""Characters of one text that are kept; what is beyond them is cut off."""
JOINT = "\n"
"""Stands between turns that are looked at together."""
KINDS = ("card", "id", "phone", "code", "account", "email", "plate")
DEFAULTS: Mapping[str, str] = {
    "card": "mask",
    "id": "mask",
    "phone": "last4",
    "code": "mask",
    "account": "last4",
    "email": "mask",
    "plate": "off",
}
_MODE = re.compile(r"mask|off|last([1-8])")
_DEPTH = 6

LABELS: Mapping[str, Mapping[str, str]] = {
    "card": {"zh": "卡号", "en": "card"},
    "id": {"zh": "身份证号", "en": "id"},
    "phone": {"zh": "电话", "en": "phone"},
    "code": {"zh": "验证码", "en": "code"},
    "account": {"zh": "账号", "en": "account"},
    "email": {"zh": "邮箱", "en": "email"},
    "plate": {"zh": "车牌", "en": "plate"},
    "secret": {"zh": "保密", "en": "secret"},
}
_KEPT = {"zh": "[{} 尾号{}]", "en": "[{} ending {}]"}

_WRITTEN_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_SPOKEN_MAIL = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z0-9]{1,32}(?: (?:dot|underscore|dash|minus|点|下划线) [A-Za-z0-9]{1,32}){0,4}"
    r" ?(?:at|艾特|圈a) ?[A-Za-z0-9]{1,32}(?: ?(?:dot|点) ?[A-Za-z]{2,12}){1,3}(?![A-Za-z])",
    re.IGNORECASE,
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼] ?[A-HJ-NP-Z] ?[·.]? ?(?:[A-HJ-NP-Z0-9] ?){5,6}"
)
_ANYTHING = re.compile(
    r"[0-9０-９@零〇○洞一幺二两三四五六七八九壹贰叁肆伍陆柒捌玖]|艾特|圈a"
    r"|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,5}teen|\w{3,5}ty|at)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is taken out, and how."""

    modes: Mapping[str, str] = field(default_factory=lambda: DEFAULTS)
    """Kind to `mask`, `off`, or `last4`: the last one to eight characters stay."""
    patterns: Sequence[OwnPattern] = ()
    """What a house looks for besides."""

    def mode(self, kind: str) -> str:
        return self.modes.get(kind, "mask")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something private, at `start` to `end` of the text."""

    kind: str
    start: int
    end: int
    value: str
    """Its digits, or the words."""


def is_mode(text: str) -> bool:
    return _MODE.fullmatch(text) is not None


def find(text: str, rules: Rules, hints: Hints = NONE, secrets: Sequence[str] = ()) -> tuple[Hit, ...]:
    """Everything private in `text`, in order, without overlaps; never raises.

    `hints` says what was asked for: a row of six digits is a code where a code was asked. `secrets` are values that must not
    be shown whatever they look like, such as the PIN that is read back.
    """
    text = text[:MOST]
    found: list[Hit] = []
    if _ANYTHING.search(text) is not None:
        for run in runs(text):
            near = hints_near(text, run.start, run.end) if len(run.items) > 2 else NONE
            for kind, first, last in in_run(run, hints | near, secrets):
                items = run.items[first:last]
                plus = kind == "phone" and first == 0 and text[items[0].start - 1 : items[0].start] == "+"
                found.append(Hit(kind, items[0].start - plus, items[-1].end, "".join(one.value for one in items)))
        for kind, pattern in (("email", _WRITTEN_MAIL), ("email", _SPOKEN_MAIL), ("plate", _PLATE)):
            if rules.mode(kind) != "off":
                found += (Hit(kind, one.start(), one.end(), one[0].strip()) for one in pattern.finditer(text))
    for own in rules.patterns:
        found += (Hit(own.name, start, end, text[start:end]) for start, end in own.find(text))
    return _apart([hit for hit in found if rules.mode(hit.kind) != "off"])


def _apart(found: list[Hit]) -> tuple[Hit, ...]:
    """In order, the longer one where two overlap."""
    kept: list[Hit] = []
    for hit in sorted(found, key=lambda one: (one.start, one.start - one.end)):
        if kept and hit.start < kept[-1].end:
            if hit.end - hit.start > kept[-1].end - kept[-1].start:
                kept[-1] = hit
        else:
            kept.append(hit)
    return tuple(kept)


def mask_of(hit: Hit, rules: Rules, language: str) -> str:
    """What stands in place of a hit: `[card]`, `[卡号]`, `[phone ending 1234]`."""
    tongue = "zh" if language.startswith("zh") else "en"
    label = LABELS.get(hit.kind, {}).get(tongue, hit.kind)
    kept = _MODE.fullmatch(rules.mode(hit.kind))
    count = int(kept[1]) if kept is not None and kept[1] else 0
    return _KEPT[tongue].format(label, hit.value[-count:]) if 0 < count < len(hit.value) else f"[{label}]"


def masked(text: str, hits: Sequence[Hit], rules: Rules, language: str) -> str:
    """`text` with every hit replaced."""
    text, pieces, at = text[:MOST], list[str](), 0
    for hit in hits:
        pieces += (text[at : hit.start], mask_of(hit, rules, language))
        at = hit.end
    return "".join((*pieces, text[at:]))


def redact(text: str, rules: Rules, language: str = "", hints: Hints = NONE, secrets: Sequence[str] = ()) -> str:
    """`text` without what is private."""
    return masked(text, find(text, rules, hints, secrets), rules, language)


def redact_data(data: Any, rules: Rules, language: str = "", hints: Hints = NONE, secrets: Sequence[str] = ()) -> Any:
    """Plain data without what is private, at most six levels deep; the names of keys tell what a value is ("otp": "123456")."""
    return _walked(data, rules, language, hints, secrets, 0)


def _walked(data: Any, rules: Rules, language: str, hints: Hints, secrets: Sequence[str], depth: int) -> Any:
    if isinstance(data, str):
        return redact(data, rules, language, hints, secrets)
    if data is None or isinstance(data, bool | float):
        return data
    if isinstance(data, int):
        told = redact(str(data), rules, language, hints, secrets)
        return data if told == str(data) else told
    if depth == _DEPTH:
        return "…"
    if isinstance(data, Mapping):
        return {
            key: _walked(value, rules, language, hints | hints_of(str(key).replace("_", " ")), secrets, depth + 1)
            for key, value in data.items()
        }
    if isinstance(data, list | tuple):
        return [_walked(one, rules, language, hints, secrets, depth + 1) for one in data]
    return data
