"""Settings of recordings, parking and tones: what is right, and what is said of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.errors import ConfigError
from ivr.settings import load_settings
from ivr.settings_calls import RecordingOptions, parse_slots
from ivr.wiring import overridden
from ivr.wiring_recording import recording_settings, unseal_file


def load(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    file = tmp_path / "hotline.yaml"
    file.write_text(text)
    return load_settings(file)


def test_what_an_operator_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDING_KEY", "ab" * 32)
    text = "recording: { folder: calls, format: opus, encrypt_key: env:RECORDING_KEY, max_hours: 2 }\n"
    settings = load(tmp_path, text + 'parking: { slots: "701-703" }\ntones: uk\ninband_dtmf: true\n')
    settings = overridden(settings, tmp_path / "hotline.yaml", None, None, None)
    made = recording_settings(settings.recording)
    assert made is not None
    assert (made.folder, made.format, made.key, made.longest) == (tmp_path / "calls", "opus", b"\xab" * 32, 7200.0)
    assert parse_slots(settings.parking.slots, "x") == ("701", "702", "703")
    assert (settings.tones, settings.inband_dtmf) == ("uk", True)


def test_without_a_folder_nothing_is_recorded(tmp_path: Path) -> None:
    assert recording_settings(load(tmp_path, "name: x\n").recording) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("recording: { format: mp3 }", "recording.format: 'mp3' is not wav, wav_pcmu, opus"),
        ("recording: { max_hours: 0 }", "recording.max_hours"),
        ("recording: { min_free_mb: -1 }", "recording.min_free_mb"),
        ("recording: { path: x }", "path"),
        ("tones: mars", "tones: 'mars' is not cn, us, uk, eu"),
        ('parking: { slots: "7a" }', "parking.slots: '7a'"),
        ('parking: { slots: "709-701" }', "parking.slots"),
        ('parking: { slots: "701,701" }', "twice"),
    ],
)
def test_mistakes_are_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text + "\n")
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_key_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="32 octets"):
        recording_settings(RecordingOptions(folder=str(tmp_path), encrypt_key="short"))


def test_slots_keep_their_zeros() -> None:
    assert parse_slots("08-10, 7", "x") == ("08", "09", "10", "7")
    assert parse_slots("", "x") == ()


def test_unsealing_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "a.wav.sealed").write_bytes(b"nothing sealed")
    (tmp_path / "there").write_bytes(b"")
    for source, target in (("a.wav.sealed", "new"), ("none.sealed", "new"), ("a.wav.sealed", "there")):
        with pytest.raises(ConfigError):
            unseal_file(tmp_path / source, tmp_path / target, "00" * 32)
