"""The types a slot may have: how each is read from speech and from keys, what fits, and how it is read back. Pure.

Values are plain data: text for rows of digits ("8861"), dates and times (ISO 8601), a float for money, an int or a float for
numbers, "yes" or "no", the name of a choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ivr.dialplan.slots import amounts, answers, moments, plates, rows
from ivr.dialplan.slots.clock import keyed_time
from ivr.dialplan.slots.corrections import corrections
from ivr.dialplan.slots.said import About, Found, best, plain

Value = str | int | float
Reader = Callable[[str, About], Iterator[Found]]
Keyed = Callable[[str, About], Value | None]

CORRECTED = 0.95
"""How sure a value is at most that came with a correction."""
UNCLEAR = 0.5
"""How sure a value is at most where another one was named beside it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of slot."""

    read: Reader
    keyed: Keyed | None = None
    """None where it cannot be keyed."""
    keys: int = 0
    """After so many keys nothing more is waited for."""
    point: str = ""
    """What `*` means while keys are taken: "." in an amount, "X" in an identity number."""
    reads_as: str = ""
    """Kind of `Value` that reads it back; "" for its words."""
    patience: float = 0.6
    """Seconds of silence that end an answer: digits are said in groups."""
    digits: bool = False
    """Whether it is a row of digits, of which a part may be corrected."""
    limits: str = ""
    """What `min` and `max` bound: "length", "value", "clock", or nothing."""


def _row(keys: str, about: About) -> str | None:
    return keys if keys.isascii() and keys.isdigit() else None


def _phone(keys: str, about: About) -> str | None:
    found = rows.telephone(keys, about.region) if keys.isdigit() else None
    return None if found is None else found[0]


def _id_number(keys: str, about: About) -> str | None:
    row = keys.replace("*", "X")
    return row if rows.is_id_number(row, about.now.date()) else None


def _number(keys: str, about: About) -> Value | None:
    found = amounts.keyed(keys)
    return None if found is None else int(found) if found.is_integer() else found


KINDS: Mapping[str, Kind] = {
    "digits": Kind(rows.digits, _row, 64, reads_as="digits", patience=1.0, digits=True, limits="length"),
    "number": Kind(amounts.number, _number, 15, ".", "number", limits="value"),
    "amount": Kind(amounts.amount, lambda keys, about: amounts.keyed(keys), 15, ".", "amount", limits="value"),
    "date": Kind(moments.dates, moments.keyed_date, 8, reads_as="date"),
    "time": Kind(moments.times, lambda keys, about: keyed_time(keys), 4, reads_as="time", limits="clock"),
    "datetime": Kind(moments.datetimes, moments.keyed_datetime, 12, reads_as="datetime"),
    "phone": Kind(rows.phone, _phone, 20, reads_as="phone", patience=1.0, digits=True),
    "plate": Kind(plates.plates, reads_as="plate", patience=1.0, digits=True),
    "id_number": Kind(rows.id_number, _id_number, rows.ID_LENGTH, "X", "digits", 1.0, digits=True),
    "yes_no": Kind(answers.yes_no, patience=0.4),
    "choice": Kind(lambda text, about: iter(()), patience=0.4),
    "text": Kind(answers.free_text, patience=1.2, limits="length"),
}


@dataclass(frozen=True, slots=True)
class SlotType:
    """A type with its bounds."""

    name: str
    least: float | None = None
    """Digits or characters at least, or the least value; minutes since midnight for a time."""
    most: float | None = None
    when: str = ""
    """"past" or "future" for dates; "" for both."""
    region: str = "CN"
    """Of telephone numbers without a country code."""
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of a choice: language to plain phrase to name."""

    @property
    def kind(self) -> Kind:
        return KINDS[self.name]

    def about(self, language: str, now: datetime) -> About:
        return About(language, now, self.when == "past", self.region)


def read(slot: SlotType, text: str, about: About) -> Found | None:
    """The value of that type that `text` says, bounds kept; None where it says none. Never raises, whatever the text.

    Of "A, no, B" it is B. Of several the surest; where two are equally sure, an unsure one.
    """
    said = plain(text)
    if slot.name not in ("yes_no", "text"):
        for one in corrections(said, about.language):
            found = _best(slot, one.new, about)
            if found is not None:
                return _moved(found, one.new_at)
        if slot.name != "choice":
            said = _after_denial(said)
    return _best(slot, said, about)


def corrected(slot: SlotType, old: Value, text: str, about: About) -> Found | None:
    """What `text` makes of a value that was read back: "not 8861 but 8862", "it's four o'clock", a new value."""
    said = plain(text)
    if isinstance(old, str):
        for one in corrections(said, about.language):
            part = _part(slot, old, one.old, one.new, about)
            if part is not None:
                return Found(part, one.new_at, len(said), CORRECTED)
            if _twice(slot, old, one.old, one.new, about):
                return None
            day = moments.same_month(old, one.new, about) if slot.name in ("date", "datetime") else None
            if day is not None and fits(slot, day, about):
                return Found(day, one.new_at, len(said), CORRECTED)
    found = read(slot, said, about)
    if slot.name == "datetime" and isinstance(old, str):
        return _new_moment(slot, old, said, about, found)
    return found


