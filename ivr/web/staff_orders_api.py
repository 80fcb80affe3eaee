"""Orders of supervisors: `/contacts/ID/move`, `/queues/NAME/drain`, `/agents/ID/skills`, `/broadcasts` below `/api/v1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.web.api import BadRequest, body_of
from ivr.web.auth import Gate
from ivr.web.parts import StaffOrders
from ivr.web.staff_api import ROLES, audited, number_of, text_of, who_orders

MOST_NAMED = 1000
"""Agents or teams of a broadcast."""
LONGEST_BROADCAST = 500


class StaffOrdersApi:
    """For supervisors, administrators and the API token. Each order leaves a line in the log `ivr.audit`."""

    def __init__(self, orders: StaffOrders, gate: Gate) -> None:
        self._orders, self._gate = orders, gate

    @property
    def routes(self) -> list[Route]:
        skills, drain = "/api/v1/agents/{agent_id}/skills", "/api/v1/queues/{queue}/drain"
        return [
            Route("/api/v1/contacts/{contact_id}/move", self.move, methods=["POST"]),
            Route("/api/v1/orders", self.standing),
            Route(drain, self.drain, methods=["POST"]),
            Route(drain, self.open, methods=["DELETE"]),
            Route(skills, self.lend, methods=["POST"]),
            Route(skills, self.give_back, methods=["DELETE"]),
            Route("/api/v1/broadcasts", self.broadcast, methods=["POST"]),
        ]

    async def standing(self, request: Request) -> Response:
        """What is ordered for now: `{drained: {queue: ..}, lent: {agent: ..}}`."""
        await self._gate.require(request, *ROLES)
        return JSONResponse({"drained": dict(await self._orders.drained()), "lent": dict(await self._orders.lent())})

    async def move(self, request: Request) -> Response:
        """`{to, priority}`: send a caller to `queue:NAME`, `agent:ID` or `flow:NAME`; without `priority` it stays."""
        by = await who_orders(self._gate, request)
        body = await body_of(request)
        contact_id, to = request.path_params["contact_id"], text_of(body, "to")
        priority = body.get("priority")
        if priority is not None and (isinstance(priority, bool) or not isinstance(priority, int)):
            raise BadRequest("send `priority` as a whole number from 0 to 10")
        done = await self._orders.move(contact_id, to, priority, by)
        audited(request, by, f"contact {contact_id}: moved to {to}")
        return JSONResponse(dict(done))

    async def drain(self, request: Request) -> Response:
        """`{to, seconds, move}`: let nobody in; who comes waits in queue `to`, or takes the edge `closed`."""
        by = await who_orders(self._gate, request)
        body = await body_of(request)
        queue, to, seconds = request.path_params["queue"], text_of(body, "to", ""), number_of(body, "seconds", 0.0)
        move = body.get("move", False)
        if not isinstance(move, bool):
            raise BadRequest("send `move` as true or false")
        done = await self._orders.drain(queue, to, seconds, move, by)
        audited(request, by, f"queue {queue}: drained{f' into {to}' if to else ''}, {done['moved']} moved")
        return JSONResponse(dict(done))

    async def open(self, request: Request) -> Response:
        by = await who_orders(self._gate, request)
        queue = request.path_params["queue"]
        await self._orders.open(queue)
        audited(request, by, f"queue {queue}: open again")
        return JSONResponse({})

    async def lend(self, request: Request) -> Response:
        """`{skills: {name: level}, seconds}`: other skills for now, level 0 for none; 0 seconds until taken back."""
        by = await who_orders(self._gate, request)
        body = await body_of(request)
        agent_id, skills = request.path_params["agent_id"], _skills(body)
        line = await self._orders.lend(agent_id, skills, number_of(body, "seconds", 0.0), by)
        audited(
            request, by, f"agent {agent_id}: skills for now {' '.join(f'{name}={skills[name]}' for name in sorted(skills))}"
        )
        return JSONResponse(dict(line))

    async def give_back(self, request: Request) -> Response:
        by = await who_orders(self._gate, request)
        agent_id = request.path_params["agent_id"]
        line = await self._orders.give_back(agent_id)
        audited(request, by, f"agent {agent_id}: skills of the settings again")
        return JSONResponse(dict(line))

    async def broadcast(self, request: Request) -> Response:
        """`{text, level, agents, teams}`: a line on the desks that are open; without agents and teams on all."""
        by = await who_orders(self._gate, request)
        body = await body_of(request)
        text = text_of(body, "text", most=LONGEST_BROADCAST)
        done = await self._orders.broadcast(
            text, text_of(body, "level", "info"), _names(body, "agents"), _names(body, "teams"), by
        )
        audited(request, by, f"broadcast {done['id']} to {len(done['told'])} desks")
        return JSONResponse(dict(done), 201)


def _skills(body: Mapping[str, Any]) -> dict[str, int]:
    skills = body.get("skills")
    if not isinstance(skills, dict) or not skills or len(skills) > MOST_NAMED:
        raise BadRequest('send `skills` as {"name": level}')
    for name, level in skills.items():
        if not 0 < len(name) <= 80 or isinstance(level, bool) or not isinstance(level, int):
            raise BadRequest('send `skills` as {"name": level}; a level is a whole number from 0 to 10')
    return skills


def _names(body: Mapping[str, Any], key: str) -> list[str]:
    names = body.get(key, [])
    if (
        not isinstance(names, list)
        or len(names) > MOST_NAMED
        or not all(isinstance(one, str) and len(one) <= 80 for one in names)
    ):
        raise BadRequest(f"send `{key}` as a list of names")
    return names
