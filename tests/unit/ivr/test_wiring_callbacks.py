"""Callbacks as a node puts them together: who is on the line, and what does not stop the dialer."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr import wiring_callbacks
from ivr.acd.model import Relaxed, Where
from ivr.acd.store import AcdStore
from ivr.outbound.callbacks_lost import LostCalls
from ivr.records.promises import Promises
from ivr.records.writer import ContactLog
from ivr.settings import Settings
from ivr.stores import Stores
from ivr.wiring_callbacks import CallbackParts, goes_on, place_of
from tests.unit.ivr.records.conftest import engine, log, log_redis_url, redis
from tests.unit.ivr.records.samples import a_call

__all__ = ("engine", "log", "log_redis_url", "redis")


@pytest.fixture
def stores(redis: Redis, engine: AsyncEngine, log: ContactLog) -> Stores:
    return Stores(redis, engine, AcdStore(redis), log)


async def test_a_customer_whose_first_call_died_with_its_node_is_called(stores: Stores) -> None:
    """Its record stays in Redis until some node starts, which may be never."""
    await stores.log.open(a_call(), "n1")
    await stores.acd.node_heartbeat("n1", 10.0)
    assert await goes_on(stores, "c1")
    assert not await goes_on(stores, "c2")
    await stores.acd.node_heartbeat("n1", -1.0)
    assert not await goes_on(stores, "c1")


async def test_a_customer_who_hung_up_is_called_while_sql_cannot_take_the_record(stores: Stores) -> None:
    await stores.log.open(a_call(), "n1")
    await stores.acd.node_heartbeat("n1", 10.0)
    await stores.log.update("c1", end_cause="hung_up")
    assert not await goes_on(stores, "c1")


async def test_a_call_that_makes_no_sense_does_not_stop_the_others(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring_callbacks, "LOST_SECONDS", 0.0)
    done = asyncio.Event()

    class Odd:
        looks = 0

        async def take(self) -> int:
            self.looks += 1
            if self.looks == 1:
                raise KeyError("what another version wrote")
            done.set()
            return 0

    parts = CallbackParts(Settings(), stores, cast(Any, None), Promises(stores.engine), str)
    taking = asyncio.create_task(parts._take_lost(cast(LostCalls, Odd())))
    async with asyncio.timeout(5):
        await done.wait()
    taking.cancel()


def test_the_turn_of_a_promise_comes_with_somebody_of_its_team() -> None:
    place = {"relax": [[30.0, {}]], "where": [{"team": ["gold"]}, {}], "needs": {"telecom": 3}}
    row = {"queue": "support", "needs": {"telecom": 3}, "priority": 5, "language": "en", "place": place}
    contact = place_of({**row, "queued_at": 1000.0, "created_at": 1000.0}, "C-1")
    assert (contact.where, contact.relax) == (Where(("gold",)), (Relaxed(30.0, ()),))
