"""People in SQL: who may sign in beside the accounts of the settings."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.accounts.model import Account, Person
from ivr.accounts.passwords import Hasher
from ivr.accounts.tables import people
from ivr.errors import Conflict, NotFound
from ivr.records.database import sql_errors

KEPT_SECONDS = 2.0
"""A change of roles made on another node is seen after that long; one that ends sessions, at once."""
MOST = 5000
_ID = re.compile(r"[\w.@+-]{1,64}")


def person_id(text: str) -> str:
    """The name somebody signs in with, in one spelling; "" for what can be none."""
    text = unicodedata.normalize("NFKC", text).strip()
    return text if _ID.fullmatch(text) else ""


class People:
    """Reads and writes. Every method raises StoreUnavailable where the database does not answer."""

    def __init__(self, engine: AsyncEngine, hasher: Hasher, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._hasher, self._clock = engine, hasher, clock
        self._known: dict[str, tuple[float, Person | None]] = {}

    async def verify(self, name: str, password: str) -> Person | None:
        """The person where the password is right and may be used; takes as long for a name that does not exist."""
        person = await self.get(name)
        right = await self._hasher.matches(person.password if person is not None and not person.disabled else "", password)
        return person if right else None

    async def find(self, name: str) -> Account | None:
        """The account as it is now, at most two seconds old; None where it is disabled or was never there."""
        now = self._clock()
        kept = self._known.get(name)
        if kept is None or not 0 <= now - kept[0] < KEPT_SECONDS:
            if len(self._known) > MOST:
                self._known.clear()
            kept = self._known[name] = (now, await self.get(name))
        person = kept[1]
        return None if person is None or person.disabled else person.account

    async def get(self, name: str) -> Person | None:
        with sql_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(people).where(people.c.id == name))).mappings().first()
        return None if row is None else _person(row)

    async def of_subject(self, provider: str, subject: str) -> Person | None:
        """Whom a provider of OpenID Connect means."""
        wanted = select(people).where(people.c.provider == provider, people.c.subject == subject)
        with sql_errors():
            async with self._engine.connect() as connection:
                row = (await connection.execute(wanted)).mappings().first()
        return None if row is None else _person(row)

    async def all(self) -> Sequence[Person]:
        """Everybody, by id, at most 5,000."""
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(select(people).order_by(people.c.id).limit(MOST))).mappings().all()
        return [_person(row) for row in rows]

    async def add(
        self, account: Account, by: str, *, password: str = "", must_change: bool = True, provider: str = "", subject: str = ""
    ) -> Person:
        """A new person, with a password or a provider that vouches. Raises Conflict where the name is taken."""
        now = self._clock()
        row = {
            "id": account.id,
            "folded": account.id.casefold()[:64],
            "name": account.name,
            "roles": list(account.roles),
            "password": await self._hasher.hash(password) if password else "",
            "must_change": bool(password) and must_change,
            "disabled": False,
            "provider": provider,
            "subject": subject,
            "created_at": now,
            "created_by": by,
            "updated_at": now,
            "password_at": now if password else 0.0,
            "signed_in_at": 0.0,
        }
        with sql_errors():
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(people.insert(), [row])
            except IntegrityError:
                raise Conflict(f"'{account.id}' is taken; choose another name to sign in with") from None
        self._known.pop(account.id, None)
        return _person(row)

    async def change(self, name: str, values: Mapping[str, Any]) -> Person:
        """Write columns of one person. Raises NotFound."""
        with sql_errors():
            async with self._engine.begin() as connection:
                wanted = update(people).where(people.c.id == name)
                done = await connection.execute(wanted.values(**{"updated_at": self._clock(), **values}))
                row = (await connection.execute(select(people).where(people.c.id == name))).mappings().first()
        self._known.pop(name, None)
        if not done.rowcount or row is None:
            raise NotFound(f"there is nobody called '{name}' here")
        return _person(row)

    async def remove(self, name: str) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(delete(people).where(people.c.id == name))
        self._known.pop(name, None)

    async def set_password(self, name: str, password: str, must_change: bool = False) -> Person:
        hashed = await self._hasher.hash(password)
        return await self.change(name, {"password": hashed, "must_change": must_change, "password_at": self._clock()})

    async def signed_in(self, name: str) -> None:
        with sql_errors():
            async with self._engine.begin() as connection:
                await connection.execute(update(people).where(people.c.id == name).values(signed_in_at=self._clock()))


def _person(row: RowMapping | Mapping[str, Any]) -> Person:
    values = {name: row[name] for name in Person.__dataclass_fields__}
    return Person(**{**values, "roles": tuple(row["roles"])})
