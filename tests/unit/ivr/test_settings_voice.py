"""`speech.voice` as a name or as a server; every mistake names its place and its cure."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings
from ivr.settings_voice import VoiceOptions
from ivr.speech.voice_cache import CachedVoice
from ivr.speech.voices import VoiceChain
from ivr.wiring_voice import voice_of


def read(tmp_path: Path, speech: str) -> Settings:
    path = tmp_path / "hotline.yaml"
    path.write_text(f"speech: {{ {speech} }}\n", "utf-8")
    return load_settings(path)


HTTP = "url: 'http://127.0.0.1:9/v1/audio/speech', voices: { zh: xiao, en: heart }"


async def test_a_server_stands_before_the_voice_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_KEY", "secret")
    more = "key: 'env:VOICE_KEY', within: 2500ms, body: { text: '{text}', speed: 1.5, raw: yes }, format: pcm, rate: 16000"
    settings = read(tmp_path, f"voice: {{ http: {{ {HTTP}, {more} }}, fallback: none }}, voice_cache_mb: 0")
    options = settings.speech.voice
    assert isinstance(options, VoiceOptions)
    assert (options.http.key, options.http.within, options.http.body["speed"]) == ("secret", 2.5, 1.5)
    async with AsyncExitStack() as stack:
        voice = voice_of(settings, tmp_path, stack)
        assert voice is not None
        assert voice.speaker("zh") == "xiao"
        assert not isinstance(voice, VoiceChain | CachedVoice)


async def test_by_default_what_it_spoke_is_kept(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        assert isinstance(
            voice_of(read(tmp_path, f"voice: {{ http: {{ {HTTP} }}, fallback: none }}"), tmp_path, stack), CachedVoice
        )
        assert voice_of(read(tmp_path, "voice: none"), tmp_path, stack) is None


@pytest.mark.parametrize(
    ("speech", "message"),
    [
        ("voice: robot", r"speech\.voice: 'robot' is not auto, kokoro, espeak or none, or `http:`"),
        (f"voice: {{ http: {{ {HTTP} }}, fallback: robot }}", r"speech\.voice\.fallback: 'robot' is not"),
        ("voice: { fallback: auto }", r"speech\.voice: missing http"),
        ("voice: { http: { url: 'ftp://a/', voices: { zh: a } } }", r"speech\.voice\.http\.url: write it as http://"),
        ("voice: { http: { url: 'http://a/', voices: {} } }", r"speech\.voice\.http\.voices: name a voice"),
        (f"voice: {{ http: {{ {HTTP}, format: mp3 }} }}", r"http\.format: 'mp3' is not wav or pcm"),
        (f"voice: {{ http: {{ {HTTP}, rate: 96000 }} }}", r"http\.rate: from 8000 to 48000"),
        (f"voice: {{ http: {{ {HTTP}, within: 30s }} }}", r"http\.within: from 200ms to 8s"),
        (f"voice: {{ http: {{ {HTTP}, body: {{ text: hello }} }} }}", r"http\.body: none of its values has the text"),
        (f"voice: {{ http: {{ {HTTP}, voic: a }} }}", r"speech\.voice\.http\.voic: unknown key; did you mean 'voices'"),
        ("voice_cache_mb: -1", r"speech\.voice_cache_mb: 0 \(nothing on disk\) or more"),
    ],
)
def test_mistakes_name_place_and_cure(tmp_path: Path, speech: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, speech)
