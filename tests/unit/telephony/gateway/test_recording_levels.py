"""Levels of recordings in every format: right, kept beside them, and made anew when the sound is another."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from telephony.gateway import recording_levels
from telephony.gateway.recording_levels import levels_file, levels_of
from telephony.gateway.recording_silence import Span, hush_file
from telephony.gateway.sealing import SealBroken, SealedWriter
from telephony.media.envelope import STEP, Envelope
from tests.unit.telephony.gateway.test_recording import KEY
from tests.unit.telephony.gateway.test_recording_silence import FORMS, recorded


@pytest.mark.parametrize(("form", "key"), FORMS)
def test_levels_are_made_once_and_anew_after_a_change(
    tmp_path: Path, form: str, key: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recorded(tmp_path, form, key)
    made = levels_of(path, key)
    assert abs(len(made) - 80) <= 1  # 4 s
    assert np.all(np.abs(made[5:75, :2].astype(int) - 62) <= 9)  # 8000 of 32768
    assert np.all(np.abs(made[5:75, 2:].astype(int) - 85) <= 2)  # -15.3 dB
    kept = levels_file(path)
    assert kept.stat().st_mode & 0o777 == 0o640
    assert (made[10:14].tobytes() in kept.read_bytes()) == (key is None)
    with monkeypatch.context() as once:
        once.setattr(recording_levels, "_made", lambda *_: pytest.fail("made again"))
        assert np.array_equal(levels_of(path, key), made)
    hush_file(path, [Span(8000, 16000)], key)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    silent = levels_of(path, key)
    assert silent[25:35, :2].max() <= 1 and silent[50:70, :2].min() > 50


def test_kept_levels_that_are_broken_or_of_another_key_are_made_again(tmp_path: Path) -> None:
    path = recorded(tmp_path, "wav", KEY)
    made = levels_of(path, KEY)
    whole = levels_file(path).read_bytes()
    levels_file(path).write_bytes(whole[:-9] + b"123456789")
    assert np.array_equal(levels_of(path, KEY), made)
    with pytest.raises(SealBroken):
        levels_of(path, bytes(32))
    with pytest.raises(OSError, match="no key"):
        levels_of(path, None)


def test_two_who_look_at_once_do_not_write_into_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = recorded(tmp_path, "wav", KEY)
    others: list[int] = []

    class Slow(SealedWriter):
        def write(self, data: bytes) -> int:
            if not others:
                others.append(0)
                others[0] = len(levels_of(path, KEY))
            return super().write(data)

    monkeypatch.setattr(recording_levels, "SealedWriter", Slow)
    made = levels_of(path, KEY)
    assert others == [len(made)]
    monkeypatch.setattr(recording_levels, "_made", lambda *_: pytest.fail("made again"))
    assert np.array_equal(levels_of(path, KEY), made)
    assert list(tmp_path.glob("*.tmp")) == []


def test_what_is_no_recording_is_said(tmp_path: Path) -> None:
    for name, error in (("a.wav", ValueError), ("a.ogg", ValueError)):
        (tmp_path / name).write_bytes(b"x" * 4000)
        with pytest.raises(error):
            levels_of(tmp_path / name, None)
    with pytest.raises(FileNotFoundError):
        levels_of(tmp_path / "b.wav", None)
    (tmp_path / "c.wav").write_bytes(b"")
    assert len(levels_of(tmp_path / "c.wav", None, keep=False)) == 0
    assert not levels_file(tmp_path / "c.wav").exists()


def test_pieces_of_any_length_give_the_same_levels() -> None:
    sound = (np.random.default_rng(1).normal(0, 3000, (STEP * 7 + 123, 2))).astype(np.int16)
    whole, parts = Envelope(), Envelope()
    whole.add(sound)
    for start in range(0, len(sound), 177):
        parts.add(sound[start : start + 177])
    made = whole.close()
    assert np.array_equal(made, parts.close())
    assert made.shape == (8, 4)
