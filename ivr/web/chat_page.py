"""`/chat`, the script that puts it into other sites' pages, and its socket."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ivr.messages.parts import ChatRules, MessageParts
from ivr.web.auth import Gate
from ivr.web.chat_socket import ChatHub
from ivr.web.files_api import FilesApi
from ivr.web.pages import HEADERS, NOT_BUILT, POLICY


def chat_routes(parts: MessageParts, gate: Gate, static: Path) -> list[BaseRoute]:
    """Of the chat, where it is switched on, and of files that come with messages."""
    if parts.chat is None:
        return [*FilesApi(parts, gate, None).routes]
    hub = ChatHub(parts, parts.chat)

    async def chat(socket: WebSocket) -> None:
        if not gate.same_origin(socket):
            await socket.close(4403)
            return
        await socket.accept()
        await hub.serve(socket, socket.client.host if socket.client else "")

    page = ChatPage(static, parts.chat)
    pages = [Route("/chat", page.page), Route("/chat.js", page.script), WebSocketRoute("/ws/chat", chat)]
    return [*pages, *FilesApi(parts, gate, hub).routes]


class ChatPage:
    """The page may stand in frames of the sites that the settings name, and nowhere else."""

    def __init__(self, folder: Path, rules: ChatRules) -> None:
        self._folder = folder
        origins = " ".join(("'self'", *rules.sites))
        policy = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {origins}")
        self._headers = {**HEADERS, "content-security-policy": policy, "permissions-policy": "microphone=(), camera=()"}
        del self._headers["cross-origin-opener-policy"]

    async def page(self, request: Request) -> Response:
        headers = {**self._headers, "cache-control": "no-store"}
        file = self._folder / "chat.html"
        if not file.is_file():
            return HTMLResponse(NOT_BUILT, 503, {**headers, "retry-after": "5"})
        return FileResponse(file, headers=headers, media_type="text/html")

    async def script(self, request: Request) -> Response:
        """What other sites load; its name stays, so it is asked for anew each hour."""
        file = self._folder / "chat.js"
        headers = {"cache-control": "public, max-age=3600", "x-content-type-options": "nosniff"}
        headers["cross-origin-resource-policy"] = "cross-origin"
        if not file.is_file():
            return Response(status_code=503, headers=headers)
        return FileResponse(file, headers=headers, media_type="text/javascript")
