"""`/api/v1/webhooks`: what other systems are told, what did not reach them, and once more. For administrators and tokens."""

from __future__ import annotations

import logging
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import NotAllowed
from ivr.hooks.house import HookHouse
from ivr.hooks.outbox import STATUS
from ivr.records.reader import iso
from ivr.web.api import BadRequest, body_of
from ivr.web.auth import Gate

audit = logging.getLogger("ivr.audit")

MOST_PATTERNS = 50
MOST_NUMBER = 2**31 - 1
"""What the database takes as the number of a row."""


class HooksApi:
    def __init__(self, house: HookHouse, gate: Gate) -> None:
        self._house, self._gate = house, gate

    @property
    def routes(self) -> list[Route]:
        hook = "/api/v1/webhooks/{name}"
        return [
            Route("/api/v1/webhooks", self.several),
            Route("/api/v1/webhooks/deliveries", self.deliveries),
            Route("/api/v1/webhooks/deliveries/{number}/retry", self.retry, methods=["POST"]),
            Route(f"{hook}/ping", self.ping, methods=["POST"]),
            Route(f"{hook}/revive", self.revive, methods=["POST"]),
            Route(f"{hook}/replay", self.replay, methods=["POST"]),
        ]

    async def several(self, request: Request) -> Response:
        """Every hook with what waits for it, and every kind of event."""
        await self._gate.require(request, "admin")
        return JSONResponse(await self._house.view())

    async def deliveries(self, request: Request) -> Response:
        """`?hook=&status=waiting|sent|dead&before=&limit=`: the newest first."""
        await self._gate.require(request, "admin")
        query = request.query_params
        hook, status = query.get("hook"), query.get("status")
        if status is not None and status not in STATUS:
            raise BadRequest(f"status: one of {', '.join(STATUS)}")
        if hook is not None:
            self._house.known(hook)
        limit, before = _whole(query.get("limit", "50"), "limit"), query.get("before")
        rows = await self._house.outbox.list(hook, status, None if before is None else _whole(before, "before"), limit)
        return JSONResponse({"deliveries": [_shown(row) for row in rows], "next": rows[-1]["id"] if rows else None})

    async def retry(self, request: Request) -> Response:
        """Send one once more, from the first try on."""
        await self._admit(request)
        number = _whole(request.path_params["number"], "the delivery")
        row = await self._house.outbox.retry(number)
        await self._audit(request, f"delivery {number} to webhook {row['hook']} is sent again")
        return JSONResponse({"id": number, "status": row["status"]})

    async def ping(self, request: Request) -> Response:
        """Try a hook out with an event that says nothing."""
        await self._admit(request)
        return JSONResponse(await self._house.ping(request.path_params["name"]))

    async def revive(self, request: Request) -> Response:
        """Send everything that is dead once more."""
        await self._admit(request)
        name = self._house.known(request.path_params["name"])
        count = await self._house.outbox.revive(name)
        await self._audit(request, f"{count} dead deliveries to webhook {name} are sent again")
        return JSONResponse({"count": count})

    async def replay(self, request: Request) -> Response:
        """`{from, until, events}`: send the events of a time once more, of some kinds or of those that the hook wants."""
        await self._admit(request)
        name, body = self._house.known(request.path_params["name"]), await body_of(request)
        begin, end = _moment(body, "from"), _moment(body, "until")
        patterns = body.get("events", list(self._house.hooks[name]))
        right = isinstance(patterns, list) and 0 < len(patterns) <= MOST_PATTERNS
        if not right or not all(isinstance(one, str) and 0 < len(one) <= 64 for one in patterns):
            raise BadRequest('send `events` as a list of kinds, such as ["contact.*"]')
        if begin >= end:
            raise BadRequest("`from` must be before `until`, both in epoch seconds")
        count = await self._house.outbox.replay(name, patterns, begin, end)
        await self._audit(request, f"{count} events are sent to webhook {name} once more")
        return JSONResponse({"count": count})

    async def _admit(self, request: Request) -> None:
        await self._gate.require(request, "admin")
        if not self._gate.same_origin(request):
            raise NotAllowed("this came from another site's page")

    async def _audit(self, request: Request, what: str) -> None:
        account = await self._gate.account(request)
        host = request.client.host if request.client else ""
        audit.warning(
            "%s by %s at %s", what, account.id if account is not None else "api token", host, extra={"trail": {"what": what}}
        )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "hook", "event_id", "kind", "subject", "data", "status", "attempts", "answered", "reason")
    waits = row["status"] == "waiting"
    times = {"at": iso(row["at"]), "sent_at": iso(row["sent_at"]), "next_at": iso(row["next_at"]) if waits else None}
    return {name: row[name] for name in names} | times


def _whole(text: str, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= MOST_NUMBER:
        raise BadRequest(f"{what} must be a whole number from 1 to {MOST_NUMBER}")
    return int(text)


def _moment(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise BadRequest(f"send `{name}` in epoch seconds")
    return float(value)
