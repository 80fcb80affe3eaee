"""A node of its own for each test: real flows, real queues in a real Redis, legs and agents that do what a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ivr.acd.store import AcdStore
from tests.pains.centre import Centre
from tests.unit.conftest import redis_url
from tests.unit.ivr.acd.conftest import clock, redis, store
from tests.unit.ivr.acd.matched import Matched
from tests.unit.ivr.session.conftest import house
from tests.unit.ivr.session.house import House

__all__ = ("clock", "house", "redis", "redis_url", "store")


@pytest.fixture
async def centre(house: House) -> AsyncIterator[Centre]:
    yield Centre(house)


@pytest.fixture
def matched(store: AcdStore) -> Matched:
    """A store on a clock that moves when told, with somebody who decides after each move."""
    return Matched(store)
