"""`/api/v1/desk/...`: what stands beside a conversation: scenes, cards, marks, actions, frames, the customer's past.

For agents about the contacts that they have; supervisors, quality and administrators may look.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import Conflict, NotFound
from ivr.web.api import BadRequest, body_of
from ivr.web.auth import Gate
from ivr.web.bench import Door, WorkbenchDesk, same_customer
from ivr.web.parts import WebParts
from ivr.web.utterances import seconds, span_of

MARKS: Mapping[str, tuple[str, ...]] = {
    "step": ("done", ""),
    "line": ("said", ""),
    "offer": ("accepted", "declined", ""),
    "card": ("opened", "useful", "useless", ""),
    "hint": ("useful", "useless", ""),
}
"""Kind of mark to the values that it may have; "" takes it away."""
MOST_QUERY, MOST_CARDS = 200, 20
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}\Z")


class BenchApi:
    def __init__(self, desk: WorkbenchDesk, parts: WebParts, gate: Gate) -> None:
        self._desk, self._parts, self._door = desk, parts, Door(desk, gate)

    @property
    def routes(self) -> list[Route]:
        contact = "/api/v1/desk/contacts/{contact_id}"
        return [
            Route("/api/v1/desk/book", self.book),
            Route("/api/v1/desk/cards", self.cards),
            Route("/api/v1/desk/cards/{name}", self.card),
            Route("/api/v1/desk/worth", self.worth),
            Route(f"{contact}/work", self.work),
            Route(f"{contact}/past", self.past),
            Route(f"{contact}/past/{{other_id}}", self.earlier),
            Route(f"{contact}/turns/{{index}}/sound", self.sound),
            Route(f"{contact}/marks", self.mark, methods=["POST"]),
            Route(f"{contact}/actions", self.act, methods=["POST"]),
            Route(f"{contact}/actions/{{run_id}}/again", self.again, methods=["POST"]),
            Route(f"{contact}/frames/{{name}}", self.frame, methods=["POST"]),
        ]

    async def book(self, request: Request) -> Response:
        """Scenes, procedures, lines, actions, offers, frames, and the titles of cards; 304 where the page has this version."""
        await self._door.reader(request)
        tag = f'"{self._desk.book.version}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return JSONResponse({"version": self._desk.book.version, **self._desk.book.book()}, headers=headers)

    async def cards(self, request: Request) -> Response:
        """`?q=&tag=&limit=`: cards with their text, the best first; without a query the most used."""
        await self._door.reader(request)
        query, limit = request.query_params.get("q", ""), request.query_params.get("limit", "8")
        if len(query) > MOST_QUERY or not limit.isdecimal() or not 1 <= len(limit) <= 3:
            raise BadRequest(f"q has at most {MOST_QUERY} characters, limit is a number from 1")
        tags = request.query_params.getlist("tag")[:20]
        most = max(1, min(int(limit), MOST_CARDS))
        found = await asyncio.to_thread(self._desk.book.search, query, tags, most)
        return JSONResponse({"cards": list(found)})

    async def card(self, request: Request) -> Response:
        await self._door.reader(request)
        return JSONResponse(dict(self._desk.book.card(request.path_params["name"])))

    async def worth(self, request: Request) -> Response:
        """What agents made of cards and of hints: in how many contacts each was opened, found useful, found useless."""
        await self._door.overseer(request)
        kinds = ("card", "hint")
        counted = await asyncio.gather(*(self._desk.marks.counted(kind) for kind in kinds))
        told = ("opened", "useful", "useless")
        rows = {
            f"{kind}s": [
                {"name": name, **{value: values.get(value, 0) for value in told}} for name, values in sorted(found.items())
            ]
            for kind, found in zip(kinds, counted, strict=True)
        }
        return JSONResponse(rows)

    async def work(self, request: Request) -> Response:
        """What was ticked and done during a contact, and which times of it were recorded."""
        _, contact = await self._door.onlooker(request)
        marks, runs = await asyncio.gather(self._desk.marks.of(contact["id"]), self._desk.runs.of(contact["id"]))
        sounds = [one for one in contact.get("recordings") or () if one.get("file")] if self._parts.recording else []
        times = [{"started_at": seconds(one.get("started_at")), "seconds": one.get("seconds")} for one in sounds]
        return JSONResponse({"marks": marks, "runs": runs, "recordings": times})

    async def past(self, request: Request) -> Response:
        """What there was with this customer, the newest first, but for this contact."""
        _, contact = await self._door.onlooker(request)
        numbers = self._desk.forms(str(contact.get("caller_number") or ""))
        found = await self._desk.past.of(numbers, contact["id"]) if numbers else []
        return JSONResponse({"past": found})

    async def earlier(self, request: Request) -> Response:
        """An earlier contact of the same customer, with its words."""
        _, contact = await self._door.onlooker(request)
        other = await self._desk.contact(request.path_params["other_id"])
        same_customer(contact, other, self._desk.forms)
        told = ("id", "started_at", "queue", "agent_id", "intent", "agent_disposition", "disposition", "note", "tags", "turns")
        handed = other.get("handover") or {}
        return JSONResponse({**{name: other.get(name) for name in told}, "summary": str(handed.get("summary") or "")})

    async def sound(self, request: Request) -> Response:
        """About the seconds in which a turn was said, where they were recorded; `audio/wav`."""
        _, contact = await self._door.onlooker(request)
        index, fetch = request.path_params["index"], self._parts.recording
        if not index.isdecimal() or len(index) > 5:
            raise BadRequest("a turn is named by its number")
        span = span_of(contact.get("turns") or (), int(index), contact.get("recordings") or ())
        if fetch is None or span is None:
            raise NotFound("this was not recorded")
        sound = await fetch(span.file, "wav", span.start, span.end)
        return Response(sound, media_type="audio/wav", headers={"cache-control": "private, max-age=600"})

    async def mark(self, request: Request) -> Response:
        """`{kind, name, value}`: tick a step or a line, say what became of an offer, what a card or a hint was worth."""
        account, contact_id = await self._door.owner(request)
        body = await body_of(request)
        kind, name, value = (_text(body, field) for field in ("kind", "name", "value"))
        if value not in MARKS.get(kind, ()):
            raise BadRequest(f"kind is one of {', '.join(MARKS)}; value of a {kind[:20]}: {', '.join(MARKS.get(kind, ()))}")
        known = await self._given(contact_id, name) if kind == "hint" else self._desk.book.known(kind, name)
        if not known:
            raise NotFound(f"there is no {kind} {name[:60]}")
        before = await self._desk.marks.put(contact_id, kind, name, value, account.id)
        if kind == "card":
            self._desk.book.marked(name, before, value)
        return JSONResponse({"kind": kind, "name": name, "value": value})

    async def _given(self, contact_id: str, name: str) -> bool:
        """Whether a hint of that name was given during the contact."""
        handover = (await self._desk.contact(contact_id)).get("handover")
        hints = handover.get("hints") if isinstance(handover, Mapping) else None
        return any(isinstance(one, Mapping) and one.get("name") == name for one in hints or ())

    async def act(self, request: Request) -> Response:
        """`{id, action, fields}`: have something done. `id` is the page's own: the same again is the same one."""
        account, contact_id = await self._door.owner(request)
        body = await body_of(request)
        request_id, action, given = _text(body, "id"), _text(body, "action"), body.get("fields", {})
        if not _ID.match(request_id) or not isinstance(given, dict):
            raise BadRequest("send an `id` of 8 to 64 letters and digits, `action`, and `fields` as an object")
        contact = await self._desk.contact(contact_id)
        own = hashlib.sha256(f"{contact_id}:{request_id}".encode()).hexdigest()[:32]
        row = self._desk.book.row(action, own, account, contact, given)
        return JSONResponse({"run": await self._desk.doing.start(row)}, 202)

    async def again(self, request: Request) -> Response:
        """Another round of an action that failed."""
        account, contact_id = await self._door.owner(request)
        run = await self._desk.runs.get(request.path_params["run_id"])
        if run["contact_id"] != contact_id:
            raise Conflict("this action is of another contact")
        self._desk.book.may(run["action"], account)
        return JSONResponse({"run": await self._desk.doing.again(run["id"])}, 202)

    async def frame(self, request: Request) -> Response:
        """The address of another system's page for this contact, with a token that holds for a moment."""
        account, contact_id = await self._door.owner(request)
        contact = await self._desk.contact(contact_id)
        return JSONResponse(dict(self._desk.book.frame(request.path_params["name"], account, contact)))


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or len(value) > 160:
        raise BadRequest(f"send `{name}` as text of at most 160 characters")
    return value
