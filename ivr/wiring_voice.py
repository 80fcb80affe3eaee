"""The voice that speaks during calls, from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from ivr.dialplan.graph import speeches
from ivr.dialplan.model import Flow
from ivr.dialplan.speech import TextPart
from ivr.settings import Settings
from ivr.speech.live_voice import LiveVoice, choose_voice
from ivr.speech.voice import Voice


def voice_of(settings: Settings, data: Path, stack: AsyncExitStack) -> LiveVoice | None:
    """Who speaks what nobody recorded; `stack` ends it. Raises ConfigError."""
    named = settings.speech.voice_dir
    voice = choose_voice(settings.speech.voice, [Path(named)] if named else [data / "voices", Path(".kokoro")])
    if voice is not None:
        stack.callback(voice.close)
    return voice


def warm_for(voice: Voice | None, flows: Iterable[Flow]) -> None:
    """Start the voice's process where a flow says what only the call can tell; else the first such text starts it."""
    if isinstance(voice, LiveVoice):
        voice.warm(sorted({language for flow in flows if _speaks_freely(flow) for language in flow.languages}))


def _speaks_freely(flow: Flow) -> bool:
    parts = (part for speech in speeches(flow) for part in speech if isinstance(part, TextPart))
    return any(text.fixed is None for part in parts for text in part.texts.values())
