"""Recordings on a real disk with a real thread: both channels, the clock, crashes, full disks, and keys."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest

from telephony.errors import Misuse, TransportError
from telephony.gateway import recording_files
from telephony.gateway.recording import CallRecording, Recorder, RecordingSettings
from telephony.gateway.recording_files import plain, read_sidecar, repair
from telephony.joining import Record, RecordingEnded
from telephony.leg import CallLeg
from telephony.media import wav
from telephony.media.codec import Codec
from telephony.media.g711 import decode_pcmu
from tests.unit.telephony.gateway.voices import Clock, Speaker
from tests.unit.telephony.media.sounds import Voice, levels

KEY = bytes(range(32))


class Desk:
    """A recorder on a counted clock, and the ends that it told."""

    def __init__(self, recorder: Recorder, clock: Clock) -> None:
        self.recorder, self.clock, self.ends = recorder, clock, asyncio.Queue[RecordingEnded]()

    def record(self, speaker: Speaker, name: str = "2026-11-22/c-1-1", **about: Any) -> CallRecording:
        return self.recorder.record(speaker.leg, name, about, self.ends.put_nowait)

    async def end(self) -> RecordingEnded:
        async with asyncio.timeout(5):
            return await self.ends.get()


@asynccontextmanager
async def desk(folder: Path, *speakers: Speaker, **settings: Any) -> AsyncIterator[Desk]:
    recorder = Recorder(RecordingSettings(folder, **{"least_free": 0, **settings}), clock=lambda: 1000.0)
    clock = Clock(*speakers)
    recorder.start()
    recorder.now = lambda: clock.now  # type: ignore[method-assign]
    made = Desk(recorder, clock)
    yield made
    await recorder.close()


def sound(path: Path, key: bytes | None = None) -> Voice:
    """Both channels, shape (n, 2), of any file that the recorder writes."""
    data = plain(path, key)
    if data[:4] == b"OggS":
        with av.open(io.BytesIO(data), "r") as ogg:
            resampler = av.AudioResampler("s16", "stereo", 8000)
            frames = [again.to_ndarray() for frame in ogg.decode(audio=0) for again in resampler.resample(frame)]
        return np.concatenate(frames, axis=1).reshape(-1, 2).astype(np.int16)
    if int.from_bytes(data[20:22], "little") == wav.MULAW:
        octets = int.from_bytes(data[wav.DATA_SIZE_AT :][:4], "little")
        return decode_pcmu(data[wav.HEADER_SIZE :][:octets]).reshape(-1, 2)
    with wave.open(io.BytesIO(data)) as read:
        return np.frombuffer(read.readframes(read.getnframes()), np.int16).reshape(-1, 2)


def pair() -> tuple[Speaker, Speaker]:
    return Speaker("anna", 400, Codec.PCMU, 0), Speaker("bert", 900, Codec.PCMA, 1)


def joined(anna: Speaker, bert: Speaker) -> None:
    anna.media.forward_to, bert.media.forward_to = bert.media, anna.media


@pytest.mark.parametrize("form", ["wav", "wav_pcmu", "opus"])
@pytest.mark.parametrize("key", [None, KEY])
async def test_left_is_the_far_end_and_right_what_it_hears(tmp_path: Path, form: str, key: bytes | None) -> None:
    anna, bert = pair()
    joined(anna, bert)
    async with desk(tmp_path, anna, bert, format=form, key=key) as made:
        recording = made.record(anna, contact="c-1")
        made.clock.run(2.0)
        recording.stop()
        recording.stop()
        ended = await made.end()
    path = tmp_path / recording.file
    assert (ended.file, ended.reason, ended.dropped) == (recording.file, "stopped", 0) and ended.seconds == pytest.approx(2.0)
    both = sound(path, key)
    assert len(both) / 8000 == pytest.approx(2.0, abs=0.1)
    left, right = both[4000:12000, 0], both[4000:12000, 1]
    assert levels(left, 400)[0] == pytest.approx(-20, abs=1.5) and levels(left, 900)[0] < -45
    assert levels(right, 900)[0] == pytest.approx(-20, abs=1.5) and levels(right, 400)[0] < -45
    notes = read_sidecar(path)
    assert (notes["contact"], notes["ended"], notes["sealed"], notes["octets"]) == (
        *("c-1", "stopped", key is not None),
        path.stat().st_size,
    )
    assert path.stat().st_mode & 0o007 == 0, "nobody else may read it"


@pytest.mark.parametrize("codec", [Codec.PCMA, Codec.G722, Codec.OPUS])
async def test_every_codec_is_recorded_in_its_place(tmp_path: Path, codec: Codec) -> None:
    anna, bert = Speaker("anna", 400, codec, 0), Speaker("bert", 900, codec, 1)
    joined(anna, bert)
    async with desk(tmp_path, anna, bert) as made:
        recording = made.record(anna)
        made.clock.run(1.0)
        recording.stop()
        assert (await made.end()).seconds == pytest.approx(1.0)
    both = sound(tmp_path / recording.file)[2400:7200]
    assert levels(both[:, 0], 400)[0] == pytest.approx(-20, abs=2) and levels(both[:, 1], 900)[0] == pytest.approx(-20, abs=2)
    assert levels(both[:, 0], 900)[0] < -45 and levels(both[:, 1], 400)[0] < -45


async def test_silence_is_where_nobody_sent_and_the_channels_stay_together(tmp_path: Path) -> None:
    anna, bert = pair()
    joined(anna, bert)
    async with desk(tmp_path, anna, bert) as made:
        recording = made.record(anna)
        made.clock.run(0.5)
        made.clock.run(1.0, anna)
        made.clock.run(0.5)
        recording.stop()
        await made.end()
    both = sound(tmp_path / recording.file)
    loud = np.abs(both.reshape(-1, 80, 2)).max(axis=1) > 300
    assert loud[:48, 0].all() and not loud[52:148, 0].any() and loud[154:198, 0].all(), "10 ms a column"
    assert loud[3:198, 1].all()


async def test_a_pause_is_silent_and_marked(tmp_path: Path) -> None:
    anna, bert = pair()
    joined(anna, bert)
    async with desk(tmp_path, anna, bert) as made:
        recording = made.record(anna)
        made.clock.run(0.6)
        recording.pause("card data")
        recording.pause()
        assert recording.paused
        made.clock.run(0.8)
        recording.resume()
        made.clock.run(0.6)
        recording.stop()
        await made.end()
    both = sound(tmp_path / recording.file)
    assert not both[5200:11000].any() and np.abs(both[1000:4000]).max() > 300 and np.abs(both[12000:15000]).max() > 300
    marks = read_sidecar(tmp_path / recording.file)["marks"]
    assert [(mark["what"], mark["second"]) for mark in marks] == [("paused", 0.6), ("resumed", 1.4)]
    assert marks[0]["why"] == "card data"


@pytest.mark.parametrize("form", ["wav", "wav_pcmu", "opus"])
async def test_what_a_crash_leaves_can_be_played_and_is_repaired(tmp_path: Path, form: str) -> None:
    anna, bert = pair()
    joined(anna, bert)
    crashed = tmp_path / "crashed"
    async with desk(tmp_path / "live", anna, bert, format=form) as made:
        recording = made.record(anna)
        made.clock.run(3.0)
        live = tmp_path / "live" / recording.file
        async with asyncio.timeout(5):
            least = {"wav": 60_000, "wav_pcmu": 30_000, "opus": 8_000}[form]  # well over the 1.5 s that are looked for
            while not live.exists() or live.stat().st_size < least:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        (crashed / "day").mkdir(parents=True)
        for one in live.parent.iterdir():  # a copy is what is left when the process dies now
            (crashed / "day" / one.name).write_bytes(one.read_bytes())
    copy = crashed / "day" / live.name
    if form != "opus":
        copy.write_bytes(wav.header(wav.PCM if form == "wav" else wav.MULAW, 2, 8000, 0) + copy.read_bytes()[58:] + b"\0")
    assert repair(crashed) == [copy] and repair(crashed) == []
    both = sound(copy)
    assert len(both) > 1.5 * 8000 and levels(both[4000:10000, 0], 400)[0] > -23
    assert read_sidecar(copy)["ended"] == "crash"


def test_a_start_reads_only_what_changed_since_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A house that records everything has millions of notes, and a node must be up in seconds."""
    long_ago = time.time() - 10 * 86_400
    for day in ("old", "new"):
        (tmp_path / day).mkdir()
        for name in ("a", "b"):
            (tmp_path / day / f"{name}.wav").write_bytes(wav.header(wav.PCM, 2, 8000, 0) + bytes(400))
            recording_files.note(tmp_path / day / f"{name}.wav", {"file": f"{name}.wav"})
    assert len(repair(tmp_path)) == 4
    recording_files.note(tmp_path / "new" / "b.wav", {"file": "b.wav"})
    os.utime(tmp_path / "old", (long_ago, long_ago))
    read: list[Path] = []
    right = recording_files.read_sidecar

    def counted(path: Path) -> dict[str, Any]:
        read.append(path)
        return right(path)

    monkeypatch.setattr(recording_files, "read_sidecar", counted)
    assert repair(tmp_path) == [tmp_path / "new" / "b.wav"]
    assert {path.parent.name for path in read} == {"new"}


