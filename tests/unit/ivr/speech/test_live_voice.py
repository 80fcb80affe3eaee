"""A voice in a process of its own: it speaks, it refuses what is too much, and it comes back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.dialplan.events import Words
from ivr.errors import SpeechUnavailable
from ivr.speech import live_voice
from ivr.speech.live_voice import LiveVoice
from ivr.speech.prompts import PromptLibrary
from ivr.speech.voice import RATE, EspeakVoice
from ivr.speech.voices import installed_kokoro


class Odd:
    """A voice whose text says what befalls it."""

    model = "odd"
    licence = "CC0-1.0"

    def speaker(self, language: str) -> str:
        return "one" if language == "en" else ""

    def render(self, text: str, language: str) -> NDArray[np.int16]:
        if text == "die":
            os._exit(3)
        if text == "refuse":
            raise SpeechUnavailable("no such words")
        if text == "slow":
            time.sleep(0.6)
        tone = np.sin(np.arange(RATE // 10) * 2 * np.pi * 440 / RATE)
        return (tone * 8000).astype(np.int16)


@pytest.fixture
def voice() -> Iterator[LiveVoice]:
    one = LiveVoice(Odd)
    yield one
    one.close()


def test_it_speaks_refuses_and_comes_back_after_its_process_died(voice: LiveVoice) -> None:
    assert len(voice.render("hello", "en")) == RATE // 10
    with pytest.raises(SpeechUnavailable, match="no such words"):
        voice.render("refuse", "en")
    with pytest.raises(SpeechUnavailable, match="process ended"):
        voice.render("die", "en")
    assert len(voice.render("hello again", "en")) == RATE // 10


def test_a_text_that_is_too_long_and_one_too_many_are_refused_at_once(
    voice: LiveVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SpeechUnavailable, match="401 letters"):
        voice.render("a" * 401, "en")
    monkeypatch.setattr(live_voice, "MOST_WAITING", 1)
    first = threading.Thread(target=voice.render, args=("slow", "en"))
    first.start()
    while not voice._waiting:
        time.sleep(0.005)
    with pytest.raises(SpeechUnavailable, match="1 texts wait"):
        voice.render("hello", "en")
    first.join()
    assert len(voice.render("hello", "en")) > 0


def test_one_that_takes_too_long_is_given_up_and_a_closed_one_refuses(
    voice: LiveVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice.warm(["en", "zh"])
    monkeypatch.setattr(live_voice, "SECONDS", 0.05)
    with pytest.raises(SpeechUnavailable, match="took more"):
        voice.render("slow", "en")
    voice.close()
    with pytest.raises(SpeechUnavailable, match="closed"):
        voice.render("hello", "en")


def test_nobody_waits_behind_what_was_given_up(voice: LiveVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    voice.render("hello", "en")
    monkeypatch.setattr(live_voice, "SECONDS", 0.05)
    with pytest.raises(SpeechUnavailable, match="took more"):
        voice.render("slow", "en")
    assert voice._late is not None
    if not voice._late.done():
        with pytest.raises(SpeechUnavailable, match="too slow now"):
            voice.render("hello", "en")
    voice._late.result(10.0)
    monkeypatch.setattr(live_voice, "SECONDS", 8.0)
    assert len(voice.render("hello", "en")) == RATE // 10


def test_closing_waits_for_nothing(voice: LiveVoice) -> None:
    voice.render("hello", "en")
    assert voice._pool is not None
    [child] = voice._pool._processes.values()
    voice._pool.submit(time.sleep, 60)
    voice.close()
    assert wait([child.sentinel], 10.0)  # is_alive would race the pool's own thread for the child's end


KILLED = """
import time
from ivr.speech.live_voice import LiveVoice
from tests.unit.ivr.speech.test_live_voice import Odd
if __name__ == "__main__":
    LiveVoice(Odd).render("hello", "en")
    print("speaks", flush=True)
    time.sleep(60)
"""


def test_a_server_that_is_killed_leaves_no_voice_behind(tmp_path: Path) -> None:
    """Whoever reads the server's output would wait for its end for ever."""
    script = tmp_path / "server.py"
    script.write_text(KILLED, "utf-8")
    root = Path(__file__).parents[4]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "speaks\n"
        server.kill()
        ended = threading.Thread(target=server.stdout.read, daemon=True)
        ended.start()
        ended.join(10.0)
        assert not ended.is_alive()


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_library_speaks_words_that_nobody_recorded() -> None:
    voice = LiveVoice(EspeakVoice)
    library = PromptLibrary({}, ["en"], voice)
    words = (Words("Hello Miss Wang", "en"),)
    try:
        assert not library.is_ready(words)
        [clip] = library.clips(words)
        assert 0.5 < clip.seconds < 3.0
        assert library.is_ready(words)
    finally:
        voice.close()


def test_kokoro_counts_as_installed_only_where_its_parts_are(tmp_path: Path) -> None:
    assert installed_kokoro([tmp_path]) is None
    (tmp_path / "voices").mkdir()
    (tmp_path / "kokoro.onnx").write_bytes(b"")
    assert installed_kokoro([tmp_path / "other", tmp_path]) in (tmp_path, None)  # None where the packages are not there
