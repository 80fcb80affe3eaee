"""`POST /api/v1/callbacks`, and what may be done with one: `cancel`, `close`, `reschedule`, `dial`.

They are read and changed by `followups_api`, as everything that calls left to be done.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ivr.errors import Conflict, NotAllowed, NotFound
from ivr.records.followups import CALLBACK, FollowUps, row_of
from ivr.records.promises import Promises, Row
from ivr.records.shelf import Shelf, Shelves
from ivr.web.auth import Gate
from ivr.web.followups_api import ROLES, phone, some_moment, text

audit = logging.getLogger("ivr.audit")

MAX_BODY = 16384
WINDOW = 4 * 3600.0
"""Seconds in which a callback is due that says nothing of its end."""
LONGEST = 90 * 86400.0
NOW_WINDOW = 3600.0
"""Seconds that one who is to be called now may at least still be tried."""
MOST_NEEDS = 20
_NAME = re.compile(r"[^\s;=|,{}]{1,64}")
_KEY = re.compile(r"[\w.:-]{1,100}", re.ASCII)

Do = Callable[[Row, Mapping[str, Any]], Awaitable[str]]
"""Does it, and returns the line for the audit log. Raises Conflict."""


class CallbacksApi:
    """For supervisors, administrators and the API token."""

    def __init__(self, promises: Promises, shelves: Shelves, gate: Gate, clock: Callable[[], float] = time.time) -> None:
        self._promises, self._gate, self._clock = promises, gate, clock
        self._shelf: Shelf = shelves.callbacks
        self._followups = FollowUps(shelves.engine, clock)

    @property
    def routes(self) -> list[Route]:
        actions: dict[str, Do] = {
            "cancel": self._cancel,
            "close": self._close,
            "reschedule": self._reschedule,
            "dial": self._dial,
        }
        found = [Route("/api/v1/callbacks", self.make, methods=["POST"])]
        for name, do in actions.items():
            found.append(Route(f"/api/v1/callbacks/{{id}}/{name}", self._action(do), methods=["POST"]))
        return found

    async def make(self, request: Request) -> Response:
        """Promise a call: `{"number": ..., "queue": ..., ...}`. The same `Idempotency-Key` again gives the same callback."""
        await self._admit(request)
        key = request.headers.get("idempotency-key", "") or uuid4().hex
        if not _KEY.fullmatch(key):
            raise Conflict("Idempotency-Key must be 1 to 100 of letters, digits and _ . : -")
        given = await self._followups.schedule_callback(f"api:{key}", made(await _body(request), self._clock()))
        await self._audit(request, f"callback {given['number']} promised")
        return JSONResponse(await self._shelf.get(given["number"]), status_code=201)

    def _action(self, do: Do) -> Callable[[Request], Any]:
        async def act(request: Request) -> Response:
            await self._admit(request)
            name = request.path_params["id"]
            row_id = row_of(CALLBACK, name)
            row = None if row_id is None else await self._promises.get(row_id)
            if row is None:
                raise NotFound(f"there is no callback {name[:60]}")
            await self._audit(request, f"callback {name} {await do(row, await _body(request, empty=True))}")
            return JSONResponse(await self._shelf.get(name))

        return act

    async def _cancel(self, row: Row, body: Mapping[str, Any]) -> str:
        """Nobody calls; a call that is being made ends."""
        _only(body)
        if not await self._promises.cancel(row["id"], "cancelled", self._clock()):
            raise Conflict(f"a callback that is {row['status']} cannot be cancelled")
        return "cancelled"

    async def _close(self, row: Row, body: Mapping[str, Any]) -> str:
        """Somebody called by hand: the promise is kept."""
        _only(body)
        if not await self._promises.serve(row["id"], "", "by_hand", self._clock()):
            raise Conflict(f"a callback that is {row['status']} cannot be closed")
        return "closed"

    async def _reschedule(self, row: Row, body: Mapping[str, Any]) -> str:
        """`from_at` and `until_at` in ISO 8601; the tries begin anew."""
        _only(body, "from_at", "until_at")
        begin, end = window(body, self._clock())
        if not await self._promises.reschedule(row["id"], begin, end, self._clock()):
            raise Conflict(f"a callback that is {row['status']} cannot be put off")
        return "put off"

    async def _dial(self, row: Row, body: Mapping[str, Any]) -> str:
        """Call now, whether or not somebody is free."""
        _only(body)
        now = self._clock()
        end = max(float(row["until_at"]), now + NOW_WINDOW)
        if not await self._promises.reschedule(row["id"], now, end, now, at_once=True):
            raise Conflict(f"a callback that is {row['status']} cannot be dialled")
        return "dialled now"

    async def _admit(self, request: Request) -> None:
        """Raises NotAllowed, SignInNeeded."""
        await self._gate.require(request, *ROLES)
        if not self._gate.same_origin(request):
            raise NotAllowed("this came from another site's page")

    async def _audit(self, request: Request, what: str) -> None:
        account = await self._gate.account(request)
        host = request.client.host if request.client else ""
        audit.warning(
            "%s by %s at %s", what, account.id if account is not None else "api token", host, extra={"trail": {"what": what}}
        )


def made(body: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The columns of a callback that is promised by the API. Raises Conflict naming the key and what would be right."""
    known = ("number", "queue", "needs", "priority", "reason", "name", "language", "flow", "from_at", "until_at")
    _only(body, *known)
    for name in ("number", "queue"):
        if name not in body:
            raise Conflict(f"{name} is missing")
    number = _checked("number", phone, body["number"])
    begin, end = window(body, now)
    needs, priority = body.get("needs", {}), body.get("priority", 5)
    levels = needs.items() if isinstance(needs, dict) and len(needs) <= MOST_NEEDS else [("", 0)]
    for skill, level in levels:
        if not _NAME.fullmatch(skill) or isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= 10:
            raise Conflict('needs: skills with levels from 1 to 10, such as {"telecom": 3}')
    if isinstance(priority, bool) or not isinstance(priority, int) or not 0 <= priority <= 10:
        raise Conflict("priority: a whole number from 0 to 10")
    words = {name: _checked(name, text(most), body.get(name, "")) for name, most in _WORDS.items()}
    if not _NAME.fullmatch(words["queue"]):
        raise Conflict("queue: the name of a queue")
    return {
        "number": number,
        "contact_id": "",
        "caller_number": number,
        "caller_name": words["name"],
        "language": words["language"],
        "flow": words["flow"] or "callback",
        "queue": words["queue"],
        "needs": dict(needs),
        "priority": priority,
        "reason": words["reason"],
        "handover": {},
        "origin": "api",
        "from_at": begin,
        "until_at": end,
        "queued_at": max(begin, now),
    }


