"""Questions between nodes: answered, refused in the other's words, given up, and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from ivr.errors import Conflict, StoreUnavailable
from ivr.nodes.link import NodeLink

Links = tuple[NodeLink, NodeLink]


async def test_a_question_is_answered(links: Links) -> None:
    async def add(data: Mapping[str, Any]) -> int:
        return int(data["a"] + data["b"])

    links[1].serve("add", add)
    answers = await asyncio.gather(*(links[0].ask("two", "add", {"a": n, "b": 1}, 5.0) for n in range(20)))
    assert answers == list(range(1, 21))


async def test_a_refusal_comes_in_the_words_of_the_other_node(links: Links) -> None:
    async def refuse(data: Mapping[str, Any]) -> None:
        raise Conflict("too late: 呼叫已结束")

    async def fail(data: Mapping[str, Any]) -> None:
        raise RuntimeError("a defect")

    links[1].serve("refuse", refuse)
    links[1].serve("fail", fail)
    with pytest.raises(Conflict, match="呼叫已结束"):
        await links[0].ask("two", "refuse", {}, 5.0)
    with pytest.raises(StoreUnavailable, match="RuntimeError"):
        await links[0].ask("two", "fail", {}, 5.0)
    with pytest.raises(StoreUnavailable, match="does not know 'nothing'"):
        await links[0].ask("two", "nothing", {}, 5.0)


async def test_a_node_that_is_not_there_is_given_up(links: Links) -> None:
    with pytest.raises(StoreUnavailable, match="node three does not answer"):
        await links[0].ask("three", "add", {}, 0.05)


async def test_who_gives_up_stops_the_other_node(links: Links) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def slow(data: Mapping[str, Any]) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.set()
            raise

    links[1].serve("slow", slow)
    asking = asyncio.create_task(links[0].ask("two", "slow", {}, 60.0))
    await asyncio.wait_for(begun.wait(), 5)
    asking.cancel()
    await asyncio.wait_for(stopped.wait(), 5)


async def test_what_is_told_comes_in_order(links: Links) -> None:
    heard: list[int] = []
    done = asyncio.Event()

    async def hear(data: Mapping[str, Any]) -> None:
        heard.append(data["n"])
        if len(heard) == 200:
            done.set()

    links[1].serve("n", hear)
    for n in range(200):
        links[0].tell("two", "n", {"n": n})
    await asyncio.wait_for(done.wait(), 5)
    assert heard == list(range(200))


async def test_nonsense_on_the_channel_hurts_nobody(links: Links, redis: Redis) -> None:
    async def ping(data: Mapping[str, Any]) -> str:
        return "pong"

    links[1].serve("ping", ping)
    for nonsense in (b"", b"[]", b"7", b"{}", b'{"ask":"x"}', b'{"re":1}', b"\xff"):
        await redis.publish("nodes:two", nonsense)
    assert await links[0].ask("two", "ping", {}, 5.0) == "pong"