async def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Any, block: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    anna, bert = pair()
    joined(anna, bert)
    async with desk(tmp_path, anna, bert) as made:
        monkeypatch.setattr(recording_files.WavFile, "write", full)
        recording = made.record(anna)
        made.clock.run(1.0)
        ended = await made.end()
        assert ended.reason == "disk_full" and "No space" in ended.detail
        heard = len(bert.rig.sent)
        made.clock.run(0.5)
        assert len(bert.rig.sent) > heard and not anna.media._ears.taps
        recording.stop()
        assert made.recorder.tally.failed == 1
    assert read_sidecar(tmp_path / recording.file)["ended"] == "disk_full"


async def test_too_little_room_is_refused_before_and_ends_it_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, bert = pair()
    async with desk(tmp_path, anna, bert, least_free=1 << 60) as made:
        with pytest.raises(TransportError, match="MB are free"):
            made.record(anna)
    async with desk(tmp_path, anna, bert) as made:
        made.recorder._writer._least_free = 1 << 60
        made.record(anna)
        made.clock.run(1.0)
        assert (await made.end()).reason == "disk_full"


async def test_the_longest_time_ends_it(tmp_path: Path) -> None:
    anna, bert = pair()
    async with desk(tmp_path, anna, bert, longest=1.0) as made:
        recording = made.record(anna)
        made.clock.run(2.0)
        ended = await made.end()
        assert (ended.reason, ended.seconds) == ("limit", 1.0) and not anna.media._ears.taps
        recording.stop()
    assert len(sound(tmp_path / recording.file)) == 8000


