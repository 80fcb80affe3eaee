"""`/api/v1/wall`: the board, its formulas, its charts and its alerts, for who has no socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ivr.errors import Conflict, NotAllowed
from ivr.wall.figures import FORMULAS
from ivr.wall.today import STEPS
from ivr.web.api import BadRequest, body_of
from ivr.web.auth import Gate
from ivr.web.page_socket import text_of, written
from ivr.web.wall_socket import COMMANDS, WallHub, wall_socket

ROLES = ("supervisor", "admin")
MOST_WEEKS = 52


@dataclass(frozen=True, slots=True)
class WallParts:
    """What the routes need, handed in by `ivr.wiring_wall`."""

    hub: WallHub
    history: Callable[[str, date, int, int], Awaitable[Mapping[str, Any]]]
    """(queue, day, step, weeks) to the two days of docs/wall.md."""
    today: Callable[[], date]
    now: Callable[[], float]


class WallApi:
    def __init__(self, parts: WallParts, gate: Gate) -> None:
        self._parts, self._gate = parts, gate

    @property
    def routes(self) -> list[BaseRoute]:
        alert = "/api/v1/wall/alerts/{alert_id}"
        return [
            Route("/api/v1/wall", self.board),
            Route("/api/v1/wall/formulas", self.formulas),
            Route("/api/v1/wall/history", self.history),
            Route("/api/v1/wall/alerts", self.alerts),
            Route(f"{alert}/acknowledge", self.acknowledge, methods=["POST"]),
            Route(f"{alert}/owner", self.owner, methods=["POST"]),
            wall_socket(self._parts.hub, self._gate),
        ]

    async def board(self, request: Request) -> Response:
        """Everything that the board shows at this moment."""
        await self._gate.require(request, *ROLES)
        data = self._parts.hub.board.snapshot(self._parts.now())["data"]
        return Response(written(data), media_type="application/json")

    async def formulas(self, request: Request) -> Response:
        """How each figure is worked out, in Chinese and English."""
        await self._gate.require(request, *ROLES)
        return JSONResponse({"formulas": [one.told() for one in FORMULAS]})

    async def history(self, request: Request) -> Response:
        """`?queue=&day=&step=&weeks=`: a day in steps, beside the same day some weeks before."""
        await self._gate.require(request, *ROLES)
        asked = request.query_params
        day, queue = asked.get("day", ""), asked.get("queue", "")
        try:
            chosen = date.fromisoformat(day) if day else self._parts.today()
        except ValueError as error:
            raise BadRequest("day must be a date such as 2026-11-22") from error
        if not 2000 <= chosen.year <= 2200 or len(queue) > 128:
            raise BadRequest("day must be a date such as 2026-11-22, queue a name")
        step, weeks = _number(asked.get("step", "900")), _number(asked.get("weeks", "1"))
        if step not in STEPS or weeks is None or not 1 <= weeks <= MOST_WEEKS:
            raise BadRequest(f"step must be one of {', '.join(map(str, STEPS))}, weeks 1 to {MOST_WEEKS}")
        return JSONResponse(dict(await self._parts.history(queue, chosen, step, weeks)))

    async def alerts(self, request: Request) -> Response:
        """Alerts that are open, and those closed within the hour."""
        await self._gate.require(request, *ROLES)
        return JSONResponse({"alerts": await self._parts.hub.alerts.rows()})

    async def acknowledge(self, request: Request) -> Response:
        """`{note}`: seen; no more messages go out about it until it closes."""
        by, (note,) = await self._order(request, "acknowledge")
        alert_id = request.path_params["alert_id"]
        return JSONResponse(await self._parts.hub.alerts.acknowledge(alert_id, by, note, self._parts.now()))

    async def owner(self, request: Request) -> Response:
        """`{owner}`: an account's id, "" for nobody."""
        _, (owner,) = await self._order(request, "own")
        return JSONResponse(await self._parts.hub.alerts.own(request.path_params["alert_id"], owner))

    async def _order(self, request: Request, kind: str) -> tuple[str, list[str]]:
        """Who orders, and the fields. Raises NotAllowed, SignInNeeded, BadRequest."""
        account = await self._gate.require(request, *ROLES)
        if not self._gate.same_origin(request):
            raise NotAllowed("this came from another site's page")
        body = await body_of(request)
        try:
            return account.id, [text_of(body, name, most) for name, most in COMMANDS[kind].items() if name != "alert"]
        except Conflict as error:
            raise BadRequest(str(error)) from error


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 6 else None
