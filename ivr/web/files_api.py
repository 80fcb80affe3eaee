"""Files of messages, in and out: bounded while they come, and handed out so that no browser takes them for a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import Conflict, NotAllowed, NotFound
from ivr.messages.files import ANYTHING, Files
from ivr.messages.model import File
from ivr.messages.parts import MessageParts
from ivr.web.api import BadRequest
from ivr.web.auth import Gate, SignInNeeded, visitor_of
from ivr.web.chat_socket import ChatHub
from ivr.web.messages_api import ROLES, writer

MOST_NAME, MOST_KEY = 300, 64
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What a page may draw; all else is saved to the disk."""


class FilesApi:
    """For agents by their session, and for the visitor of a chat by the token of his browser."""

    def __init__(self, parts: MessageParts, gate: Gate, chat: ChatHub | None) -> None:
        self._parts, self._gate, self._chat = parts, gate, chat

    @property
    def _files(self) -> Files:
        if self._parts.desk.files is None:
            raise NotFound("this house keeps no files")
        return self._parts.desk.files

    @property
    def routes(self) -> list[Route]:
        found = [
            Route("/api/v1/threads/{thread_id}/files", self.send, methods=["POST"]),
            Route("/api/v1/threads/{thread_id}/files/{file_id}", self.file),
        ]
        if self._chat is not None:
            found += [
                Route("/api/v1/chat/files", self.say, methods=["POST"]),
                Route("/api/v1/chat/files/{file_id}", self.seen),
            ]
        return found

    async def send(self, request: Request) -> Response:
        """The body is a file for the customer; `?name=` and `?key=`. The same key again sends nothing twice."""
        who = await writer(self._gate, request)
        name, key = _name(request)
        file = await self._body(request, name)
        thread_id = request.path_params["thread_id"]
        done = await self._parts.desk.reply(who.id, thread_id, "", key, [file])
        await self._parts.tickets.answered("thread", thread_id)
        return JSONResponse(done, 201)

    async def file(self, request: Request) -> Response:
        await self._gate.require(request, *ROLES)
        return handed(await self._files.get(request.path_params["thread_id"], request.path_params["file_id"]))

    async def say(self, request: Request) -> Response:
        """The body is a file of the visitor's; `authorization: Bearer TOKEN` of the chat, in a conversation that goes on."""
        assert self._chat is not None
        if not self._gate.same_origin(request):
            raise NotAllowed("this came from another site's page")
        address, thread_id = await self._visitor(request)
        name, key = _name(request)
        if not self._chat.said.may(address) or not self._chat.brings.may(visitor_of(request).address):
            raise Conflict("that was too fast; wait a little")
        file = await self._body(request, name)
        await self._files.room(thread_id, len(file.data))
        row = await self._chat.brought(address, thread_id, file, key)
        return JSONResponse({"index": row["index"]}, 201)

    async def seen(self, request: Request) -> Response:
        _, thread_id = await self._visitor(request)
        return handed(await self._files.get(thread_id, request.path_params["file_id"]))

    async def _visitor(self, request: Request) -> tuple[str, str]:
        assert self._chat is not None
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        address, thread_id = await self._chat.known(token)
        if not thread_id:
            raise SignInNeeded("this browser has no conversation here: write something first")
        return address, thread_id

    async def _body(self, request: Request, name: str) -> File:
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > self._files.most:
                raise Conflict(self._files.too_large)
        return self._files.checked(name, bytes(data))


def handed(row: dict[str, Any]) -> Response:
    """A file as it may be handed to a browser, whatever is in it."""
    kind = row["type"] if row["type"] in (*SHOWN, "application/pdf") else ANYTHING
    how = "inline" if kind in SHOWN else "attachment"
    headers = {
        "content-disposition": f"{how}; filename*=UTF-8''{quote(row['name'], safe='')}",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "x-content-type-options": "nosniff",
        "cache-control": "private, max-age=600",
    }
    return Response(row["data"], media_type=kind, headers=headers)


def _name(request: Request) -> tuple[str, str]:
    name, key = request.query_params.get("name", ""), request.query_params.get("key", "")
    if not name or len(name) > MOST_NAME or len(key) > MOST_KEY:
        raise BadRequest(f"send `name` of at most {MOST_NAME} characters, and `key` of at most {MOST_KEY}")
    return name, key
