"""Playing and searching by the API: who may, ranges of sealed sound, what is written down, and what is refused."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from redis.asyncio import Redis

from ivr.errors import NotFound
from ivr.playing.timeline import Sound
from ivr.records.search import Filters, Hits
from ivr.records.words import Query
from ivr.web.playing_api import LISTENED, Conversions, Listeners, PlayParts
from ivr.wiring_playing import SoundShelf
from telephony.gateway.recording import RecordingSettings
from telephony.gateway.recording_files import note, plain
from telephony.gateway.recording_silence import Span, hush_file
from tests.unit.ivr.web.town import TOKEN, Town, town
from tests.unit.telephony.gateway.test_recording import KEY
from tests.unit.telephony.gateway.test_recording_silence import recorded

T0 = 1_790_000_000.0
ONE = "/api/v1/contacts/c-1/playback"
SEARCH = "/api/v1/transcripts/search"


class Records:
    """Two contacts, one of them with a recording; and a search that says what it was asked."""

    def __init__(self, file: str) -> None:
        said = {"index": 0, "at": T0 + 3, "speaker": "caller", "text": "我要退款", "medium": "speech", "mood": "angry"}
        sounds = [
            {"file": file, "started_at": T0 + 1, "seconds": 4.0, "reason": "stopped"},
            {"file": "../../etc/passwd", "started_at": T0 + 6, "seconds": 1.0, "reason": "stopped"},
        ]
        self.contact: dict[str, Any] = {
            "id": "c-1",
            "started_at": T0,
            "ended_at": T0 + 9,
            "connected_at": T0 + 2,
            "agent_id": "a-agent",
            "turns": [said],
            "recordings": sounds,
        }
        self.asked: list[tuple[Query, Filters, int, int | None]] = []
        self.converted: list[str] = []

    async def get(self, contact_id: str) -> Mapping[str, Any]:
        if contact_id != "c-1":
            raise NotFound(f"there is no contact {contact_id}")
        return self.contact

    async def find(self, query: Query, filters: Filters, limit: int = 50, before: int | None = None) -> Hits:
        self.asked.append((query, filters, limit, before))
        contact = {"id": "c-1", "started_at": T0, "agent_id": "a-agent", "queue": "support", "recordings": []}
        row = {"number": 7, "contact_id": "c-1", "index": 0, "at": T0 + 3, "speaker": "caller", "mood": "angry"}
        return Hits([{**row, "text": "我要退款", "medium": "speech", "contact": contact}], 7, 20_000)

    async def convert(self, file: str, form: str, start: float, end: float | None) -> bytes:
        self.converted.append(f"{file}.{form}")
        await asyncio.sleep(0)
        return b"mp3 " * 1000

    async def shown(self, agent_id: str, contact_id: str) -> bool:
        return (agent_id, contact_id) == ("a-agent", "c-1")


@pytest.fixture
def records(tmp_path: Path) -> Records:
    path = recorded(tmp_path, "wav", KEY)
    note(path, {"file": path.name, "ended": "stopped", "marks": [{"second": 1.0, "what": "silenced", "until": 2.0}]})
    return Records(path.name)


@pytest.fixture
async def here(redis: Redis, tmp_path: Path, records: Records) -> AsyncIterator[Town]:
    shelf = SoundShelf(RecordingSettings(tmp_path, key=KEY))
    play = PlayParts(records, shelf.sounds, shelf.open, records.shown)
    async with town(redis, tmp_path, contacts=records, play=play, recording=records.convert) as made:
        yield made


async def test_reviewers_and_the_agent_who_was_reviewed_get_the_time_line(here: Town) -> None:
    for name, status in (("a-quality", 200), ("a-supervisor", 200), ("a-admin", 200), ("a-agent", 200), ("a-senior", 403)):
        client = await here.signed_in(name)
        assert (await client.get(ONE)).status_code == status, name
        assert (await client.get(f"{ONE}/1")).status_code == status, name
        assert (await client.get(SEARCH, params={"q": "退款"})).status_code == (
            200 if name not in ("a-agent", "a-senior") else 403
        )
    client = await here.signed_in("a-quality")
    told = (await client.get(ONE)).json()
    assert (told["seconds"], told["begins"], told["turns"][0]["mood"]) == (9.0, 1.0, "angry")
    assert [(one["url"], one["why"]) for one in told["recordings"]] == [(f"{ONE}/1", ""), (None, "missing")]
    assert max(told["peaks"]["caller"]) == pytest.approx(0.24, abs=0.02)
    assert {"kind": "private", "from": 2.0, "to": 3.0, "label": ""} in told["marks"]
    assert {"kind": "agent", "from": 2.0, "to": 2.0, "label": "Agent"} in told["marks"], "people have names"
    assert (await client.get("/api/v1/contacts/c-2/playback")).status_code == 404


async def test_sealed_sound_is_given_in_parts_and_that_is_written_down_once(here: Town, tmp_path: Path) -> None:
    client, whole = await here.signed_in("a-quality"), plain(next(tmp_path.glob("*.sealed")), KEY)
    full = await client.get(f"{ONE}/1")
    assert (full.status_code, full.content == whole, full.headers["content-type"]) == (200, True, "audio/wav")
    assert full.headers["accept-ranges"] == "bytes" and full.headers["cache-control"] == "no-store"
    part = await client.get(f"{ONE}/1", headers={"range": "bytes=50000-50099"})
    assert (part.status_code, part.content == whole[50000:50100]) == (206, True)
    assert part.headers["content-range"] == f"bytes 50000-50099/{len(whole)}"
    behind = await client.get(f"{ONE}/1", headers={"range": f"bytes={len(whole)}-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    changed = await client.get(f"{ONE}/1", headers={"range": "bytes=0-1", "if-range": '"other"'})
    assert changed.status_code == 200 and len(changed.content) == len(whole)
    same = await client.get(f"{ONE}/1", headers={"range": "bytes=0-1", "if-range": full.headers["etag"]})
    assert (same.status_code, same.content) == (206, whole[:2])
    head = await client.head(f"{ONE}/1")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(whole)))
    assert (await here.told()).count(("a-quality", "recording played", "c-1")) == 1
    for number, status in ((2, 404), (3, 404), (0, 404)):
        assert (await client.get(f"{ONE}/{number}")).status_code == status
    assert (await client.get(f"{ONE}/1?format=exe")).status_code == 400


async def test_a_recording_is_converted_once_for_all_its_parts(here: Town, records: Records, tmp_path: Path) -> None:
    client, (path,) = await here.signed_in("a-quality"), tmp_path.glob("*.sealed")
    asked = [client.get(f"{ONE}/1?format=mp3", headers={"range": f"bytes={at}-{at + 9}"}) for at in (0, 20, 4000)]
    first, second, behind = await asyncio.gather(*asked)
    assert (first.status_code, second.content, behind.status_code) == (206, b"mp3 mp3 mp", 416)
    assert (first.headers["content-type"], records.converted) == ("audio/mpeg", [f"{path.name}.mp3"])
    told = (await client.get(f"{ONE}/1")).headers["etag"], first.headers["etag"]
    assert told[0] != told[1] == second.headers["etag"]
    hush_file(path, [Span(8000, 16000)], KEY)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    changed = await client.get(f"{ONE}/1?format=mp3", headers={"range": "bytes=0-9", "if-range": first.headers["etag"]})
    assert (changed.status_code, len(records.converted)) == (200, 2)
    path.unlink()
    assert (await client.get(f"{ONE}/1?format=mp3")).status_code == 404
    assert (await client.get(f"{ONE}/2?format=mp3")).status_code == 404


async def test_converted_recordings_that_are_kept_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.web.playing_api.MOST_CONVERTED", 10)
    conversions, made = Conversions(), list[int]()

    async def convert(number: int, size: int) -> bytes:
        made.append(number)
        return bytes(size)

    for number, size in ((1, 4), (2, 6), (1, 4), (3, 1), (2, 6), (4, 99), (2, 6)):
        assert len(await conversions.of(("c", number, ""), partial(convert, number, size))) == size
    assert made == [1, 2, 3, 4, 2]


async def test_a_search_passes_on_what_was_asked_and_marks_what_was_found(here: Town, records: Records) -> None:
    client = await here.signed_in("a-supervisor")
    asked = {"q": "退款", "queue": "support", "agent": "a-agent", "speaker": "caller,agent", "mood": "angry", "before": "9"}
    answer = (await client.get(SEARCH, params={**asked, "from": "2026-09-01", "to": "1790000100", "limit": "7"})).json()
    ((query, filters, limit, before),) = records.asked
    assert (str(query), limit, before) == ("退 款", 7, 9)
    assert filters == Filters("support", "a-agent", ("caller", "agent"), "angry", filters.since, 1_790_000_100.0)
    assert answer["next"] == "7" and answer["words"] == "退 款"
    (hit,) = answer["hits"]
    assert hit["snippet"] == [{"text": "我要", "hit": False}, {"text": "退款", "hit": True}]
    assert (hit["turn"], hit["second"], hit["contact"]["recorded"]) == (0, 1.9, False)
    assert hit["contact"]["agent_name"]


async def test_what_cannot_be_searched_is_said(here: Town) -> None:
    client = here.client(authorization=f"Bearer {TOKEN}")
    wrong: tuple[dict[str, str], ...] = (
        *({}, {"q": "  "}, {"q": "-no"}, {"q": "x" * 201}, {"q": "x", "speaker": "dog"}, {"q": "x", "mood": "sad"}),
        *({"q": "x", "from": "yesterday"}, {"q": "x", "to": "nan"}, {"q": "x", "before": "-1"}, {"q": "x", "before": "9" * 19}),
        *({"q": "x", "limit": "0"}, {"q": "x", "queue": "q" * 129}),
    )
    for asked in wrong:
        answer = await client.get(SEARCH, params=asked)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request"), (asked, answer.text)


async def test_a_node_that_records_nothing_still_has_words(tmp_path: Path, records: Records) -> None:
    shelf = SoundShelf(None)
    sounds = await shelf.sounds(records.contact)
    assert [(one.url, one.why) for one in sounds] == [("", "missing")] * 2
    with pytest.raises(NotFound):
        await shelf.open(records.contact, 1)
    other = SoundShelf(RecordingSettings(tmp_path, key=bytes(32)))
    assert (await other.sounds(records.contact))[0].why == "sealed"
    with pytest.raises(NotFound, match="sealed"):
        await other.open(records.contact, 1)


def test_who_listens_for_long_is_written_down_again() -> None:
    listeners = Listeners()
    assert [listeners.is_new("q", "c", 1, now) for now in (0.0, 5.0, LISTENED - 1, LISTENED, LISTENED + 1)] == [
        *(True, False, False),
        *(True, False),
    ]
    assert listeners.is_new("q", "c", 2, 1.0) and listeners.is_new("r", "c", 1, 1.0)
    for number in range(5_000):
        listeners.is_new("x", "c", number, 2.0)
    assert len(listeners.at) <= 2_000
    assert isinstance(Sound(1, 0.0, 1.0, "").levels, np.ndarray)
