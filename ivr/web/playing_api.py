"""Contacts that are over, played and searched: `/api/v1/contacts/ID/playback`, its sound, and `/api/v1/transcripts/search`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ivr.accounts.roles import ROLES
from ivr.accounts.trail import noted
from ivr.call import Speaker
from ivr.errors import NotAllowed, NotFound
from ivr.playing.spans import seconds, spoken_seconds
from ivr.playing.timeline import Sound, playback
from ivr.records.search import Filters, Hits
from ivr.records.words import MOST_QUERY, Query, parse, snippet
from ivr.web.api import READERS, BadRequest
from ivr.web.auth import HOUSE, Gate, visitor_of
from ivr.web.parts import Account, Contacts, WebParts
from ivr.web.ranges import NotSatisfiable, wanted

PIECE = 65_536
"""Octets that are read at once."""
MOST_HITS = 100
AT_ONCE = 2
"""Searches that go on together; others wait, so that the records' other readers do not."""
MOODS = ("calm", "tense", "angry")
LISTENED = 600.0
"""Seconds for which one who plays a recording is written down once: a player asks for it piece by piece."""
MOST_LISTENERS = 2_000
MOST_CONVERTED = 64 << 20
"""Octets of converted recordings that are kept, whatever one alone has."""


class Readable(Protocol):
    """A recording; `telephony.gateway.recording_reading.RecordingReader`. Its methods block."""

    @property
    def media_type(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def tag(self) -> str:
        """Another one for another sound; "" where that is not known."""

    def read(self, start: int, count: int) -> bytes: ...

    def close(self) -> None: ...


class Finder(Protocol):
    """`ivr.records.search.TranscriptSearch`."""

    async def find(self, query: Query, filters: Filters, limit: int = 50, before: int | None = None) -> Hits: ...


@dataclass(frozen=True, slots=True)
class PlayParts:
    """What the routes need, handed in by `ivr.wiring_playing`."""

    finder: Finder
    sounds: Callable[[Mapping[str, Any]], Awaitable[Sequence[Sound]]]
    """A contact to its recordings with their levels; those that cannot be read here say why."""
    open: Callable[[Mapping[str, Any], int], Awaitable[Readable]]
    """The recording with a number (from 1) of a contact. Raises NotFound."""
    shown: Callable[[str, str], Awaitable[bool]] | None = None
    """(agent, contact): whether the agent may play it, for it was reviewed for them. None: agents may not."""


@dataclass(slots=True)
class Listeners:
    """Who was written down lately."""

    at: dict[tuple[str, str, int], float] = field(default_factory=dict)

    def is_new(self, who: str, contact_id: str, number: int, now: float) -> bool:
        """Whether it is to be written down that somebody listens."""
        key = (who, contact_id, number)
        before = self.at.pop(key, None)
        while len(self.at) >= MOST_LISTENERS:
            del self.at[next(iter(self.at))]
        self.at[key] = now if before is None or now - before >= LISTENED else before
        return self.at[key] == now


class Conversions:
    """Recordings as MP3. The last ones are kept: a player asks piece by piece, and each would convert the whole anew."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, str], bytes] = {}
        self._turn = asyncio.Lock()
        """One at a time: each takes a core, and all of its sound in memory."""

    async def of(self, key: tuple[str, int, str], make: Callable[[], Awaitable[bytes]]) -> bytes:
        """What `make` gives or gave for a contact, the number of a recording and its tag."""
        if key not in self._kept:
            async with self._turn:
                if key not in self._kept:
                    self._kept[key] = await make()
                while len(self._kept) > 1 and sum(map(len, self._kept.values())) > MOST_CONVERTED:
                    del self._kept[next(iter(self._kept))]
        return self._kept[key]


class PlayingApi:
    def __init__(self, play: PlayParts, parts: WebParts, gate: Gate, clock: Callable[[], float] = time.time) -> None:
        self._play, self._parts, self._gate, self._clock = play, parts, gate, clock
        self._listeners, self._conversions = Listeners(), Conversions()
        self._searching = asyncio.Semaphore(AT_ONCE)

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/contacts/{contact_id}/playback", self.playback),
            Route("/api/v1/contacts/{contact_id}/playback/{number:int}", self.sound),
            Route("/api/v1/transcripts/search", self.search),
        ]

    async def playback(self, request: Request) -> Response:
        """Everything that a player shows, on one time line."""
        _, contact = await self._may(request)
        sounds = await self._play.sounds(contact)
        told = await asyncio.to_thread(playback, contact, sounds)
        for mark in told["marks"]:
            if mark["kind"] in ("agent", "hold"):
                mark["label"] = await self._name(mark["label"])
        return JSONResponse(told)

    async def sound(self, request: Request) -> Response:
        """A recording as it is kept, unsealed; `Range` gives a part of it. `?format=mp3` for players that take no Ogg."""
        account, contact = await self._may(request)
        number, form = request.path_params["number"], request.query_params.get("format", "")
        if form not in ("", "mp3"):
            raise BadRequest("format is mp3, or nothing")
        reader = await (self._converted(contact, number) if form else self._play.open(contact, number))
        try:
            response = _given(request, reader)
        except BaseException:
            reader.close()
            raise
        if response.status_code < 300 and self._listeners.is_new(account.id, contact["id"], number, self._clock()):
            await noted(account.id, visitor_of(request).address, "recording played", contact["id"], f"number {number}")
        return response

    async def search(self, request: Request) -> Response:
        """`?q=&queue=&agent=&from=&to=&speaker=&mood=&before=&limit=`: turns with these words, the latest first."""
        await self._gate.require(request, *READERS)
        asked = request.query_params
        text = asked.get("q", "")
        if len(text) > MOST_QUERY or (query := parse(text)) is None:
            raise BadRequest(f"q must have a word to look for, and at most {MOST_QUERY} characters")
        filters, before = _filters(asked), _number(asked.get("before"), "before", 1 << 62)
        limit = min(MOST_HITS, _number(asked.get("limit"), "limit", 1 << 20) or 50)
        async with self._searching:
            hits = await self._play.finder.find(query, filters, limit, before)
            rows = await asyncio.to_thread(_told, hits.rows, query)
        names = {one: await self._name(one) for one in {str(row["contact"]["agent_id"] or "") for row in rows}}
        for row in rows:
            row["contact"]["agent_name"] = names[str(row["contact"]["agent_id"] or "")]
        following = None if hits.next is None else str(hits.next)
        return JSONResponse({"hits": rows, "next": following, "words": str(query), "seen": hits.seen})

    async def _may(self, request: Request) -> tuple[Account, dict[str, Any]]:
        """Who asks, and the contact: reviewers', and an agent's who is shown it. Raises SignInNeeded, NotAllowed, NotFound."""
        account = await self._gate.require(request, *ROLES)
        contact_id = str(request.path_params["contact_id"])
        if account is not HOUSE and not set(READERS) & set(account.roles):
            shown = self._play.shown
            if shown is None or not await shown(account.id, contact_id):
                raise NotAllowed("you may play contacts that were reviewed for you")
        return account, dict(await self._contacts.get(contact_id))

    @property
    def _contacts(self) -> Contacts:
        return self._parts.contacts

    async def _converted(self, contact: Mapping[str, Any], number: int) -> Readable:
        (reader := await self._play.open(contact, number)).close()
        convert = self._parts.recording
        if convert is None:
            raise NotFound(f"there is no recording {number} of {contact['id']}")
        file = str(contact["recordings"][number - 1]["file"])
        sound = await self._conversions.of((contact["id"], number, reader.tag), lambda: convert(file, "mp3", 0.0, None))
        return Whole(sound, "audio/mpeg", f"{reader.tag}-mp3")

    async def _name(self, account_id: str) -> str:
        account = await self._gate.house.account(account_id) if account_id else None
        return account_id if account is None else account.name or account_id


@dataclass(frozen=True, slots=True)
class Whole:
    """A sound in memory, read as a recording is."""

    data: bytes
    media_type: str
    tag: str

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, count: int) -> bytes:
        return self.data[start : start + count]

    def close(self) -> None:
        """Nothing is open."""


def _given(request: Request, reader: Readable) -> Response:
    """The whole or the range that was asked for; `reader` is closed when it is sent."""
    etag = f'"{reader.tag}"' if reader.tag else ""
    headers = {"accept-ranges": "bytes", "content-disposition": "inline", **({"etag": etag} if etag else {})}
    asked = request.headers.get("range")
    if asked is not None and (last := request.headers.get("if-range")) is not None and last != etag:
        asked = None  # it has parts of another sound
    try:
        part = wanted(asked, reader.size)
    except NotSatisfiable:
        reader.close()
        return Response(status_code=416, headers={"content-range": f"bytes */{reader.size}"})
    start, count = part or (0, reader.size)
    if part is not None:
        headers["content-range"] = f"bytes {start}-{start + count - 1}/{reader.size}"
    headers["content-length"] = str(count)
    status = 200 if part is None else 206
    if request.method == "HEAD":
        reader.close()
        return Response(status_code=status, headers=headers, media_type=reader.media_type)
    return StreamingResponse(_pieces(reader, start, count), status, headers, reader.media_type)


async def _pieces(reader: Readable, start: int, count: int) -> AsyncIterator[bytes]:
    try:
        while count > 0:
            piece = await asyncio.to_thread(reader.read, start, min(PIECE, count))
            if not piece:
                return
            yield piece
            start, count = start + len(piece), count - len(piece)
    finally:
        reader.close()


# --- searching


def _told(rows: Sequence[Mapping[str, Any]], query: Query) -> list[dict[str, Any]]:
    return [_hit(row, query) for row in rows]


def _hit(row: Mapping[str, Any], query: Query) -> dict[str, Any]:
    contact, text = dict(row["contact"]), str(row["text"])
    recorded = bool(contact.pop("recordings"))
    second = float(row["at"]) - float(contact["started_at"])
    if row["speaker"] != Speaker.BOT.value:  # known when it was over
        second -= spoken_seconds(text)
    return {
        "contact": {**contact, "recorded": recorded},
        "turn": row["index"],
        "second": round(max(0.0, second), 1),
        "speaker": row["speaker"],
        "mood": row["mood"],
        "snippet": snippet(text, query),
    }


def _filters(asked: Mapping[str, str]) -> Filters:
    """Raises BadRequest."""
    queue, agent, mood = (asked.get(name, "") for name in ("queue", "agent", "mood"))
    speakers = tuple(one for one in asked.get("speaker", "").split(",") if one)
    known = [one.value for one in Speaker]
    if not set(speakers) <= set(known):
        raise BadRequest(f"speaker is {', '.join(known)}, or several of them with commas")
    if mood and mood not in MOODS:
        raise BadRequest(f"mood is {', '.join(MOODS)}")
    if len(queue) > 128 or len(agent) > 128:
        raise BadRequest("queue and agent are names of at most 128 characters")
    return Filters(queue, agent, speakers, mood, _time(asked, "from"), _time(asked, "to"))


def _time(asked: Mapping[str, str], name: str) -> float | None:
    text = asked.get(name, "")
    if not text:
        return None
    try:
        found = seconds(float(text))
    except ValueError:
        found = seconds(text)
    if found is None or not -1e11 < found < 1e11:
        raise BadRequest(f"{name} must be a time such as 2026-11-22T08:00Z, or epoch seconds")
    return found


def _number(text: str | None, name: str, most: int) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 19 or not 1 <= int(text) <= most:
        raise BadRequest(f"{name} must be a number from 1")
    return int(text)
