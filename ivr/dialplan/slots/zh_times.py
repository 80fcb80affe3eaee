"""Chinese times of the day: 下午三点半, 差五分三点, 中午, 晚上十二点, 十五点三十, 半小时后, 后天上午's 上午. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ivr.dialplan.slots import zh_numbers
from ivr.dialplan.slots.clock import Moment, Part, clock_time, moment_in, part_of_day
from ivr.dialplan.slots.said import About, Found, without

_N = r"(?:\d{1,2}|[二两三四五]?十[一二三四五六七八九]?|零?[零〇一二两三四五六七八九])"
_PART = (
    r"凌晨|清晨|早晨|早上|今早|明早|早(?=[一二两三四五六七八九十\d])|上午|中午|正午|下午|午后|傍晚|"
    r"晚上|晚间|夜里|夜晚|半夜|深夜|今晚|明晚|昨晚|午夜|晚(?=[一二两三四五六七八九十\d])"
)
_TIME = re.compile(
    rf"(?P<part>{_PART})?(?:的)?(?:差(?P<short>{_N}|一刻)分?钟?(?:到|就)?)?(?P<hour>{_N})(?:点钟?|时(?!间)|:)"
    rf"(?:(?P<half>半)|(?P<quarter>[一三]刻)|过?(?P<minute>{_N})分?(?![个块元天月号])|差(?P<less>{_N}|一刻)分?)?(?:整|钟)?"
)
_PART_ALONE = re.compile(_PART)
_LATER = re.compile(
    rf"(?:再?过)?(?:(?P<half>半)个?|(?P<count>{_N})个?(?P<and>半)?)(?P<unit>小时|钟头|分钟|刻钟)(?P<more>半)?(?P<way>之?以?后|之?以?前)"
)
_IDIOM = re.compile(r"(?<=[有快早晚慢大小宜好多少了])一点(?!钟|半|[\d零一二三四五六七八九十])")
_NOW = re.compile(r"刚才|刚刚|现在|马上|立刻|此刻")
_PARTS: dict[str, Part] = {
    "凌晨": Part.NIGHT,
    "半夜": Part.NIGHT,
    "深夜": Part.NIGHT,
    "夜里": Part.NIGHT,
    "午夜": Part.MIDNIGHT,
    "清晨": Part.EARLY,
    "早晨": Part.EARLY,
    "早上": Part.EARLY,
    "今早": Part.EARLY,
    "明早": Part.EARLY,
    "早": Part.EARLY,
    "上午": Part.MORNING,
    "中午": Part.NOON,
    "正午": Part.NOON,
    "下午": Part.AFTERNOON,
    "午后": Part.AFTERNOON,
    "傍晚": Part.EVENING,
    "晚上": Part.EVENING,
    "晚间": Part.EVENING,
    "夜晚": Part.EVENING,
    "今晚": Part.EVENING,
    "明晚": Part.EVENING,
    "昨晚": Part.EVENING,
    "晚": Part.EVENING,
}


def find(text: str, about: About) -> Iterator[tuple[Moment, Found]]:
    """Every time of the day, part of it, or span from now that a plain Chinese text names."""
    rest = without(text, _IDIOM)
    for pattern, read in ((_LATER, _later), (_NOW, _now), (_TIME, _time), (_PART_ALONE, _part)):
        for found in pattern.finditer(rest):
            moment = read(found, about)
            if moment is not None:
                yield moment, Found(moment.text, found.start(), found.end(), moment.sure)
        rest = pattern.sub(lambda found: "#" * len(found[0]), rest)


def _time(found: re.Match[str], about: About) -> Moment | None:
    hour, minute = _number(found["hour"]), 0
    if found["half"]:
        minute = 30
    elif found["quarter"]:
        minute = 15 if found["quarter"] == "一刻" else 45
    elif found["minute"]:
        minute = _number(found["minute"])
    short = found["short"] or found["less"]
    if short:
        minute = -(15 if short == "一刻" else _number(short))
    part = _PARTS.get(found["part"] or "")
    exact = len(found["hour"]) == 2 and found["hour"].isdecimal() and found["hour"].startswith("0")
    return clock_time(hour, minute, part, certain=exact)


def _part(found: re.Match[str], about: About) -> Moment | None:
    return part_of_day(_PARTS[found[0]])


def _later(found: re.Match[str], about: About) -> Moment | None:
    unit = {"分钟": 1, "刻钟": 15}.get(found["unit"], 60)
    count = 0.5 if found["half"] else _number(found["count"]) + (0.5 if found["and"] or found["more"] else 0)
    minutes = round(count * unit)
    return moment_in(about.now, -minutes if found["way"].endswith("前") else minutes)


def _now(found: re.Match[str], about: About) -> Moment | None:
    return moment_in(about.now, 0, 0.8)


def _number(text: str) -> int:
    found = zh_numbers.value(text)
    return 99 if found is None else int(found)
