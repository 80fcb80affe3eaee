"""Slots: what a caller said or keyed as a typed value. Pure; nothing here raises on any text.

slot = SlotType("amount", least=1, most=5000)
read(slot, "二十八块五", slot.about("zh", now))  # Found(28.5, ...)
"""

from ivr.dialplan.slots.said import About, Found, blank, plain
from ivr.dialplan.slots.types import KINDS, Kind, SlotType, Value, accepts, corrected, enough, fits, keyed, read

__all__ = [
    "KINDS",
    "About",
    "Found",
    "Kind",
    "SlotType",
    "Value",
    "accepts",
    "blank",
    "corrected",
    "enough",
    "fits",
    "keyed",
    "plain",
    "read",
]
