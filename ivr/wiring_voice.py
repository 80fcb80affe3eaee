"""The voice that speaks during calls, from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from ivr.dialplan.graph import speeches
from ivr.dialplan.model import Flow
from ivr.dialplan.speech import TextPart
from ivr.settings import Settings
from ivr.settings_voice import HttpVoiceOptions, VoiceOptions
from ivr.speech.http_voice import HttpVoice
from ivr.speech.voice import EspeakVoice, SpeakingVoice, Voice
from ivr.speech.voice_cache import CachedVoice
from ivr.speech.voices import VoiceChain, choose_voices


def voice_of(settings: Settings, data: Path, stack: AsyncExitStack) -> SpeakingVoice | None:
    """Who speaks what nobody recorded; `stack` ends it. Raises ConfigError."""
    options = settings.speech.voice
    name = options.fallback if isinstance(options, VoiceOptions) else options
    named = settings.speech.voice_dir
    voices: list[SpeakingVoice] = [http_voice(options.http)] if isinstance(options, VoiceOptions) else []
    voices += choose_voices(name, [Path(named)] if named else [data / "voices", Path(".kokoro")])
    if not voices:
        return None
    kept = [_kept(voice, data / "voice-cache", settings.speech.voice_cache_mb) for voice in voices]
    voice = kept[0] if len(kept) == 1 else VoiceChain(kept)
    stack.callback(voice.close)
    return voice


def http_voice(options: HttpVoiceOptions) -> HttpVoice:
    """The voice of another server."""
    return HttpVoice(
        options.url,
        options.voices,
        model=options.model,
        body=options.body,
        key=options.key,
        pcm_rate=options.rate if options.format == "pcm" else 0,
        within=options.within,
        licence=options.licence,
    )


def _kept(voice: SpeakingVoice, folder: Path, megabytes: int) -> SpeakingVoice:
    """With what it spoke on disk, unless it is quicker than that."""
    return CachedVoice(voice, folder, megabytes << 20) if megabytes and voice.model != EspeakVoice.model else voice


def warm_for(voice: Voice | None, flows: Iterable[Flow]) -> None:
    """Start the voice's process where a flow says what only the call can tell; else the first such text starts it."""
    if isinstance(voice, SpeakingVoice):
        voice.warm(sorted({language for flow in flows if _speaks_freely(flow) for language in flow.languages}))


def _speaks_freely(flow: Flow) -> bool:
    parts = (part for speech in speeches(flow) for part in speech if isinstance(part, TextPart))
    return any(text.fixed is None for part in parts for text in part.texts.values())
