"""The boards: `/ws/wall`. Every page shows the same, so each event is written once and given to all of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from ivr.errors import Conflict, IvrError, StoreUnavailable
from ivr.wall.board import Board, Message
from ivr.web.auth import Gate
from ivr.web.page_socket import PageSocket, text_of, written
from ivr.web.parts import Account

log = logging.getLogger(__name__)

ROLES = frozenset({"supervisor", "admin"})
SILENCE = 5.0
GOING_AWAY = 1001
COMMANDS: Mapping[str, Mapping[str, int]] = {"acknowledge": {"alert": 200, "note": 500}, "own": {"alert": 200, "owner": 128}}
"""Fields of each command, with the most characters that each may have."""


class Alerts(Protocol):
    """`ivr.wall.hands.AlertShelf`. Errors carry words for the person."""

    async def rows(self) -> list[dict[str, Any]]: ...

    async def acknowledge(self, alert_id: str, by: str, note: str, now: float) -> dict[str, Any]: ...

    async def own(self, alert_id: str, owner: str) -> dict[str, Any]: ...


class WallHub:
    """All boards of this node. Give `tell` to whoever feeds the board."""

    def __init__(self, board: Board, alerts: Alerts, clock: Callable[[], float] = time.time) -> None:
        self.board, self.alerts, self._clock = board, alerts, clock
        self._pages: set[PageSocket] = set()
        self._snapshot = (-1, "")

    def __len__(self) -> int:
        return len(self._pages)

    def tell(self, message: Message) -> None:
        """Give an event to every page. Never blocks."""
        if self._pages:
            text = written(message)
            for page in self._pages:
                page.send(text)

    def close(self) -> None:
        """Close every page: the server stops."""
        for page in self._pages:
            page.close(GOING_AWAY, "the server stops")

    def snapshot(self) -> str:
        """The text of a snapshot; pages that come at the same moment share it."""
        if self._snapshot[0] != self.board.seq:
            self._snapshot = self.board.seq, written(self.board.snapshot(self._clock()))
        return self._snapshot[1]

    async def serve(self, socket: WebSocket, account: Account) -> None:
        """Run one accepted socket until it closes."""
        page = PageSocket(socket, silence=SILENCE)

        async def handle(message: Mapping[str, Any]) -> None:
            if message["type"] == "resume":
                self._attach(page, message)
            elif page in self._pages:
                await self._answer(page, account, message)

        try:
            await page.serve(handle)
        finally:
            self._pages.discard(page)

    def _attach(self, page: PageSocket, message: Mapping[str, Any]) -> None:
        data = message.get("data")
        seq = data.get("seq") if isinstance(data, dict) else 0
        missed = self.board.resume(seq if isinstance(seq, int) else 0, self._clock())
        if missed and missed[0]["type"] == "snapshot":
            page.send(self.snapshot())
        else:
            for one in missed:
                page.send(one)
        self._pages.add(page)

    async def _answer(self, page: PageSocket, account: Account, message: Mapping[str, Any]) -> None:
        error: str | None = None
        try:
            await self._perform(account, str(message["type"]), message.get("data"))
        except IvrError as refused:
            error = str(refused)
        except Exception:
            log.exception("board of %s: %s failed", account.id, message["type"])
            error = "that did not work; the cause is in the server's log"
        request = message.get("id")
        if isinstance(request, str) and len(request) <= 64:
            page.send(self.board.reply(request, error, self._clock()))

    async def _perform(self, account: Account, kind: str, data: object) -> None:
        if kind == "ping":
            return
        if kind not in COMMANDS:
            raise Conflict(f"this server does not know '{kind[:40]}'")
        fields = data if isinstance(data, dict) else {}
        values = [text_of(fields, name, most) for name, most in COMMANDS[kind].items()]
        if kind == "acknowledge":
            await self.alerts.acknowledge(values[0], account.id, values[1], self._clock())
        else:
            await self.alerts.own(*values)


def wall_socket(hub: WallHub, gate: Gate) -> WebSocketRoute:
    """The route of the boards; who may not is refused before the upgrade."""

    async def wall(socket: WebSocket) -> None:
        try:
            account = await gate.account(socket) if gate.same_origin(socket) else None
        except StoreUnavailable as error:
            log.warning("a board was turned away: %s", error)
            account = None
        if account is None or not ROLES & set(account.roles):
            await socket.close(4401)
            return
        await socket.accept()
        async with gate.held(socket):
            await hub.serve(socket, account)

    return WebSocketRoute("/ws/wall", wall)
