"""`/api/v1/tickets`, `callbacks`, `surveys`, `voicemails`, `notifications`: what calls left to be done, read and changed."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import Conflict, NotAllowed, NotFound
from ivr.records.followups import PRIORITIES, TICKET_STATUS
from ivr.records.promises import RENUMBERED
from ivr.records.shelf import Shelf, Shelves
from ivr.web.auth import Gate
from ivr.web.calls_api import MEDIA_TYPES
from ivr.web.parts import Account, WebParts

audit = logging.getLogger("ivr.audit")
"""One line for each change, and for each message that left the house."""

CLOSED = ("done", "failed", "cancelled")
"""What a callback may be set to by hand; the rest is the dialer's."""
MAX_BODY = 16384
MOST = 200
ROLES = ("supervisor", "admin")

Check = Callable[[Any], Any]
"""A value of the body to the value of the column. Raises ValueError with what would be right."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the five, and what may be changed in it."""

    name: str
    shelf: Shelf
    changes: Mapping[str, Check] = field(default_factory=dict)


class FollowUpsApi:
    """For supervisors, administrators and the API token."""

    def __init__(self, parts: WebParts, shelves: Shelves, gate: Gate) -> None:
        self._parts, self._shelves, self._gate = parts, shelves, gate
        note, name = text(4000), text(128)
        tickets: dict[str, Check] = {"status": one_of(TICKET_STATUS), "priority": one_of(PRIORITIES), "assignee": name}
        tickets |= {"note": note, "subject": text(300), "due_at": moment}
        callbacks: dict[str, Check] = {"status": one_of(CLOSED), "queue": name, "note": note, "number": phone}
        callbacks |= {"from_at": some_moment, "until_at": some_moment}
        self.kinds = (
            Kind("tickets", shelves.tickets, tickets),
            Kind("callbacks", shelves.callbacks, callbacks),
            Kind("surveys", shelves.surveys),
            Kind("voicemails", shelves.voicemails, {"heard": truth, "note": note}),
            Kind("notifications", shelves.notifications),
        )

    @property
    def routes(self) -> list[Route]:
        found = [
            Route("/api/v1/surveys/scores", self.scores),
            Route("/api/v1/voicemails/{id}/audio", self.audio),
            Route("/api/v1/voicemails/{id}", self.remove, methods=["DELETE"]),
            Route("/api/v1/notifications/{id}/retry", self.retry, methods=["POST"]),
        ]
        for kind in self.kinds:
            found += [
                Route(f"/api/v1/{kind.name}", self._list(kind)),
                Route(f"/api/v1/{kind.name}/{{id}}", self._get(kind)),
            ]
            if kind.changes:
                found.append(Route(f"/api/v1/{kind.name}/{{id}}", self._change(kind), methods=["PATCH"]))
        return found

    # --- the same for all

    def _list(self, kind: Kind) -> Callable[[Request], Any]:
        async def several(request: Request) -> Response:
            """`?limit=`, `?before=` (the id of the last one of the page before), and a filter for each column of the shelf."""
            await self._gate.require(request, *ROLES)
            query = request.query_params
            unknown = set(query) - {"limit", "before", *kind.shelf.filters}
            if unknown:
                raise Conflict(f"{kind.name} cannot be filtered by {sorted(unknown)[0][:40]}: {', '.join(kind.shelf.filters)}")
            limit = _limit(query.get("limit", "50"))
            wanted = {name: query[name] for name in kind.shelf.filters if name in query}
            rows = await kind.shelf.list(limit, query.get("before"), **wanted)
            return JSONResponse({kind.name: rows, "next": rows[-1]["id"] if len(rows) == limit else None})

        return several

    def _get(self, kind: Kind) -> Callable[[Request], Any]:
        async def one(request: Request) -> Response:
            await self._gate.require(request, *ROLES)
            return JSONResponse(await kind.shelf.get(request.path_params["id"]))

        return one

    def _change(self, kind: Kind) -> Callable[[Request], Any]:
        async def change(request: Request) -> Response:
            """Some of the columns that may be changed, as JSON; the whole row comes back."""
            who = await self._admit(request, *ROLES)
            values = checked(await _body(request), kind)
            if "number" in values:
                values["callee"] = RENUMBERED
            name = request.path_params["id"]
            if kind.name == "tickets" and self._parts.messages is not None:  # its clock and its story follow
                await self._parts.messages.tickets.change(name, who.id, values)
                row = await kind.shelf.get(name)
            else:
                row = await kind.shelf.change(name, **values)
            await self._audit(request, f"{kind.name} {name}: {', '.join(sorted(values))} changed")
            return JSONResponse(row)

        return change

    # --- surveys, messages, notifications

    async def scores(self, request: Request) -> Response:
        """How surveys were answered, by name."""
        await self._gate.require(request, *ROLES)
        return JSONResponse({"scores": await self._shelves.scores()})

    async def audio(self, request: Request) -> Response:
        """The message: `?format=wav|mp3|ogg`. The left channel is the caller, the right one is silent."""
        await self._gate.require(request, *ROLES)
        form, name = request.query_params.get("format", "wav"), request.path_params["id"]
        if form not in MEDIA_TYPES:
            raise Conflict(f"format must be {', '.join(MEDIA_TYPES)}")
        row = await self._shelves.voicemails.get(name)
        if self._parts.recording is None:
            raise NotFound("this server has no recordings: the setting `recording.folder` is empty")
        sound = await self._parts.recording(row["file"], form, 0.0, None)
        await self._audit(request, f"voicemail {name} given as {form}")
        headers = {"content-disposition": f'attachment; filename="{name}.{form}"'}
        return Response(sound, media_type=MEDIA_TYPES[form], headers=headers)

    async def remove(self, request: Request) -> Response:
        """Delete a message and its sound. Administrators only."""
        await self._admit(request, "admin")
        name = request.path_params["id"]
        row = await self._shelves.voicemails.get(name)
        await self._shelves.voicemails.remove(name)
        if self._parts.discard is not None:
            self._parts.discard(row["file"])
        await self._audit(request, f"voicemail {name} removed")
        return JSONResponse({})

    async def retry(self, request: Request) -> Response:
        """Send a notification that was given up once more."""
        await self._admit(request, *ROLES)
        name, shelf = request.path_params["id"], self._shelves.notifications
        if (await shelf.get(name))["status"] != "failed":
            raise Conflict("only a notification that has failed can be sent again")
        row = await shelf.change(name, status="waiting", attempts=0, next_at=0.0, reason="")
        await self._audit(request, f"notification {name} is sent again")
        return JSONResponse(row)

    async def _admit(self, request: Request, *roles: str) -> Account:
        """Whoever changes something. Raises NotAllowed, SignInNeeded."""
        who = await self._gate.require(request, *roles)
        if not self._gate.same_origin(request):
            raise NotAllowed("this came from another site's page")
        return who

    async def _audit(self, request: Request, what: str) -> None:
        account = await self._gate.account(request)
        host = request.client.host if request.client else ""
        audit.warning(
            "%s by %s at %s", what, account.id if account is not None else "api token", host, extra={"trail": {"what": what}}
        )