def _best(slot: SlotType, text: str, about: About) -> Found | None:
    found = list(all_of(slot, text, about))
    chosen = best(found)
    if chosen is None:
        return None
    rivals = {one.value for one in found if one.sure >= chosen.sure and not _overlap(one, chosen)} - {chosen.value}
    return replace(chosen, sure=min(chosen.sure, UNCLEAR)) if rivals else chosen


def all_of(slot: SlotType, text: str, about: About) -> Iterator[Found]:
    """Every value of the type in a plain text that keeps the bounds."""
    names = slot.names.get(about.language, {})
    found = answers.choice(text, names) if slot.name == "choice" else slot.kind.read(text, about)
    for one in found:
        if fits(slot, one.value, about):
            yield one


def fits(slot: SlotType, value: Value, about: About) -> bool:
    """Whether a value keeps the bounds of its type."""
    measure: float | None = None
    match slot.kind.limits:
        case "length":
            measure = len(str(value))
        case "value":
            measure = float(value)
        case "clock":
            measure = int(str(value)[:2]) * 60 + int(str(value)[3:5])
    if measure is not None:
        return (slot.least is None or measure >= slot.least) and (slot.most is None or measure <= slot.most)
    if slot.when and slot.name in ("date", "datetime"):
        return _in_time(str(value), slot.when, about)
    return True


def _in_time(value: str, when: str, about: About) -> bool:
    """A span counts as future until its end, as past from its beginning; a day as both on that day."""
    now = f"{about.now:%Y-%m-%dT%H:%M}"
    begins = value.split("/")[0]
    if "T" not in value:
        return value <= now[:10] if when == "past" else value >= now[:10]
    ends = f"{value[:11]}{value.split('/')[1]}" if "/" in value else begins
    return begins <= now if when == "past" else ends >= now


def keyed(slot: SlotType, keys: str, about: About) -> Value | None:
    """The value that keys say, bounds kept; None where they say none."""
    reader = slot.kind.keyed
    value = None if reader is None or not keys else reader(keys, about)
    return value if value is not None and fits(slot, value, about) else None


def enough(slot: SlotType, keys: str, about: About) -> bool:
    """Whether nothing more can follow these keys."""
    if slot.name == "digits" and slot.most is not None:
        return len(keys) >= slot.most
    if slot.name == "phone" and about.region == "CN" and len(keys) == 11 and keys.startswith("1"):
        return True
    return len(keys) >= slot.kind.keys


def accepts(slot: SlotType, key: str) -> bool:
    """Whether a key can be part of the value."""
    return slot.kind.keyed is not None and (key in "0123456789" or (key == "*" and bool(slot.kind.point)))


def _moved(found: Found, by: int) -> Found:
    return replace(found, start=found.start + by, end=found.end + by, sure=min(found.sure, CORRECTED))


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end


def _after_denial(text: str) -> str:
    """ "不是三点" says that it is not three; "no, three" says three. What is left of a denial that names nothing else."""
    for head in ("不是", "不要", "没有", "别", "it's not ", "its not ", "not ", "that's not "):
        if text.startswith(head):
            return ""
    return text


def _part(slot: SlotType, old: str, denied: str, meant: str, about: About) -> str | None:
    """A row of digits with the part that was denied replaced: "不是六一是六二"."""
    if not slot.kind.digits or not denied:
        return None
    before = next((row for row, _ in rows.rows(denied, about)), "")
    after = next((row for row, _ in rows.rows(meant, about)), "")
    if not before or len(before) != len(after) or len(before) >= len(old) or old.count(before) != 1:
        return None
    value = old.replace(before, after)
    fitting = plates.is_plate(value) if slot.name == "plate" else keyed(slot, value.replace("X", "*"), about) is not None
    return value if fitting else None


def _twice(slot: SlotType, old: str, denied: str, meant: str, about: About) -> bool:
    """Whether a part that is to be replaced stands in a row of digits more than once: nobody knows which is meant."""
    if not slot.kind.digits or not denied:
        return False
    before = next((row for row, _ in rows.rows(denied, about)), "")
    after = next((row for row, _ in rows.rows(meant, about)), "")
    return bool(before) and len(before) == len(after) < len(old) and old.count(before) > 1


def _new_moment(slot: SlotType, old: str, text: str, about: About, found: Found | None) -> Found | None:
    """A time alone keeps the day that was read back; a day alone keeps the time."""
    meant = next((one.new for one in corrections(text, about.language) if any(moments.datetimes(one.new, about))), text)
    day, time = best(moments.dates(meant, about)), best(moments.times(meant, about))
    if day is None and time is not None:
        value, sure = moments.merged(old, str(time.value)), time.sure
    elif day is not None and time is None:
        value, sure = moments.merged(old, str(day.value)), day.sure
    else:
        return found
    return Found(value, 0, len(text), min(sure, CORRECTED)) if fits(slot, value, about) else found
