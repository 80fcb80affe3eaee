"""Agents' pages wherever they are: a call rings a page on any node, and a button works on the node that has the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from redis.asyncio import Redis

from ivr.acd.desk import Desk, RingOutcome
from ivr.acd.scripts import redis_errors
from ivr.errors import Conflict, IvrError, StoreUnavailable
from ivr.nodes.link import NodeLink
from telephony.errors import TransportError
from telephony.leg import CallLeg, Party

PRESENT_SECONDS = 3.0
"""How long another node may take to show a contact; the page itself has 1 s."""
MEDIA_SECONDS = 20.0
SLACK = 3.0
"""Seconds beyond the ring that another node may take to say how it ended."""
BUTTON_SECONDS = 5.0
AUDIO_SECONDS = 25.0
"""For a button that opens audio, or lets a phone ring."""
AUDIO = ("monitor", "reattach")
_WHERE = "nodes:pages"
_LAST = "nodes:pages:last"
"""Where each page was last, open or not: its picture there is old as soon as it is elsewhere."""
_FORGET = """
local at = redis.call('HGET', KEYS[1], ARGV[1])
if at and at ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
"""

OpenAgentLeg = Callable[["RemotePages", Party, str], Awaitable[CallLeg]]
"""(pages, agent, contact) to a leg of this node's that is UP at that page: `ivr.web.agent_leg.open_agent_leg`."""


class HubDesk(Desk, Protocol):
    """The pages of this node: `ivr.web.desk.DeskHub`."""

    async def ask_media(self, agent_id: str, leg_id: str, offer: str) -> str: ...

    def left(self, agent_id: str) -> None:
        """The agent's page is at another node now."""


class PageMap:
    """Which node has the page of which agent, in Redis. Raises StoreUnavailable."""

    def __init__(self, redis: Redis, node: str) -> None:
        self._redis, self.node = redis, node

    async def opened(self, agent_id: str) -> str:
        """Note that the page is here; returns the node where it was before, "" for none or this one."""
        with redis_errors():
            last = await cast(Awaitable[bytes | None], self._redis.hget(_LAST, agent_id))
            async with self._redis.pipeline(transaction=True) as both:
                both.hset(_WHERE, agent_id, self.node)
                both.hset(_LAST, agent_id, self.node)
                await both.execute()
        before = last.decode() if last else ""
        return before if before != self.node else ""

    async def closed(self, agent_id: str) -> bool:
        """Forget the page; False where it has come up elsewhere meanwhile, which speaks for the agent now."""
        with redis_errors():
            return bool(await cast(Awaitable[int], self._redis.eval(_FORGET, 1, _WHERE, agent_id, self.node)))

    async def of(self, agent_id: str) -> str:
        """The node, "" for none."""
        with redis_errors():
            found = await cast(Awaitable[bytes | None], self._redis.hget(_WHERE, agent_id))
        return found.decode() if found else ""

    async def all(self) -> dict[str, str]:
        """Agent to node, of every page that is open."""
        with redis_errors():
            rows = await cast(Awaitable[Mapping[bytes, bytes]], self._redis.hgetall(_WHERE))
        return {agent.decode(): node.decode() for agent, node in rows.items()}


@dataclass(frozen=True, slots=True)
class RemotePages:
    """The pages of another node: `ivr.web.agent_leg.Pages`."""

    link: NodeLink
    node: str

    async def ask_media(self, agent_id: str, leg_id: str, offer: str) -> str:
        data = {"agent": agent_id, "leg": leg_id, "offer": offer}
        try:
            return str(await self.link.ask(self.node, "desk.media", data, MEDIA_SECONDS))
        except IvrError as error:
            raise TransportError(str(error)) from error

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        self.link.tell(self.node, "desk.push", {"agent": agent_id, "kind": kind, "data": dict(data)})


