"""Links that every node knows, and that nobody reads for ever."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from ivr.errors import NotFound
from ivr.handover import links
from ivr.handover.links import KEY, MOST_READS, PATH, Links


def token_of(link: str) -> str:
    return link.partition(PATH)[2]


async def test_a_link_of_one_node_is_read_by_another(redis: Redis) -> None:
    now = [1000.0]
    one, other = (Links(redis, "https://us/", 60.0, lambda: now[0]) for _ in range(2))
    await one.open()
    await other.open()
    link = one.link("c-1")
    assert link.startswith("https://us/api/v1/handover/")
    assert len(link) < 200
    assert await other.contact_of(token_of(link)) == "c-1"
    now[0] += 61
    with pytest.raises(NotFound):
        await other.contact_of(token_of(link))


async def test_without_an_address_or_a_key_there_are_no_links(redis: Redis) -> None:
    links = Links(redis, "", 60.0, lambda: 0.0)
    await links.open()
    assert links.link("c-1") == ""
    assert Links(redis, "https://us", 60.0, lambda: 0.0).link("c-1") == ""


async def test_a_link_can_be_read_so_often_and_its_count_goes_away(redis: Redis) -> None:
    one = Links(redis, "https://us", 60.0, lambda: 1000.0)
    await one.open()
    token = token_of(one.link("c-1"))
    for _ in range(MOST_READS):
        await one.contact_of(token)
    with pytest.raises(NotFound):
        await one.contact_of(token)
    counted = [key for key in await redis.keys() if key != KEY.encode()]
    assert len(counted) == 1
    assert 0 < await redis.ttl(counted[0]) <= 60


async def test_a_key_that_redis_lost_is_learnt_again_but_not_for_each_forged_link(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    one, other = (Links(redis, "https://us", 60.0, lambda: now[0]) for _ in range(2))
    await one.open()
    await redis.delete(KEY)
    await other.open()
    assert await one.contact_of(token_of(other.link("c-2"))) == "c-2"
    looks = 0

    async def looked() -> None:
        nonlocal looks
        looks += 1

    monkeypatch.setattr(one, "open", looked)
    now[0] += links.LOOK_SECONDS
    for _ in range(100):
        with pytest.raises(NotFound):
            await one.contact_of("forged.token")
    assert looks == 1