# --- what may be said in a change


def checked(body: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """The columns to set. Raises Conflict naming the key and what would be right."""
    if not body:
        raise Conflict(f"nothing to change: {', '.join(kind.changes)}")
    values: dict[str, Any] = {}
    for name, value in body.items():
        check = kind.changes.get(name)
        if check is None:
            raise Conflict(f"{name[:40]} cannot be changed: {', '.join(kind.changes)} can")
        try:
            values[name] = check(value)
        except ValueError as error:
            raise Conflict(f"{name}: {error}") from error
    return values


def one_of(names: tuple[str, ...]) -> Check:
    def check(value: Any) -> str:
        if value not in names:
            raise ValueError(f"one of {', '.join(names)}")
        return str(value)

    return check


def text(most: int) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most:
            raise ValueError(f"text of at most {most} characters")
        return value

    return check


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def phone(value: Any) -> str:
    found = "".join(one for one in str(value) if one not in " -().")
    if (
        not isinstance(value, str)
        or not found.removeprefix("+").isdecimal()
        or not 3 <= len(found) <= 21
        or not found.isascii()
    ):
        raise ValueError("a number that can be dialled")
    return found


def moment(value: Any) -> float | None:
    """A time in ISO 8601 as epoch seconds; null for none."""
    return None if value is None else some_moment(value)


def some_moment(value: Any) -> float:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None:
        raise ValueError("a time in ISO 8601, such as 2026-09-21T14:00:00Z")
    try:
        seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, OSError, ValueError):
        seconds = math.inf
    if not 0 <= seconds < 4e9:
        raise ValueError("a time between 1970 and 2096")
    return seconds


def _limit(value: str) -> int:
    if not value.isdecimal() or not value.isascii() or len(value) > 6 or int(value) < 1:
        raise Conflict("limit must be a number from 1")
    return min(int(value), MOST)


async def _body(request: Request) -> dict[str, Any]:
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise Conflict(f"the body is larger than {MAX_BODY} octets")
    try:
        body = json.loads(data)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Conflict("the body is not JSON") from error
    if not isinstance(body, dict):
        raise Conflict("the body is not a JSON object")
    return body
