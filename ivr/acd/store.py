"""Live state of queues and agents in Redis: every move is one atomic script, so no step can be left half done.

Keys, all under the prefix `{acd}` (its braces keep them on one shard of a Cluster), are listed in docs/queues.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from redis.asyncio import Redis

from ivr.acd.estimate import USUAL, usual_of
from ivr.acd.model import AGEING, Agent, AgentState, Contact, Match, Offer, Queue
from ivr.acd.rows import agent_of, agent_row, contact_of, details_of, queue_of, queue_row
from ivr.acd.scripts import Moves, redis_errors, text
from ivr.acd.totals import LEFT
from ivr.errors import Conflict, NotFound, QueueFull

NODE_LEASE = 30.0
"""Seconds for which a node that never sent a heartbeat is believed alive after it enqueued a contact."""
AWAY = 3.0
"""Seconds without a sweep that mean that Redis itself was away, so that lapsed leases say nothing."""
GRACE = 10.0
"""Seconds that lapsed leases get then."""
SILENT = 1.5
"""Seconds of its lease left with which a node counts as silent."""

AFTER_DECLINE: Mapping[str, str] = {
    "declined": "available",
    "missed": "break",
    "no_answer": "break",
    "gone": "offline",
    "media": "break",
}
"""Why an offer came to nothing, to what becomes of the agent. Other reasons leave him as he was."""

_REQUESTED = (AgentState.AVAILABLE, AgentState.BREAK, AgentState.OFFLINE)


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

    async def define_agents(self, agents: Iterable[Agent]) -> None:
        """Make these the agents. Who is new starts offline; the state of the others is kept; who is missing is removed, after
        his last call."""
        await self._run("define_agents", json.dumps([agent_row(agent) for agent in agents]))

    async def define_queues(self, queues: Iterable[Queue]) -> None:
        """Make these the queues; contacts in a queue that is gone stay and are served."""
        rows: dict[Any, Any] = {queue.name: queue_row(queue) for queue in queues}
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(self.key("queues"))
                if rows:
                    pipe.hset(self.key("queues"), mapping=rows)
                pipe.xadd(self.key("events"), {"kind": "defined", "at": f"{self.now():.3f}"}, maxlen=20_000, approximate=True)
                await pipe.execute()

    async def queues(self) -> list[Queue]:
        raw = await self._hash("queues")
        return [queue_of(name, json.loads(raw[name])) for name in sorted(raw)]

    # --- moves of a contact

    async def enqueue(self, contact: Contact, ageing: float | None = None, most: int = 0) -> None:
        """Put the contact into its queue; who gets it is decided by the node that leads.

        A contact that is known already keeps its place. `ageing` saves the look at the queue where it is known. Raises NotFound
        without the queue, QueueFull where `most` wait already (0: any number may).
        """
        order = contact.order(await self._ageing(contact.queue) if ageing is None else ageing)
        entered = await self._run(
            "enqueue",
            contact.id,
            contact.queue,
            f"{order:.3f}",
            f"{contact.enqueued_at:.3f}",
            contact.node,
            f"{self.now() + NODE_LEASE:.3f}",
            details_of(contact),
            contact.channel.value,
            most,
        )
        if entered == -1:
            raise QueueFull(f"{most} wait in {contact.queue} already")

    async def accept(self, contact_id: str, agent_id: str) -> bool:
        """Connect the two. False where the offer is gone: the caller left, or the ring ran out."""
        return bool(await self._run("accept", contact_id, agent_id))

    async def resume(self, contact: Contact, agent_id: str) -> bool:
        """The two talk, whatever Redis believed: it was away, lost what it had been told, or took the node for dead.

        False where the agent is no longer defined.
        """
        await self.enqueue(contact)
        return bool(await self._run("resume", contact.id, agent_id))

    async def decline(self, contact_id: str, agent_id: str, reason: str = "declined") -> None:
        """Give the contact its old place back; others go first for 10 s, unless there is nobody else.

        Also for an accepted call whose media could not be set up. The agent becomes what AFTER_DECLINE says. Without effect
        where the two have nothing to do with each other (any more).
        """
        word = "missed" if reason == "no_answer" else reason
        await self._run("decline", contact_id, agent_id, word, AFTER_DECLINE.get(reason, ""))

    async def leave(self, contact_id: str, outcome: str = "abandoned") -> None:
        """Take the contact out of the store: agents who were rung are free at once, one who talked wraps up.

        `outcome` is one of `LEFT`, and counts where nobody talks to the contact. Raises ValueError for any other.
        """
        if outcome not in LEFT:
            raise ValueError(f"'{outcome}' is none of {', '.join(LEFT)}")
        await self._run("leave", contact_id, outcome)

    async def finish(self, contact_id: str) -> None:
        """The call is over: the agent wraps up (is free, where the queue gives 0 s)."""
        await self._run("leave", contact_id, "abandoned")

    # --- moves of an agent

    async def set_state(self, agent_id: str, state: AgentState, reason: str = "", by: str = "", seconds: float = 0.0) -> None:
        """Do what the agent, or `by`, asks for: `available`, `break`, `offline`. During a call it takes effect after it.

        A ring is withdrawn. A break ends by itself after `seconds`, 0 for never. Raises NotFound, and Conflict for a state that
        nobody can ask for.
        """
        if state not in _REQUESTED:
            raise Conflict(f"{state.value} cannot be asked for: only available, break and offline can")
        words = reason if state is not AgentState.AVAILABLE else ""
        lasts = f"{seconds:.3f}" if seconds > 0 and state is AgentState.BREAK else ""
        await self._run("set_state", agent_id, state.value, words, by, lasts)

    async def end_wrap_up(self, agent_id: str) -> None:
        """End the wrap-up before its time. Without effect outside one. Raises NotFound."""
        await self._run("end_wrap_up", agent_id)

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

    async def sweep(self) -> None:
        """Heal what time has ended: rings, wrap-ups, pages and nodes that are silent. Any node may, often."""
        await self._run("sweep", AWAY, GRACE, "", SILENT)

    async def release(self, node: str) -> None:
        """Give up what an earlier life of this node left behind."""
        while True:
            await self._run("sweep", AWAY, GRACE, node, SILENT)
            with redis_errors():
                if not await self._redis.scard(self.key(f"node:{node}")):
                    return

    async def silent_nodes(self) -> set[str]:
        """Return the nodes that say nothing at the moment: nobody is reserved for their callers."""
        with redis_errors():
            names = await cast(Awaitable[set[Any]], self._redis.smembers(self.key("silent")))
        return {text(name) for name in names}

    async def contacts_of(self, node: str) -> list[str]:
        """Return the ids of the contacts that the node holds."""
        with redis_errors():
            ids = await cast(Awaitable[set[Any]], self._redis.smembers(self.key(f"node:{node}")))
        return sorted(text(one) for one in ids)

    # --- who decides

    async def lead(self, who: str, seconds: float) -> bool:
        """Be the one who decides for the next `seconds`, or go on being it. False where somebody else is."""
        return bool(await self._run("lead", who, round(seconds * 1000)))

    async def resign(self, who: str) -> None:
        """Let another decide at once. Without effect where somebody else does already."""
        await self._run("resign", who)

    async def reserve(self, who: str, matches: Sequence[Match]) -> list[Offer]:
        """Reserve these agents for these contacts, each where it still waits and he is still available.

        Raises NotLeading where `who` does not decide (any more): then nothing was done.
        """
        asked = [[match.contact_id, match.agent_id, match.why, match.together] for match in matches]
        made = json.loads(await self._run("reserve", who, json.dumps(asked)))
        return [Offer(contact_id, agent_id, float(until), why) for contact_id, agent_id, until, why in made]

    async def read(self, contact_ids: Sequence[str], agent_ids: Sequence[str]) -> tuple[list[Contact], list[Agent]]:
        """Return those contacts and agents that exist, as they are now."""
        return await self._contacts(contact_ids), await self._agents(agent_ids)

    # --- looking

    async def agent(self, agent_id: str) -> Agent:
        """Raises NotFound."""
        found = await self._agents([agent_id])
        if not found:
            raise NotFound(f"there is no agent {agent_id}")
        return found[0]

    async def agents(self) -> list[Agent]:
        """Return everybody defined, by id."""
        return await self._agents(await self.agent_ids())

    async def agent_ids(self) -> list[str]:
        """Return the ids of everybody defined, sorted."""
        with redis_errors():
            ids = await cast(Awaitable[set[Any]], self._redis.smembers(self.key("agents")))
        return sorted(text(one) for one in ids)

    async def contact(self, contact_id: str) -> Contact:
        """Raises NotFound."""
        found = await self._contacts([contact_id])
        if not found:
            raise NotFound(f"there is no contact {contact_id} in any queue")
        return found[0]

    async def contacts(self, queue: str | None = None) -> list[Contact]:
        """Return who waits, is offered or is connected (in one queue, or in all), in the order of service."""
        found = await self._contacts(await self.contact_ids())
        ageing = {one.name: one.ageing for one in await self.queues()}
        chosen = [contact for contact in found if queue is None or contact.queue == queue]
        return sorted(chosen, key=lambda contact: (contact.order(ageing.get(contact.queue, AGEING)), contact.id))

    async def contact_ids(self, first: int = 0, count: int | None = None) -> list[str]:
        """Return the ids of everybody who waits, is offered or is connected, the first to come first; or `count` of them."""
        with redis_errors():
            ids: Any = await self._redis.zrange(self.key("contacts"), first, -1 if count is None else first + count - 1)
        return [text(one) for one in ids]

    async def position(self, contact_id: str) -> int:
        """Return the place in its queue, 1 is next; somebody who is being offered keeps it. Raises NotFound, also for one
        who is connected."""
        places = await self.positions([(contact_id, (await self.contact(contact_id)).queue)])
        if contact_id not in places:
            raise NotFound(f"contact {contact_id} does not wait")
        return places[contact_id]

    async def positions(self, contacts: Sequence[tuple[str, str]]) -> dict[str, int]:
        """Return the places of many `(contact, queue)` at one go; who does not wait is missing."""
        return {contact_id: place for contact_id, (place, _) in (await self.standings(contacts)).items()}

    async def standings(self, contacts: Sequence[tuple[str, str]]) -> dict[str, tuple[int, int]]:
        """Return the places of many `(contact, queue)`, each with how many wait there; who does not wait is missing."""
        queues = sorted({queue for _, queue in contacts})
        with redis_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for contact_id, queue in contacts:
                    pipe.zrank(self.key(f"queue:{queue}"), contact_id)
                for queue in queues:
                    pipe.zcard(self.key(f"queue:{queue}"))
                answers = await pipe.execute()
        sizes = dict(zip(queues, answers[len(contacts) :], strict=True))
        ranks = zip(contacts, answers, strict=False)
        return {contact: (rank + 1, max(rank + 1, sizes[queue])) for (contact, queue), rank in ranks if rank is not None}

    async def queue_figures(self) -> list[dict[str, Any]]:
        """Return `{name, waiting, longest_since, estimated_wait}` of each queue.

        `longest_since` is epoch seconds or None; `estimated_wait` the seconds that somebody who comes now will wait, None where
        nobody can tell.
        """
        names = [queue.name for queue in await self.queues()]
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                for name in names:
                    pipe.zcard(self.key(f"ages:{name}"))
                    pipe.zrange(self.key(f"ages:{name}"), 0, 0, withscores=True)
                    pipe.hget(self.key("estimates"), f"{USUAL}{name}")
                answers = await pipe.execute()
        rows = zip(names, answers[::3], answers[1::3], answers[2::3], strict=True)
        return [
            {
                "name": name,
                "waiting": size,
                "longest_since": oldest[0][1] if oldest else None,
                "estimated_wait": one.wait if raw and (one := usual_of(raw)) else None,
            }
            for name, size, oldest, raw in rows
        ]

    async def totals(self) -> dict[str, int]:
        """Return what has been counted since the store began.

        `ivr.acd.totals.imbalance` says what they add up to; `ended` counts calls that were connected.
        """
        return {name: int(value) for name, value in (await self._hash("totals")).items()}

    # --- below

    async def _run(self, move: str, *arguments: str | float) -> Any:
        return await self._moves.run(move, f"{self.now():.3f}", *arguments)

    async def _ageing(self, queue: str) -> float:
        with redis_errors():
            raw = await cast(Awaitable[Any], self._redis.hget(self.key("queues"), queue))
        return float(json.loads(raw).get("ageing", AGEING)) if raw else AGEING

    async def _lease(self, kind: str, who: str, seconds: float) -> None:
        with redis_errors():
            await self._redis.zadd(self.key(kind), {who: self.now() + seconds})

    async def _hash(self, name: str) -> dict[str, str]:
        with redis_errors():
            raw = await cast(Awaitable[dict[Any, Any]], self._redis.hgetall(self.key(name)))
        return _plain(raw)

    async def _contacts(self, ids: Sequence[str]) -> list[Contact]:
        if not ids:
            return []
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                for one in ids:
                    pipe.hgetall(self.key(f"contact:{one}"))
                found = await pipe.execute()
        return [contact_of(one, _plain(data)) for one, data in zip(ids, found, strict=True) if data]

    async def _agents(self, ids: Sequence[str]) -> list[Agent]:
        if not ids:
            return []
        with redis_errors():
            async with self._redis.pipeline(transaction=True) as pipe:
                for one in ids:
                    pipe.hgetall(self.key(f"agent:{one}"))
                    pipe.hgetall(self.key(f"held:{one}"))
                    pipe.zscore(self.key("leases"), one)
                found = await pipe.execute()
        rows = zip(ids, found[::3], found[1::3], found[2::3], strict=True)
        return [agent_of(one, _plain(data), _plain(held), lease) for one, data, held, lease in rows if data]


def _plain(raw: Mapping[Any, Any]) -> dict[str, str]:
    return {text(name): text(value) for name, value in raw.items()}
