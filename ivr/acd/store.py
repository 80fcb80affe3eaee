"""Live state of queues and agents in Redis: every move is one atomic script, so no step can be left half done.

Keys, all under the prefix `{acd}` (its braces keep them on one shard of a Cluster), are listed in docs/queues.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis

from ivr.acd.explain import agent_in_words, contact_in_words
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Need, Offer, Queue
from ivr.acd.scripts import Moves, redis_errors, text
from ivr.errors import Conflict, NotFound

NODE_LEASE = 30.0
"""Seconds for which a node that never sent a heartbeat is believed alive after it enqueued a contact."""
AWAY = 5.0
"""Seconds without a sweep that mean that Redis itself was away, so that lapsed leases say nothing."""
GRACE = 10.0
"""Seconds that lapsed leases get then."""

AFTER_DECLINE: Mapping[str, str] = {
    "declined": "available",
    "missed": "break",
    "no_answer": "break",
    "gone": "offline",
    "media": "break",
}
"""Why an offer came to nothing, to what becomes of the agent. Other reasons leave him as he was."""

_REQUESTED = (AgentState.AVAILABLE, AgentState.BREAK, AgentState.OFFLINE)
_Data = Mapping[str, str]


class AcdStore:
    """The queues as one node sees and moves them. Times come from `clock` (epoch seconds) and from nowhere else.

    Every method raises StoreUnavailable where Redis cannot be reached. A move may be repeated after that: none is counted
    twice.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time, *, prefix: str = "{acd}") -> None:
        self._redis = redis
        self._clock = clock
        self._prefix = prefix
        self._moves = Moves(redis, prefix)

    @property
    def redis(self) -> Redis:
        return self._redis

    @property
    def prefix(self) -> str:
        return self._prefix

    def now(self) -> float:
        """Epoch seconds, to the millisecond: what every move is told."""
        return round(self._clock(), 3)

    def key(self, name: str) -> str:
        return f"{self._prefix}:{name}"

    # --- what exists

    async def define_agents(self, agents: Iterable[Agent]) -> list[Offer]:
        """Make these the agents. Who is new starts offline; the state of the others is kept; who is missing is removed, after
        his last call."""
        listed = [
            {
                "id": agent.id,
                "profile": agent.profile,
                "name": agent.name,
                "skills": json.dumps(dict(agent.skills)),
                "languages": json.dumps(list(agent.languages)),
                "capacity": agent.capacity,
            }
            for agent in agents
        ]
        return await self._offers("define_agents", json.dumps(listed))

    async def define_queues(self, queues: Iterable[Queue]) -> None:
        """Make these the queues; contacts in a queue that is gone stay and are served."""
        fields: dict[Any, Any] = {
            queue.name: json.dumps(
                {
                    "ring_seconds": queue.ring_seconds,
                    "wrap_up_seconds": queue.wrap_up_seconds,
                    "max_wait": queue.max_wait,
                    "music": queue.music,
                }
            )
            for queue in queues
        }
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(self.key("queues"))
                if fields:
                    pipe.hset(self.key("queues"), mapping=fields)
                await pipe.execute()

    async def queues(self) -> list[Queue]:
        raw = await self._hash("queues")
        return [Queue(name=name, **json.loads(raw[name])) for name in sorted(raw)]

    # --- moves of a contact

    async def enqueue(self, contact: Contact) -> Offer | None:
        """Put the contact into its queue and, in the same step, reserve the best agent for it if one is free.

        A contact that is known already keeps its place, and its offer is returned again. Raises NotFound without the queue.
        """
        needs = json.dumps([[need.skill, need.level] for need in contact.needs])
        excluded = f";{';'.join(sorted(contact.excluded))};" if contact.excluded else ""
        made = await self._offers(
            "enqueue",
            contact.id,
            contact.queue,
            contact.demand,
            f"{contact.order:.3f}",
            f"{contact.enqueued_at:.3f}",
            contact.node,
            excluded,
            needs,
            contact.priority,
            contact.language,
            f"{self.now() + NODE_LEASE:.3f}",
        )
        return made[0] if made else None

    async def accept(self, contact_id: str, agent_id: str) -> bool:
        """Connect the two. False where the offer is gone: the caller left, or the ring ran out."""
        return bool(await self._run("accept", contact_id, agent_id))

    async def decline(self, contact_id: str, agent_id: str, reason: str = "declined") -> list[Offer]:
        """Give the contact its old place back and match both anew; others go first for 10 s, unless there is nobody else.

        Also for an accepted call whose media could not be set up. The agent becomes what AFTER_DECLINE says. Without effect
        where the two have nothing to do with each other (any more).
        """
        word = "missed" if reason == "no_answer" else reason
        return await self._offers("decline", contact_id, agent_id, word, AFTER_DECLINE.get(reason, ""))

    async def leave(self, contact_id: str, outcome: str = "abandoned") -> list[Offer]:
        """Take the contact out of the store: an agent who was rung is free at once, one who talked wraps up."""
        return await self._offers("leave", contact_id, outcome)

    async def finish(self, contact_id: str) -> list[Offer]:
        """The call is over: the agent wraps up (is free, where the queue gives 0 s)."""
        return await self._offers("leave", contact_id, "abandoned")

    # --- moves of an agent

    async def set_state(self, agent_id: str, state: AgentState, reason: str = "") -> list[Offer]:
        """Do what the agent asks for: `available`, `break`, `offline`. During a call it takes effect after it; a ring is
        withdrawn. Raises NotFound, and Conflict for a state that nobody can ask for."""
        if state not in _REQUESTED:
            raise Conflict(f"{state.value} cannot be asked for: only available, break and offline can")
        return await self._offers("set_state", agent_id, state.value, reason if state is not AgentState.AVAILABLE else "")

    async def end_wrap_up(self, agent_id: str) -> list[Offer]:
        """End the wrap-up before its time. Without effect outside one. Raises NotFound."""
        return await self._offers("end_wrap_up", agent_id)

    # --- leases

    async def heartbeat(self, agent_id: str, lease_seconds: float = 15.0) -> None:
        """The agent's page is alive; not heard again within the lease, the agent goes offline."""
        await self._lease("leases", agent_id, lease_seconds)

    async def node_heartbeat(self, node: str, lease_seconds: float = 10.0) -> None:
        """The node is alive; not heard again within the lease, its contacts are given up."""
        await self._lease("nodes", node, lease_seconds)

    async def alive_nodes(self) -> set[str]:
        """Return the nodes whose lease runs: whose records `ContactLog.recover` must leave alone."""
        with redis_errors():
            names: Any = await self._redis.zrangebyscore(self.key("nodes"), self.now(), "+inf")
        return {text(name) for name in names}

    async def sweep(self) -> list[Offer]:
        """Heal what time has ended: rings, wrap-ups, refusals, pages and nodes that are silent. Any node may, often."""
        return await self._offers("sweep", AWAY, GRACE, "")

    async def release(self, node: str) -> list[Offer]:
        """Give up what an earlier life of this node left behind."""
        offers: list[Offer] = []
        while True:
            offers += await self._offers("sweep", AWAY, GRACE, node)
            with redis_errors():
                if not await self._redis.scard(self.key(f"node:{node}")):
                    return offers

    # --- looking

    async def agent(self, agent_id: str) -> Agent:
        """Raises NotFound."""
        found = await self._agents([agent_id])
        if not found:
            raise NotFound(f"there is no agent {agent_id}")
        return found[0]

    async def agents(self) -> list[Agent]:
        """Return everybody defined, by id."""
        with redis_errors():
            ids = await cast(Awaitable[set[Any]], self._redis.smembers(self.key("agents")))
        return await self._agents(sorted(text(one) for one in ids))

    async def contact(self, contact_id: str) -> Contact:
        """Raises NotFound."""
        found = await self._contacts([contact_id])
        if not found:
            raise NotFound(f"there is no contact {contact_id} in any queue")
        return found[0]

    async def contacts(self, queue: str | None = None) -> list[Contact]:
        """Return who waits, is offered or is connected (in one queue, or in all), in the order of service."""
        with redis_errors():
            ids: Any = await self._redis.zrange(self.key("contacts"), 0, -1)
        found = await self._contacts([text(one) for one in ids])
        chosen = [contact for contact in found if queue is None or contact.queue == queue]
        return sorted(chosen, key=lambda contact: (contact.order, contact.id))

    async def position(self, contact_id: str) -> int:
        """Return the place in its queue, 1 is next; somebody who is being offered keeps it. Raises NotFound, also for one
        who is connected."""
        places = await self.positions([(contact_id, (await self.contact(contact_id)).queue)])
        if contact_id not in places:
            raise NotFound(f"contact {contact_id} does not wait")
        return places[contact_id]

    async def positions(self, contacts: Sequence[tuple[str, str]]) -> dict[str, int]:
        """Return the places of many `(contact, queue)` at one go; who does not wait is missing."""
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for contact_id, queue in contacts:
                    pipe.zrank(self.key(f"queue:{queue}"), contact_id)
                ranks = await pipe.execute()
        return {contact_id: rank + 1 for (contact_id, _), rank in zip(contacts, ranks, strict=True) if rank is not None}

    async def queue_figures(self) -> list[dict[str, Any]]:
        """Return `{name, waiting, longest_since}` of each queue; `longest_since` is epoch seconds or None."""
        names = [queue.name for queue in await self.queues()]
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                for name in names:
                    pipe.zcard(self.key(f"ages:{name}"))
                    pipe.zrange(self.key(f"ages:{name}"), 0, 0, withscores=True)
                answers = await pipe.execute()
        pairs = zip(names, answers[::2], answers[1::2], strict=True)
        return [{"name": n, "waiting": size, "longest_since": oldest[0][1] if oldest else None} for n, size, oldest in pairs]

    async def totals(self) -> dict[str, int]:
        """Return what has been counted since the store began.

        `offers` = `answered` + `declined` + `missed` + `withdrawn` (+ ringing); `enqueued` = `answered` - `requeued` +
        `abandoned` + other outcomes (+ waiting and ringing); `ended` counts calls that were connected.
        """
        return {name: int(value) for name, value in (await self._hash("totals")).items()}

    async def explain_agent(self, agent_id: str) -> str:
        """Answer "why am I not getting calls?" in words. Raises NotFound."""
        return agent_in_words(await self.agent(agent_id), await self.contacts(), await self.agents(), self.now())

    async def explain_contact(self, contact_id: str) -> str:
        """Answer "why does this one wait?" in words. Raises NotFound."""
        contact = await self.contact(contact_id)
        return contact_in_words(contact, await self.contacts(contact.queue), await self.agents(), self.now())

    # --- below

    async def _run(self, move: str, *arguments: str | float) -> Any:
        return await self._moves.run(move, f"{self.now():.3f}", *arguments)

    async def _offers(self, move: str, *arguments: str | float) -> list[Offer]:
        made = json.loads(await self._run(move, *arguments)) or []
        return [Offer(contact_id, agent_id, float(until), why) for contact_id, agent_id, until, why in made]

    async def _lease(self, kind: str, who: str, seconds: float) -> None:
        with redis_errors():
            await self._redis.zadd(self.key(kind), {who: self.now() + seconds})

    async def _hash(self, name: str) -> dict[str, str]:
        with redis_errors():
            raw = await cast(Awaitable[dict[Any, Any]], self._redis.hgetall(self.key(name)))
        return _plain(raw)

    async def _contacts(self, ids: Sequence[str]) -> list[Contact]:
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                for one in ids:
                    pipe.hgetall(self.key(f"contact:{one}"))
                found = await pipe.execute()
        return [_contact(one, _plain(data)) for one, data in zip(ids, found, strict=True) if data]

    async def _agents(self, ids: Sequence[str]) -> list[Agent]:
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                for one in ids:
                    pipe.hgetall(self.key(f"agent:{one}"))
                    pipe.hgetall(self.key(f"held:{one}"))
                    pipe.zscore(self.key("leases"), one)
                found = await pipe.execute()
        rows = zip(ids, found[::3], found[1::3], found[2::3], strict=True)
        return [_agent(one, _plain(data), _plain(held), lease) for one, data, held, lease in rows if data]


