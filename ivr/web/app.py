"""The Starlette application: pages, API, and the two sockets."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ivr.accounts.house import Books, House
from ivr.accounts.roles import AGENTS
from ivr.errors import IvrError, StoreUnavailable
from ivr.web.account_api import AccountApi, scopes_in
from ivr.web.admin import admin_routes
from ivr.web.api import Api, answer_error
from ivr.web.auth import Gate
from ivr.web.bench_api import BenchApi
from ivr.web.callbacks_api import CallbacksApi
from ivr.web.caller import CallerHub
from ivr.web.calls_api import CallsApi
from ivr.web.chat_page import chat_routes
from ivr.web.followups_api import FollowUpsApi
from ivr.web.handover_api import HandoverApi
from ivr.web.hooks_api import HooksApi
from ivr.web.messages_api import MessagesApi
from ivr.web.monitor_socket import monitor_routes
from ivr.web.openapi_api import OpenApi
from ivr.web.openid_api import OpenIdApi
from ivr.web.outbound_api import OutboundApi
from ivr.web.pages import Pages
from ivr.web.parts import WebParts
from ivr.web.people_api import PeopleApi
from ivr.web.playing_api import PlayingApi
from ivr.web.quality_api import QualityApi
from ivr.web.shields import HEADERS, OwnPages, Patience, PlainHeaders
from ivr.web.sip_api import SipApi
from ivr.web.sources_api import SourcesApi
from ivr.web.staff_api import StaffApi
from ivr.web.staff_orders_api import StaffOrdersApi
from ivr.web.tickets_api import TicketsApi
from ivr.web.wall_api import WallApi

log = logging.getLogger(__name__)

Endpoint = Callable[[WebSocket], Awaitable[None]]


def build_web(parts: WebParts) -> Starlette:
    """The whole web room as one ASGI application. It owns no task beyond its requests; closing the desk hub is the caller's."""
    gate = Gate(House(parts.redis, parts.accounts, parts.books), parts.admin_token, parts.origins)
    callers = CallerHub(parts.open_leg, parts.on_caller_leg, parts.caller_limits, ice_servers=parts.ice_servers)
    app = Starlette(
        routes=[
            *Pages(parts.static, parts.workbench.book.origins if parts.workbench is not None else ()).routes,
            *Api(parts, gate).routes,
            *CallsApi(parts, gate).routes,
            *(PlayingApi(parts.play, parts, gate).routes if parts.play is not None else ()),
            *(HandoverApi(parts.handover, parts, gate).routes if parts.handover is not None else ()),
            *(StaffApi(parts.staff, gate).routes if parts.staff is not None else ()),
            *(StaffOrdersApi(parts.orders, gate).routes if parts.orders is not None else ()),
            *_callbacks(parts, gate),
            *(FollowUpsApi(parts, parts.shelves, gate).routes if parts.shelves is not None else ()),
            *(SipApi(*parts.sip_desk, gate).routes if parts.sip_desk is not None else ()),
            *(SourcesApi(parts.sources, gate).routes if parts.sources is not None else ()),
            *(OutboundApi(parts.outbound, gate).routes if parts.outbound is not None else ()),
            *(admin_routes(parts.admin, gate, parts.redis) if parts.admin is not None else ()),
            *(BenchApi(parts.workbench, parts, gate).routes if parts.workbench is not None else ()),
            *_messages(parts, gate),
            *(_accounts(parts.books, parts, gate, lambda: app.routes) if parts.books is not None else ()),
            *(WallApi(parts.wall, gate).routes if parts.wall is not None else ()),
            *(QualityApi(parts.quality, gate).routes if parts.quality is not None else ()),
            *(HooksApi(parts.hooks, gate).routes if parts.hooks is not None else ()),
            *OpenApi(lambda: app.routes).routes,
            WebSocketRoute("/ws/desk", _desk(parts, gate)),
            *monitor_routes(parts.desk, gate),
            WebSocketRoute("/ws/call", _call(callers, gate)),
        ],
        exception_handlers={IvrError: _known, HTTPException: _known, Exception: _unknown},
    )
    app.add_middleware(Patience)
    app.add_middleware(OwnPages, same_origin=gate.same_origin)
    app.add_middleware(PlainHeaders)
    app.state.gate = gate
    return app


def _accounts(books: Books, parts: WebParts, gate: Gate, whole: Callable[[], Sequence[BaseRoute]]) -> list[Route]:
    """Signing in by a provider, one's own account, and everybody's for administrators."""
    public = parts.origins[0] if parts.origins else ""
    account = AccountApi(books, parts.redis, gate, lambda: scopes_in(whole()))
    return [*OpenIdApi(books, gate, public).routes, *account.routes, *PeopleApi(books, gate).routes]


def _callbacks(parts: WebParts, gate: Gate) -> list[Route]:
    if parts.promises is None or parts.shelves is None:
        return []
    return CallbacksApi(parts.promises, parts.shelves, gate).routes


def _messages(parts: WebParts, gate: Gate) -> list[BaseRoute]:
    found = parts.messages
    if found is None:
        return []
    return [*MessagesApi(found, gate).routes, *TicketsApi(found, gate).routes, *chat_routes(found, gate, parts.static)]


def _desk(parts: WebParts, gate: Gate) -> Endpoint:
    async def desk(socket: WebSocket) -> None:
        try:
            account = await gate.account(socket) if gate.same_origin(socket) else None
        except StoreUnavailable as error:
            log.warning("a desk was turned away: %s", error)
            account = None
        if account is None or not AGENTS & set(account.roles):
            await socket.close(4401)  # before accept: the browser sees HTTP 403
            return
        await socket.accept()
        async with gate.held(socket):
            await parts.desk.serve(socket, account)

    return desk


def _call(callers: CallerHub, gate: Gate) -> Endpoint:
    async def call(socket: WebSocket) -> None:
        if not gate.same_origin(socket):
            await socket.close(4403)
            return
        await socket.accept()
        await callers.serve(socket, socket.client.host if socket.client else "")

    return call


async def _known(request: Request, error: Exception) -> Response:
    return answer_error(request, error)


async def _unknown(request: Request, error: Exception) -> Response:
    path = request.url.path
    if token := request.path_params.get("token"):  # whoever has it may read a handover
        path = path.replace(token, "…")
    log.error("%s %s failed", request.method, path, exc_info=error)
    response = answer_error(request, error)
    for name, value in HEADERS:  # this answer is made outside of what puts them on the others
        response.headers.setdefault(name.decode(), value.decode())
    return response
