"""A call goes on with the version that it began with, whatever is published meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.publishing.desk import FlowDesk
from ivr.publishing.files import FlowFiles
from ivr.publishing.ledger import Ledger
from ivr.publishing.model import version_of
from ivr.publishing.news import News
from ivr.publishing.publisher import Publisher
from telephony.fake import FakeLeg
from telephony.leg import Party
from tests.unit.ivr.session.house import FLOW, House


@pytest.fixture
async def house(redis: Redis, engine: AsyncEngine) -> AsyncIterator[House]:
    house = House(redis, engine, time.time)
    router = asyncio.create_task(house.router.run())
    yield house
    await house.switchboard.drain(0.0)
    router.cancel()
    with suppress(asyncio.CancelledError):
        await router


def edition(n: int) -> str:
    """Another text of the house's flow; in odd ones, key 1 hangs up at once."""
    text = FLOW.replace("flow: small", f"flow: small # edition {n}", 1)
    return text.replace("on: { bill: account,", 'on: { bill: bye, "8": account,', 1) if n % 2 else text


async def test_a_call_survives_fifty_publishes(house: House, redis: Redis, engine: AsyncEngine) -> None:
    store = house.services.flows
    publisher = Publisher(Ledger(engine), News(redis, "one"), store, FlowFiles(store), wall=time.time)
    desk = FlowDesk(publisher)
    await publisher.begin()
    await desk.publish_texts("root", "the first", {"small": edition(0)})
    leg, contact = house.call()
    await house.chooses(leg, "1")
    await house.playing(leg, "number")
    for n in range(1, 51):
        await desk.publish_texts("root", f"edition {n}", {"small": edition(n)})
    await desk.publish_texts("root", "the last", {"small": edition(51)})
    for digit in "4711":
        leg.press(digit)
    await house.says(leg, "done")
    await house.over()
    row = await house.row(contact)
    assert (row["flow_version"], row["disposition"]) == (version_of(edition(0)), "self_served")
    newer, next_contact = house.call(FakeLeg("next", caller=Party("1002", "")))
    await house.chooses(newer, "1")
    await house.says(newer, "bye")
    await house.over()
    assert (await house.row(next_contact))["flow_version"] == version_of(edition(51))
    assert (await desk.versions("small", limit=1))["live"] == 52


async def test_one_caller_keeps_one_version_while_it_is_rolled_out(house: House, redis: Redis, engine: AsyncEngine) -> None:
    store = house.services.flows
    publisher = Publisher(Ledger(engine), News(redis, "one"), store, FlowFiles(store), wall=time.time)
    desk = FlowDesk(publisher)
    await publisher.begin()
    await desk.publish_texts("root", "", {"small": edition(0)})
    await desk.publish_texts("root", "", {"small": edition(1)}, percent=50)
    got: dict[str, set[str]] = {}
    for n in range(12):
        number = f"10{n % 6:02d}"
        leg, contact = house.call(FakeLeg(f"call-{n}", caller=Party(number, "")))
        await house.playing(leg, "hello")
        leg.hang_up()
        await house.over()
        got.setdefault(number, set()).add((await house.row(contact))["flow_version"])
    assert all(len(versions) == 1 for versions in got.values())
    assert {version for versions in got.values() for version in versions} == {version_of(edition(0)), version_of(edition(1))}
