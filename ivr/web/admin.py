"""The admin API put together: routes under `/api/v1/admin` and the socket `/ws/admin`."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis
from starlette.routing import BaseRoute, WebSocketRoute

from ivr.web.admin_door import Door
from ivr.web.admin_flows import FlowsApi
from ivr.web.admin_forms import FormsApi
from ivr.web.admin_house import HouseApi
from ivr.web.admin_parts import AdminParts
from ivr.web.admin_prompts import PromptsApi
from ivr.web.admin_socket import AdminHub
from ivr.web.admin_text import TextApi
from ivr.web.admin_trials import TrialsApi
from ivr.web.auth import Gate


def admin_routes(parts: AdminParts, gate: Gate, redis: Redis) -> list[BaseRoute]:
    """Every route of the admin API."""
    door = Door(gate)
    hub = AdminHub(door, redis, parts.counts)
    parts = replace(parts, changed=hub.changed)
    apis = (TextApi, FlowsApi, HouseApi, TrialsApi, PromptsApi, FormsApi)
    routes: list[BaseRoute] = [route for api in apis for route in api(parts, door).routes]
    return [*routes, WebSocketRoute("/ws/admin", hub.serve)]
