"""A gate for whom a header says who signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from ivr.errors import NotAllowed
from ivr.web.auth import HOUSE, SignInNeeded
from ivr.web.parts import Account


class SignedIn:
    """`who: boss` is the account of that name; `authorization: Bearer t` may do all."""

    def __init__(self, roles: Mapping[str, tuple[str, ...]]) -> None:
        self._roles = roles

    async def account(self, connection: Any) -> Account | None:
        name = connection.headers.get("who", "")
        return Account(name, roles=self._roles[name]) if name in self._roles else None

    async def require(self, connection: Any, *roles: str, scope: str = "") -> Account:
        if connection.headers.get("authorization") == "Bearer t":
            return HOUSE
        account = await self.account(connection)
        if account is None:
            raise SignInNeeded("sign in")
        if not set(roles) & set(account.roles):
            raise NotAllowed("not for you")
        return account

    @asynccontextmanager
    async def held(self, socket: Any) -> AsyncIterator[None]:
        yield

    def same_origin(self, connection: Any) -> bool:
        return str(connection.headers.get("origin", "http://here")) == "http://here"
