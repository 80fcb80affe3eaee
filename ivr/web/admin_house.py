"""`/api/v1/admin/nodes`, `/changes` and `/publish`: who runs what, what was done, and several flows at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import NotFound
from ivr.web.admin_door import Door, Who, body_of, not_here, number_in, object_in, text_in
from ivr.web.admin_parts import AdminParts
from ivr.web.api import BadRequest
from ivr.web.flow_desk import FlowDesk

LONGEST_NOTE = 500
MOST_CHANGES = 500


class HouseApi:
    """The routes."""

    def __init__(self, parts: AdminParts, door: Door) -> None:
        self._parts, self._door = parts, door

    @property
    def routes(self) -> list[Route]:
        return [
            self._door.read("/nodes", self.nodes),
            self._door.read("/changes", self.changes),
            self._door.change("/publish", self.publish),
            self._door.change("/flows/{flow}", self.retire, "DELETE"),
        ]

    @property
    def _desk(self) -> FlowDesk:
        if self._parts.flows is None:
            raise not_here("this server keeps no versions", "start it with a database: `database` in the settings")
        return self._parts.flows

    async def nodes(self, request: Request, who: Who) -> Response:
        return JSONResponse(dict(await self._desk.status()))

    async def changes(self, request: Request, who: Who) -> Response:
        limit = request.query_params.get("limit", "100")
        if not limit.isdecimal() or not 1 <= len(limit) <= 6:
            raise BadRequest("limit must be a number from 1")
        return JSONResponse({"changes": list(await self._desk.changes(min(int(limit), MOST_CHANGES)))})

    async def publish(self, request: Request, who: Who) -> Response:
        """Texts without drafts, together or not at all: what `ivr flows publish` sends."""
        body = await body_of(request)
        texts, base = _texts(body, "texts"), _texts(body, "base")
        if not texts:
            raise BadRequest("send `texts`: the name of each flow and its text")
        note = text_in(body, "note", "", LONGEST_NOTE)
        percent = number_in(body, "percent", 0.01, 100, 100.0) or 100.0
        at, until = _time(body, "at"), _time(body, "until")
        made = await self._desk.publish_texts(who.id, note, texts, base, percent=percent, at=at, until=until)
        for one in made:
            told = {name: one.get(name) for name in ("flow", "number", "version", "percent")}
            self._parts.changed("published", {"by": who.id, "note": note, **told})
            await self._parts.audit.note(
                who.id, who.address, f"version {one.get('number')} published", str(one.get("flow")), note
            )
        return JSONResponse({"versions": list(made)})

    async def retire(self, request: Request, who: Who) -> Response:
        flow = str(request.path_params["flow"])
        if len(flow) > 64:
            raise NotFound("there is no such flow")
        note = request.query_params.get("note", "")[:LONGEST_NOTE]
        await self._desk.retire(who.id, flow, note)
        await self._parts.audit.note(who.id, who.address, "flow retired", flow, note)
        return JSONResponse({})


def _texts(body: Mapping[str, Any], name: str) -> dict[str, str] | None:
    found = object_in(body, name)
    if found is None:
        return None
    if not all(isinstance(value, str) for value in found.values()):
        raise BadRequest(f"`{name}` is the name of each flow with a text")
    return {str(flow): str(text) for flow, text in found.items()}


def _time(body: Mapping[str, Any], name: str) -> float | str | None:
    """Epoch seconds, or text in the flow's own time zone."""
    if isinstance(body.get(name), str):
        return text_in(body, name, most=40)
    return number_in(body, name, 0, 1e11)
