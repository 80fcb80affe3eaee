"""Settings of who speaks what nobody recorded: `speech.voice`, where it is more than a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ivr.errors import ConfigError

VOICES = ("auto", "kokoro", "espeak", "none")
FORMATS = ("wav", "pcm")


@dataclass(frozen=True, slots=True)
class HttpVoiceOptions:
    """A voice that another server speaks. Without `body` it is asked as OpenAI's `/v1/audio/speech` is."""

    url: str
    voices: Mapping[str, str]
    """Language to the server's name of a voice; a language that is not there is spoken by the fallback."""
    model: str = "tts-1"
    """What the server calls its model; for the question without `body`, and for the catalogue."""
    body: Mapping[str, str | bool | int | float] = field(default_factory=dict)
    """Another JSON object to send: `{text}`, `{language}` and `{voice}` in its texts are filled in."""
    key: str = ""
    """Sent as a bearer token; `env:NAME`."""
    format: str = "wav"
    """What comes back: `wav` (16 bits), or `pcm` (16 bits, little-endian, mono) of `rate`."""
    rate: int = 24000
    """Samples a second of `pcm`."""
    within: float = 4.0
    """Seconds that a piece of text may take; after that the fallback speaks it. `4s`."""
    licence: str = ""
    """Of what it speaks, for the catalogue."""


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    http: HttpVoiceOptions
    fallback: str = "auto"
    """Who speaks where it cannot: `kokoro`, `espeak`, `none` or `auto`."""


def check_voice(voice: str | VoiceOptions, cache_mb: int, file: str) -> None:
    """Raises ConfigError in one line."""
    if cache_mb < 0:
        raise ConfigError(f"{file}: speech.voice_cache_mb: 0 (nothing on disk) or more, not {cache_mb}")
    name, place = (voice, "speech.voice") if isinstance(voice, str) else (voice.fallback, "speech.voice.fallback")
    if name not in VOICES:
        also = ", or `http:` with its keys" if isinstance(voice, str) else ""
        raise ConfigError(f"{file}: {place}: '{name}' is not {', '.join(VOICES[:-1])} or {VOICES[-1]}{also}")
    if isinstance(voice, VoiceOptions):
        _check_http(voice.http, f"{file}: speech.voice.http")


def _check_http(http: HttpVoiceOptions, place: str) -> None:
    url = urlsplit(http.url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ConfigError(f"{place}.url: write it as http://HOST:PORT/v1/audio/speech, not '{http.url}'")
    if not http.voices:
        raise ConfigError(f"{place}.voices: name a voice for each language, such as {{ zh: zf_xiaoxiao, en: af_heart }}")
    if http.format not in FORMATS:
        raise ConfigError(f"{place}.format: '{http.format}' is not wav or pcm")
    if not 8000 <= http.rate <= 48000:
        raise ConfigError(f"{place}.rate: from 8000 to 48000 samples a second, not {http.rate}")
    if not 0.2 <= http.within <= 8:
        raise ConfigError(f"{place}.within: from 200ms to 8s, not {http.within:g}s")
    if http.body and not any("{text}" in value for value in http.body.values() if isinstance(value, str)):
        raise ConfigError(f"{place}.body: none of its values has the text; write {{text}} where it belongs")
