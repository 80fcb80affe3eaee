"""An agent's page on one node, the call on another."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from ivr.acd.desk import RingOutcome
from ivr.errors import Conflict, NotFound
from ivr.nodes.desks import Buttons, NodesDesk, PageMap, RemotePages
from ivr.nodes.link import NodeLink
from telephony.errors import TransportError
from telephony.fake import FakeLeg
from telephony.leg import CallLeg, Party

Links = tuple[NodeLink, NodeLink]


class Hub:
    """The pages of one node, as far as they are asked."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.pushed = asyncio.Event()
        self.rung = asyncio.Event()
        self.outcome = RingOutcome.ACCEPTED
        self.stopped = asyncio.Event()
        self.for_ever = False
        self.answer = "v=0 answer"

    async def present(self, agent_id: str, contact: Mapping[str, Any]) -> bool:
        self.told.append(("present", agent_id, contact["id"]))
        return True

    async def ring(self, agent_id: str, contact_id: str, seconds: float) -> RingOutcome:
        self.told.append(("ring", agent_id, contact_id))
        self.rung.set()
        try:
            if self.for_ever:
                await asyncio.Event().wait()
        finally:
            self.stopped.set()
        return self.outcome

    async def connect(self, agent_id: str, contact_id: str) -> CallLeg:
        return FakeLeg("local")

    async def ask_media(self, agent_id: str, leg_id: str, offer: str) -> str:
        if not self.answer:
            raise TransportError("the page did not answer")
        self.told.append(("media", agent_id, leg_id, offer))
        return self.answer

    async def look_for(self, agent_id: str) -> None: ...

    def left(self, agent_id: str) -> None:
        self.told.append(("left", agent_id))
        self.pushed.set()

    def push(self, agent_id: str, kind: str, data: Mapping[str, Any]) -> None:
        self.told.append(("push", agent_id, kind))
        if kind == "turn":
            self.pushed.set()


async def open_leg(pages: RemotePages, agent: Party, contact_id: str) -> CallLeg:
    leg = FakeLeg("remote", caller=Party(await pages.ask_media(agent.user, "leg-1", "v=0 offer")))
    pages.push(agent.user, "media", {"state": "connected"})
    return leg


@pytest.fixture
def desks(links: Links, redis: Redis) -> tuple[NodesDesk, NodesDesk, Hub, Hub]:
    hubs = Hub(), Hub()
    first, second = (NodesDesk(hub, link, PageMap(redis, link.node), open_leg) for hub, link in zip(hubs, links, strict=True))
    return first, second, *hubs


Desks = tuple[NodesDesk, NodesDesk, Hub, Hub]


async def test_a_call_reaches_the_page_on_another_node(desks: Desks, redis: Redis) -> None:
    desk, _, here, there = desks
    await PageMap(redis, "two").opened("wang")
    assert await desk.present("wang", {"id": "c-1"})
    assert await desk.ring("wang", "c-1", 5.0) is RingOutcome.ACCEPTED
    leg = await desk.connect("wang", "c-1")
    assert leg.caller.user == "v=0 answer"
    desk.push("wang", "turn", {})
    await asyncio.wait_for(there.pushed.wait(), 5)
    assert there.told == [
        ("present", "wang", "c-1"),
        ("ring", "wang", "c-1"),
        ("media", "wang", "leg-1", "v=0 offer"),
        ("push", "wang", "media"),
        ("push", "wang", "turn"),
    ]
    assert here.told == []


async def test_an_agent_of_this_node_is_asked_here(desks: Desks, redis: Redis) -> None:
    desk, _, here, there = desks
    await PageMap(redis, "one").opened("li")
    assert await desk.present("li", {"id": "c-2"})
    assert await desk.ring("li", "c-2", 5.0) is RingOutcome.ACCEPTED
    assert (await desk.connect("li", "c-2")).id == "local"
    assert [what for what, *_ in here.told] == ["present", "ring"]
    assert there.told == []


async def test_a_caller_who_leaves_stops_the_ring_elsewhere(desks: Desks, redis: Redis) -> None:
    desk, _, _, there = desks
    there.for_ever = True
    await PageMap(redis, "two").opened("wang")
    await desk.present("wang", {"id": "c-1"})
    ringing = asyncio.create_task(desk.ring("wang", "c-1", 30.0))
    await asyncio.wait_for(there.rung.wait(), 5)
    ringing.cancel()
    await asyncio.wait_for(there.stopped.wait(), 5)


async def test_a_node_that_died_has_no_pages(desks: Desks, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.nodes.desks.PRESENT_SECONDS", 0.05)
    monkeypatch.setattr("ivr.nodes.desks.SLACK", 0.05)
    desk = desks[0]
    await PageMap(redis, "dead").opened("wang")
    assert not await desk.present("wang", {"id": "c-1"})
    assert await desk.ring("wang", "c-1", 0.0) is RingOutcome.GONE


async def test_a_page_that_does_not_answer_the_offer_is_no_audio(desks: Desks, redis: Redis) -> None:
    desk, _, _, there = desks
    there.answer = ""
    await PageMap(redis, "two").opened("wang")
    await desk.present("wang", {"id": "c-1"})
    with pytest.raises(TransportError, match="did not answer"):
        await desk.connect("wang", "c-1")


async def test_a_page_that_moved_is_not_forgotten(redis: Redis) -> None:
    one, two = PageMap(redis, "one"), PageMap(redis, "two")
    await one.opened("wang")
    await two.opened("wang")
    assert not await one.closed("wang"), "the other one speaks for the agent"
    assert await two.opened("wang") == "", "it was here before"
    assert await one.of("wang") == "two"
    assert await two.closed("wang") and await one.of("wang") == ""
    assert await two.closed("wang"), "nobody else's"


async def test_a_page_that_moved_leaves_no_picture_behind(desks: Desks, redis: Redis) -> None:
    first, _, _, there = desks
    one, two = PageMap(redis, "one"), PageMap(redis, "two")
    await two.opened("wang")
    await desks[0].look_for("wang")
    await two.closed("wang")
    before = await one.opened("wang")
    assert before == "two", "also where it was closed in order meanwhile"
    first.left("wang", before)
    await asyncio.wait_for(there.pushed.wait(), 5)
    assert there.told == [("left", "wang")]
    first.push("wang", "turn", {})
    await asyncio.sleep(0)
    assert desks[2].told == [], "a call looks for it when it has to"
    await first.look_for("wang")
    first.push("wang", "turn", {})
    assert desks[2].told == [("push", "wang", "turn")]


async def test_a_button_works_where_the_call_is(links: Links) -> None:
    pressed: list[tuple[str, str, list[str]]] = []

    async def press(name: str, agent: str, values: Sequence[str]) -> None:
        if values[0] == "c-over":
            raise Conflict("this call has ended")
        pressed.append((name, agent, list(values)))

    async def node_of(contact_id: str) -> str:
        if contact_id == "c-nowhere":
            raise NotFound("no such contact")
        return "two"

    Buttons(links[1], lambda contact: True, node_of, press)
    here = Buttons(links[0], lambda contact: contact == "c-here", node_of, press)
    assert await here.elsewhere("dtmf", "wang", ["c-1", "5"])
    assert pressed == [("dtmf", "wang", ["c-1", "5"])]
    assert not await here.elsewhere("hold", "wang", ["c-here"])
    assert not await here.elsewhere("hold", "wang", ["c-nowhere"])
    with pytest.raises(Conflict, match="has ended"):
        await here.elsewhere("hold", "wang", ["c-over"])
