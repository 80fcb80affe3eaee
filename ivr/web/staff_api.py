"""`/api/v1/queues`, `/agents`, `/contacts/ID/explain`: what happens in the queues and why, orders to agents."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import NotAllowed
from ivr.web.api import BadRequest, body_of
from ivr.web.auth import Gate
from ivr.web.parts import StaffDesk

audit = logging.getLogger("ivr.audit")
"""One line for each order."""

ROLES = ("supervisor", "admin")
MOST_STATES = 500


class StaffApi:
    """For supervisors, administrators and the API token; an agent may ask for the explanation of himself."""

    def __init__(self, staff: StaffDesk, gate: Gate) -> None:
        self._staff, self._gate = staff, gate

    @property
    def routes(self) -> list[Route]:
        agent = "/api/v1/agents/{agent_id}"
        return [
            Route("/api/v1/queues", self.queues),
            Route("/api/v1/agents", self.agents),
            Route(f"{agent}/explain", self.explain_agent),
            Route(f"{agent}/states", self.states),
            Route(f"{agent}/state", self.force, methods=["POST"]),
            Route(f"{agent}/breaks", self.breaks),
            Route(f"{agent}/breaks", self.plan, methods=["POST"]),
            Route(f"{agent}/breaks/{{plan_id}}", self.cancel, methods=["DELETE"]),
            Route("/api/v1/contacts/{contact_id}/explain", self.explain_contact),
        ]

    async def queues(self, request: Request) -> Response:
        await self._gate.require(request, *ROLES)
        return JSONResponse(dict(await self._staff.overview()))

    async def agents(self, request: Request) -> Response:
        await self._gate.require(request, *ROLES)
        return JSONResponse({"agents": list(await self._staff.agents())})

    async def explain_agent(self, request: Request) -> Response:
        agent_id = request.path_params["agent_id"]
        account = await self._gate.account(request)
        if account is None or account.id != agent_id:
            await self._gate.require(request, *ROLES)
        return JSONResponse(dict(await self._staff.explain_agent(agent_id)))

    async def explain_contact(self, request: Request) -> Response:
        await self._gate.require(request, *ROLES)
        return JSONResponse(dict(await self._staff.explain_contact(request.path_params["contact_id"])))

    async def states(self, request: Request) -> Response:
        """`?limit=`: states that the agent had, the newest first."""
        await self._gate.require(request, *ROLES)
        limit = request.query_params.get("limit", "100")
        if not limit.isdecimal() or not 1 <= len(limit) <= 6 or int(limit) < 1:
            raise BadRequest("limit must be a number from 1")
        found = await self._staff.history(request.path_params["agent_id"], min(int(limit), MOST_STATES))
        return JSONResponse({"states": list(found)})

    async def force(self, request: Request) -> Response:
        """`{state, reason, seconds}`: order a state; a break may end by itself after `seconds`."""
        by = await who_orders(self._gate, request)
        body = await body_of(request)
        agent_id, state, reason = request.path_params["agent_id"], text_of(body, "state"), text_of(body, "reason", "")
        seconds = number_of(body, "seconds", 0.0)
        line = await self._staff.force(agent_id, state, reason, seconds, by)
        audited(request, by, f"agent {agent_id}: {state} {reason}".rstrip())
        return JSONResponse(dict(line))

    async def breaks(self, request: Request) -> Response:
        await self._gate.require(request, *ROLES)
        return JSONResponse({"breaks": list(await self._staff.breaks(request.path_params["agent_id"]))})

    async def plan(self, request: Request) -> Response:
        """`{from, until, reason}`, epoch seconds: a break to come."""
        by = await who_orders(self._gate, request)
        body = await body_of(request)
        agent_id = request.path_params["agent_id"]
        begins, ends, reason = number_of(body, "from"), number_of(body, "until"), text_of(body, "reason")
        made = await self._staff.plan_break(agent_id, begins, ends, reason, by)
        audited(request, by, f"agent {agent_id}: break planned")
        return JSONResponse(dict(made), 201)

    async def cancel(self, request: Request) -> Response:
        by = await who_orders(self._gate, request)
        agent_id = request.path_params["agent_id"]
        await self._staff.cancel_break(agent_id, request.path_params["plan_id"])
        audited(request, by, f"agent {agent_id}: planned break taken back")
        return JSONResponse({})


async def who_orders(gate: Gate, request: Request) -> str:
    """Who orders. Raises NotAllowed, SignInNeeded."""
    await gate.require(request, *ROLES)
    if not gate.same_origin(request):
        raise NotAllowed("this came from another site's page")
    bearer = request.headers.get("authorization", "").partition(" ")[0].lower() == "bearer"
    account = None if bearer else await gate.account(request)
    return account.id if account is not None else "api"


def audited(request: Request, by: str, what: str) -> None:
    """Leave a line about an order that was done."""
    audit.warning("%s by %s at %s", what, by, request.client.host if request.client else "", extra={"trail": {"what": what}})


def text_of(body: Mapping[str, Any], name: str, default: str | None = None, most: int = 80) -> str:
    """Raises BadRequest."""
    value = body.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise BadRequest(f"send `{name}` as text of at most {most} characters")
    return value


def number_of(body: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """Raises BadRequest."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value < 1e11:
        raise BadRequest(f"send `{name}` as a number of seconds")
    return float(value)
