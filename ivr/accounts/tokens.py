"""API tokens: somebody's rights for a program, narrowed to scopes. Only a hash is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.accounts.tables import tokens
from ivr.errors import Conflict, NotFound
from ivr.records.database import sql_errors

MOST_OF_ONE = 50
NOTED_SECONDS = 60.0
"""The last use is written down at most so often."""
_TOKEN = re.compile(r"hl_[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiToken:
    id: str
    owner: str
    name: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None
    used_at: float | None
    used_from: str


class Tokens:
    """Raises StoreUnavailable everywhere."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._clock = engine, clock

    async def make(self, owner: str, name: str, scopes: Sequence[str], seconds: float | None) -> tuple[ApiToken, str]:
        """The token and its text, which is shown once. `seconds` until it ends, None for never. Raises Conflict."""
        text, now = f"hl_{secrets.token_urlsafe(32)}", self._clock()
        row = {
            "id": secrets.token_hex(6),
            "owner": owner,
            "name": name,
            "scopes": list(scopes),
            "created_at": now,
            "expires_at": None if seconds is None else now + seconds,
            "used_at": None,
            "used_from": "",
        }
        with sql_errors():
            async with self._engine.begin() as connection:
                counted = select(func.count()).select_from(tokens).where(tokens.c.owner == owner)
                if int((await connection.execute(counted)).scalar_one()) >= MOST_OF_ONE:
                    raise Conflict(f"{MOST_OF_ONE} tokens are there already; take out what nobody uses")
                await connection.execute(tokens.insert(), [{**row, "digest": _digest(text)}])
        return _token(row), text

    async def find(self, text: str, address: str) -> ApiToken | None:
        """The token that `text` is, None where there is none or its time is over."""
        if not _TOKEN.fullmatch(text):
            return None
        with sql_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(tokens).where(tokens.c.digest == _digest(text)))).mappings().first()
        if row is None:
            return None
        token, now = _token(dict(row)), self._clock()
        if token.expires_at is not None and token.expires_at <= now:
            return None
        if token.used_at is None or now - token.used_at >= NOTED_SECONDS or token.used_from != address:
            with sql_errors():
                async with self._engine.begin() as connection:
                    used = update(tokens).where(tokens.c.id == token.id).values(used_at=now, used_from=address[:64])
                    await connection.execute(used)
        return token

    async def list(self, owner: str | None = None) -> Sequence[ApiToken]:
        """Of one owner or of all, the newest first."""
        wanted = select(tokens).order_by(tokens.c.created_at.desc(), tokens.c.id).limit(1000)
        if owner is not None:
            wanted = wanted.where(tokens.c.owner == owner)
        with sql_errors():
            async with self._engine.connect() as connection:
                return [_token(dict(row)) for row in (await connection.execute(wanted)).mappings()]

    async def counts(self) -> Mapping[str, int]:
        """Owner to how many tokens can be used now."""
        alive = tokens.c.expires_at.is_(None) | (tokens.c.expires_at > self._clock())
        counted = select(tokens.c.owner, func.count()).where(alive).group_by(tokens.c.owner)
        with sql_errors():
            async with self._engine.connect() as connection:
                return {owner: int(count) for owner, count in await connection.execute(counted)}

    async def revoke_all(self, owner: str) -> int:
        """Take out those of an owner; how many they were."""
        with sql_errors():
            async with self._engine.begin() as connection:
                return int((await connection.execute(delete(tokens).where(tokens.c.owner == owner))).rowcount)

    async def revoke(self, token_id: str, owner: str | None = None) -> ApiToken:
        """Raises NotFound where it is not there, or not of `owner`."""
        named = tokens.c.id == token_id if owner is None else (tokens.c.id == token_id) & (tokens.c.owner == owner)
        with sql_errors():
            async with self._engine.begin() as connection:
                row = (await connection.execute(select(tokens).where(named))).mappings().first()
                if row is not None:
                    await connection.execute(delete(tokens).where(named))
        if row is None:
            raise NotFound(f"there is no token {token_id}")
        return _token(dict(row))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _token(row: dict[str, object]) -> ApiToken:
    values = {name: row[name] for name in ApiToken.__dataclass_fields__}
    return ApiToken(**{**values, "scopes": tuple(row["scopes"])})  # type: ignore[arg-type]
