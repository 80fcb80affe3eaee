"""The voice that speaks during calls, from the settings."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from ivr.settings import Settings
from ivr.speech.live_voice import LiveVoice, choose_voice
from ivr.speech.prompts import languages_in


def voice_of(settings: Settings, data: Path, stack: AsyncExitStack) -> LiveVoice | None:
    """Who speaks what nobody recorded; `stack` ends it. Raises ConfigError."""
    named = settings.speech.voice_dir
    voice = choose_voice(settings.speech.voice, [Path(named)] if named else [data / "voices", Path(".kokoro")])
    if voice is not None:
        stack.callback(voice.close)
        voice.warm(languages_in([Path(folder) for folder in settings.prompts]))
    return voice
