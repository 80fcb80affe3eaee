"""What is left of a call in Redis: everything a take-over needs, no secret, bounded, and nothing once it is over."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from ivr.acd.kept_calls import KEPT, KeptCalls, key_of
from ivr.call import Speaker, Turn
from ivr.dialplan.state import State
from ivr.session import snapshots as module
from ivr.session.snapshots import MOST, Snapshots, shortened
from telephony.fake import FakeLeg
from tests.unit.ivr.session.house import House


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


def snapshots(house: House, redis: Redis, clock: Any = time.time) -> Snapshots:
    return Snapshots(KeptCalls(redis), "n1", lambda: tuple(house.services.running), clock)


async def waiting(house: House) -> tuple[FakeLeg, str]:
    await house.open()
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.playing(leg, "music")
    return leg, contact


async def test_a_waiting_call_can_be_restored_from_what_is_kept(house: House, redis: Redis) -> None:
    _, contact = await waiting(house)
    kept = snapshots(house, redis)
    assert await kept.write() == 1
    found = await KeptCalls(redis).read(contact)
    assert found is not None
    session = house.switchboard.find(contact)
    assert session is not None and session.flow_state is not None
    assert State.from_dict(found["state"]) == session.flow_state
    assert session.machine.restore(found["state"]).state == "desk"
    assert (found["v"], found["id"], found["node"]) == (1, contact, "n1")
    assert found["place"] | {"queued_at": 0} == {
        "queue": "support",
        "needs": {"telecom": 2},
        "queued_at": 0,
        "phase": "waiting",
        "agent": "",
    }
    assert found["leg"]["caller"]["user"] == "1001" and found["leg"]["kind"] == "sip"
    assert [turn["text"] for turn in found["call"]["turns"]][:2] == ["Hello. Press.", "2"]
    assert 0 < await redis.ttl(key_of(contact)) <= KEPT


async def test_only_what_changed_is_written_and_nothing_is_left_of_a_call_that_is_over(house: House, redis: Redis) -> None:
    now = [1000.0]
    leg, contact = await waiting(house)
    kept = snapshots(house, redis, lambda: now[0])
    assert [await kept.write(), await kept.write()] == [1, 0]
    now[0] += KEPT / 2
    assert await kept.write() == 1, "its key must not run out while it goes on"
    leg.vanish()
    await house.over()
    assert await kept.write() == 0
    assert await redis.exists(key_of(contact)) == 0


async def test_private_numbers_are_masked(house: House, redis: Redis) -> None:
    await house.open()
    leg, contact = house.call()
    await house.chooses(leg, "1")
    await house.playing(leg, "number")
    session = house.switchboard.find(contact)
    assert session is not None and session.flow_state is not None
    object.__setattr__(session, "_state", _with(session.flow_state, vars={"card": "4111 1111 1111 1111"}))
    await snapshots(house, redis).write()
    found = await KeptCalls(redis).read(contact)
    assert found is not None and "4111 1111 1111 1111" not in json.dumps(found)


def _with(state: State, **changes: Any) -> State:
    data = state.to_dict() | changes
    return State.from_dict(data)


def test_a_long_one_is_cut_and_one_that_stays_too_long_is_not_kept() -> None:
    turn = {"text": "x" * 500}
    long = {"call": {"turns": [turn] * 1000, "profile": {}, "handover": {}}, "state": {"vars": {}}, "cut": []}
    made = json.loads(shortened(dict(long)))
    assert made["cut"] == ["turns"] and len(made["call"]["turns"]) == 21
    assert len(shortened(dict(long)).encode()) <= MOST
    fat = {"call": {"turns": [], "profile": {"all": "y" * MOST}, "handover": {}}, "state": {"vars": {}}, "cut": []}
    assert json.loads(shortened(dict(fat)))["cut"] == ["turns", "profile", "handover"]
    hopeless = {"call": {"turns": [], "profile": {}, "handover": {}}, "state": {"vars": {"all": "语" * MOST}}, "cut": []}
    assert shortened(dict(hopeless)) == ""


async def test_many_and_long_calls_are_dumped_one_by_one_and_never_whole(
    house: House, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.open()
    turns = tuple(Turn(float(one), Speaker.CALLER, "words " * 20) for one in range(2000))
    for _ in range(3):
        leg, contact = house.call()
        await house.playing(leg, "hello")
        session = house.switchboard.find(contact)
        assert session is not None
        session.change(turns=turns)
    sizes, rounds, passed = [], [], [0]

    async def others() -> None:
        while True:
            passed[0] += 1
            await asyncio.sleep(0)

    def measured(snapshot: dict[str, Any]) -> str:
        sizes.append(len(json.dumps(snapshot)))
        rounds.append(passed[0])
        return shortened(snapshot)

    monkeypatch.setattr(module, "shortened", measured)
    task = asyncio.create_task(others())
    assert await snapshots(house, redis).write() == 3
    task.cancel()
    assert len(set(rounds)) == 3, "the audio of others comes in between"
    assert max(sizes) < MOST
    found = await KeptCalls(redis).read(contact)
    assert found is not None and found["cut"] == ["turns"] and len(found["call"]["turns"]) == 21


async def test_what_a_newer_version_or_nobody_wrote_is_no_snapshot(redis: Redis) -> None:
    assert await KeptCalls(redis).read("c-none") is None
    for value in ('{"v": 2}', '{"v": "x"}', "[]", "no JSON"):
        await redis.set(key_of("c-odd"), value, ex=10)
        assert await KeptCalls(redis).read("c-odd") is None
