"""Answers that sound like another value than they are."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ivr.dialplan.slots import SlotType, Value, corrected, read

NOW = datetime(2026, 3, 30, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def said(kind: str, language: str, text: str) -> Value | None:
    slot = SlotType(kind)
    found = read(slot, text, slot.about(language, NOW))
    return None if found is None else found.value


@pytest.mark.parametrize(
    ("kind", "language", "text", "value"),
    [
        ("yes_no", "zh", "好像不对", "no"),
        ("yes_no", "zh", "好像是的", "yes"),
        ("yes_no", "en", "of course not", "no"),
        ("yes_no", "en", "absolutely not", "no"),
        ("yes_no", "en", "of course", "yes"),
        ("date", "en", "february thirtieth", None),
        ("date", "en", "the thirtieth", "2026-03-30"),
        ("number", "zh", "百五", None),
        ("time", "en", "nine to eleven", "09:00/11:00"),
        ("time", "en", "ten to eleven", "10:50"),
        ("time", "en", "seven minutes to four", "15:53"),
        ("phone", "zh", "加四四二零七九四六零九五八", "+442079460958"),
    ],
)
def test_what_is_said(kind: str, language: str, text: str, value: Value | None) -> None:
    assert said(kind, language, text) == value


@pytest.mark.parametrize(
    ("kind", "language", "old", "text", "value"),
    [
        ("date", "zh", "2026-11-25", "不是二十五号是二十六号", "2026-11-26"),
        ("date", "en", "2026-11-25", "not the 25th but the 26th", "2026-11-26"),
        ("datetime", "zh", "2026-11-25T15:00", "不是二十五号是二十六号", "2026-11-26T15:00"),
        ("date", "zh", "2026-11-25", "不对是明天", "2026-03-31"),
        ("digits", "zh", "8861", "不是六一是六二", "8862"),
        ("digits", "zh", "88618861", "不是六一是六二", None),
    ],
)
def test_what_a_correction_makes_of_it(kind: str, language: str, old: str, text: str, value: Value | None) -> None:
    """A day alone stays in its month, and a part that stands twice replaces neither one nor the whole."""
    slot = SlotType(kind)
    found = corrected(slot, old, text, slot.about(language, NOW))
    assert (None if found is None else found.value) == value
