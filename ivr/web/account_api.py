"""`/api/v1/account`: one's own password, authenticator app, sessions and API tokens. Only for who sits at the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ivr.accounts.factors import enrolment
from ivr.accounts.house import Books, Visit
from ivr.accounts.model import Session
from ivr.accounts.passwords import weakness
from ivr.accounts.roles import is_scope, scope_of
from ivr.accounts.tokens import ApiToken
from ivr.errors import Conflict, NotFound
from ivr.records.database import redis_errors
from ivr.web.api import BadRequest, account_data, body_of, error_response
from ivr.web.auth import Gate, visitor_of

ENROL_SECONDS = 600
LONGEST_TOKEN_DAYS = 3650
MOST_SCOPES = 40
OWN_LINES = 30
_BROWSER_ONLY = tuple(
    f"/api/v1/{name}" for name in ("account", "login", "logout", "me", "sign-in", "oidc", "health", "openapi")
)


class AccountApi:
    """The routes. `scopes` are those that a token can have here: what the other routes need."""

    def __init__(self, books: Books, redis: Redis, gate: Gate, scopes: Callable[[], Sequence[str]]) -> None:
        self._books, self._redis, self._gate, self._scopes = books, redis, gate, scopes

    @property
    def routes(self) -> list[Route]:
        base = "/api/v1/account"
        return [
            Route(base, self.account),
            Route(f"{base}/prove", self.prove, methods=["POST"]),
            Route(f"{base}/password", self.password, methods=["POST"]),
            Route(f"{base}/totp", self.begin_totp, methods=["POST"]),
            Route(f"{base}/totp", self.take_totp, methods=["PUT"]),
            Route(f"{base}/totp", self.drop_totp, methods=["DELETE"]),
            Route(f"{base}/sessions", self.sessions),
            Route(f"{base}/sessions", self.end_others, methods=["DELETE"]),
            Route(f"{base}/sessions/{{session_id}}", self.end_session, methods=["DELETE"]),
            Route(f"{base}/tokens", self.tokens),
            Route(f"{base}/tokens", self.make_token, methods=["POST"]),
            Route(f"{base}/tokens/{{token_id}}", self.drop_token, methods=["DELETE"]),
        ]

    async def account(self, request: Request) -> Response:
        """All that the page shows of somebody, and what happened with this account last."""
        visit = await self._gate.signed_in(request, unfinished=True)
        account, books = visit.account, self._books
        person = await books.people.get(account.id) if account.source != "settings" else None
        on = await books.factors.has(account.id)
        lines = await books.trail.lines(OWN_LINES, by=account.id)
        return JSONResponse(
            {
                **account_data(visit),
                "source": account.source,
                "password": {
                    "own": account.source == "local",
                    "changed_at": person.password_at if person is not None and person.password_at else None,
                },
                "totp": {
                    "on": on,
                    "recovery_left": await books.factors.left(account.id) if on else 0,
                    "required": bool(books.totp_required & set(account.roles)),
                },
                "proved": self._gate.house.is_proved(visit.session),
                "lines": lines,
            }
        )

    async def prove(self, request: Request) -> Response:
        """`{password, code}`: the password once more, before rights are changed."""
        visit = await self._gate.signed_in(request, unfinished=True)
        body = await body_of(request)
        password, code = text_of(body, "password", 1000), text_of(body, "code", 40, "")
        if visit.account.source.startswith("oidc:"):
            raise Conflict("your provider knows your password; sign in through it once more")
        if not await self._gate.house.prove(visit, password, code, visitor_of(request)):
            return error_response(403, "wrong_login", "the password or the code is wrong")
        return JSONResponse({})

    async def password(self, request: Request) -> Response:
        """`{password, end_tokens}`: a new one. Every other session of the account ends, its API tokens where that is wanted."""
        visit = await self._gate.signed_in(request, unfinished=True)
        await self._gate.proved(request)
        if visit.account.source != "local":
            raise Conflict("this password is not kept here: it stands in the settings, or your provider knows it")
        body = await body_of(request)
        password, end_tokens = text_of(body, "password", 1000), flag_of(body, "end_tokens")
        if weak := weakness(password, visit.account.id, visit.account.name):
            return error_response(422, "weak_password", weak)
        if await self._gate.house.verify(visit.account.id, password) is not None:
            return error_response(422, "same_password", "this is the password that you have")
        await self._books.people.set_password(visit.account.id, password)
        await self._gate.house.sessions.end_all(visit.account.id, but=visit.session.id)
        ended = await self._books.tokens.revoke_all(visit.account.id) if end_tokens else 0
        await self._note(request, visit, "password changed", note=f"API tokens taken out: {ended}" if ended else "")
        return JSONResponse({"limited": await self._gate.house.freed(visit)})

    async def begin_totp(self, request: Request) -> Response:
        """The secret for an authenticator app, also as rows of a QR code; it counts once a code of it was given."""
        visit = await self._gate.signed_in(request, unfinished=True)
        await self._gate.proved(request)
        if await self._books.factors.has(visit.account.id):
            raise Conflict("an app is in use already; take it out first")
        made = enrolment(visit.account.id)
        with redis_errors():
            await self._redis.set(f"web:enrol:{visit.session.id}", made.secret, ex=ENROL_SECONDS)
        return JSONResponse(asdict(made))

    async def take_totp(self, request: Request) -> Response:
        """`{code}`: what the app shows. Returns the recovery codes, which are shown once."""
        visit = await self._gate.signed_in(request, unfinished=True)
        code = text_of(await body_of(request), "code", 40)
        house, name, address = self._gate.house, visit.account.id, visitor_of(request).address
        with redis_errors():
            kept = await self._redis.get(f"web:enrol:{visit.session.id}")
        if kept is None:
            raise Conflict("that took more than ten minutes; begin again")
        await house.lockout.attempt(name, address)
        codes = await self._books.factors.enrol(name, kept.decode() if isinstance(kept, bytes) else kept, code)
        if codes is None:
            return error_response(422, "wrong_code", "the code is wrong; look whether the clocks of app and server agree")
        await house.lockout.forgive(name, address)
        with redis_errors():
            await self._redis.delete(f"web:enrol:{visit.session.id}")
        await house.sessions.end_all(name, but=visit.session.id)
        await self._note(request, visit, "authenticator app set up")
        return JSONResponse({"recovery": codes, "limited": await house.freed(visit)})

    async def drop_totp(self, request: Request) -> Response:
        visit = await self._gate.signed_in(request)
        await self._gate.proved(request)
        if not await self._books.factors.remove(visit.account.id):
            raise NotFound("there is no app")
        await self._note(request, visit, "authenticator app taken out")
        return JSONResponse({"limited": await self._gate.house.freed(visit)})

    async def sessions(self, request: Request) -> Response:
        visit = await self._gate.signed_in(request, unfinished=True)
        found = await self._gate.house.sessions.of(visit.account.id)
        return JSONResponse({"sessions": [_session(one, visit.session.id) for one in found]})

    async def end_session(self, request: Request) -> Response:
        """End a session of one's own, wherever it is."""
        visit = await self._gate.signed_in(request, unfinished=True)
        named = request.path_params["session_id"]
        found = [one for one in await self._gate.house.sessions.of(visit.account.id) if one.id == named]
        if not found:
            raise NotFound("this session has ended already")
        await self._gate.house.sessions.end(found)
        await self._note(request, visit, "session ended", named[:12])
        return JSONResponse({})

    async def end_others(self, request: Request) -> Response:
        """End all sessions but this."""
        visit = await self._gate.signed_in(request, unfinished=True)
        count = await self._gate.house.sessions.end_all(visit.account.id, but=visit.session.id)
        await self._note(request, visit, "all other sessions ended", note=str(count))
        return JSONResponse({"ended": count})

    async def tokens(self, request: Request) -> Response:
        visit = await self._gate.signed_in(request)
        found = await self._books.tokens.list(visit.account.id)
        return JSONResponse({"tokens": [token_data(one) for one in found], "scopes": list(self._scopes())})

    async def make_token(self, request: Request) -> Response:
        """`{name, scopes, days}`: a token with this account's rights in `scopes`; `days` null: until it is taken out."""
        visit = await self._gate.signed_in(request)
        await self._gate.proved(request)
        body = await body_of(request)
        name, scopes, days = text_of(body, "name", 80).strip(), body.get("scopes"), body.get("days")
        if not name:
            raise BadRequest("give the token a `name`: who will use it for what")
        if not isinstance(scopes, list) or not 1 <= len(scopes) <= MOST_SCOPES or not all(_is_scope(one) for one in scopes):
            raise BadRequest(f"send `scopes`: 1 to {MOST_SCOPES} of them, such as contacts:read")
        if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST_TOKEN_DAYS):
            raise BadRequest(f"`days` is from 1 to {LONGEST_TOKEN_DAYS}, or null")
        seconds = None if days is None else days * 86400.0
        made, text = await self._books.tokens.make(visit.account.id, name, list(dict.fromkeys(scopes)), seconds)
        await self._note(request, visit, "token made", made.id, f"{name}: {' '.join(made.scopes)}")
        return JSONResponse({**token_data(made), "token": text}, 201)

    async def drop_token(self, request: Request) -> Response:
        visit = await self._gate.signed_in(request)
        gone = await self._books.tokens.revoke(request.path_params["token_id"], visit.account.id)
        await self._note(request, visit, "token taken out", gone.id, gone.name)
        return JSONResponse({})

    async def _note(self, request: Request, visit: Visit, what: str, subject: str = "", note: str = "") -> None:
        await self._gate.house.note(visit.account.id, visitor_of(request), what, subject or visit.account.id, note)


def text_of(body: Mapping[str, Any], name: str, most: int, default: str | None = None) -> str:
    """A text of the body. Raises BadRequest."""
    value = body.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise BadRequest(f"send `{name}` as text of at most {most} characters")
    return value


def flag_of(body: Mapping[str, Any], name: str) -> bool:
    """A flag of the body, false where it is missing. Raises BadRequest."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise BadRequest(f"`{name}` is true or false")
    return value


def token_data(one: ApiToken) -> dict[str, Any]:
    return {**asdict(one), "scopes": list(one.scopes)}


def _session(one: Session, mine: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": one.at,
        "seen": one.seen,
        "address": one.address,
        "browser": one.browser,
        "this": one.id == mine,
    }


def _is_scope(value: object) -> bool:
    return isinstance(value, str) and is_scope(value)


def scopes_in(routes: Iterable[BaseRoute]) -> list[str]:
    """Every scope that one of `routes` can ask for, in order. What concerns one's own account asks for none."""
    found = set()
    for route in routes:
        if isinstance(route, Route) and route.path.startswith("/api/v1/") and not route.path.startswith(_BROWSER_ONLY):
            found |= {scope_of(method, route.path) for method in route.methods or ()}
    return sorted(found)
