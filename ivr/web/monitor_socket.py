"""`/ws/monitor`: a supervisor's audio in talks of others, from the wall, beside a desk of their own or without one."""

from __future__ import annotations

import logging

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from ivr.errors import StoreUnavailable
from ivr.web.auth import Gate
from ivr.web.desk import DeskHub

log = logging.getLogger(__name__)

SIGNED_OUT = 4401
OTHER_SITE = 4403


def monitor_routes(hub: DeskHub, gate: Gate) -> list[WebSocketRoute]:
    """For whoever has the role supervisor."""

    async def monitor(socket: WebSocket) -> None:
        if not gate.same_origin(socket):
            await socket.close(OTHER_SITE)  # before accept: the browser sees HTTP 403
            return
        try:
            account = await gate.account(socket)
        except StoreUnavailable as error:
            log.warning("a supervisor was turned away: %s", error)
            account = None
        if account is None or "supervisor" not in account.roles:
            await socket.close(SIGNED_OUT)
            return
        await socket.accept()
        async with gate.held(socket):
            await hub.listen(socket, account)

    return [WebSocketRoute("/ws/monitor", monitor)]