async def test_a_slow_disk_never_delays_and_what_is_dropped_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    write: Callable[..., None] = recording_files.WavFile.write

    def slow(self: Any, block: Any) -> None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(5)
        write(self, block)

    monkeypatch.setattr(recording_files.WavFile, "write", slow)
    anna, bert = pair()
    joined(anna, bert)
    async with desk(tmp_path, anna, bert, queue=5) as made:
        recording = made.record(anna)
        made.clock.run(4.0)
        recording.stop()
        assert made.recorder.tally.dropped >= 10
        release.set()
        ended = await made.end()
    assert ended.dropped > 100 and ended.seconds == pytest.approx(4.0)
    assert json.loads((tmp_path / "2026-11-22" / "c-1-1.json").read_text())["dropped"] == ended.dropped


async def test_what_cannot_be_recorded_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        record: Record = made.recorder.record
        with pytest.raises(Misuse, match="no MediaStream"):
            record(cast(CallLeg, type("Leg", (), {"id": "x"})()), "a", {}, made.ends.put_nowait)
    with pytest.raises(ValueError, match="wav_pcmu"):
        RecordingSettings(tmp_path, format="mp3")
    with pytest.raises(ValueError, match="32 octets"):
        RecordingSettings(tmp_path, key=b"short")
    with pytest.raises(OSError, match="no key"):
        plain(Path("x.wav.sealed"), None)


async def test_a_taken_name_fails_alone(tmp_path: Path) -> None:
    anna, bert = pair()
    async with desk(tmp_path, anna, bert) as made:
        (tmp_path / "taken.wav").write_bytes(b"mine")
        made.record(anna, "taken")
        made.clock.run(0.5)
        assert (await made.end()).reason == "failed"
    assert (tmp_path / "taken.wav").read_bytes() == b"mine"
