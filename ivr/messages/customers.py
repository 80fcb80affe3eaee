"""Who is behind an address: one customer may be reached by telephone, e-mail and chat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivr.errors import NotFound
from ivr.messages.addresses import numbers_in
from ivr.messages.tables import addresses, threads, tickets
from ivr.records.database import sql_errors

MOST = 50
"""Addresses of one customer."""


async def customer_in(connection: AsyncConnection, address: str, stated: Iterable[str], fresh: str, now: float) -> str:
    """The customer at `address`, who is `fresh` where nobody knew it.

    What the person only stated joins nobody: anyone can state anything. It stands beside, marked so, where nobody else has it,
    and until somebody writes from there.
    """
    known = select(addresses.c.customer).where(addresses.c.address == address, addresses.c.verified)
    customer = (await connection.execute(known)).scalar_one_or_none() or fresh
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"address": address, "customer": customer, "verified": True, "at": now}
    written = insert(addresses).values(row)
    taken = written.on_conflict_do_update(index_elements=["address"], set_=row, where=addresses.c.verified.is_(False))
    await connection.execute(taken)
    rows = [{"address": one, "customer": customer, "verified": False, "at": now} for one in stated if one != address]
    if rows:
        await connection.execute(insert(addresses).on_conflict_do_nothing(index_elements=["address"]), rows)
    return customer


class Customers:
    """Every method raises StoreUnavailable where the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, address: str) -> str:
        """The customer who is reached at this address, in any spelling of a number; "" for nobody, whoever states it."""
        several = [address, *(f"tel:{one}" for one in numbers_in([address]))]
        query = select(addresses.c.customer).where(addresses.c.address.in_(several), addresses.c.verified).limit(1)
        with sql_errors():
            async with self._engine.connect() as connection:
                return str((await connection.execute(query)).scalar_one_or_none() or "")

    async def addresses(self, customer: str) -> list[dict[str, Any]]:
        """`{address, verified}` of each, those that are sure first."""
        query = select(addresses.c.address, addresses.c.verified).where(addresses.c.customer == customer)
        with sql_errors():
            async with self._engine.connect() as connection:
                rows = await connection.execute(query.order_by(addresses.c.verified.desc(), addresses.c.at).limit(MOST))
                return [dict(row) for row in rows.mappings()]

    async def join(self, customer: str, address: str, now: float) -> None:
        """An agent found out that this address is the customer's: whoever had it becomes the same person.

        Raises NotFound for a customer whom nobody knows.
        """
        if not await self.addresses(customer):
            raise NotFound("there is no such customer")
        other = await self.of(address)
        with sql_errors():
            async with self._engine.begin() as connection:
                await customer_in(connection, address, (), customer, now)
                there = addresses.c.address == address
                await connection.execute(update(addresses).where(there).values(customer=customer, verified=True))
                if other and other != customer:
                    for table in (addresses, threads, tickets):
                        same = update(table).where(table.c.customer == other)
                        await connection.execute(same.values(customer=customer))

    async def part(self, customer: str, address: str) -> None:
        """The address is not this customer's: it is forgotten. Raises NotFound."""
        mine = (addresses.c.customer == customer) & (addresses.c.address == address)
        with sql_errors():
            async with self._engine.begin() as connection:
                if not (await connection.execute(addresses.delete().where(mine))).rowcount:
                    raise NotFound("the customer has no such address")

    async def numbers(self, customer: str) -> Sequence[str]:
        """Telephone numbers, those that are sure first, without `tel:`."""
        found = [row["address"] for row in await self.addresses(customer)]
        return [one.removeprefix("tel:") for one in found if one.startswith("tel:")]
