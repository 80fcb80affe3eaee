"""A call's messages from this node and from others, through real links over Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from ivr.errors import NotFound
from ivr.guarding.tracing import Tracing
from ivr.nodes.link import NodeLink
from telephony.sip.trace import Trace
from tests.unit.telephony.sip.peers import CLIENT, OFFER, request

NODES = ("one", "two", "gone")


async def call_id_of(contact: str) -> str:
    if contact != "c-1":
        raise NotFound(f"there is no contact {contact}")
    return "call-a"


def alone(trace: Trace) -> Tracing:
    return Tracing(trace, "one", call_id_of, clock=lambda: 100.0, wall=lambda: 1_790_000_000.0)


def traced(*calls: str, headers: str = "") -> Trace:
    trace = Trace()
    for call in calls:
        trace.note(99.0, False, CLIENT, request("INVITE", call_id=call, body=OFFER, headers=headers))
    return trace


@pytest.fixture
async def both(redis_url: str) -> AsyncIterator[tuple[Tracing, Tracing]]:
    """Two nodes that live, and one that is believed to."""
    redis = Redis.from_url(redis_url)
    links = [NodeLink(redis, name, "trace-test") for name in NODES[:2]]

    async def others() -> tuple[str, ...]:
        return NODES

    traces = traced("call-a"), traced("call-b")
    found = [Tracing(trace, link.node, call_id_of, link, others) for trace, link in zip(traces, links, strict=True)]
    tasks = [asyncio.create_task(link.run()) for link in links]
    async with asyncio.timeout(5):
        for link in links:
            await link.up.wait()
    yield found[0], found[1]
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await redis.aclose()


async def test_a_trace_is_found_by_call_id_and_by_contact() -> None:
    tracing = alone(traced("call-a"))
    for name in ("call-a", "c-1"):
        found = await tracing.traced(name)
        assert found["call_id"] == "call-a" and found["node"] == "one"
        assert found["messages"][0]["word"] == "INVITE"
        assert found["messages"][0]["at"] == "2026-09-21T14:13:19.000Z"
    assert (await tracing.capture("c-1"))[:4] == b"\xd4\xc3\xb2\xa1"
    assert (await tracing.traces())["calls"][0]["call_id"] == "call-a"
    with pytest.raises(NotFound, match=r"are kept$"):
        await tracing.traced("other")
    await tracing.switch_trace(False)
    with pytest.raises(NotFound, match="the trace is off"):
        await tracing.traced("c-2")


async def test_secrets_leave_only_when_asked_for() -> None:
    tracing = alone(traced("a", headers='Authorization: Digest response="s3cret"\r\n'))
    assert b"s3cret" not in await tracing.capture("a")
    assert b"s3cret" in await tracing.capture("a", secrets=True)
    assert "s3cret" not in str(await tracing.traced("a"))


async def test_a_call_of_another_node_is_shown_too(both: tuple[Tracing, Tracing], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.guarding.tracing.ASK_SECONDS", 0.5)
    one, two = both
    found = await one.traced("call-b")
    assert found["node"] == "two" and found["messages"][0]["word"] == "INVITE"
    assert (await one.capture("call-b"))[40:] == (await two.capture("call-b"))[40:], "but for the rounding of its time"
    assert {call["call_id"]: call["node"] for call in (await one.traces())["calls"]} == {"call-a": "one", "call-b": "two"}
    await one.switch_trace(False)
    assert not (await two.traces())["enabled"]
    with pytest.raises(NotFound):
        await one.traced("call-c")


async def test_a_call_id_of_odd_octets_can_be_shown() -> None:
    trace = Trace()
    trace.note(99.0, False, CLIENT, request("INVITE").replace(b"Call-ID: c1", b"Call-ID: c\xff1"))
    tracing = alone(trace)
    (call,) = (await tracing.traces())["calls"]
    assert call["call_id"] == "c\ufffd1" and call["call_id"].encode()
