"""What a voice spoke is there again after a restart, within bounds, and nothing private is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.errors import ConfigError, SpeechUnavailable
from ivr.speech import voices
from ivr.speech.voice import RATE
from ivr.speech.voice_cache import LONGEST_UNUSED, CachedVoice
from ivr.speech.voices import VoiceChain


class Told:
    """A voice that says a tenth of a second of the text's length, and notes it."""

    licence = "CC0-1.0"

    def __init__(self, model: str = "told", languages: str = "en zh", hoarse: bool = False) -> None:
        self.model, self._languages, self._hoarse = model, languages.split(), hoarse
        self.said: list[str] = []
        self.warmed: list[list[str]] = []
        self.closed = 0

    def speaker(self, language: str) -> str:
        return f"{self.model}-{language}" if language in self._languages else ""

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        self.said.append(text)
        if self._hoarse:
            raise SpeechUnavailable(f"{self.model} is hoarse")
        return np.full(RATE // 10, len(text), np.int16)

    def warm(self, languages: list[str]) -> None:
        self.warmed.append(languages)

    def close(self) -> None:
        self.closed += 1


MEGABYTE = 1 << 20


def test_it_is_spoken_once_even_over_a_restart(tmp_path: Path) -> None:
    folder, voice = tmp_path / "cache", Told()
    first = CachedVoice(voice, folder, MEGABYTE).render("王芳您好", "zh")
    again = CachedVoice(voice, folder, MEGABYTE)
    assert np.array_equal(again.render("王芳您好", "zh"), first)
    assert (again.hits, again.misses) == (1, 0)
    assert voice.said == ["王芳您好"]
    other = Told("other")
    CachedVoice(other, folder, MEGABYTE).render("王芳您好", "zh")
    assert other.said == ["王芳您好"], "another voice has another sound"
    again.render("王芳您好", "en")
    assert len(voice.said) == 2
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert not [path for path in folder.iterdir() if "王" in path.name or path.suffix != ".wav"]


@pytest.mark.parametrize("text", ["您的验证码是 482913", "尾号一二三四", "You owe 128.50 yuan"])
def test_numbers_never_reach_the_disk(tmp_path: Path, text: str) -> None:
    voice = Told()
    cached = CachedVoice(voice, tmp_path / "cache", MEGABYTE)
    cached.render(text, "zh")
    cached.render(text, "zh")
    assert len(voice.said) == 2
    assert not (tmp_path / "cache").exists()


def test_what_was_unused_for_longest_makes_room(tmp_path: Path) -> None:
    now, voice = [1e9], Told()
    cached = CachedVoice(voice, tmp_path, 25_000, lambda: now[0])  # five of 4,844 octets
    for text in ("a", "b", "c", "d", "e"):
        now[0] += 1
        cached.render(text, "en")
    now[0] += 1
    cached.render("a", "en")  # used again
    now[0] += 1
    cached.render("f", "en")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 25_000
    voice.said.clear()
    now[0] += 1
    for text in ("a", "f", "b"):
        cached.render(text, "en")
    assert voice.said == ["b"]


def test_what_nobody_needs_for_a_month_is_removed(tmp_path: Path) -> None:
    now, voice = [1e9], Told()
    cached = CachedVoice(voice, tmp_path, MEGABYTE, lambda: now[0])
    cached.render("old", "en")
    now[0] += LONGEST_UNUSED + 1
    cached.render("new", "en")
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", [b"", b"no sound", b"RIFF" + bytes(100)])
def test_a_broken_file_is_spoken_again(tmp_path: Path, content: bytes) -> None:
    voice = Told()
    cached = CachedVoice(voice, tmp_path, MEGABYTE)
    cached.render("hello", "en")
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    cached.render("hello", "en")
    cached.render("hello", "en")
    assert voice.said == ["hello", "hello"]


def test_a_disk_that_cannot_be_written_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_text("a file")
    cached = CachedVoice(Told(), tmp_path / "cache", MEGABYTE)
    assert len(cached.render("hello", "en")) == RATE // 10
    assert len(cached.render("again", "en")) == RATE // 10
    assert len(caplog.records) == 1
    assert os.fspath(tmp_path) in caplog.text


def test_each_voice_is_asked_where_those_before_it_cannot() -> None:
    first, second = Told("first", "zh en", hoarse=True), Told("second", "en")
    chain = VoiceChain([first, second])
    assert (chain.model, chain.licence) == ("first", "CC0-1.0")
    assert (chain.speaker("zh"), chain.speaker("en"), chain.speaker("ko")) == ("first-zh", "first-en", "")
    assert len(chain.render("hello", "en")) == RATE // 10
    assert first.said == second.said == ["hello"]
    with pytest.raises(SpeechUnavailable, match="first is hoarse"):
        chain.render("您好", "zh")
    with pytest.raises(SpeechUnavailable, match="no voice speaks 'ko'"):
        chain.render("안녕", "ko")
    chain.warm(["en"])
    chain.close()
    assert (first.warmed, second.warmed) == ([["en"]], [])
    assert first.closed == second.closed == 1


@pytest.mark.parametrize(
    ("name", "kokoro", "espeak", "speakers"),
    [
        ("auto", True, True, [("zf_xiaoxiao", "af_heart"), ("", "en-us")]),
        ("auto", True, False, [("zf_xiaoxiao", "af_heart")]),
        ("kokoro", True, True, [("zf_xiaoxiao", "af_heart")]),
        ("auto", False, True, [("cmn", "en-us")]),
        ("espeak", True, True, [("cmn", "en-us")]),
        ("auto", False, False, []),
        ("none", True, True, []),
    ],
)
def test_the_best_voice_comes_first_and_english_has_another_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kokoro: bool, espeak: bool, speakers: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(voices, "installed_kokoro", lambda folders: tmp_path if kokoro else None)
    monkeypatch.setattr("shutil.which", lambda program: "/bin/espeak-ng" if espeak else None)
    found = voices.choose_voices(name, [tmp_path])
    assert [(one.speaker("zh"), one.speaker("en")) for one in found] == speakers


@pytest.mark.parametrize(("name", "message"), [("kokoro", "make prompts"), ("espeak", "install espeak-ng"), ("bob", "unknown")])
def test_a_voice_that_is_not_there_is_named_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(ConfigError, match=message):
        voices.choose_voices(name, [tmp_path])
