"""Chinese dates: 后天, 大后天, 下周三, 本月十五号, 三月二十三号, 二零二六年三月二十三日, 三天后, 月底. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ivr.dialplan.slots import days, zh_numbers
from ivr.dialplan.slots.said import About, Found

_N = r"(?:\d{1,2}|[零〇一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
_YEAR = r"(?:(?P<year>\d{2,4}|[零〇一二三四五六七八九]{2,4})年|(?P<near_year>今年|明年|后年|去年|前年))"
_MONTH = rf"(?:(?P<month>{_N})月份?|(?P<near_month>本月|这个?月|当月|下下个?月|下个?月|上个?月))"
_DAY = rf"(?P<day>{_N}|零[一二三四五六七八九])(?:[号日]|(?![\d零一二三四五六七八九十百千万点块元个分:]))"
_CALENDAR = re.compile(rf"{_YEAR}?的?{_MONTH}的?{_DAY}")
_END_OF_MONTH = re.compile(
    rf"(?:(?P<near_month>本月|这个?月|下下个?月|下个?月|上个?月)|(?P<month>{_N})(?=月))?的?"
    r"(?P<edge>月底|月初|底(?=$|[之以前,。 ])|最后一天)"
)
_DAY_ALONE = re.compile(rf"(?<![月份零一二三四五六七八九十])(?P<day>{_N})[号日](?!线|楼|店|院|门)")
_NEAR = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "昨日": -1,
    "昨儿": -1,
    "昨晚": -1,
    "今天": 0,
    "今日": 0,
    "今儿": 0,
    "今早": 0,
    "今晚": 0,
    "当天": 0,
}
_NEAR |= {"明天": 1, "明日": 1, "明儿": 1, "明早": 1, "明晚": 1, "后天": 2, "后儿": 2, "大后天": 3}
_NEAR_DAY = re.compile("|".join(sorted(_NEAR, key=len, reverse=True)))
_WEEKDAY = re.compile(
    r"(?P<week>(?:上上|下下|上|下|这|本|当)?个?)(?:周|星期|礼拜)(?P<day>[一二三四五六日天末]|[1-7](?!\d))|(?P<next>下)?(?P<end>周末)"
)
_YEAR_EDGE = re.compile(
    r"(?:(?P<near_year>今年|明年|去年)|(?P<year>[零〇一二三四五六七八九]{4}|\d{4})(?=年))?的?(?P<edge>年底|年末|年初)"
)
_SPAN = re.compile(
    rf"(?P<more>再?过)?(?P<count>{_N}|半|几)个?(?P<unit>天|日|周|星期|礼拜|月|年)(?P<way>之?以?后|之?以?前|之内|内)?"
)
_HOLIDAYS = {
    "元旦": "new_year",
    "五一": "labour",
    "劳动节": "labour",
    "六一": "children",
    "儿童节": "children",
    "国庆": "national",
}
_HOLIDAYS |= {"圣诞": "christmas", "平安夜": "christmas_eve"}
_HOLIDAY = re.compile(
    r"(?P<year>今年|明年|去年)?的?(?P<name>元旦|五一(?![零一二三四五六七八九])|劳动节|六一|儿童节|国庆|圣诞|平安夜)(?:节|那天|当天)*"
)
_ROW = re.compile(
    r"(?<![\d.])(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}/\d{1,2}|\d{8}|\d{6}|\d{4})(?![\d.])|[零〇一二三四五六七八九幺]{8}|[零〇一幺][零〇一二三四五六七八九幺]{3}(?![零〇一二三四五六七八九幺])"
)
_MONTHS = {"上": -1, "本": 0, "这": 0, "当": 0, "下": 1}
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2}
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}


def find(text: str, about: About) -> Iterator[tuple[date, Found]]:
    """Every date that a plain Chinese text names."""
    today = about.now.date()
    for pattern, read in _READERS:
        for found in pattern.finditer(text):
            read_day = read(found, today, about.past)
            if read_day is not None:
                day, sure = read_day
                yield day, Found(day.isoformat(), found.start(), found.end(), sure)


def day_alone(text: str) -> int | None:
    """The day of the month where a plain text is nothing else: 二十六号."""
    found = _DAY_ALONE.fullmatch(text.strip(" ,.。!了吧啊"))
    return None if found is None else _number(found["day"])


Read = tuple[date, float] | None


def _calendar(found: re.Match[str], today: date, past: bool) -> Read:
    day = _number(found["day"])
    if found["near_month"]:
        month = _near_month(today, found["near_month"])
        return _sure(None if month is None else days.of(month.year, month.month, day))
    month_number = _number(found["month"])
    if found["year"]:
        return _sure(days.of(_year(found["year"]), month_number, day))
    if found["near_year"]:
        return _sure(days.of(today.year + _YEARS[found["near_year"]], month_number, day))
    return _sure(days.yearless(today, month_number, day, past))


def _year(text: str) -> int:
    number = int(zh_numbers.row(text))
    if len(text) > 2:
        return number
    return 2000 + number if number < 50 else 1900 + number


def _near_month(today: date, text: str) -> date | None:
    months = 2 if text.startswith("下下") else _MONTHS[text[0]]
    return days.months_on(today.replace(day=1), months)


def _end_of_month(found: re.Match[str], today: date, past: bool) -> Read:
    if found["edge"] == "底" and not found["near_month"]:
        return None
    month: date | None = today.replace(day=1)
    if found["near_month"]:
        month = _near_month(today, found["near_month"])
    elif found["month"]:
        last = days.last_of(today.year, _number(found["month"])) if found["edge"] != "月初" else 1
        return _sure(days.yearless(today, _number(found["month"]), last, past), 0.9)
    if month is None:
        return None
    return _sure(month if found["edge"] == "月初" else month.replace(day=days.last_of(month.year, month.month)), 0.9)


def _year_edge(found: re.Match[str], today: date, past: bool) -> Read:
    """ "年底" is the last day of the year, "明年年初" the first of the next one."""
    year = _year(found["year"]) if found["year"] else today.year + _YEARS[found["near_year"] or "今年"]
    return _sure(days.of(year, 1, 1) if found["edge"] == "年初" else days.of(year, 12, 31), 0.9)


def _day_alone(found: re.Match[str], today: date, past: bool) -> Read:
    return _sure(days.monthless(today, _number(found["day"]), past), 0.9)


def _near_day(found: re.Match[str], today: date, past: bool) -> Read:
    return _sure(days.shifted(today, _NEAR[found[0]]))


def _weekday(found: re.Match[str], today: date, past: bool) -> Read:
    if found["end"]:
        return _sure(days.weekday(today, 6, 1 if found["next"] else None, past), 0.6)
    weeks = _WEEKS.get(found["week"].removesuffix("个"))
    name = found["day"]
    if name == "末":
        return _sure(days.weekday(today, 6, weeks, past), 0.6)
    number = 7 if name in "日天7" else int(name) if name.isdecimal() else "一二三四五六".index(name) + 1
    return _sure(days.weekday(today, number, weeks, past), 1.0 if weeks is not None else 0.9)


def _span(found: re.Match[str], today: date, past: bool) -> Read:
    way = found["way"] or ""
    if found["count"] == "半" and found["unit"] == "月" and way and not way.endswith("内"):
        return _sure(days.shifted(today, -15 if way.endswith("前") else 15), 0.8)
    if found["count"] in ("几", "半") or way.endswith("内") or not (way or (found["more"] and found["unit"] != "日")):
        return None
    if found["unit"] == "月" and "个" not in found[0]:
        return None
    count = _number(found["count"]) * (-1 if way.endswith("前") else 1)
    match found["unit"]:
        case "月":
            return _sure(days.months_on(today, count))
        case "年":
            return _sure(days.months_on(today, 12 * count))
        case "周" | "星期" | "礼拜":
            return _sure(days.shifted(today, 7 * count))
    return _sure(days.shifted(today, count))


def _holiday(found: re.Match[str], today: date, past: bool) -> Read:
    month, day = days.FIXED_DAYS[_HOLIDAYS[found["name"]]]
    if found["year"]:
        return _sure(days.of(today.year + _YEARS[found["year"]], month, day))
    return _sure(days.yearless(today, month, day, past), 0.9)


def _row(found: re.Match[str], today: date, past: bool) -> Read:
    text = found[0]
    parts = re.split(r"[-/.]", text)
    if len(parts) == 3:
        return _sure(days.of(*(int(part) for part in parts)))
    if len(parts) == 2:
        return _sure(days.yearless(today, int(parts[0]), int(parts[1]), past), 0.9)
    return _sure(days.written(zh_numbers.row(text), today, past), 0.8)


_READERS = (
    (_CALENDAR, _calendar),
    (_END_OF_MONTH, _end_of_month),
    (_YEAR_EDGE, _year_edge),
    (_DAY_ALONE, _day_alone),
    (_NEAR_DAY, _near_day),
    (_WEEKDAY, _weekday),
    (_SPAN, _span),
    (_HOLIDAY, _holiday),
    (_ROW, _row),
)


def _number(text: str) -> int:
    found = zh_numbers.value(text)
    return 0 if found is None else int(found)


def _sure(day: date | None, sure: float = 1.0) -> Read:
    return None if day is None else (day, sure)
