"""The whole application with people in a real database and a real Redis; what lies behind the other rooms is a shadow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import httpx
from argon2 import PasswordHasher
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.applications import Starlette

from ivr.accounts.factors import Factors
from ivr.accounts.house import Books
from ivr.accounts.model import Account
from ivr.accounts.openid import OpenId
from ivr.accounts.passwords import Hasher
from ivr.accounts.people import People
from ivr.accounts.roles import ROLES
from ivr.accounts.tables import metadata
from ivr.accounts.tokens import Tokens
from ivr.accounts.trail import Trail
from ivr.errors import Conflict
from ivr.web.app import build_web
from ivr.web.auth import Gate
from ivr.web.parts import WebParts
from tests.unit.ivr.web.admin_house import House

TOKEN = "token-of-the-house"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/149.0.0.0 Safari/537.36"
EASY = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""The same hash made cheap: what it costs is argon2's business."""
OF_ROLES = {f"a-{role}": Account(f"a-{role}", role.title(), (role,)) for role in ROLES}


class Listed:
    """Accounts of the settings: one of each role, whose password is its name."""

    async def verify(self, username: str, password: str) -> Account | None:
        return OF_ROLES.get(username) if username == password else None

    def find(self, account_id: str) -> Account | None:
        return OF_ROLES.get(account_id)


@dataclass
class Town:
    app: Starlette
    books: Books
    redis: Redis
    engine: AsyncEngine
    now: float = 1_800_000_000.0
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def gate(self) -> Gate:
        return cast(Gate, self.app.state.gate)

    def client(self, address: str = "10.0.0.1", browser: str = BROWSER, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 5000))
        told = {"user-agent": browser, **headers}
        made = httpx.AsyncClient(transport=transport, base_url="http://hotline", headers=told)
        self.clients.append(made)
        return made

    async def signed_in(self, name: str, password: str = "", code: str = "", **options: str) -> httpx.AsyncClient:
        client = self.client(**options)
        body = {"username": name, "password": password or name, "code": code}
        response = await client.post("/api/v1/login", json=body)
        assert response.status_code == 200, response.text
        return client

    async def told(self) -> list[tuple[str, str, str]]:
        """(by, what, subject) of the audit, the newest first."""
        return [(line["by"], line["what"], line["subject"]) for line in await self.books.trail.lines(50)]


@asynccontextmanager
async def town(
    redis: Redis, folder: Path, *, everything: bool = False, totp_required: frozenset[str] = frozenset(), **parts: Any
) -> AsyncIterator[Town]:
    """`everything` puts a shadow behind each room, so that every route is there."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'people.sqlite'}")
    async with engine.begin() as connection:  # what the migrations make, and sooner
        await connection.run_sync(metadata.create_all)
    made = Town(Starlette(), cast(Books, None), redis, engine)

    def clock() -> float:
        return made.now

    trail = Trail(engine, clock=clock)
    providers: Mapping[str, OpenId] = parts.pop("providers", {})
    books = Books(
        people=People(engine, EASY, clock),
        factors=Factors(engine, redis, clock),
        tokens=Tokens(engine, clock),
        trail=trail,
        listed=tuple(OF_ROLES.values()),
        totp_required=totp_required,
        providers=providers,
    )
    shadow = Shadow()
    shadows: dict[str, Any] = {
        one.name: shadow for one in fields(WebParts) if one.default is MISSING or (everything and one.default is None)
    }
    shadows |= {"accounts": Listed(), "redis": redis, "books": books, "admin_token": TOKEN, "static": folder, **parts}
    if everything:
        shadows |= {"sip_desk": (shadow, shadow), "admin": House().parts()}
    made.books, made.app = books, build_web(WebParts(**shadows))
    shadow.built = True
    made.gate.house._clock = made.gate.house.sessions._clock = clock
    with trail.listening():
        yield made
    for client in made.clients:
        await client.aclose()
    await engine.dispose()


class Shadow:
    """What lies behind a room: everything is there; once the application is built, whatever is done there is refused."""

    built = False

    def __getattr__(self, name: str) -> Shadow:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> Any:
        if self.built:
            raise Conflict("a shadow does nothing")
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())
