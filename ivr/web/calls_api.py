"""`/api/v1/contacts/ID/recordings/N` and `/api/v1/parked`: what was recorded of a contact, and who is parked."""

from __future__ import annotations

import logging
import math

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import Conflict, NotFound
from ivr.web.auth import Gate
from ivr.web.parts import WebParts

audit = logging.getLogger("ivr.audit")
"""One line for each recording that left the house."""

MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg"}


class CallsApi:
    """Recordings are for administrators and the API token alone."""

    def __init__(self, parts: WebParts, gate: Gate) -> None:
        self._parts, self._gate = parts, gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/contacts/{contact_id}/recordings/{number:int}", self.recording),
            Route("/api/v1/parked", self.parked),
        ]

    async def recording(self, request: Request) -> Response:
        """The `number`th (from 1) recording: `?format=wav|mp3|ogg`, `&start=` and `&end=` in seconds."""
        await self._gate.require(request, "admin", "quality")
        contact_id, number = request.path_params["contact_id"], request.path_params["number"]
        query = request.query_params
        form, start, end = query.get("format", "wav"), _seconds(query.get("start")), _seconds(query.get("end"))
        if form not in MEDIA_TYPES:
            raise Conflict(f"format must be {', '.join(MEDIA_TYPES)}")
        found = (await self._parts.contacts.get(contact_id)).get("recordings") or []
        if self._parts.recording is None or not 1 <= number <= len(found) or not found[number - 1].get("file"):
            raise NotFound(f"there is no recording {number} of {contact_id}")
        file = str(found[number - 1]["file"])
        sound = await self._parts.recording(file, form, start or 0.0, end)
        account = await self._gate.account(request)
        who = account.id if account is not None else "api token"
        host = request.client.host if request.client else ""
        audit.warning("recording %s of %s given to %s at %s as %s", file, contact_id, who, host, form)
        name = f"{contact_id}-{number}.{form}"
        return Response(sound, media_type=MEDIA_TYPES[form], headers={"content-disposition": f'attachment; filename="{name}"'})

    async def parked(self, request: Request) -> Response:
        await self._gate.require(request, "supervisor", "admin")
        views = await self._parts.parked() if self._parts.parked is not None else []
        return JSONResponse({"parked": [dict(view) for view in views]})


def _seconds(text: str | None) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not math.isfinite(seconds) or seconds < 0:
        raise Conflict("start and end must be seconds")
    return seconds
