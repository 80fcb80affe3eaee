"""Random lives of contacts and agents over the real scripts, judged by the pure matcher (hypothesis stateful)."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from redis.asyncio import Redis

from ivr.acd.embedded import EmbeddedRedis, start_embedded
from ivr.acd.lost import LostContacts
from ivr.acd.matcher import best_agent, best_contact, candidates
from ivr.acd.model import ANYWHERE, Agent, AgentState, Channel, Contact, ContactState, Queue, Where, needs_of
from ivr.acd.store import AcdStore
from ivr.acd.totals import LEFT, imbalance
from tests.unit.ivr.acd.conftest import Clock
from tests.unit.ivr.acd.matched import Matched

T = TypeVar("T")

STAFF = (
    Agent("a1", skills={"telecom": 5}, languages=("zh", "en")),
    Agent("a2", skills={"telecom": 2, "billing": 8}),
    Agent("a3", skills={"billing": 3}, languages=("en",)),
    Agent("dev", skills={"telecom": 1}, capacity=3),
    Agent(
        "mix",
        skills={"telecom": 3},
        team="gold",
        rooms={Channel.MESSAGE: 2, Channel.TICKET: 1},
        blend=frozenset({Channel.TICKET}),
    ),
    Agent("pen", skills={"billing": 5}, team="gold", site="bonn", capacity=0, rooms={Channel.MESSAGE: 1}),
)
NAMES = st.sampled_from([agent.id for agent in STAFF])
NEEDS = st.sampled_from([{}, {"telecom": 1}, {"telecom": 4}, {"billing": 2}, {"telecom": 2, "billing": 5}])
DEFINITIONS = {"agents", "queues", "events", "totals", "swept", "leader", *(f"agent:{agent.id}" for agent in STAFF)}


@dataclass(frozen=True)
class Seen:
    contacts: list[Contact]
    staff: dict[str, Agent]
    silent: set[str]
    """Nodes for whose callers nobody is reserved."""
    totals: dict[str, int]


class Lives(RuleBasedStateMachine):
    runner: asyncio.Runner
    redis: Redis
    serial = 0

    def __init__(self) -> None:
        super().__init__()
        Lives.serial += 1
        self.clock = Clock()
        self.store = Matched(AcdStore(self.redis, self.clock, prefix=f"{{lives-{Lives.serial}}}"))
        self.made = 0
        self.seen: Seen | None = None
        together = Queue("all", 15, 5, strategy="ring_all", ring_most=3)
        self.run(self.store.define_queues([Queue("q", 20, 30), Queue("quick", 10, 0), together]))
        self.run(self.store.define_agents(STAFF))

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        self.seen = None
        return self.runner.run(what)

    def look(self) -> Seen:
        """Everything as it is; read once between two moves."""
        if self.seen is None:
            self.seen = self.runner.run(_seen(self.store.store))
        return self.seen

    @rule(
        needs=NEEDS,
        queue=st.sampled_from(["q", "quick", "all"]),
        priority=st.integers(4, 6),
        language=st.sampled_from(["", "zh", "en"]),
        excluded=st.frozensets(NAMES, max_size=1),
        node=st.sampled_from(["n1", "n2"]),
        channel=st.sampled_from([Channel.VOICE, Channel.VOICE, Channel.CALLBACK, Channel.MESSAGE, Channel.TICKET]),
        where=st.sampled_from([ANYWHERE, ANYWHERE, Where(("gold",)), Where((), ("bonn",))]),
    )
    def arrive(
        self,
        needs: dict[str, int],
        queue: str,
        priority: int,
        language: str,
        excluded: frozenset[str],
        node: str,
        channel: Channel,
        where: Where,
    ) -> None:
        self.made += 1
        contact = Contact(
            f"c{self.made}",
            queue,
            self.clock.now,
            needs_of(needs),
            priority,
            node,
            language,
            excluded,
            channel=channel,
            where=where,
        )
        able = candidates(contact, self.look().staff.values(), self.clock.now)
        able.sort(key=lambda agent: (agent.idle_since, agent.id))
        offers = self.run(self.store.enqueue_all(contact))
        right = [agent.id for agent in able[: 3 if queue == "all" else 1]]
        assert [(offer.contact_id, offer.agent_id) for offer in offers] == [(contact.id, one) for one in right]

    @rule(name=NAMES, state=st.sampled_from([AgentState.AVAILABLE, AgentState.AVAILABLE, AgentState.BREAK, AgentState.OFFLINE]))
    def ask(self, name: str, state: AgentState) -> None:
        seen = self.look()
        offers = self.run(self.store.set_state(name, state))
        before = seen.staff[name]
        if state is AgentState.AVAILABLE and before.state in (AgentState.OFFLINE, AgentState.BREAK, AgentState.WRAP_UP):
            ready = replace(before, state=AgentState.AVAILABLE, wanted=None)
            silent = self.look().silent
            heard = [contact for contact in seen.contacts if contact.node not in silent]
            right = best_contact(ready, heard, seen.staff.values(), self.clock.now)
            rung = {contact.id for contact in seen.contacts if contact.state is ContactState.OFFERED}
            fresh = [offer.contact_id for offer in offers if offer.contact_id not in rung]
            assert right.id in fresh if right else not fresh

    @rule(data=st.data(), verb=st.sampled_from(["accept", "accept", "declined", "missed", "gone", "media", "leave", "leave"]))
    def happen(self, data: st.DataObject, verb: str) -> None:
        contacts = self.look().contacts
        if not contacts:
            return
        contact = data.draw(st.sampled_from(contacts))
        agent = data.draw(st.sampled_from(sorted(contact.rung))) if contact.rung else contact.agent or data.draw(NAMES)
        match verb:
            case "accept":
                right = agent in contact.rung or contact.agent == agent
                assert self.run(self.store.accept(contact.id, agent)) is right
                if right:
                    assert {one.id for one in self.look().staff.values() if contact.id in one.held} == {agent}, (
                        "the others are free"
                    )
            case "leave":
                self.run(self.store.leave(contact.id, data.draw(st.sampled_from(LEFT))))
            case reason:
                self.run(self.store.decline(contact.id, agent, reason))

    @rule(name=NAMES)
    def wrap_up_ends(self, name: str) -> None:
        self.run(self.store.end_wrap_up(name))

    @rule(name=NAMES, node=st.sampled_from(["n1", "n2"]))
    def beat(self, name: str, node: str) -> None:
        self.run(self.store.heartbeat(name, 15))
        self.run(self.store.node_heartbeat(node, 10))

    @rule(seconds=st.sampled_from([0.001, 0.5, 3.0, 3.0, 4.9, 30.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.now = round(self.clock.now + seconds, 3)
        self.run(self.store.sweep())

    @invariant()
    def nobody_idles_while_a_caller_waits_for_him(self) -> None:
        seen = self.look()
        for contact in seen.contacts:
            if contact.node in seen.silent or any(until > self.clock.now for until in contact.refused.values()):
                continue
            rings_more = contact.state is ContactState.OFFERED and contact.queue == "all" and len(contact.rung) < 3
            if contact.state is ContactState.WAITING or rings_more:
                assert best_agent(contact, seen.staff.values(), self.clock.now) is None, contact

    @invariant()
    def contacts_and_agents_tell_the_same(self) -> None:
        contacts, staff = self.look().contacts, self.look().staff
        held = {(one, contact.id): contact.state for contact in contacts for one in contact.rung or {contact.agent} - {""}}
        assert held == {(agent.id, one): state for agent in staff.values() for one, state in agent.held.items()}
        for agent in staff.values():
            written = {contact.id: contact.channel for contact in contacts if contact.channel.room is not Channel.VOICE}
            assert agent.others == {one: written[one] for one in agent.held if one in written}
            assert agent.calls <= agent.capacity
            assert Counter(agent.others.values()) <= Counter(agent.rooms)
            calls = set(agent.held) - set(agent.others)
            assert (agent.state is AgentState.RESERVED) <= (ContactState.OFFERED in agent.held.values())
            assert (agent.state is AgentState.IN_CALL) <= (ContactState.CONNECTED in agent.held.values())
            assert not (agent.held and agent.state in (AgentState.OFFLINE, AgentState.BREAK))
            assert not (calls and agent.state is AgentState.WRAP_UP)

    @invariant()
    def the_sums_are_right(self) -> None:
        assert imbalance(self.look().totals, self.look().contacts) == []

    def teardown(self) -> None:
        for seconds in (31.0, 11.0, 31.0, 4.0):
            self.clock.now += seconds
            self.run(self.store.sweep())
        for contact in self.look().contacts:
            self.run(self.store.leave(contact.id))
        alone = self.store.store  # nobody waits any more: there is nothing to decide
        for seconds in (3.0,) * 12:
            self.clock.now += seconds
            self.run(alone.sweep())
        for agent in STAFF:
            self.run(alone.set_state(agent.id, AgentState.OFFLINE))
        lost = LostContacts(self.redis, self.store.prefix)
        while found := self.runner.run(lost.before(self.clock.now)):
            self.run(lost.forget(one.id for one in found))
        prefix = f"{self.store.prefix}:"
        keys = {key.decode().removeprefix(prefix) for key in self.run(_keys(self.redis, prefix))}
        assert keys <= DEFINITIONS, keys
        assert {agent.state for agent in self.look().staff.values()} == {AgentState.OFFLINE}
        self.run(_drop(self.redis, prefix))


async def _seen(store: AcdStore) -> Seen:
    contacts, staff = await store.read(await store.contact_ids(), [agent.id for agent in STAFF])
    contacts.sort(key=lambda contact: (contact.order(), contact.id))  # the queues age alike
    return Seen(contacts, {agent.id: agent for agent in staff}, await store.silent_nodes(), await store.totals())


async def _keys(redis: Redis, prefix: str) -> list[bytes]:
    return [key async for key in redis.scan_iter(match=f"{prefix}*", count=1000)]


async def _drop(redis: Redis, prefix: str) -> None:
    await redis.delete(*await _keys(redis, prefix))


async def _connect(server: EmbeddedRedis) -> Redis:
    return Redis.from_url(server.url)


def test_nothing_is_ever_stuck_left_or_miscounted() -> None:
    """Pains 1, 3, 4, 5: whatever the sequence, the matcher's word holds and the store ends empty."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        server = runner.run(start_embedded(Path(folder)))
        Lives.runner, Lives.redis = runner, runner.run(_connect(server))
        try:
            run_state_machine_as_test(
                Lives,
                settings=settings(
                    max_examples=30,
                    stateful_step_count=40,
                    deadline=None,
                    phases=(Phase.generate, Phase.shrink),
                    suppress_health_check=list(HealthCheck),
                    database=None,
                ),
            )
        finally:
            runner.run(Lives.redis.aclose())
            runner.run(server.aclose())
