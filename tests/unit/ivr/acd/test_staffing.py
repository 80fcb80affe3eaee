"""Whether anybody on duty could ever take a contact."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from ivr.acd.model import Agent, AgentState, Contact, Need, Queue, Relaxed
from ivr.acd.staffing import Staffing
from ivr.acd.store import AcdStore
from ivr.errors import QueueFull, StoreUnavailable

NOW = 1_790_000_000.0


async def staffed(redis: Redis, **states: AgentState) -> AcdStore:
    store = AcdStore(redis, lambda: NOW)
    await store.define_queues([Queue("support")])
    skills = {"anna": {"telecom": 5}, "bob": {"telecom": 2}}
    await store.define_agents([Agent(name, skills=skills[name], languages=("en",)) for name in skills])
    for name, state in states.items():
        await store.set_state(name, state)
    return store


def contact(level: int = 5, *, relax: int = 0, language: str = "en", excluded: str = "", only: str = "") -> Contact:
    return Contact(
        "c1",
        "support",
        NOW,
        (Need("telecom", level),),
        relax=(Relaxed(30.0, (Need("telecom", relax),)),) if relax else (),
        language=language,
        excluded=frozenset(filter(None, [excluded])),
        only=frozenset(filter(None, [only])),
    )


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        (contact(5), False),
        (contact(2), True),
        (contact(5, relax=2), True),
        (contact(2, language="zh"), False),
        (contact(2, excluded="bob"), False),
        (contact(2, only="anna"), False),
    ],
)
async def test_who_is_on_duty_and_could_take_it_ever_counts(redis: Redis, who: Contact, wanted: bool) -> None:
    staffing = Staffing(await staffed(redis, bob=AgentState.AVAILABLE, anna=AgentState.BREAK), every=0.01)
    watching = asyncio.create_task(staffing.missed(who, 0.0))
    if not wanted:
        async with asyncio.timeout(10):
            await watching
    else:
        for _ in range(3):
            await staffing._look_again()
        assert not watching.done() and staffing.somebody(who)
        watching.cancel()


async def test_the_grace_begins_anew_with_everybody_who_comes(redis: Redis) -> None:
    store = await staffed(redis, anna=AgentState.AVAILABLE)
    staffing = Staffing(store, every=0.01)
    watching = asyncio.create_task(staffing.missed(contact(), 0.05))
    await staffing._look_again()
    await store.set_state("anna", AgentState.OFFLINE)
    await staffing._look_again()
    await staffing._look_again()
    assert not watching.done()
    async with asyncio.timeout(10):
        await watching


async def test_nothing_is_concluded_from_a_store_that_is_away(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await staffed(redis)
    staffing = Staffing(store, every=0.01)

    async def away() -> list[str]:
        raise StoreUnavailable("away")

    monkeypatch.setattr(store, "agent_ids", away)
    watching = asyncio.create_task(staffing.missed(contact(), 0.0))
    for _ in range(3):
        await staffing._look_again()
    assert not watching.done()
    monkeypatch.undo()
    async with asyncio.timeout(10):
        await watching


async def test_a_full_queue_takes_nobody_but_those_who_are_known(redis: Redis) -> None:
    store = await staffed(redis)
    first, second = contact(), Contact("c2", "support", NOW)
    await store.enqueue(first, most=1)
    await store.enqueue(first, most=1)
    with pytest.raises(QueueFull, match="1 wait in support already"):
        await store.enqueue(second, most=1)
    assert await store.contact_ids() == ["c1"]
    assert (await store.totals())["enqueued"] == 1
    await store.leave("c1", "overflowed")
    await store.enqueue(second, most=1)
    assert (await store.totals())["overflowed"] == 1
