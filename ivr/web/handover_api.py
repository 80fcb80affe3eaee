"""What is handed over of a contact: by a link to whoever got the call, by API, as vCon, and the schema of it.

`GET /api/v1/handover/TOKEN` needs no account: the token is the key, and ends. The rest is for supervisors, administrators and
the API token; recordings within a vCon are for administrators and the token alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ivr.errors import Conflict, IvrError, NotFound
from ivr.handover.document import MEDIA_TYPE, SCHEMA_PATH, Document, document, packed, schema
from ivr.handover.export import Sound, spelled, vcon_of
from ivr.handover.links import PATH
from ivr.handover.page import page_of
from ivr.handover.size import bounded
from ivr.web.auth import Gate
from ivr.web.parts import WebParts

audit = logging.getLogger("ivr.audit")
"""One line for each contact that left the house."""

MOST_INLINE = 32 << 20
"""Octets of recordings within one vCon."""
MOST_RECORDINGS, MOST_ROWS = 20, 50


class Whole(Protocol):
    async def get(self, contact_id: str) -> Mapping[str, Any]:
        """A contact that goes on or is over, with its turns. Raises NotFound."""


class Tokens(Protocol):
    def link(self, contact_id: str) -> str: ...

    async def contact_of(self, token: str) -> str: ...


@dataclass(frozen=True, slots=True)
class HandoverDesk:
    """What the routes need of the house."""

    contacts: Whole
    links: Tokens
    octets: int = 65536
    """Of one answer."""


class HandoverApi:
    def __init__(self, desk: HandoverDesk, parts: WebParts, gate: Gate) -> None:
        self._desk, self._parts, self._gate = desk, parts, gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route(SCHEMA_PATH, self.schema),
            Route(f"{PATH}{{token}}", self.linked),
            Route("/api/v1/contacts/{contact_id}/handover", self.handover),
            Route("/api/v1/contacts/{contact_id}/vcon", self.vcon),
        ]

    async def schema(self, _request: Request) -> Response:
        return JSONResponse(dict(schema()), media_type="application/schema+json", headers={"cache-control": "max-age=3600"})

    async def linked(self, request: Request) -> Response:
        """What a link leads to: for a program as JSON, for a person's browser as a page."""
        contact_id = await self._desk.links.contact_of(request.path_params["token"])
        audit.warning("handover of %s given by its link at %s", contact_id, _host(request))
        found = await self._document(contact_id, "")
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(page_of(found), headers=PRIVATE | PLAIN)
        return Response(packed(found), media_type=MEDIA_TYPE, headers=PRIVATE)

    async def handover(self, request: Request) -> Response:
        """The same by the contact's id, with a fresh link where there can be one."""
        await self._gate.require(request, "supervisor", "admin")
        contact_id = request.path_params["contact_id"]
        found = await self._document(contact_id, self._desk.links.link(contact_id))
        return Response(packed(found), media_type=MEDIA_TYPE)

    async def vcon(self, request: Request) -> Response:
        """`?audio=url` (as it is without), `inline` or `none`."""
        audio = request.query_params.get("audio", "url")
        if audio not in ("url", "inline", "none"):
            raise Conflict("audio must be url, inline or none")
        await self._gate.require(request, *(("admin",) if audio == "inline" else ("supervisor", "admin")))
        record = await self._desk.contacts.get(request.path_params["contact_id"])
        sounds = [] if audio == "none" else await self._sounds(request, record, audio == "inline")
        rows = await self._rows(str(record["id"]))
        try:
            found = await asyncio.to_thread(vcon_of, record, sounds, rows)
        except IvrError:
            logging.getLogger(__name__).exception("no vCon of %s", record["id"])
            raise
        account = await self._gate.account(request)
        who = account.id if account is not None else "api token"
        audit.warning("vCon of %s given to %s at %s, audio %s", record["id"], who, _host(request), audio)
        name = f'attachment; filename="{record["id"]}.vcon.json"'
        return StreamingResponse(spelled(found), media_type="application/vcon+json", headers={"content-disposition": name})

    async def _document(self, contact_id: str, link: str) -> Document:
        record = await self._desk.contacts.get(contact_id)
        return await asyncio.to_thread(lambda: bounded(document(record, link), self._desk.octets))

    async def _sounds(self, request: Request, record: Mapping[str, Any], inline: bool) -> list[Sound]:
        """The recordings that are there, each read once for its hash. Raises Conflict where they are too large to be inline."""
        fetch, found, room = self._parts.recording, list[Sound](), MOST_INLINE
        for number, entry in enumerate((record.get("recordings") or [])[:MOST_RECORDINGS], 1):
            if fetch is None or not isinstance(entry, Mapping) or not entry.get("file") or entry.get("seconds") is None:
                continue
            try:
                sound = await fetch(str(entry["file"]), "wav", 0.0, None)
            except NotFound:
                continue
            room -= len(sound)
            if inline and room < 0:
                raise Conflict(f"the recordings are larger than {MOST_INLINE >> 20} MiB: ask for audio=url")
            path = f"/api/v1/contacts/{record['id']}/recordings/{number}?format=wav"
            digest = await asyncio.to_thread(lambda data: hashlib.sha512(data).digest(), sound)
            url = f"{self._base(request)}{path}"
            name = f"{record['id']}-{number}.wav"
            body = sound if inline else None
            found.append(Sound(url, digest, _seconds(entry.get("started_at")), float(entry["seconds"]), name, body))
        return found

    async def _rows(self, contact_id: str) -> dict[str, Sequence[Mapping[str, Any]]]:
        """What the contact left to be done."""
        shelves = self._parts.shelves
        if shelves is None:
            return {}
        of = {"tickets": shelves.tickets, "callbacks": shelves.callbacks, "surveys": shelves.surveys}
        return {name: await shelf.list(MOST_ROWS, contact_id=contact_id) for name, shelf in of.items()}

    def _base(self, request: Request) -> str:
        return next(iter(self._parts.origins), f"{request.url.scheme}://{request.headers.get('host', '')}").rstrip("/")


PLAIN = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
PRIVATE = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}


def _host(request: Request) -> str:
    return request.client.host if request.client else ""


def _seconds(at: Any) -> float | None:
    if isinstance(at, int | float) and not isinstance(at, bool):
        return float(at)
    try:
        return datetime.fromisoformat(str(at)).timestamp()
    except ValueError:
        return None