def _plain(raw: Mapping[Any, Any]) -> dict[str, str]:
    return {text(name): text(value) for name, value in raw.items()}


def _pairs(text: str) -> dict[str, float]:
    return {name: float(value) for name, _, value in (one.partition("=") for one in text.split(";") if one)}


def _contact(contact_id: str, data: _Data) -> Contact:
    return Contact(
        id=contact_id,
        queue=data["queue"],
        enqueued_at=float(data["enqueued_at"]),
        needs=tuple(Need(skill, int(level)) for skill, level in json.loads(data["needs"])),
        priority=int(data["priority"]),
        node=data["node"],
        language=data["language"],
        excluded=frozenset(one for one in data["excluded"].split(";") if one),
        state=ContactState(data["state"]),
        agent=data["agent"],
        until=float(data["until"]) if data["until"] else None,
        why=data["why"],
        refused=_pairs(data["refused"]),
    )


def _agent(agent_id: str, data: _Data, held: _Data, lease: float | None) -> Agent:
    state, duty = AgentState(data["state"]), AgentState(data["duty"])
    busy = state in (AgentState.RESERVED, AgentState.IN_CALL, AgentState.WRAP_UP)
    return Agent(
        id=agent_id,
        name=data["name"],
        skills=json.loads(data["skills"]),
        languages=tuple(json.loads(data["languages"])),
        capacity=int(data["capacity"]),
        state=state,
        since=float(data["since"]),
        reason=data["reason"],
        idle_since=float(data["idle_since"]),
        until=float(data["wrap_until"]) if data["wrap_until"] and state is AgentState.WRAP_UP else None,
        wanted=duty if busy and duty is not AgentState.AVAILABLE else None,
        held={contact: ContactState(value) for contact, value in held.items()},
        last_contact=data["last_contact"],
        lease_until=lease,
    )
