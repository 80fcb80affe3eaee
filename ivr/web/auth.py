"""Whose request it is: cookie, API token, the bearer token of the house; and whether it is our own page's."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator, Iterable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from ivr.accounts.house import House, Visit
from ivr.accounts.model import BROWSER_LENGTH, Account, Visitor, session_id
from ivr.accounts.roles import scope_of
from ivr.accounts.sessions import SESSION_SECONDS as SESSION_SECONDS
from ivr.accounts.trail import WHO
from ivr.errors import NotAllowed

COOKIE = "hotline_session"
SIGNED_OUT = 4401
"""Close code of a socket whose session has ended."""
HOUSE = Account("api token", "API", ("admin",))
"""Who has the bearer token of the file admin-token."""
_PASSED = "hotline.account"


class SignInNeeded(NotAllowed):
    """Nobody is signed in, or the token is wrong."""


class Unfinished(NotAllowed):
    """Something has to be done at /account first."""


class ProofNeeded(NotAllowed):
    """The password has to be given again."""


class Gate:
    """Decides what a connection may do."""

    def __init__(self, house: House, admin_token: str, origins: Iterable[str]) -> None:
        self.house = house
        self._token = admin_token.encode()
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def visit(self, connection: HTTPConnection) -> Visit | None:
        """Who sits at the browser whose cookie this is, though something may stand in the way of the session; or None."""
        token, visitor = connection.cookies.get(COOKIE), visitor_of(connection)
        visit = await self.house.visit(token, visitor) if token else None
        if visit is not None:
            WHO.set((visit.account.id, visitor.address))
        return visit

    async def account(self, connection: HTTPConnection) -> Account | None:
        """The account of the connection's cookie, or of the API token that `require` let pass; None where nobody may go on."""
        passed = connection.scope.get(_PASSED)
        if isinstance(passed, Account):
            return passed
        visit = await self.visit(connection)
        return visit.account if visit is not None and not visit.session.limited else None

    async def require(self, connection: HTTPConnection, *roles: str, scope: str = "") -> Account:
        """Whose request it is, where an API token or the account has one of `roles`. Raises SignInNeeded or NotAllowed.

        `scope` is what an API token needs besides, `staff:write`; empty: what method and path say (`scope_of`).
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            account = await self._of_token(connection, token.strip(), scope)
            WHO.set((account.id, visitor_of(connection).address))
        else:
            account = (await self.signed_in(connection)).account
        if account is not HOUSE and not set(roles) & set(account.roles):
            raise NotAllowed(f"this needs the role {' or '.join(roles)}")
        return account

    async def signed_in(self, connection: HTTPConnection, unfinished: bool = False) -> Visit:
        """Who sits at the browser. Raises SignInNeeded, and Unfinished unless that is what the request is about."""
        visit = await self.visit(connection)
        if visit is None:
            raise SignInNeeded("sign in, or send the bearer token of the file admin-token")
        if visit.session.limited and not unfinished:
            what = "choose a password of your own" if visit.session.limited == "password" else "set up an authenticator app"
            raise Unfinished(f"{what} at /account first")
        return visit

    async def proved(self, connection: HTTPConnection) -> None:
        """Let pass whose password was given lately, and tokens that `require` found right. Raises ProofNeeded."""
        if _PASSED in connection.scope:
            return
        visit = await self.visit(connection)
        if visit is None or not self.house.is_proved(visit.session):
            raise ProofNeeded("give your password again; the last time is more than a quarter of an hour ago")

    @contextlib.asynccontextmanager
    async def held(self, socket: WebSocket) -> AsyncIterator[None]:
        """Close `socket`, which is accepted, when its session ends, on whatever node that happens, or is over by itself."""
        token = socket.cookies.get(COOKIE)
        if not token or _PASSED in socket.scope:
            yield
            return
        ended = asyncio.Event()
        with self.house.sessions.held(session_id(token), ended.set):
            visit = await self.visit(socket)  # once it is held: it may have ended since it let the socket in
            left = self.house.left(visit.session) if visit is not None else 0.0
            watching = asyncio.create_task(_close_after(ended, left, socket))
            try:
                yield
            finally:
                watching.cancel()

    def same_origin(self, connection: HTTPConnection) -> bool:
        """False where a browser says that another site's page sent this. Browsers always say; other clients need not."""
        origin = connection.headers.get("origin")
        if origin is None:
            return connection.headers.get("sec-fetch-site", "none").lower() in ("same-origin", "none")
        origin = origin.lower()
        return origin in self._origins or urlsplit(origin).netloc == connection.headers.get("host", "").lower() != ""

    async def _of_token(self, connection: HTTPConnection, token: str, scope: str) -> Account:
        if self._token and hmac.compare_digest(token.encode(errors="replace"), self._token):
            connection.scope[_PASSED] = HOUSE
            return HOUSE
        method, path = connection.scope.get("method", "GET"), connection.url.path
        found = await self.house.of_token(token, scope or scope_of(method, path), visitor_of(connection).address)
        if found is None:
            raise SignInNeeded("the bearer token is wrong")
        connection.scope[_PASSED] = found
        return found


def visitor_of(connection: HTTPConnection) -> Visitor:
    address = connection.client.host if connection.client else ""
    return Visitor(address, connection.headers.get("user-agent", "")[:BROWSER_LENGTH])


async def _close_after(ended: asyncio.Event, seconds: float, socket: WebSocket) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ended.wait()
    with contextlib.suppress(RuntimeError, OSError):  # the page went in this moment
        await socket.close(SIGNED_OUT, "signed out")
