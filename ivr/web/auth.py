"""Who somebody is: sessions in Redis, the API's bearer token, and whether a browser's request is our own page's."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection

from ivr.errors import IvrError, NotAllowed, StoreUnavailable
from ivr.web.parts import Account, Accounts

COOKIE = "hotline_session"
SESSION_SECONDS = 12 * 3600
"""A shift and a half; then the agent signs in again."""
FAILURE_SECONDS = 300
FAILURES_BY_NAME = 5
"""Failed logins of one name from one address within `FAILURE_SECONDS`."""
FAILURES_BY_ADDRESS = 30


HOUSE = Account("api token", "API", ("admin", "supervisor"))
"""Who has the bearer token of the file admin-token."""


class TooManyFailures(IvrError):
    """Logins are refused for a while."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many failed logins; wait {seconds} s")
        self.seconds = seconds


class SignInNeeded(NotAllowed):
    """Nobody is signed in, or the token is wrong."""


class Sessions:
    """Signed-in browsers. Redis keeps a hash of each token, so that a copy of it opens no session."""

    def __init__(self, redis: Redis, accounts: Accounts) -> None:
        self._redis = redis
        self._accounts = accounts
        self._room = asyncio.Semaphore(2)  # an argon2 check takes 64 MiB and tens of milliseconds of a core

    async def login(self, username: str, password: str, address: str) -> tuple[Account, str] | None:
        """The account and a new token; None where name or password is wrong. Raises TooManyFailures, StoreUnavailable."""
        keys = {_failures("a", address): FAILURES_BY_ADDRESS, _failures("n", f"{address} {username}"): FAILURES_BY_NAME}
        try:
            await self._check_failures(keys)
            async with self._room:
                account = await self._accounts.verify(username, password)
            if account is None:
                await self._count_failure(keys)
                return None
            token = secrets.token_urlsafe(32)
            await self._redis.set(_session(token), json.dumps({"account": account.id}), ex=SESSION_SECONDS)
        except RedisError as error:
            raise StoreUnavailable("sessions cannot be kept: Redis does not answer") from error
        return account, token

    async def account(self, token: str) -> Account | None:
        """Whose session it is; None where it ended. Raises StoreUnavailable."""
        if not 20 <= len(token) <= 100:
            return None
        try:
            kept = await self._redis.get(_session(token))
        except RedisError as error:
            raise StoreUnavailable("sessions cannot be read: Redis does not answer") from error
        return None if kept is None else self._accounts.find(json.loads(kept)["account"])

    async def logout(self, token: str) -> None:
        try:
            await self._redis.delete(_session(token))
        except RedisError as error:
            raise StoreUnavailable("the session cannot be ended: Redis does not answer") from error

    async def _check_failures(self, keys: Mapping[str, int]) -> None:
        for key, most in keys.items():
            if int(await self._redis.get(key) or 0) >= most:
                raise TooManyFailures(max(1, int(await self._redis.ttl(key))))

    async def _count_failure(self, keys: Mapping[str, int]) -> None:
        async with self._redis.pipeline(transaction=True) as pipe:
            for key in keys:
                pipe.set(key, 0, ex=FAILURE_SECONDS, nx=True)
                pipe.incr(key)
            await pipe.execute()


class Gate:
    """Decides what a connection may do."""

    def __init__(self, sessions: Sessions, admin_token: str, origins: Iterable[str]) -> None:
        self._sessions = sessions
        self._token = admin_token.encode()
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def account(self, connection: HTTPConnection) -> Account | None:
        """The signed-in account of the connection's cookie, or None."""
        token = connection.cookies.get(COOKIE)
        return await self._sessions.account(token) if token else None

    async def require(self, connection: HTTPConnection, *roles: str, scope: str = "") -> Account:
        """Whose request it is, where an API token or the account has one of `roles`. Raises SignInNeeded or NotAllowed.

        `scope` is what an API token needs besides, `staff:write`; empty: what method and path say (`scope_of`).
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if self._token and hmac.compare_digest(token.strip().encode(), self._token):
                return HOUSE
            raise SignInNeeded("the bearer token is wrong")
        account = await self.account(connection)
        if account is None:
            raise SignInNeeded("sign in, or send the bearer token of the file admin-token")
        if not set(roles) & set(account.roles):
            raise NotAllowed(f"this needs the role {' or '.join(roles)}")
        return account

    def same_origin(self, connection: HTTPConnection) -> bool:
        """False where a browser says that another site's page sent this. Browsers always say; other clients need not."""
        origin = connection.headers.get("origin")
        if origin is None:
            return True
        origin = origin.lower()
        return origin in self._origins or urlsplit(origin).netloc == connection.headers.get("host", "").lower() != ""


def _session(token: str) -> str:
    return f"web:session:{hashlib.sha256(token.encode()).hexdigest()}"


def _failures(kind: str, whom: str) -> str:
    return f"web:failures:{kind}:{hashlib.sha256(whom.encode()).hexdigest()[:32]}"
