"""`/api/v1/admin/configuration` and the audit: parts of the settings as forms, and who changed what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import ConfigError, NotAllowed, Stale
from ivr.web.admin_door import AdminError, Door, Who, body_of, invalid, not_here, text_in
from ivr.web.admin_parts import AdminParts, FormDesk
from ivr.web.api import BadRequest

MAX_BODY = 1 << 20
MOST_LINES = 1000


class FormsApi:
    """The routes."""

    def __init__(self, parts: AdminParts, door: Door) -> None:
        self._parts, self._door = parts, door

    @property
    def routes(self) -> list[Route]:
        return [
            self._door.read("/configuration", self.parts),
            self._door.read("/configuration/{part}", self.read),
            self._door.change("/configuration/{part}", self.write, "PUT"),
            self._door.read("/audit", self.audit),
            self._door.read("/session", self.session),
        ]

    @property
    def _desk(self) -> FormDesk:
        if self._parts.forms is None:
            raise not_here("this server's settings have no file", "start it with a settings file")
        return self._parts.forms

    async def parts(self, request: Request, who: Who) -> Response:
        return JSONResponse({"parts": list(await self._door.work(self._desk.parts))})

    async def read(self, request: Request, who: Who) -> Response:
        return JSONResponse(dict(await self._door.work(self._desk.read, _part(request))))

    async def write(self, request: Request, who: Who) -> Response:
        part, body = _part(request), await body_of(request, MAX_BODY)
        stamp, note = text_in(body, "stamp", most=100), text_in(body, "note", "", 500)
        if "value" not in body:
            raise BadRequest("send `value`")
        try:
            found = dict(await self._door.work(self._desk.write, part, body["value"], stamp, who.id))
        except Stale as error:
            theirs, yours = json.loads(error.theirs), json.loads(error.yours)
            told: dict[str, Any] = {"yours": yours, "theirs": theirs, "base": None, "stamp": error.stamp, "by": "", "at": None}
            raise AdminError(409, "stale", str(error), "look at both, then save again", **told) from None
        except ConfigError as error:
            raise invalid(str(error), _problems(error)) from None
        self._parts.changed("configuration", {"part": part, "by": who.id, "stamp": found["stamp"]})
        await self._parts.audit.note(who.id, who.address, "configuration changed", part, note)
        return JSONResponse(found)

    async def audit(self, request: Request, who: Who) -> Response:
        """The newest lines, for administrators: who signed in from where stands among them."""
        if not who.may_write:
            raise NotAllowed("the audit is for administrators")
        limit = request.query_params.get("limit", "100")
        if not limit.isdecimal() or len(limit) > 6 or int(limit) < 1:
            raise BadRequest("limit must be a number from 1")
        return JSONResponse({"lines": list(await self._parts.audit.lines(min(int(limit), MOST_LINES)))})

    async def session(self, request: Request, who: Who) -> Response:
        parts = self._parts
        await self._door.work(parts.warm)
        here = {
            "versions": parts.flows is not None,
            "simulator": parts.understand is not None,
            "tests": parts.tests is not None,
            "voice": bool(parts.prompts.voices()),
            "counts": parts.counts is not None,
        }
        limits = {"flow_characters": 1 << 20, "upload_octets": 20 << 20, "upload_seconds": 300}
        account = {"id": who.id, "name": who.name, "roles": list(who.roles)}
        languages = list(parts.languages)
        return JSONResponse(
            {"account": account, "may_write": who.may_write, "languages": languages, "parts": here, "limits": limits}
        )


def _problems(error: ConfigError) -> list[Mapping[str, Any]]:
    found = getattr(error, "problems", ())
    return [{"column": 1, "line": 1, "cure": "", "path": [], "link": "", **one} for one in found] or [
        {
            "message": str(error),
            "line": 1,
            "column": 1,
            "cure": "",
            "path": [],
            "link": "",
            "severity": "error",
            "code": "settings",
        }
    ]


def _part(request: Request) -> str:
    return str(request.path_params["part"])[:60]
