"""Settings of what can be done with calls: `recording`, `parking`, `tones`, `inband_dtmf`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.errors import ConfigError

FORMATS = ("wav", "wav_pcmu", "opus")
COUNTRIES = ("cn", "us", "uk", "eu")
MOST_SLOTS = 1000


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    folder: str = ""
    """Where recordings go; empty: nothing can be recorded."""
    format: str = "wav"
    """`wav` (16 bit, 115 MB an hour), `wav_pcmu` (58 MB) or `opus` (in Ogg, 14 MB); two channels each."""
    encrypt_key: str = ""
    """32 octets as 64 hexadecimal digits or base64, by `env:NAME`: seals files and apps with AES-256-GCM. Empty: plain."""
    max_hours: int = 4
    """A longer recording ends by itself; the call goes on."""
    min_free_mb: int = 200
    """Below so much free space nothing is recorded any more."""


@dataclass(frozen=True, slots=True)
class ParkingOptions:
    slots: str = ""
    """Numbers that phones dial to pick a parked caller up: `701-709`, or `701,702`. Each node has its own. Empty: none."""


def check_calls(recording: RecordingOptions, parking: ParkingOptions, tones: str, file: str) -> None:
    """Raises ConfigError in one line."""
    if recording.format not in FORMATS:
        raise ConfigError(f"{file}: recording.format: '{recording.format}' is not {', '.join(FORMATS)}")
    if not 1 <= recording.max_hours <= 24:
        raise ConfigError(f"{file}: recording.max_hours: {recording.max_hours} is not from 1 to 24")
    if recording.min_free_mb < 0:
        raise ConfigError(f"{file}: recording.min_free_mb: {recording.min_free_mb} is below 0")
    if tones not in COUNTRIES:
        raise ConfigError(f"{file}: tones: '{tones}' is not {', '.join(COUNTRIES)}")
    parse_slots(parking.slots, f"{file}: parking.slots")


def parse_slots(text: str, place: str) -> tuple[str, ...]:
    """`701-709` or `701,705` as the numbers. Raises ConfigError."""
    found: list[str] = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        ends = re.fullmatch(r"(\d{1,8})(?:-(\d{1,8}))?", part)
        first, last = (int(ends[1]), int(ends[2] or ends[1])) if ends else (1, 0)
        if not ends or not 0 <= last - first < MOST_SLOTS:
            raise ConfigError(f"{place}: '{part}' is not a number or a range such as 701-709")
        found += [str(number).zfill(len(ends[1])) for number in range(first, last + 1)]
    if len(found) > MOST_SLOTS or len(set(found)) != len(found):
        raise ConfigError(f"{place}: a number stands there twice, or there are more than {MOST_SLOTS}")
    return tuple(found)
