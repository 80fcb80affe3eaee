"""The prompts library, forms and the audit by the admin API."""

from __future__ import annotations

import pytest

from ivr.web.admin_prompts import LARGEST
from tests.unit.ivr.web.admin_house import House


async def test_prompts_are_listed_and_told_one_by_one() -> None:
    async with House().client("boss") as client:
        found = (await client.get("/prompts")).json()
        assert found["languages"] == ["zh", "en"] and found["voices"] == [] and found["writable"] is False
        assert [one["name"] for one in found["prompts"]] == ["welcome"]
        assert len((await client.get("/prompts?values=1")).json()["prompts"]) == 2
        assert (await client.get("/prompts/zh/values/zh/0")).json()["name"] == "values/zh/0"
        assert (await client.get("/prompts/zh/nothing")).status_code == 404
    async with House().client() as client:
        assert (await client.get("/prompts")).json()["writable"] is True


async def test_a_recording_is_taken_with_its_wishes() -> None:
    house = House()
    async with house.client() as client:
        answer = await client.put(
            "/prompts/zh/welcome/audio?trim=0&level=1&rate=8000&stamp=abc&source=microphone", content=b"sound"
        )
    assert answer.status_code == 200
    (name, language, upload, stamp, by) = house.prompts.done[0][1:]
    assert (name, language, stamp, by) == ("welcome", "zh", "abc", "root")
    assert (upload.data, upload.trim, upload.level, upload.rate, upload.source) == (b"sound", False, True, 8000, "microphone")
    assert house.told == [("prompt", {"name": "welcome", "language": "zh", "by": "root"})]
    assert house.audit.kept[0]["what"] == "recording taken (microphone)"


async def test_what_is_no_recording_is_told() -> None:
    house = House()
    async with house.client() as client:
        path = "/prompts/zh/welcome/audio"
        assert (await client.put(path, content=b"")).status_code == 400
        wrong = await client.put(path, content=b"no audio")
        assert wrong.status_code == 415 and "WAV" in wrong.json()["error"]["cure"]
        assert (await client.put(path, content=b"x" * (LARGEST + 1))).status_code == 413
        assert (await client.put(f"{path}?rate=44100", content=b"x")).status_code == 400
        assert (await client.put(f"{path}?source=elsewhere", content=b"x")).status_code == 400
        assert (await client.put(f"{path}?stamp=old", content=b"x")).json()["stamp"] == "new"
    assert house.audit.kept == []


async def test_a_used_recording_is_removed_only_by_force() -> None:
    house = House()
    async with house.client() as client:
        kept = await client.delete("/prompts/zh/welcome/audio")
        assert kept.status_code == 409 and kept.json()["used_by"] == [{"flow": "telecom", "state": "main"}]
        assert (await client.delete("/prompts/zh/welcome/audio?force=1&stamp=a")).status_code == 200
        assert (await client.post("/prompts/zh/welcome/undo", json={"version": "v"})).status_code == 200
        assert (await client.put("/prompts/zh/welcome/text", json={"text": "您好", "stamp": ""})).status_code == 200
    assert [one[0] for one in house.prompts.done] == ["remove", "undo", "write"]
    assert len(house.audit.kept) == 3


async def test_no_voice_is_told_with_a_cure() -> None:
    async with House().client() as client:
        answer = await client.post("/prompts/zh/welcome/render", json={})
        assert answer.status_code == 501 and "voice" in answer.json()["error"]["cure"]
        bodies: list[dict[str, object]] = [{"text": 1}, {"voice": []}, {"stamp": 5}, {"text": "x" * 600}]
        for body in bodies:
            assert (await client.post("/prompts/zh/welcome/render", json=body)).status_code in (400, 413)


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("", 200, bytes(range(100))),
        ("bytes=0-9", 206, bytes(range(10))),
        ("bytes=90-", 206, bytes(range(90, 100))),
        ("bytes=-5", 206, bytes(range(95, 100))),
        ("bytes=50-9999", 206, bytes(range(50, 100))),
        ("bytes=200-", 416, b""),
        ("bytes=9-3", 416, b""),
        ("bytes=-", 200, bytes(range(100))),
        ("bytes=0-1,3-4", 200, bytes(range(100))),
        ("pages=1-2", 200, bytes(range(100))),
    ],
)
async def test_a_browser_may_ask_for_a_part_of_a_sound(asked: str, status: int, part: bytes) -> None:
    async with House().client("boss") as client:
        answer = await client.get("/prompts/zh/welcome/audio", headers={"range": asked} if asked else {})
    assert (answer.status_code, answer.content) == (status, part)
    assert answer.headers["accept-ranges"] == "bytes"


async def test_sound_by_version_and_rate() -> None:
    house = House()
    async with house.client() as client:
        assert (await client.get("/prompts/-/music/audio?version=v1&rate=8000")).status_code == 200
        assert (await client.get("/prompts/-/music/audio?rate=5")).status_code == 400
        assert (await client.post("/prompts/preview", json={"text": "您好", "language": "zh"})).content == b"RIFF"
    assert house.prompts.done == [("sound", "music", "-", "v1", 8000)]


async def test_forms_are_read_and_written() -> None:
    house = House()
    async with house.client() as client:
        assert (await client.get("/configuration")).json() == {"parts": [{"part": "queues"}]}
        assert (await client.get("/configuration/queues")).json()["stamp"] == "1"
        assert (await client.get("/configuration/nothing")).status_code == 404
        done = await client.put("/configuration/queues", json={"value": {"a": {}}, "stamp": "1", "note": "more"})
        assert done.json()["restart"] == ["queues"]
        assert house.told == [("configuration", {"part": "queues", "by": "root", "stamp": "2"})]
        stale = await client.put("/configuration/queues", json={"value": {}, "stamp": "0"})
        assert stale.status_code == 409 and stale.json()["theirs"] == {"b": 2} and stale.json()["yours"] == {"a": 1}
        wrong = await client.put("/configuration/queues", json={"value": "bad", "stamp": "1"})
        assert wrong.status_code == 422 and wrong.json()["problems"][0]["path"] == ["a"]
        assert (await client.put("/configuration/queues", json={"stamp": "1"})).status_code == 400
        lines = (await client.get("/audit?limit=5")).json()["lines"]
        assert [(one["what"], one["note"]) for one in lines] == [("configuration changed", "more")]
        assert (await client.get("/audit?limit=0")).status_code == 400
