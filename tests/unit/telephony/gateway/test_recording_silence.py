"""Private parts of recordings: silent in every format, plain and sealed, while nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from telephony.gateway.recording_files import SEALED, SUFFIX, create, note, read_sidecar, repair
from telephony.gateway.recording_silence import Span, hush_file
from telephony.gateway.sealing import SealBroken
from tests.unit.telephony.gateway.test_recording import KEY, desk, joined, pair, sound
from tests.unit.telephony.media.sounds import Voice

RATE = 8000
FORMS = [(form, key) for form in ("wav", "wav_pcmu", "opus") for key in (None, KEY)]


def tones(seconds: float = 4.0) -> Voice:
    """400 Hz left and 900 Hz right, loud."""
    time = np.arange(round(RATE * seconds)) / RATE
    both = np.stack([np.sin(2 * np.pi * 400 * time), np.sin(2 * np.pi * 900 * time)], axis=1)
    return np.asarray(8000 * both, np.int16)


def recorded(folder: Path, form: str, key: bytes | None) -> Path:
    path = folder / f"a{SUFFIX[form]}{SEALED if key else ''}"
    file = create(path, form, key)
    whole = tones()
    for start in range(0, len(whole), 1600):
        file.write(whole[start : start + 1600])
    file.close()
    return path


def loud(voice: Voice) -> list[float]:
    """Root mean square of both channels."""
    return [float(np.sqrt(np.mean(voice[:, channel].astype(np.float64) ** 2))) for channel in (0, 1)]


@pytest.mark.parametrize(("form", "key"), FORMS)
def test_a_span_is_silent_and_the_rest_is_as_it_was(tmp_path: Path, form: str, key: bytes | None) -> None:
    path = recorded(tmp_path, form, key)
    before = sound(path, key)
    hush_file(path, [Span(8000, 12000), Span(20000, 21000)], key)
    after = sound(path, key)
    assert len(after) == len(before)
    assert max(loud(after[8400:11600])) < 2 and max(loud(after[20400:20700])) < 2
    assert (after[:7500] == before[:7500]).all()
    assert min(loud(after[12800:19500])) > 4000 and min(loud(after[22000:])) > 4000
    assert [one.name for one in tmp_path.iterdir()] == [path.name] and path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("form", "key"), [(form, key) for form, key in FORMS if form != "opus"])
def test_one_channel_alone_can_be_silenced(tmp_path: Path, form: str, key: bytes | None) -> None:
    path = recorded(tmp_path, form, key)
    hush_file(path, [Span(8001, 12001, both=False)], key)
    left, right = loud(sound(path, key)[8001:12001])
    assert left < 10 and right > 4000


@pytest.mark.parametrize(("form", "key"), FORMS)
def test_a_span_beyond_the_end_silences_what_there_is(tmp_path: Path, form: str, key: bytes | None) -> None:
    path = recorded(tmp_path, form, key)
    hush_file(path, [Span(28000, 90000), Span(100000, 200000)], key)
    after = sound(path, key)
    assert max(loud(after[28400:])) < 2 and min(loud(after[20000:27500])) > 4000


def test_a_file_that_is_none_of_ours_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(ValueError, match="no recording of ours"):
        hush_file(path, [Span(0, 100)], None)
    assert path.read_bytes() == b"something else" * 100
    (tmp_path / "b.ogg").write_bytes(b"OggS" + bytes(100))
    with pytest.raises(ValueError, match="cannot be read"):
        hush_file(tmp_path / "b.ogg", [Span(0, 100)], None)
    sealed = recorded(tmp_path, "wav", KEY).rename(tmp_path / "c.wav.sealed")
    with pytest.raises(SealBroken):
        hush_file(sealed, [Span(0, 100)], bytes(32))
    with pytest.raises(OSError, match="no key"):
        hush_file(sealed, [Span(0, 100)], None)
    assert sound(sealed, KEY)[100:].any() and not list(tmp_path.glob("*.hushed"))


@pytest.mark.parametrize(("form", "key"), FORMS)
async def test_a_running_recording_is_silenced_before_and_after_it_is_written(
    tmp_path: Path, form: str, key: bytes | None
) -> None:
    anna, bert = pair()
    joined(anna, bert)
    async with desk(tmp_path, anna, bert, format=form, key=key) as made:
        recording = made.record(anna)
        began = made.clock.now
        made.clock.run(2.0)
        recording.silence(began + 0.5, began + 1.0)
        recording.silence(began + 1.9, began + 2.4)
        made.clock.run(1.0)
        recording.stop()
        await made.end()
    path = tmp_path / recording.file
    both = sound(path, key)
    for start, end in ((0.55, 0.95), (1.95, 2.3)):
        assert max(loud(both[round(start * RATE) : round(end * RATE)])) < 5, "silent"
    for start, end in ((0.1, 0.45), (1.1, 1.8), (2.55, 2.9)):
        assert min(loud(both[round(start * RATE) : round(end * RATE)])) > 1000, "as it was"
    notes = read_sidecar(path)
    assert [mark["what"] for mark in notes["marks"]] == ["silenced", "silenced"] and notes["silenced"] == 2
    assert notes["octets"] == path.stat().st_size


async def test_words_that_were_recognised_late_are_silenced_in_a_file_that_is_over(tmp_path: Path) -> None:
    anna, bert = pair()
    joined(anna, bert)
    async with desk(tmp_path, anna, bert) as made:
        recording = made.record(anna)
        began = made.clock.now
        made.clock.run(1.0)
        recording.stop()
        await made.end()
        recording.silence(began + 0.4, began + 0.6)
        recording.silence(began - 3.0, began - 2.0)
    both = sound(tmp_path / recording.file)
    assert max(loud(both[3360:4640])) == 0 and min(loud(both[1600:3000])) > 1000
    assert read_sidecar(tmp_path / recording.file)["silenced"] == 1


@pytest.mark.parametrize("ended", ["stopped", None])
def test_what_a_crash_left_to_be_silenced_is_silenced_at_the_next_start(tmp_path: Path, ended: str | None) -> None:
    path = recorded(tmp_path, "opus", KEY)
    marks = [{"at": 1.0, "second": 1.0, "what": "silenced", "until": 1.5, "both": True}]
    note(path, {"file": path.name, "started_at": 0.0, "marks": marks, **({"ended": ended} if ended else {})})
    repair(tmp_path, key=KEY)
    assert max(loud(sound(path, KEY)[8400:11600])) < 2 and read_sidecar(path)["silenced"] == 1
    stamp = path.stat().st_mtime_ns
    repair(tmp_path, key=KEY)
    assert path.stat().st_mtime_ns == stamp, "once is enough"
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["ended"] == (ended or "crash")
