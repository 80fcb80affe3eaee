"""`/api/v1`: sign in and out, contacts, health, metrics. Errors are `{"error": {"code", "message"}}`."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ivr.accounts.house import CodeNeeded, Visit
from ivr.accounts.lockout import TooManyFailures
from ivr.accounts.openid import ProviderAway
from ivr.errors import Conflict, IvrError, NotAllowed, NotFound, StoreUnavailable
from ivr.web.auth import COOKIE, SESSION_SECONDS, Gate, ProofNeeded, SignInNeeded, Unfinished, visitor_of
from ivr.web.leaving import address_of, further, page_of
from ivr.web.parts import WebParts

MAX_BODY = 16384
MOST_CONTACTS = 200
READERS = ("supervisor", "admin", "quality")
"""Who reads what was said in contacts of others."""


class BadRequest(IvrError):
    """What was asked cannot be understood."""


def error_response(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def answer_error(_request: Request, error: Exception) -> Response:
    """One place where errors become responses."""
    match error:
        case TooManyFailures():
            headers = {"retry-after": str(error.seconds)}
            return error_response(429, "too_many_failures", str(error), headers)
        case BadRequest():
            return error_response(400, "bad_request", str(error))
        case SignInNeeded():
            return error_response(401, "sign_in_needed", str(error), {"www-authenticate": "Bearer"})
        case CodeNeeded():
            return error_response(401, "code_needed", str(error))
        case Unfinished():
            return error_response(403, "unfinished", str(error))
        case ProofNeeded():
            return error_response(403, "prove_again", str(error))
        case NotAllowed():
            return error_response(403, "not_allowed", str(error))
        case NotFound():
            return error_response(404, "not_found", str(error))
        case Conflict():
            return error_response(409, "conflict", str(error))
        case ProviderAway():
            return error_response(502, "provider_away", str(error))
        case StoreUnavailable():
            return error_response(503, "unavailable", str(error), {"retry-after": "2"})
        case HTTPException():
            return error_response(error.status_code, "http", error.detail, dict(error.headers or {}))
    return error_response(500, "internal", "an error of ours; the cause is in the server's log")


class Api:
    """The routes under `/api/v1`."""

    def __init__(self, parts: WebParts, gate: Gate) -> None:
        self._parts = parts
        self._gate = gate

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/login", self.login, methods=["POST"]),
            Route("/api/v1/logout", self.logout, methods=["POST"]),
            Route("/api/v1/me", self.me),
            Route("/api/v1/contacts", self.contacts),
            Route("/api/v1/contacts/{contact_id}", self.contact),
            Route("/api/v1/health", self.health),
            Route("/metrics", self.metrics),
        ]

    async def login(self, request: Request) -> Response:
        """`{username, password, code}`; `code_needed` asks for the last one."""
        self._own_page(request)
        body = await body_of(request)
        username, password, code = body.get("username"), body.get("password"), body.get("code", "")
        if not isinstance(username, str) or not isinstance(password, str) or len(username) > 200 or len(password) > 1000:
            raise BadRequest("send username and password as JSON text")
        if not isinstance(code, str) or len(code) > 40:
            raise BadRequest("send code as JSON text")
        found = await self._gate.house.sign_in(username, password, visitor_of(request), code)
        if found is None:
            return error_response(401, "wrong_login", "the name, the password or the code is wrong")
        visit, token = found
        return with_cookie(JSONResponse(account_data(visit)), request, token)

    async def logout(self, request: Request) -> Response:
        """`{back}` may be sent: the page to come back to from `next`, where a provider has to be told as well."""
        self._own_page(request)
        back = page_of((await options_of(request)).get("back"))
        visit = await self._gate.visit(request)
        arrival = await self._gate.house.leave(visit, visitor_of(request)) if visit is not None else None
        public = self._parts.origins[0] if self._parts.origins else ""
        there = await further(self._parts.books, arrival, address_of(request, public), back) if arrival is not None else ""
        response = JSONResponse({"next": there})
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    async def me(self, request: Request) -> Response:
        visit = await self._gate.visit(request)
        if visit is None:
            return error_response(401, "signed_out", "nobody is signed in here")
        return JSONResponse(account_data(visit))

    async def contacts(self, request: Request) -> Response:
        await self._gate.require(request, *READERS)
        query = request.query_params
        limit = _limit(query.get("limit", "50"))
        rows = await self._parts.contacts.list(
            limit, _before(query.get("before")), query.get("queue"), query.get("agent"), query.get("disposition")
        )
        following = rows[-1].get("id") if len(rows) == limit else None
        return JSONResponse({"contacts": list(rows), "next": following})

    async def contact(self, request: Request) -> Response:
        await self._gate.require(request, *READERS)
        return JSONResponse(dict(await self._parts.contacts.get(request.path_params["contact_id"])))

    async def health(self, _request: Request) -> Response:
        health = dict(self._parts.health())
        return JSONResponse(health, 200 if health.get("status") == "ok" else 503)

    async def metrics(self, _request: Request) -> Response:
        return PlainTextResponse(await self._parts.metrics(), media_type="text/plain; version=0.0.4")

    def _own_page(self, request: Request) -> None:
        if not self._gate.same_origin(request):
            raise NotAllowed("this came from another site's page")


def account_data(visit: Visit) -> dict[str, Any]:
    """`limited` is what has to be done at /account before anything else: `password`, `totp`, or ""."""
    account = visit.account
    roles = list(account.roles)
    return {"id": account.id, "name": account.name or account.id, "roles": roles, "limited": visit.session.limited}


def with_cookie(response: Response, request: Request, token: str, secure: bool = False) -> Response:
    """The session's cookie on `response`: over TLS only where the page came over TLS, a proxy's too."""
    secure = secure or request.url.scheme == "https" or request.headers.get("origin", "").lower().startswith("https:")
    response.set_cookie(COOKIE, token, max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=secure)
    return response


async def options_of(request: Request) -> dict[str, Any]:
    """The body of a request that may have none. Raises BadRequest."""
    said = request.headers
    return await body_of(request) if said.get("content-length", "0") != "0" or "transfer-encoding" in said else {}


async def body_of(request: Request) -> dict[str, Any]:
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise BadRequest(f"the body is larger than {MAX_BODY} octets")
    try:
        body = json.loads(data)
        json.dumps(
            body, ensure_ascii=False
        ).encode()  # JSON may spell half a character (a lone surrogate), which no store and no hash takes
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body


def _limit(text: str) -> int:
    if not text.isdecimal() or len(text) > 6 or int(text) < 1:
        raise BadRequest("limit must be a number from 1")
    return min(int(text), MOST_CONTACTS)


def _before(text: str | None) -> str | float | None:
    """A contact's id or an ISO time as it is, epoch seconds as a number."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        return text
    if not math.isfinite(seconds):
        raise BadRequest("before must be a contact's id or a time")
    return seconds
