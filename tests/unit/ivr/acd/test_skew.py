"""A rolling restart: nodes of the version before and of this one move the same contacts, and nothing breaks.

`previous/` has the scripts of the version before, as nodes that are not restarted yet run them. Both versions share one Redis;
each move is made by one or the other, at random.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from ivr.acd.model import Agent, AgentState, Contact, ContactState, Match, Queue, Relaxed, needs_of
from ivr.acd.scripts import Moves
from ivr.acd.store import AcdStore
from ivr.errors import NotFound
from tests.unit.ivr.acd.conftest import Clock

PREVIOUS = Path(__file__).parent / "previous"
STAFF = tuple(Agent(f"a{number}", skills={"telecom": number}, capacity=1 + number // 4) for number in range(1, 5))


class OldMoves(Moves):
    """The scripts of the version before; what it did not know is a move of this one."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        super().__init__(redis, prefix)
        self._client, self._tag = redis, prefix
        self.made = 0

    async def run(self, move: str, *arguments: str | float) -> Any:
        if not (PREVIOUS / f"{move}.lua").exists():
            return await super().run(move, *arguments)
        self.made += 1
        script = (PREVIOUS / "core.lua").read_text() + "\n" + (PREVIOUS / f"{move}.lua").read_text()
        evaluate: Callable[..., Awaitable[Any]] = self._client.eval
        return await evaluate(script, 1, self._tag, *arguments)


class Skewed:
    """A store of each version over the same keys; `any` is one of them."""

    def __init__(self, redis: Redis, store: AcdStore, clock: Clock, dice: random.Random) -> None:
        self.new, self.old, self.dice = store, AcdStore(redis, clock, prefix=store.prefix), dice
        self.moves = OldMoves(redis, store.prefix)
        self.old._moves = self.moves

    @property
    def any(self) -> AcdStore:
        return self.dice.choice([self.new, self.old])


def contact(number: int, now: float, dice: random.Random) -> Contact:
    needs = needs_of({"telecom": dice.randint(1, 4)})
    return Contact(f"c{number}", "q", now, needs, relax=(Relaxed(3.0, ()),), node=dice.choice(["old-node", "new-node"]))


async def step(both: Skewed, clock: Clock, number: int) -> None:
    dice, store = both.dice, both.any
    contacts, staff = await both.new.contacts(), await both.new.agents()
    one = dice.choice(contacts) if contacts else None
    agent = dice.choice(staff)
    match dice.choice(
        ["come", "come", "offer", "offer", "offer", "accept", "accept", "refuse", "leave", "state", "time", "wrap"]
    ):
        case "come":
            await store.enqueue(contact(number, clock.now, dice), 120.0)
        case "offer" if one is not None:
            await store.reserve("judge", [Match(one.id, agent.id, "drawn")])
        case "accept" if one is not None and one.agent:
            await store.accept(one.id, one.agent)
        case "refuse" if one is not None and one.agent:
            await store.decline(one.id, one.agent, dice.choice(["declined", "missed", "gone", "media"]))
        case "leave" if one is not None:
            await store.leave(one.id, dice.choice(["abandoned", "lost"]))
        case "state":
            await store.set_state(agent.id, dice.choice([AgentState.AVAILABLE, AgentState.AVAILABLE, AgentState.BREAK]))
        case "time":
            clock.now = round(clock.now + dice.choice([0.1, 1.0, 2.5]), 3)
            for node in ("old-node", "new-node"):
                await store.node_heartbeat(node, 10.0)
            await store.sweep()
        case "wrap":
            await store.end_wrap_up(agent.id)


async def check(store: AcdStore) -> None:
    """The sums, and that contacts and agents tell the same."""
    totals, contacts, staff = await store.totals(), await store.contacts(), await store.agents()
    states = [one.state for one in contacts]

    def of(*names: str) -> int:
        return sum(totals.get(name, 0) for name in names)

    assert of("offers") == of("answered", "declined", "missed", "withdrawn") + states.count(ContactState.OFFERED)
    assert of("enqueued", "requeued") == of("answered", "abandoned", "lost") + len(states) - states.count(
        ContactState.CONNECTED
    )
    held = {(one.agent, one.id): one.state for one in contacts if one.agent}
    assert held == {(agent.id, one): state for agent in staff for one, state in agent.held.items()}


@pytest.mark.parametrize("seed", range(3))
async def test_two_versions_move_the_same_contacts(redis: Redis, store: AcdStore, clock: Clock, seed: int) -> None:
    both = Skewed(redis, store, clock, random.Random(seed))
    await both.old.define_queues([Queue("q", 5.0, 2.0)])
    await both.old.define_agents(STAFF)
    await both.new.define_agents(STAFF)
    assert await both.old.lead("judge", 600) and await both.new.lead("judge", 600)
    for number in range(150):
        await step(both, clock, number)
        if number % 5 == 0:
            await check(both.new)
    for left in await both.new.contacts():
        await both.any.leave(left.id)
    for _ in range(4):
        clock.now += 2.5
        await both.any.sweep()
    await check(both.new)
    assert both.moves.made > 50
    assert {agent.state for agent in await both.old.agents()} <= {AgentState.AVAILABLE, AgentState.BREAK, AgentState.OFFLINE}


async def test_an_agent_and_a_contact_of_the_version_before_are_read(redis: Redis, store: AcdStore, clock: Clock) -> None:
    """Rows without team, site, rooms, channel and who rings."""
    both = Skewed(redis, store, clock, random.Random(0))
    await both.old.define_queues([Queue("q")])
    await both.old.define_agents(STAFF)
    await redis.hdel(f"{store.prefix}:agent:a1", "team", "site", "rooms", "blend", "by", "others")
    await both.old.set_state("a1", AgentState.AVAILABLE)
    await both.old.enqueue(Contact("c1", "q", clock.now, node="old-node"), 120.0)
    assert await both.old.lead("judge", 60)
    assert [offer.agent_id for offer in await both.new.reserve("judge", [Match("c1", "a1", "")])] == ["a1"]
    one = await both.new.contact("c1")
    assert (one.state, one.rung, one.channel.value) == (ContactState.OFFERED, {"a1": one.until}, "voice")
    assert await both.old.accept("c1", "a1")
    assert await both.new.resume(one, "a1"), "a talk that an old node began"
    await both.new.leave("c1")
    with pytest.raises(NotFound):
        await both.old.contact("c1")
    await check(both.new)
