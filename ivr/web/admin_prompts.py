"""`/api/v1/admin/prompts`: the prompts library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import PromptMissing, SpeechUnavailable, Unreadable
from ivr.web.admin_door import AdminError, Door, Who, body_of, not_here, octets_of, text_in
from ivr.web.admin_parts import AdminParts, Upload
from ivr.web.api import BadRequest

LARGEST = 20 << 20
"""Octets of an upload."""
LONGEST_TEXT = 500
WAV = "audio/wav"
VOICE = "install a voice (docs/prompts.md), or record it"


class PromptsApi:
    """The routes."""

    def __init__(self, parts: AdminParts, door: Door) -> None:
        self._parts, self._door, self._desk = parts, door, parts.prompts

    @property
    def routes(self) -> list[Route]:
        door, one = self._door, "/prompts/{language}/{name:path}"
        return [
            door.read("/prompts", self.prompts),
            door.ask("/prompts/preview", self.preview),
            door.change(f"{one}/text", self.write, "PUT"),
            door.read(f"{one}/audio", self.sound),
            door.change(f"{one}/audio", self.put, "PUT"),
            door.change(f"{one}/audio", self.remove, "DELETE"),
            door.change(f"{one}/render", self.render),
            door.change(f"{one}/undo", self.undo),
            door.read(one, self.prompt),
        ]

    async def prompts(self, request: Request, who: Who) -> Response:
        values = request.query_params.get("values") == "1"
        rows = list(await self._door.work(self._desk.prompts, values))
        about = {"languages": list(self._desk.languages()), "voices": list(self._desk.voices())}
        writable = who.may_write and any(one["writable"] for row in rows for one in row["recordings"].values())
        return JSONResponse({**about, "prompts": rows, "writable": writable or (who.may_write and not rows)})

    async def prompt(self, request: Request, who: Who) -> Response:
        return JSONResponse(dict(await self._door.work(self._desk.prompt, _name(request))))

    async def sound(self, request: Request, who: Who) -> Response:
        name, language, query = _name(request), _language(request), request.query_params
        rate = query.get("rate", "")
        if rate not in ("", "8000", "16000"):
            raise BadRequest("rate is 8000 or 16000")
        sound = await self._door.work(self._desk.sound, name, language, query.get("version", "")[:60], int(rate or 0))
        return ranged(request, sound)

    async def preview(self, request: Request, who: Who) -> Response:
        body = await body_of(request, 65536)
        text, language = text_in(body, "text", most=LONGEST_TEXT), text_in(body, "language", most=20)
        return ranged(request, await self._spoken(self._desk.preview, text, language))

    async def put(self, request: Request, who: Who) -> Response:
        query, name, language = request.query_params, _name(request), _language(request)
        rate, source = query.get("rate", "16000"), query.get("source", "upload")
        if rate not in ("8000", "16000") or source not in ("upload", "microphone"):
            raise BadRequest("rate is 8000 or 16000, source upload or microphone")
        trim, level = query.get("trim", "1") == "1", query.get("level", "1") == "1"
        upload = Upload(await octets_of(request, LARGEST), trim, level, int(rate), source)
        if not upload.data:
            raise BadRequest("send the recording as the body")
        try:
            found = await self._door.work(self._desk.put, name, language, upload, query.get("stamp"), who.id)
        except Unreadable as error:
            cure = "send WAV, MP3, Ogg, WebM, M4A or FLAC of at most 5 minutes"
            raise AdminError(415, "unreadable_audio", str(error), cure) from None
        return await self._done(who, f"recording taken ({source})", name, language, found)

    async def render(self, request: Request, who: Who) -> Response:
        body, name, language = await body_of(request, 65536), _name(request), _language(request)
        text, voice = text_in(body, "text", "", LONGEST_TEXT), text_in(body, "voice", "", 100)
        found = await self._spoken(self._desk.render, name, language, text, voice, _stamp(body), who.id)
        return await self._done(who, "recording rendered", name, language, found)

    async def remove(self, request: Request, who: Who) -> Response:
        name, language, query = _name(request), _language(request), request.query_params
        used = (await self._door.work(self._desk.prompt, name))["used_by"]
        if used and query.get("force") != "1":
            raise AdminError(
                409, "in_use", f"{name} is used by flows", "change them first, or remove it all the same", used_by=used
            )
        found = await self._door.work(self._desk.remove, name, language, query.get("stamp"), who.id)
        return await self._done(who, "recording removed", name, language, found)

    async def undo(self, request: Request, who: Who) -> Response:
        body, name, language = await body_of(request, 65536), _name(request), _language(request)
        version = text_in(body, "version", "", 60)
        found = await self._door.work(self._desk.undo, name, language, version, _stamp(body), who.id)
        return await self._done(who, "older recording brought back", name, language, found)

    async def write(self, request: Request, who: Who) -> Response:
        body, name, language = await body_of(request, 65536), _name(request), _language(request)
        text, stamp = text_in(body, "text", most=LONGEST_TEXT), text_in(body, "stamp", most=LONGEST_TEXT)
        found = await self._door.work(self._desk.write, name, language, text, stamp, who.id)
        return await self._done(who, "text changed", name, language, found)

    async def _spoken(self, do: Any, *arguments: Any) -> Any:
        """What needs a voice. Raises AdminError 501 where there is none."""
        try:
            return await self._door.work(do, *arguments)
        except (SpeechUnavailable, PromptMissing) as error:
            raise not_here(str(error), VOICE) from None

    async def _done(self, who: Who, what: str, name: str, language: str, found: Mapping[str, Any]) -> Response:
        self._parts.changed("prompt", {"name": name, "language": language, "by": who.id})
        await self._parts.audit.note(who.id, who.address, what, f"{name} ({language})")
        return JSONResponse(dict(found))


def ranged(request: Request, data: bytes) -> Response:
    """The sound, or the part that the browser asks for: it seeks so."""
    size = len(data)
    headers = {"accept-ranges": "bytes", "content-security-policy": "default-src 'none'"}
    asked = re.fullmatch(r"bytes=(\d{0,12})-(\d{0,12})", request.headers.get("range", ""))
    if asked is None or not (asked[1] or asked[2]) or not size:
        return Response(data, media_type=WAV, headers=headers)
    first = int(asked[1]) if asked[1] else max(0, size - int(asked[2]))
    last = min(size - 1, int(asked[2])) if asked[1] and asked[2] else size - 1
    if first > last:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    headers["content-range"] = f"bytes {first}-{last}/{size}"
    return Response(data[first : last + 1], 206, headers, media_type=WAV)


def _name(request: Request) -> str:
    return str(request.path_params["name"])[:400]


def _language(request: Request) -> str:
    return str(request.path_params["language"])[:20]


def _stamp(body: Mapping[str, Any]) -> str | None:
    return None if body.get("stamp") is None else text_in(body, "stamp", most=100)
