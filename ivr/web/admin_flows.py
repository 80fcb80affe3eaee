"""`/api/v1/admin/flows`: texts, drafts, tests and versions of flows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.positions import MAX_CHARACTERS
from ivr.errors import Conflict, NotFound
from ivr.web.admin_door import Door, Who, body_of, not_here, number_in, text_in
from ivr.web.admin_parts import AdminParts
from ivr.web.admin_work import checked, facts
from ivr.web.api import BadRequest
from ivr.web.flow_desk import ENVIRONMENT, FlowDesk

NAME = re.compile(r"[A-Za-z][\w-]{0,63}", re.ASCII)
LONGEST_NOTE = 500
MOST_KNOWN = 200
NEW_FLOW = """\
flow: {name}
languages: [zh, en]
defaults:
  error: end
states:
  hello:
    do:
      - answer
      - say: {{ zh: 您好, en: Hello }}
    hangup: normal
"""


class FlowsApi:
    """The routes."""

    def __init__(self, parts: AdminParts, door: Door) -> None:
        self._parts, self._door = parts, door
        self._known: dict[tuple[str, int], tuple[Surroundings, dict[str, Any]]] = {}

    @property
    def routes(self) -> list[Route]:
        door, flow = self._door, "/flows/{flow}"
        return [
            door.read("/flows", self.flows),
            door.change("/flows", self.create),
            door.read(flow, self.flow),
            door.change(f"{flow}/draft", self.save, "PUT"),
            door.change(f"{flow}/draft", self.discard, "DELETE"),
            door.change(f"{flow}/test", self.save_test, "PUT"),
            door.read(f"{flow}/versions", self.versions),
            door.read(f"{flow}/versions/{{number:int}}", self.version),
            door.read(f"{flow}/diff", self.diff),
            door.change(f"{flow}/publish", self.publish),
            door.change(f"{flow}/rollout", self.roll_out),
            door.change(f"{flow}/rollback", self.roll_back),
            door.change(f"{flow}/schedule/{{number:int}}", self.cancel, "DELETE"),
            door.read(f"{flow}/counts", self.counts),
        ]

    @property
    def _desk(self) -> FlowDesk:
        if self._parts.flows is None:
            raise not_here("this server keeps no drafts and versions", "start it with a database: `database` in the settings")
        return self._parts.flows

    # --- texts

    async def flows(self, request: Request, who: Who) -> Response:
        rows = [dict(row) for row in await self._desk.flows()]
        for row in rows:
            draft = await self._desk.draft(str(row["name"]))
            row |= {"stamp": draft["stamp"], **await self._facts(str(draft["text"]), row)}
        return JSONResponse({"flows": rows})

    async def _facts(self, text: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """What is in a text; worked out once for each text while nothing around it changes."""
        around, name = self._parts.around(), str(row["name"])
        key = (name, hash(text))
        kept = self._known.get(key)
        if kept is None or kept[0] is not around:
            file = str(row.get("file") or name)
            kept = (around, await self._door.work(self._parts.bench, facts, text, file, around, self._parts.files()))
            while len(self._known) >= MOST_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[key] = kept
        test = await self._door.work(self._parts.tests.read, name) if self._parts.tests is not None else None
        return {**kept[1], "has_test": test is not None}

    async def create(self, request: Request, who: Who) -> Response:
        body = await body_of(request)
        name = text_in(body, "name", most=100)
        if not NAME.fullmatch(name):
            raise BadRequest("a flow's name is letters, digits, _ and -, a letter first")
        if any(row["name"] == name for row in await self._desk.flows()):
            raise Conflict(f"there is a flow {name} already; open that one")
        text = text_in(body, "text", "", MAX_CHARACTERS) or NEW_FLOW.format(name=name)
        await self._desk.save_draft(name, who.id, text, "")
        await self._noted(who, "flow created", name)
        return JSONResponse(await self._whole(name), 201)

    async def flow(self, request: Request, who: Who) -> Response:
        return JSONResponse(await self._whole(_flow(request)))

    async def _whole(self, name: str) -> dict[str, Any]:
        row = next((dict(one) for one in await self._desk.flows() if one["name"] == name), None)
        if row is None:
            raise NotFound(f"there is no flow {name[:80]}")
        draft = await self._desk.draft(name)
        live = await self._desk.text(name) if row.get("live") else ""
        test = await self._door.work(self._parts.tests.read, name) if self._parts.tests is not None else None
        return {
            **row,
            **await self._facts(str(draft["text"]), row),
            "text": draft["text"],
            "stamp": draft["stamp"],
            "live_text": live,
            "test": test,
        }

    async def save(self, request: Request, who: Who) -> Response:
        name, body = _flow(request), await body_of(request)
        text, stamp = text_in(body, "text", most=MAX_CHARACTERS), text_in(body, "stamp", most=200)
        saved = dict(await self._desk.save_draft(name, who.id, text, stamp))
        self._parts.changed("draft", {"flow": name, "by": who.id, "at": saved.get("at"), "stamp": saved["stamp"]})
        await self._noted(who, "draft saved", name)
        found = await self._door.work(self._parts.bench, checked, text, name, self._parts.around(), self._parts.files())
        return JSONResponse({**saved, "problems": found["problems"]})

    async def discard(self, request: Request, who: Who) -> Response:
        name = _flow(request)
        found = dict(await self._desk.drop_draft(name, who.id, request.query_params.get("stamp", "")))
        self._parts.changed("draft", {"flow": name, "by": who.id, "at": None, "stamp": found.get("stamp", "")})
        await self._noted(who, "draft discarded", name)
        return JSONResponse(found)

    async def save_test(self, request: Request, who: Who) -> Response:
        name, body = _flow(request), await body_of(request)
        if self._parts.tests is None:
            raise not_here("this server keeps no tests", "name the folder of the flows in `dialplans`")
        text, stamp = text_in(body, "text", most=MAX_CHARACTERS), text_in(body, "stamp", most=200)
        saved = await self._door.work(self._parts.tests.write, name, text, stamp)
        await self._noted(who, "test saved", name)
        return JSONResponse(dict(saved))

    # --- versions

    async def versions(self, request: Request, who: Who) -> Response:
        query = request.query_params
        before = _whole_number(query.get("before"), "before")
        limit = _whole_number(query.get("limit"), "limit") or 50
        return JSONResponse(dict(await self._desk.versions(_flow(request, ENVIRONMENT), before, min(limit, 500))))

    async def version(self, request: Request, who: Who) -> Response:
        return JSONResponse(dict(await self._desk.version(_flow(request, ENVIRONMENT), request.path_params["number"])))

    async def diff(self, request: Request, who: Who) -> Response:
        query = request.query_params
        sides = query.get("from", "live"), query.get("to", "draft")
        for side in sides:
            if side not in ("live", "draft", "file") and not (side.isdecimal() and len(side) < 10):
                raise BadRequest("a side is a number, live, draft or file")
        return JSONResponse(dict(await self._desk.diff(_flow(request, ENVIRONMENT), *sides)))

    async def publish(self, request: Request, who: Who) -> Response:
        name, body = _flow(request), await body_of(request)
        note, stamp = text_in(body, "note", "", LONGEST_NOTE), text_in(body, "stamp", most=200)
        percent = number_in(body, "percent", 0.01, 100, 100.0) or 100.0
        at, until = number_in(body, "at", 0, 1e11), number_in(body, "until", 0, 1e11)
        made = await self._desk.publish(who.id, note, {name: stamp}, percent=percent, at=at, until=until)
        return JSONResponse(await self._published(who, "published", name, made[0], note))

    async def roll_out(self, request: Request, who: Who) -> Response:
        name, body = _flow(request), await body_of(request)
        number, percent = number_in(body, "number", 1, 1e9), number_in(body, "percent", 0, 100)
        if number is None or percent is None:
            raise BadRequest("send number and percent")
        made = await self._desk.roll_out(who.id, name, int(number), percent)
        return JSONResponse(await self._published(who, f"rolled out to {percent:g} %", name, made))

    async def roll_back(self, request: Request, who: Who) -> Response:
        name, body = _flow(request, ENVIRONMENT), await body_of(request)
        number, note = number_in(body, "number", 1, 1e9), text_in(body, "note", "", LONGEST_NOTE)
        made = await self._desk.roll_back(who.id, name, None if number is None else int(number), note)
        return JSONResponse(await self._published(who, "rolled back", name, made, note))

    async def cancel(self, request: Request, who: Who) -> Response:
        name, number = _flow(request), request.path_params["number"]
        await self._desk.cancel(who.id, name, number)
        self._parts.changed(
            "published", {"flow": name, "number": number, "by": who.id, "note": "", "version": "", "percent": 0}
        )
        await self._noted(who, f"schedule of {number} taken back", name)
        return JSONResponse({})

    async def _published(self, who: Who, what: str, name: str, made: Mapping[str, Any], note: str = "") -> dict[str, Any]:
        told_of = {field: made.get(field) for field in ("number", "version", "percent")}
        self._parts.changed("published", {"flow": name, "by": who.id, "note": note, **told_of})
        await self._noted(who, f"version {made.get('number')} {what}", name, note)
        return dict(made)

    async def counts(self, request: Request, who: Who) -> Response:
        day = request.query_params.get("day", "")
        if day and not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            raise BadRequest("day is written 2026-01-31")
        if self._parts.counts is None:
            raise not_here("this server counts nothing", "start it with Redis")
        return JSONResponse(dict(await self._parts.counts.counts(_flow(request), day)))

    async def _noted(self, who: Who, what: str, name: str, note: str = "") -> None:
        await self._parts.audit.note(who.id, who.address, what, name, note)


def _flow(request: Request, other: str = "") -> str:
    """The name in the path, of a flow or `other`. Raises NotFound for one that cannot be."""
    name = str(request.path_params["flow"])
    if name != other and not NAME.fullmatch(name):
        raise NotFound("there is no such flow")
    return name


def _whole_number(text: str | None, name: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise BadRequest(f"{name} must be a number from 1")
    return int(text)
