"""Recordings read from any place: what a player gets is what the whole is, sealed or not."""

from __future__ import annotations

import random
from pathlib import Path
from typing import IO

import pytest

from telephony.gateway.recording_files import SEALED, plain
from telephony.gateway.recording_reading import RecordingReader
from telephony.gateway.sealed_reading import SealedReader
from telephony.gateway.sealing import SealBroken, SealedWriter
from tests.unit.telephony.gateway.test_recording import KEY
from tests.unit.telephony.gateway.test_recording_silence import FORMS, recorded


@pytest.mark.parametrize(("form", "key"), FORMS)
def test_any_part_is_that_part_of_the_whole(tmp_path: Path, form: str, key: bytes | None) -> None:
    path = recorded(tmp_path, form, key)
    whole, reader, dice = plain(path, key), RecordingReader(path, key), random.Random(3)
    assert reader.size == len(whole)
    assert reader.media_type == ("audio/ogg" if form == "opus" else "audio/wav")
    assert reader.read(0, len(whole) + 5) == whole
    for start, count in [(0, 1), (57, 2), (10, 100), (len(whole) - 1, 9), (len(whole), 9), (len(whole) + 9, 1)]:
        assert reader.read(start, count) == whole[start : start + count]
    for _ in range(60):
        start, count = dice.randrange(len(whole)), dice.randrange(20_000)
        assert reader.read(start, count) == whole[start : start + count]
    reader.close()


def test_a_sealed_file_that_a_crash_cut_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / f"a.wav{SEALED}"
    with path.open("wb") as file:
        writer = SealedWriter(file, KEY)
        for number in range(5):
            writer.write(bytes([number]) * 1000)
            writer.flush()
    path.write_bytes(path.read_bytes()[:-7])
    with path.open("rb") as file:
        reader = SealedReader(file, KEY)
        assert reader.size == 4000
        assert reader.read(2500, 1000) == b"\2" * 500 + b"\3" * 500


def test_a_file_that_is_replaced_while_it_is_opened_goes_by_its_own_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = recorded(tmp_path, "opus", None), tmp_path / "silenced"
    other.write_bytes(path.read_bytes()[:-100])
    before = RecordingReader(path, None)
    opening = Path.open

    def opened(one: Path, mode: str) -> IO[bytes]:
        file: IO[bytes] = opening(one, mode)
        other.replace(path)
        return file

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Path, "open", opened)
        reader = RecordingReader(path, None)
    assert (reader.tag, reader.size) == (before.tag, before.size)
    after = RecordingReader(path, None)
    assert after.tag != reader.tag
    for one in (before, reader, after):
        one.close()


def test_a_wrong_key_and_a_changed_file_are_seen(tmp_path: Path) -> None:
    path = recorded(tmp_path, "wav", KEY)
    data = bytearray(path.read_bytes())
    with pytest.raises(OSError, match="no key"):
        RecordingReader(path, None)
    with pytest.raises(SealBroken):
        RecordingReader(path, bytes(32))
    data[-40] ^= 1
    path.write_bytes(data)
    reader = RecordingReader(path, KEY)
    with pytest.raises(SealBroken):
        reader.read(reader.size - 100, 100)
    reader.close()
    (tmp_path / f"b.wav{SEALED}").write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(SealBroken):
        RecordingReader(tmp_path / f"b.wav{SEALED}", KEY)
