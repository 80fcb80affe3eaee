"""English times of the day: "half past three", "ten to four", "three thirty pm", "noon", "in half an hour". Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ivr.dialplan.slots.clock import Moment, Part, clock_time, moment_in, part_of_day
from ivr.dialplan.slots.en_numbers import number_at, under_hundred
from ivr.dialplan.slots.said import About, Found, Word

_PARTS = {
    "morning": Part.MORNING,
    "afternoon": Part.AFTERNOON,
    "evening": Part.EVENING,
    "night": Part.EVENING,
    "tonight": Part.EVENING,
}
_PAST = frozenset({"past", "after"})
_TO = frozenset({"to", "before", "till"})
_LEADS = frozenset({"between", "to", "and", "till", "at", "by", "around", "about", "before", "after", "from", "until"})

Clock = tuple[int, int, int]
"""Hour, minute, index of the word after them."""
Read = tuple[Moment, int] | None


def find(words: list[Word], about: About) -> Iterator[tuple[Moment, Found]]:
    """Every time of the day, part of it, or span from now that an English text names."""
    part = next((_PARTS[word.text] for word in words if word.text in _PARTS), None)
    at, timed, alone = 0, False, None
    while at < len(words):
        found = _later(words, at, about) or _named(words, at) or _clock(words, at, part)
        if found is None:
            if words[at].text in _PARTS:
                alone = at
            at += 1
            continue
        moment, after = found
        timed = True
        yield moment, Found(moment.text, words[at].start, words[after - 1].end, moment.sure)
        at = after
    if not timed and alone is not None:
        moment = part_of_day(_PARTS[words[alone].text])
        yield moment, Found(moment.text, words[alone].start, words[alone].end, moment.sure)


def _named(words: Sequence[Word], at: int) -> Read:
    match _text(words, at):
        case "noon" | "midday":
            return part_of_day(Part.NOON), at + 1
        case "midnight":
            return part_of_day(Part.MIDNIGHT), at + 1
    return None


def _later(words: Sequence[Word], at: int, about: About) -> Read:
    """ "in twenty minutes", "half an hour ago", "two hours from now", "just now"."""
    if _text(words, at) == "now" or (_text(words, at) in ("right", "just") and _text(words, at + 1) == "now"):
        moment = moment_in(about.now, 0, 0.8)
        return None if moment is None else (moment, at + 1 + (words[at].text != "now"))
    ahead = _text(words, at) == "in"
    start = at + ahead
    if _text(words, start) in ("a", "an") and _text(words, start + 1) in ("hour", "minute"):
        count, after = 1.0, start + 1
    else:
        number = number_at(words, start)
        if number is None or not 0 <= number.value <= 10_000:
            return None
        count, after = float(number.value), number.after
        after += _text(words, after) in ("a", "an", "of") and _text(words, after + 1) in ("hour", "an")
        after += _text(words, after) == "an"
    unit = {"hour": 60, "minute": 1}.get(_text(words, after).removesuffix("s"))
    if unit is None:
        return None
    after += 1
    if [_text(words, after + step) for step in range(3)] == ["and", "a", "half"]:
        count, after = count + 0.5, after + 3
    sign, after = _way(words, after, ahead)
    moment = moment_in(about.now, sign * round(count * unit)) if sign else None
    return None if moment is None else (moment, after)


def _way(words: Sequence[Word], at: int, ahead: bool) -> tuple[int, int]:
    if _text(words, at) == "ago":
        return -1, at + 1
    if _text(words, at) == "later":
        return 1, at + 1
    if _text(words, at) == "from" and _text(words, at + 1) == "now":
        return 1, at + 2
    return (1 if ahead else 0), at


def _clock(words: list[Word], at: int, part: Part | None) -> Read:
    led = _text(words, at - 1) in _LEADS
    relative = None if _text(words, at - 1) in ("from", "between") else _relative(words, at)
    if relative is not None:
        return _moment(words, *relative, part)
    found = _face(words, at)
    if found is None:
        return None
    hour, minute, after = found
    led = led or (_text(words, after) in ("to", "until", "till") and _whole(words, after + 1) is not None)
    led = led or [word.text for word in (*words[:at], *words[after:])] in ([], ["please"])
    said = after - at > 1 or part is not None or led or _suffix(words, after)[1] > after
    if not said:
        return None
    if _text(words, after) == "o'clock":
        after += 1
    elif not (led or _suffix(words, after)[1] > after or _text(words, at + 1) == ":" or (minute and after - at > 1)):
        return None
    return _moment(words, hour, minute, after, part, certain=len(_text(words, at)) == 2 and _text(words, at).startswith("0"))


def _relative(words: Sequence[Word], at: int) -> Clock | None:
    """ "half past three", "quarter to four", "ten past five", "twenty minutes to six"."""
    start = at + (_text(words, at) == "a")
    text = _text(words, start)
    if text in ("half", "quarter"):
        minutes, after = (30 if text == "half" else 15), start + 1
        if text == "half" and (hour := under_hundred(words, after)) is not None and hour[0] <= 12:
            return hour[0], 30, hour[1]
    else:
        found = _whole(words, at)
        if found is None or found[0] >= 60:
            return None
        minutes, after = found
        if _text(words, after) in ("minutes", "minute"):
            after += 1
        elif minutes % 5:
            return None  # "nine to eleven" is a span
    way = _text(words, after)
    hour = _whole(words, after + 1)
    if way not in _PAST | _TO or hour is None or hour[0] > 12:
        return None
    return hour[0], minutes if way in _PAST else -minutes, hour[1]


def _face(words: Sequence[Word], at: int) -> Clock | None:
    """ "3:30", "three thirty", "fifteen hundred", "three"."""
    hour = _whole(words, at)
    if hour is None or hour[0] > 24:
        return None
    if _text(words, hour[1]) == ":" and _text(words, hour[1] + 1).isdigit():
        minute = int(_text(words, hour[1] + 1)[:3])
        return (hour[0], minute, hour[1] + 2) if minute < 60 else None
    number = number_at(words, at)
    if number is not None and number.colloquial and number.parts[0] <= 24 and number.parts[1] < 60:
        return *number.parts, number.after
    if _text(words, hour[1]) == "hundred":
        return hour[0], 0, hour[1] + 1
    return hour[0], 0, hour[1]


def _moment(words: Sequence[Word], hour: int, minute: int, after: int, part: Part | None, *, certain: bool = False) -> Read:
    own, after = _suffix(words, after)
    if own is Part.MORNING and words[after - 1].text in ("am", "m", ".") and hour == 12:
        hour = 0
    moment = clock_time(hour, minute, own or part, certain=certain)
    return None if moment is None else (moment, after)


def _suffix(words: Sequence[Word], at: int) -> tuple[Part | None, int]:
    """am, pm, "in the morning", "at night", after "o'clock" too; the index after it."""
    start = at + (_text(words, at) == "o'clock")
    row = [_text(words, start + step) for step in range(4)]
    letters = [text for text in row if text != "."]
    if row[0] in ("am", "pm"):
        return (Part.MORNING if row[0] == "am" else Part.AFTERNOON), start + 1
    if letters[0:1] in (["a"], ["p"]) and letters[1:2] == ["m"]:
        after = start + (2 if row[1] == "m" else 3)
        return (Part.MORNING if letters[0] == "a" else Part.AFTERNOON), after + (_text(words, after) == ".")
    if row[:2] == ["in", "the"] and row[2] in _PARTS:
        return _PARTS[row[2]], start + 3
    if row[:2] == ["at", "night"]:
        return Part.EVENING, start + 2
    return None, start


def _whole(words: Sequence[Word], at: int) -> tuple[int, int] | None:
    text = _text(words, at)
    if text.isdigit() and len(text) <= 2:
        return int(text), at + 1
    return under_hundred(words, at)


def _text(words: Sequence[Word], at: int) -> str:
    return words[at].text if 0 <= at < len(words) else ""
