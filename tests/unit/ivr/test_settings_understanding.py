"""`understanding` in the settings file: what is right is read, what is not is refused with its place and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import Settings, load_settings


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "hotline.yaml"
    path.write_text(text, "utf-8")
    return load_settings(path)


def test_levels_are_read(tmp_path: Path) -> None:
    mood = read(tmp_path, "understanding: {mood: {tense: 0.2, angry: 0.9, voice: no}}\n").understanding.mood
    assert (mood.enabled, mood.tense, mood.angry, mood.voice) == (True, 0.2, 0.9, False)


@pytest.mark.parametrize("text", ["tense: 0.8", "angry: 0.2", "angry: 1.5", "tense: 0"])
def test_levels_that_make_no_sense_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"understanding\.mood: tense .* 0 < tense < angry <= 1"):
        read(tmp_path, f"understanding: {{mood: {{{text}}}}}\n")


def test_a_wrong_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"understanding\.mood\.angri: unknown key; did you mean 'angry'"):
        read(tmp_path, "understanding: {mood: {angri: 0.5}}\n")