_WORDS = {"queue": 64, "reason": 300, "name": 256, "language": 16, "flow": 64}


def window(body: Mapping[str, Any], now: float) -> tuple[float, float]:
    """`from_at` (now without it) and `until_at` (four hours later without it). Raises Conflict."""
    begin = now if body.get("from_at") is None else _checked("from_at", some_moment, body["from_at"])
    end = max(begin, now) + WINDOW if body.get("until_at") is None else _checked("until_at", some_moment, body["until_at"])
    if not max(begin, now) + 60 <= end <= now + LONGEST:
        raise Conflict("until_at: a minute or more after from_at and after now, and within 90 days")
    return begin, end


def _checked(name: str, check: Callable[[Any], Any], value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise Conflict(f"{name}: {error}") from error


def _only(body: Mapping[str, Any], *known: str) -> None:
    for name in body:
        if name not in known:
            raise Conflict(f"{name[:40]} is not known here" + (f": {', '.join(known)}" if known else ""))


async def _body(request: Request, *, empty: bool = False) -> dict[str, Any]:
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise Conflict(f"the body is larger than {MAX_BODY} octets")
    if empty and not data.strip():
        return {}
    try:
        body = json.loads(data)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Conflict("the body is not JSON") from error
    if not isinstance(body, dict):
        raise Conflict("the body is not a JSON object")
    return body
