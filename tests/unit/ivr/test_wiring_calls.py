"""The parts behind `recording`, `parking` and `tones`, put together and used."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
from redis.asyncio import Redis

from ivr.__main__ import main
from ivr.errors import ConfigError, NotFound
from ivr.records.database import open_database, sqlite_url
from ivr.settings import Settings
from ivr.settings_calls import ParkingOptions, RecordingOptions
from ivr.settings_trunks import TrunkSettings
from ivr.wiring_calls import CallParts, call_parts
from telephony.fake import FakeLeg
from telephony.gateway.recording_files import create, note
from telephony.leg import CallInfo
from telephony.media import wav

KEY = "ab" * 32


def settings(folder: Path, **more: object) -> Settings:
    return Settings(node="one", recording=RecordingOptions(folder=str(folder), min_free_mb=0, encrypt_key=KEY), **more)  # type: ignore[arg-type]


async def parts_of(wanted: Settings, stack: AsyncExitStack) -> CallParts:
    redis = Redis.from_url("redis://127.0.0.1:1")
    stack.push_async_callback(redis.aclose)
    return await call_parts(wanted, stack, redis)


def sealed(folder: Path, name: str) -> Path:
    """A finished sealed recording of a second of 1000 left and 2000 right."""
    path = folder / f"{name}.wav.sealed"
    file = create(path, "wav", bytes.fromhex(KEY))
    file.write(np.tile(np.array([[1000, 2000]], np.int16), (8000, 1)))
    file.close()
    note(path, {"file": path.name, "ended": "stopped"})
    return path


async def test_a_node_mends_what_its_own_crash_left(tmp_path: Path) -> None:
    for node in ("one", "two"):
        path = tmp_path / f"{node}.wav"
        path.write_bytes(wav.header(wav.PCM, 2, 8000, 0) + bytes(400))
        note(path, {"file": path.name, "node": node})
    async with AsyncExitStack() as stack:
        await parts_of(settings(tmp_path), stack)
    assert json.loads((tmp_path / "one.json").read_text())["ended"] == "crash"
    assert (tmp_path / "one.wav").read_bytes()[:58] == wav.header(wav.PCM, 2, 8000, 400)
    assert "ended" not in json.loads((tmp_path / "two.json").read_text()), "another node may be writing it now"


async def test_a_message_in_whose_midst_the_node_died_is_in_its_box(redis_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    for name, seconds in (("long", 7.5), ("empty", 0.1)):
        path = folder / "voicemail" / "night" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav.header(wav.PCM, 2, 8000, 0) + bytes(400))
        about = {"contact": "c1", "caller": "1001", "box": "night", "message": name, "language": "zh", "flow": "hours"}
        note(path, {**about, "file": path.name, "node": "one", "started_at": path.stat().st_mtime - seconds})
    async with AsyncExitStack() as stack:
        redis, engine = Redis.from_url(redis_url), await open_database(sqlite_url(tmp_path))
        stack.push_async_callback(redis.aclose)
        stack.push_async_callback(engine.dispose)
        for _ in range(2):
            parts = await call_parts(settings(folder), stack, redis, engine)
        assert parts.left is not None
        await parts.left.late.drain()
        [row] = await parts.left.shelves.voicemails.list()
    assert (row["id"], row["box"], row["file"]) == ("long", "night", "voicemail/night/long.wav")
    assert (row["caller_number"], row["contact_id"], row["seconds"], row["heard"]) == ("1001", "c1", 7.5, False)
    assert "crash" in row["note"]


async def test_a_recording_is_given_unsealed_whole_or_in_part(tmp_path: Path) -> None:
    sealed(tmp_path, "a")
    async with AsyncExitStack() as stack:
        parts = await parts_of(settings(tmp_path), stack)
        whole = await parts.recording("a.wav.sealed", "wav", 0.0, None)
        assert len(whole) == wav.HEADER_SIZE + 8000 * 4 and wav.repaired(whole, len(whole)) is None
        part = await parts.recording("a.wav.sealed", "wav", 0.25, 0.5)
        assert 8000 <= len(part) <= 8100
        for wrong in ("b.wav", "../a.wav.sealed", "/etc/hostname"):
            with pytest.raises(NotFound):
                await parts.recording(wrong, "wav", 0.0, None)


def test_the_command_unseals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = sealed(tmp_path, "a")
    config = tmp_path / "hotline.yaml"
    config.write_text(f"recording: {{ folder: x, encrypt_key: {KEY!r} }}\n")
    assert main(["unseal", str(source), str(tmp_path / "a.wav"), "--config", str(config)]) == 0
    assert "32058 octets" in capsys.readouterr().out
    assert main(["unseal", str(source), str(tmp_path / "a.wav"), "--config", str(config)]) == 1
    assert "is there already" in capsys.readouterr().err


async def test_slots_and_tones_reach_the_calls_and_keys_are_heard_where_asked(tmp_path: Path) -> None:
    wanted = settings(
        tmp_path,
        parking=ParkingOptions("701-702"),
        tones="uk",
        trunks={"carrier": TrunkSettings(inband_dtmf=True), "other": TrunkSettings()},
    )
    async with AsyncExitStack() as stack:
        parts = await parts_of(wanted, stack)
        assert parts.parking.slots == ("701", "702")
        parts.parking.park("c-1", "", 1.0)
        assert "# TYPE hotline_parked gauge\nhotline_parked 1\n" in parts.metrics()
        assert "hotline_recordings_dropped_batches_total 0\n" in parts.metrics()
        heard: list[str] = []

        class Keyed(FakeLeg):
            @property
            def media(self) -> object:
                heard.append(self.info.trunk)
                return self

            def add_listener(self, listener: object) -> None: ...

            def key(self, digit: str, way: str) -> None: ...

        for trunk in ("carrier", "other", ""):
            leg = Keyed()
            leg.info = CallInfo(trunk=trunk)
            heard.clear()
            parts.offered(leg)
            assert bool(heard) is (trunk == "carrier")


async def test_a_folder_that_cannot_be_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match=r"recording\.folder"):
            await parts_of(settings(tmp_path / "file" / "calls"), stack)
    await asyncio.sleep(0)