class NodesDesk:
    """`ivr.acd.desk.Desk` for the pages of all nodes; also answers what other nodes ask of the pages here."""

    def __init__(self, hub: HubDesk, link: NodeLink, where: PageMap, open_leg: OpenAgentLeg) -> None:
        self._hub, self._link, self._where, self._open_leg = hub, link, where, open_leg
        self._at: dict[str, str] = {}
        """Where each agent's page was when a contact was last shown there."""
        link.serve("desk.present", self._present)
        link.serve("desk.ring", self._ring)
        link.serve("desk.media", self._media)
        link.serve("desk.push", self._push)
        link.serve("desk.left", self._left)

    # --- ivr.acd.desk.Desk

    async def present(self, agent_id: str, contact: Mapping[str, Any]) -> bool:
        node = self._at[agent_id] = await self._page_of(agent_id)
        if node == self._link.node:
            return await self._hub.present(agent_id, contact)
        try:
            data = {"agent": agent_id, "contact": dict(contact)}
            return bool(await self._link.ask(node, "desk.present", data, PRESENT_SECONDS))
        except StoreUnavailable:
            return False

    async def ring(self, agent_id: str, contact_id: str, seconds: float) -> RingOutcome:
        if (pages := self._elsewhere(agent_id)) is None:
            return await self._hub.ring(agent_id, contact_id, seconds)
        data = {"agent": agent_id, "contact": contact_id, "seconds": seconds}
        try:
            return RingOutcome(await self._link.ask(pages.node, "desk.ring", data, seconds + SLACK))
        except StoreUnavailable:
            return RingOutcome.GONE

    async def connect(self, agent_id: str, contact_id: str) -> CallLeg:
        await self.look_for(agent_id)  # it may have come back at another node
        if (pages := self._elsewhere(agent_id)) is None:
            return await self._hub.connect(agent_id, contact_id)
        return await self._open_leg(pages, Party(agent_id, authenticated=True), contact_id)

    async def look_for(self, agent_id: str) -> None:
        self._at[agent_id] = await self._page_of(agent_id)

    def left(self, agent_id: str, before: str) -> None:
        """Tell the node where the agent's page was before that it is not there any more."""
        self._link.tell(before, "desk.left", {"agent": agent_id})

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        if (pages := self._elsewhere(agent_id)) is None:
            self._hub.push(agent_id, kind, data)
        else:
            pages.push(agent_id, kind, data)

    async def _page_of(self, agent_id: str) -> str:
        """The node with the agent's page; where Redis is away, the one that had it last."""
        try:
            return await self._where.of(agent_id) or self._link.node
        except StoreUnavailable:
            return self._at.get(agent_id, self._link.node)

    def _elsewhere(self, agent_id: str) -> RemotePages | None:
        node = self._at.get(agent_id, self._link.node)
        return None if node == self._link.node else RemotePages(self._link, node)

    # --- what other nodes ask

    async def _present(self, data: Mapping[str, Any]) -> bool:
        return await self._hub.present(str(data["agent"]), data["contact"])

    async def _ring(self, data: Mapping[str, Any]) -> str:
        outcome = await self._hub.ring(str(data["agent"]), str(data["contact"]), float(data["seconds"]))
        return outcome.value

    async def _media(self, data: Mapping[str, Any]) -> str:
        try:
            return await self._hub.ask_media(str(data["agent"]), str(data["leg"]), str(data["offer"]))
        except TransportError as error:
            raise StoreUnavailable(str(error)) from error

    async def _left(self, data: Mapping[str, Any]) -> None:
        self._hub.left(str(data["agent"]))

    async def _push(self, data: Mapping[str, Any]) -> None:
        self._hub.push(str(data["agent"]), str(data["kind"]), data["data"])


class Buttons:
    """Presses of agents whose call is on another node; `here` tells the calls of this one, `node_of` where another is."""

    def __init__(
        self,
        link: NodeLink,
        here: Callable[[str], bool],
        node_of: Callable[[str], Awaitable[str]],
        press: Callable[[str, str, Sequence[str]], Awaitable[None]],
    ) -> None:
        """`press` does here what a button means: (name, agent, values)."""
        self._link, self._here, self._node_of, self._press = link, here, node_of, press
        link.serve("desk.button", self._pressed)

    async def elsewhere(self, name: str, agent_id: str, values: Sequence[str]) -> bool:
        """Press it on the node that has the call; False where that is this one. The first value is the contact's id.

        Raises Conflict where that node cannot be reached, or as it refused.
        """
        if self._here(values[0]):
            return False
        try:
            node = await self._node_of(values[0])
        except IvrError:
            return False  # over, and nowhere: this node says so in its own words
        if node in ("", self._link.node):
            return False
        try:
            data = {"name": name, "agent": agent_id, "values": list(values)}
            await self._link.ask(node, "desk.button", data, AUDIO_SECONDS if name in AUDIO else BUTTON_SECONDS)
        except StoreUnavailable as error:
            raise Conflict("the node that has this call does not answer") from error
        return True

    async def _pressed(self, data: Mapping[str, Any]) -> None:
        await self._press(str(data["name"]), str(data["agent"]), [str(value) for value in data["values"]])
