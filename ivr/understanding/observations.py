"""What can be seen of a person on the line, one thing at a time. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.speech.recognizer import VoiceFacts
from ivr.understanding.tone import Sounds


@dataclass(frozen=True, slots=True)
class Said:
    """One side said something."""

    text: str
    language: str
    voice: VoiceFacts | None = None
    sounds: Sounds | None = None
    """How it sounded beside the calm voice, where that is known without measuring."""
    intent: str = ""
    written: bool = False
    """It is an answer that the flow wrote as such ("垃圾短信"): its words say nothing of a mood."""
    over: bool = False
    """It was said over a prompt."""


@dataclass(frozen=True, slots=True)
class Keyed:
    key: str
    value: bool = False
    """It is part of a number that was asked for, where anything may be repeated."""


@dataclass(frozen=True, slots=True)
class KeptSilent:
    """A question was asked and got no answer."""


Seen = Said | Keyed | KeptSilent
