"""The door of `/api/v1/admin`: who may come in, how much may be brought, and how errors are told (docs/admin-api.md)."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket

from ivr.dialplan.problems import Problem
from ivr.errors import DialplanError, IvrError, NotAllowed, Stale
from ivr.web.admin_work import problem_data
from ivr.web.api import BadRequest, answer_error
from ivr.web.auth import Gate

log = logging.getLogger(__name__)
audit = logging.getLogger("ivr.audit")

PREFIX = "/api/v1/admin"
MAX_BODY = 8 << 20
"""Octets of a JSON body: two texts of the longest flow, each letter escaped."""
READERS = ("supervisor", "admin")
WRITERS = ("admin",)
REQUESTS = 40
"""Of one account within `WINDOW` seconds; a page that checks while somebody types makes two or three a second."""
WINDOW = 5.0
HEAVY = 2
"""Pieces of work in threads at a time: a check, a picture, a recording. The calls have the rest of the machine."""
MOST_WAITING = 32

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Who:
    """The account of a request; the API token is `api token`."""

    id: str
    name: str
    roles: tuple[str, ...]
    address: str

    @property
    def may_write(self) -> bool:
        return "admin" in self.roles


class AdminError(IvrError):
    """An answer with its own status, code and members."""

    def __init__(self, status: int, code: str, message: str, cure: str = "", **members: Any) -> None:
        super().__init__(message)
        self.status, self.code, self.cure, self.members = status, code, cure, members


def too_large(what: str, most: int) -> AdminError:
    return AdminError(413, "too_large", f"{what} is larger than {most}", "send less of it")


def not_here(what: str, cure: str) -> AdminError:
    return AdminError(501, "not_here", what, cure)


def invalid(message: str, problems: Sequence[Mapping[str, Any]]) -> AdminError:
    return AdminError(422, "invalid", message, "mend what `problems` names", problems=list(problems))


Endpoint = Callable[[Request, Who], Awaitable[Response]]


class Door:
    """Makes routes whose requests are known, allowed and not too many."""

    def __init__(self, gate: Gate, clock: Callable[[], float] = time.monotonic) -> None:
        self._gate, self._clock = gate, clock
        self._asked: dict[str, deque[float]] = {}
        self._room = asyncio.Semaphore(HEAVY)
        self._waiting = 0

    def read(self, path: str, endpoint: Endpoint) -> Route:
        """A GET for supervisors and administrators."""
        return Route(PREFIX + path, self._guarded(endpoint, READERS, own_page=False), methods=["GET"])

    def ask(self, path: str, endpoint: Endpoint, method: str = "POST") -> Route:
        """A request with a body that changes nothing, for the same."""
        return Route(PREFIX + path, self._guarded(endpoint, READERS, own_page=True), methods=[method])

    def change(self, path: str, endpoint: Endpoint, method: str = "POST") -> Route:
        """A request that changes something: administrators, from our own page."""
        return Route(PREFIX + path, self._guarded(endpoint, WRITERS, own_page=True), methods=[method])

    async def who(self, connection: HTTPConnection, roles: Sequence[str] = READERS) -> Who:
        """Whose request it is. Raises SignInNeeded or NotAllowed."""
        account = await self._gate.require(connection, *roles)
        address = connection.client.host if connection.client else ""
        return Who(account.id, account.name or account.id, account.roles, address)

    def held(self, socket: WebSocket) -> AbstractAsyncContextManager[None]:
        """Close a socket when its session ends."""
        return self._gate.held(socket)

    def same_origin(self, connection: HTTPConnection) -> bool:
        return self._gate.same_origin(connection)

    async def work(self, do: Callable[..., T], *arguments: Any) -> T:
        """What takes the processor for longer than a call may wait, in a thread. Raises AdminError where too much waits."""
        if self._waiting >= MOST_WAITING:
            raise _too_many(1, "the server is busy with other pages")
        self._waiting += 1
        try:
            async with self._room:
                return await asyncio.to_thread(do, *arguments)
        finally:
            self._waiting -= 1

    def _guarded(self, endpoint: Endpoint, roles: Sequence[str], own_page: bool) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                who = await self.who(request, roles)
                if own_page and not self._gate.same_origin(request):
                    raise NotAllowed("this came from another site's page")
                self._count(who.id)
                return await endpoint(request, who)
            except IvrError as error:
                return answer(request, error)

        return guarded

    def _count(self, account: str) -> None:
        now = self._clock()
        asked = self._asked.setdefault(account, deque())
        while asked and asked[0] <= now - WINDOW:
            asked.popleft()
        if len(asked) >= REQUESTS:
            raise _too_many(max(1, round(asked[0] + WINDOW - now)), f"more than {REQUESTS} requests in {WINDOW:g} s")
        asked.append(now)


def _too_many(seconds: int, message: str) -> AdminError:
    return AdminError(429, "too_many", message, f"try again in {seconds} s", seconds=seconds)


def answer(request: Request, error: IvrError) -> Response:
    """The error as `{"error": {code, message, cure, place}, ...}`."""
    match error:
        case AdminError():
            members = {name: value for name, value in error.members.items() if name != "seconds"}
            headers = {"retry-after": str(error.members["seconds"])} if "seconds" in error.members else {}
            return _told(error.status, error.code, str(error), error.cure, headers=headers, **members)
        case Stale():
            told = {name: getattr(error, name) for name in ("yours", "theirs", "base", "stamp", "by", "at")}
            return _told(409, "stale", str(error), "look at both, then save again", **told)
        case DialplanError():
            problems = [_problem(one) for one in error.problems]
            place = {name: problems[0][name] for name in ("file", "line", "column")} if problems else None
            return _told(422, "invalid", str(error), "mend what `problems` names", place, problems=problems)
    plain = answer_error(request, error)
    told = json.loads(bytes(plain.body))["error"]
    headers = {name: value for name, value in plain.headers.items() if name in ("retry-after", "www-authenticate")}
    return _told(plain.status_code, told["code"], told["message"], "", headers=headers)


def _told(
    status: int,
    code: str,
    message: str,
    cure: str,
    place: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> Response:
    error = {"code": code, "message": message, "cure": cure, "place": place}
    return JSONResponse({"error": error, **members}, status, dict(headers or {}))


def _problem(one: object) -> dict[str, Any]:
    return problem_data(one) if isinstance(one, Problem) else {"message": str(one), "file": "", "line": 1, "column": 1}


async def body_of(request: Request, most: int = MAX_BODY) -> dict[str, Any]:
    """The JSON object of a request. Raises BadRequest, or AdminError where it is too large."""
    data = await octets_of(request, most)
    try:
        body = await asyncio.to_thread(_parsed, data) if len(data) > 65536 else _parsed(data)
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body


def _parsed(data: bytes) -> Any:
    body = json.loads(data)
    json.dumps(body, ensure_ascii=False, allow_nan=False).encode()  # half characters and NaN are in no text and no store
    return body


async def octets_of(request: Request, most: int) -> bytes:
    """The body, at most `most` octets. Raises AdminError."""
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and len(told) < 18 and int(told) > most:
        raise too_large("the body", most)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise too_large("the body", most)
    return bytes(data)


def text_in(body: Mapping[str, Any], name: str, default: str | None = None, most: int = 1 << 20) -> str:
    """A text of the body. Raises BadRequest where it is none or missing without a default."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise BadRequest(f"send `{name}` as text")
    if len(value) > most:
        raise too_large(f"`{name}`", most)
    return value


def number_in(body: Mapping[str, Any], name: str, low: float, high: float, default: float | None = None) -> float | None:
    """A number of the body within its bounds, or `default` where it is missing or null. Raises BadRequest."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadRequest(f"`{name}` must be a number from {low:g} to {high:g}")
    return float(value)


def flag_in(body: Mapping[str, Any], name: str, default: bool = False) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise BadRequest(f"`{name}` must be true or false")
    return value


def object_in(body: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """An object of the body, None where it is missing or null. Raises BadRequest."""
    value = body.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise BadRequest(f"`{name}` must be an object")
    return value
