"""Bans that nodes share, through a real Redis and with clocks that move when told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest
from redis.asyncio import Redis

from ivr.errors import Conflict, NotFound, StoreUnavailable
from ivr.guarding.keeper import Keeper
from ivr.guarding.store import BanStore
from telephony.sip.guard import Guard
from telephony.sip.suspicion import GuardSettings, Sign

_numbers = count(1)


class Door:
    def __init__(self) -> None:
        self.guard = Guard(GuardSettings(allow=("198.51.100.0/24",)))


class Nodes:
    """Several nodes with one Redis; their monotonic clocks differ, as those of machines do."""

    def __init__(self, redis: Redis) -> None:
        self.wall = 1_790_000_000.0
        self.store = BanStore(redis, f"{{guard-test-{next(_numbers)}}}")

    def node(self, name: str, boot: float, store: BanStore | None = None) -> tuple[Keeper, Door]:
        door = Door()
        keeper = Keeper(door, store or self.store, name, clock=lambda: self.wall - boot, wall=lambda: self.wall)
        return keeper, door


@pytest.fixture
async def nodes(redis_url: str) -> AsyncIterator[Nodes]:
    client = Redis.from_url(redis_url)
    yield Nodes(client)
    await client.aclose()


def brute_force(door: Door, host: str, now: float) -> None:
    for _ in range(10):
        door.guard.noticed(host, Sign.WRONG_DIGEST, now)


async def test_a_ban_of_one_node_holds_on_the_other_and_after_a_restart(nodes: Nodes) -> None:
    one, door_one = nodes.node("one", boot=1_789_000_000.0)
    two, door_two = nodes.node("two", boot=1_789_999_000.0)
    brute_force(door_one, "192.0.2.1", 1_000_000.0)
    await one.exchange()
    await two.exchange()
    assert [ban["source"] for ban in two.bans()] == ["192.0.2.1"]
    assert two.bans() == one.bans() and two.bans()[0]["seconds_left"] == 600
    nodes.wall += 590
    again, door_again = nodes.node("one", boot=1_790_000_580.0)
    await again.exchange()
    assert again.bans()[0]["seconds_left"] == 10 and door_again.guard.banned("192.0.2.1", 10.0)
    nodes.wall += 20
    assert two.bans() == [] == again.bans()
    door_two.guard.ban("192.0.2.1", "wrong digest", 1_610.0)
    assert two.bans()[0]["seconds_left"] == 2400, "the second ban of the same source is longer, on whichever node"


async def test_a_ban_that_is_lifted_ends_on_every_node(nodes: Nodes) -> None:
    one, _ = nodes.node("one", boot=0.0)
    two, _ = nodes.node("two", boot=5.0)
    made = await one.ban("[2001:db8:1:2::7]", 3600.0, "seen in the log")
    assert made["source"] == "2001:db8:1:2::/64" and made["reason"] == "seen in the log"
    await two.exchange()
    assert len(two.bans()) == 1
    await two.lift("2001:db8:1:2::/64")
    await one.exchange()
    assert one.bans() == [] == two.bans()
    with pytest.raises(NotFound, match="is not banned"):
        await one.lift("2001:db8:1:2::/64")


async def test_what_cannot_be_banned_is_said(nodes: Nodes) -> None:
    one, _ = nodes.node("one", boot=0.0)
    with pytest.raises(Conflict, match="never banned"):
        await one.ban("198.51.100.7", 60.0, "")
    with pytest.raises(Conflict, match="one IPv4 address"):
        await one.ban("192.0.2.0/24", 60.0, "")
    with pytest.raises(Conflict):
        await one.ban("phone", 60.0, "")


async def test_without_redis_a_node_keeps_its_own_bans_and_writes_them_later(nodes: Nodes) -> None:
    gone = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    alone, door = nodes.node("one", 0.0, BanStore(gone))
    brute_force(door, "192.0.2.1", nodes.wall)
    with pytest.raises(StoreUnavailable):
        await alone.exchange()
    assert [ban["source"] for ban in alone.bans()] == ["192.0.2.1"] and len(door.guard.changed) == 1
    await gone.aclose()


async def test_old_bans_are_forgotten(nodes: Nodes) -> None:
    one, _ = nodes.node("one", boot=0.0)
    await one.ban("192.0.2.1", 60.0, "")
    nodes.wall += 60 + 86_400 + 3600
    await one.exchange()
    assert await nodes.store.load() == []
