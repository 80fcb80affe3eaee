"""The moves, over a real Redis and a clock that stands still."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.acd.duty import Duty
from ivr.acd.explaining import explain_agent, explain_contact
from ivr.acd.model import Agent, AgentState, Channel, Contact, ContactState, Match, Need, Offer, Queue, Relaxed, Where
from ivr.acd.store import AcdStore
from ivr.acd.totals import imbalance
from ivr.errors import Conflict, NotFound
from tests.unit.ivr.acd.conftest import Clock
from tests.unit.ivr.acd.matched import Matched

TELECOM = (Need("telecom", 3),)


async def set_up(store: Matched, *agents: Agent, wrap_up: float = 30.0) -> None:
    await store.define_queues([Queue("support", ring_seconds=20, wrap_up_seconds=wrap_up)])
    await store.define_agents(agents)


def caller(name: str, at: float = 0.0, needs: tuple[Need, ...] = TELECOM, priority: int = 5, language: str = "") -> Contact:
    return Contact(name, "support", 1_790_000_000.0 + at, needs, priority, "n1", language)


async def state(matched: Matched, agent: str) -> AgentState:
    found: Agent = await matched.agent(agent)
    return found.state


ANN = Agent("ann", "Ann", {"telecom": 5}, ("en",))
BOB = Agent("bob", "Bob", {"telecom": 3, "billing": 9})


async def test_a_caller_is_offered_to_the_one_who_idled_longest(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN, BOB)
    await matched.set_state("bob", AgentState.AVAILABLE)
    clock.now += 1
    await matched.set_state("ann", AgentState.AVAILABLE)
    offer = await matched.enqueue(caller("c1"))
    assert offer == Offer("c1", "bob", clock.now + 20, "telecom 3, idle longest")
    assert await state(matched, "bob") is AgentState.RESERVED
    assert await matched.position("c1") == 1
    assert await matched.accept("c1", "bob")
    assert await matched.accept("c1", "bob"), "an answer that got lost may be asked for again"
    assert await state(matched, "bob") is AgentState.IN_CALL
    with pytest.raises(NotFound):
        await matched.position("c1")


async def test_the_first_to_be_free_gets_the_highest_priority_then_the_oldest(matched: Matched) -> None:
    await set_up(matched, ANN, wrap_up=0)
    for contact in (
        caller("young", 2),
        caller("old", 1),
        caller("urgent", 3, priority=9),
        caller("other", 0, (Need("tv", 1),)),
    ):
        assert await matched.enqueue(contact) is None
    assert [await matched.position(name) for name in ("urgent", "other", "old", "young")] == [1, 2, 3, 4]
    offers = await matched.set_state("ann", AgentState.AVAILABLE)
    served = []
    while offers:
        served.append(offers[0].contact_id)
        assert await matched.accept(offers[0].contact_id, "ann")
        offers = await matched.finish(offers[0].contact_id)
    assert served == ["urgent", "old", "young"]
    assert await matched.queue_figures() == [
        {"name": "support", "waiting": 1, "longest_since": 1_790_000_000.0, "estimated_wait": None}
    ]


async def test_a_declined_caller_keeps_the_place_and_goes_to_another(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN, BOB)
    await matched.set_state("ann", AgentState.AVAILABLE)
    clock.now += 1
    await matched.set_state("bob", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    clock.now += 2
    assert [offer.agent_id for offer in await matched.decline("c1", "ann", "declined")] == ["bob"]
    assert await state(matched, "ann") is AgentState.AVAILABLE
    assert (await matched.contact("c1")).enqueued_at == 1_790_000_000.0


async def test_who_refused_is_spared_while_another_could_come_free(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN, BOB)
    for agent in ("bob", "ann"):
        await matched.set_state(agent, AgentState.AVAILABLE)
        clock.now += 1
    await matched.enqueue(caller("c0"))
    await matched.accept("c0", "bob")
    await matched.enqueue(caller("c1"))
    assert await matched.decline("c1", "ann", "declined") == []
    clock.now += 9
    assert await matched.sweep() == []
    clock.now += 1
    assert [(offer.contact_id, offer.agent_id) for offer in await matched.sweep()] == [("c1", "ann")]


async def test_who_is_alone_gets_a_refused_caller_again(matched: Matched) -> None:
    await set_up(matched, ANN, BOB)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    assert [offer.agent_id for offer in await matched.decline("c1", "ann", "declined")] == ["ann"]


@pytest.mark.parametrize("by_sweep", [True, False])
async def test_a_missed_ring_ends_in_a_break(matched: Matched, clock: Clock, by_sweep: bool) -> None:
    await set_up(matched, ANN)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    clock.now += 23
    await (matched.sweep() if by_sweep else matched.decline("c1", "ann", "no_answer"))
    ann = await matched.agent("ann")
    assert (ann.state, ann.reason, ann.held) == (AgentState.BREAK, "missed", {})
    assert (await matched.contact("c1")).state is ContactState.WAITING
    assert not await matched.accept("c1", "ann")


async def test_a_caller_who_leaves_frees_the_agent_for_the_next(matched: Matched) -> None:
    await set_up(matched, ANN)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    await matched.enqueue(caller("c2", 1))
    assert [offer.contact_id for offer in await matched.leave("c1")] == ["c2"]
    assert await matched.leave("c1") == []


async def test_wrap_up_ends_by_time_or_by_the_agent(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN)
    await matched.set_state("ann", AgentState.AVAILABLE)
    for early in (True, False):
        await matched.enqueue(caller("c1"))
        await matched.accept("c1", "ann")
        assert await matched.finish("c1") == []
        ann = await matched.agent("ann")
        assert (ann.state, ann.until, ann.last_contact) == (AgentState.WRAP_UP, clock.now + 30, "c1")
        clock.now += 0 if early else 30
        await (matched.end_wrap_up("ann") if early else matched.sweep())
        assert await state(matched, "ann") is AgentState.AVAILABLE


async def test_a_break_asked_for_in_a_call_comes_after_it(matched: Matched) -> None:
    await set_up(matched, ANN)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    await matched.accept("c1", "ann")
    await matched.set_state("ann", AgentState.BREAK, "lunch")
    ann = await matched.agent("ann")
    assert (ann.state, ann.wanted) == (AgentState.IN_CALL, AgentState.BREAK)
    await matched.finish("c1")
    await matched.end_wrap_up("ann")
    ann = await matched.agent("ann")
    assert (ann.state, ann.reason) == (AgentState.BREAK, "lunch")


async def test_signing_out_while_it_rings_gives_the_caller_to_another(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN, BOB)
    await matched.set_state("ann", AgentState.AVAILABLE)
    clock.now += 1
    await matched.set_state("bob", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    assert [offer.agent_id for offer in await matched.set_state("ann", AgentState.OFFLINE)] == ["bob"]
    assert await state(matched, "ann") is AgentState.OFFLINE


async def test_a_page_that_falls_silent_goes_offline(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN)
    await matched.heartbeat("ann", 15)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    for _ in range(5):
        await matched.sweep()
        clock.now += 3
    await matched.sweep()
    ann = await matched.agent("ann")
    assert (ann.state, ann.reason, ann.held) == (AgentState.OFFLINE, "page gone", {})
    assert (await matched.contact("c1")).state is ContactState.WAITING


async def test_a_node_that_dies_leaves_no_contact_behind(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN)
    await matched.node_heartbeat("n1", 10)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    await matched.enqueue(caller("c2"))
    await matched.accept("c1", "ann")
    for _ in range(5):
        await matched.sweep()
        clock.now += 2
    await matched.sweep()
    assert await matched.contacts() == []
    assert await state(matched, "ann") is AgentState.WRAP_UP
    assert (await matched.totals())["lost"] == 1


async def test_redis_away_for_a_while_kills_nobody(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN)
    await matched.node_heartbeat("n1", 10)
    await matched.heartbeat("ann", 10)
    await matched.set_state("ann", AgentState.BREAK)
    await matched.enqueue(caller("c1"))
    await matched.sweep()
    clock.now += 30
    await matched.sweep()
    assert [contact.id for contact in await matched.contacts()] == ["c1"]
    assert await state(matched, "ann") is AgentState.BREAK


async def test_a_device_holds_as_many_calls_as_its_capacity(matched: Matched) -> None:
    await set_up(matched, Agent("load", capacity=3))
    await matched.set_state("load", AgentState.AVAILABLE)
    for number in range(5):
        offer = await matched.enqueue(caller(f"c{number}", number, ()))
        assert (offer is not None) is (number < 3)
        if offer:
            await matched.accept(offer.contact_id, "load")
            assert await state(matched, "load") is (AgentState.AVAILABLE if number < 2 else AgentState.IN_CALL)
    assert [offer.contact_id for offer in await matched.finish("c1")] == ["c3"], "a device does not wrap up"


async def test_language_matters_where_the_agent_lists_languages(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN, BOB)
    await matched.set_state("ann", AgentState.AVAILABLE)
    clock.now += 1
    await matched.set_state("bob", AgentState.AVAILABLE)
    offer = await matched.enqueue(caller("c1", language="zh"))
    assert offer and offer.agent_id == "bob"


async def test_an_accepted_call_without_media_goes_back_to_its_place(matched: Matched) -> None:
    await set_up(matched, ANN)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1"))
    await matched.enqueue(caller("c2", 1))
    await matched.accept("c1", "ann")
    await matched.decline("c1", "ann", "media")
    assert await matched.position("c1") == 1
    assert await state(matched, "ann") is AgentState.BREAK


async def test_new_skills_count_at_once_and_who_is_gone_goes(matched: Matched) -> None:
    await set_up(matched, Agent("ann"), BOB)
    await matched.set_state("ann", AgentState.AVAILABLE)
    assert await matched.enqueue(caller("c1")) is None
    assert [offer.agent_id for offer in await matched.define_agents([ANN])] == ["ann"]
    assert [agent.id for agent in await matched.agents()] == ["ann"]


async def test_what_does_not_exist_is_said(matched: Matched) -> None:
    await set_up(matched, ANN)
    with pytest.raises(NotFound, match="no queue sales"):
        await matched.enqueue(Contact("c1", "sales", 0.0))
    with pytest.raises(NotFound, match="no agent zoe"):
        await matched.set_state("zoe", AgentState.BREAK)
    with pytest.raises(NotFound):
        await matched.agent("zoe")
    with pytest.raises(Conflict):
        await matched.set_state("ann", AgentState.IN_CALL)


async def test_an_earlier_life_of_the_node_is_given_up(matched: Matched) -> None:
    await set_up(matched, ANN)
    for number in range(450):
        await matched.enqueue(caller(f"c{number}", number))
    await matched.release("n1")
    assert await matched.contacts() == []


async def test_why_in_words(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN, BOB)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.enqueue(caller("c1", needs=(Need("billing", 4),)))
    clock.now += 42
    assert (await explain_agent(matched.store, Duty(matched.store), "bob"))["words"] == "offline for 42 s"
    assert "c1: billing 4 needed, has none" in (await explain_agent(matched.store, Duty(matched.store), "ann"))["words"]
    assert (await explain_contact(matched.store, "c1"))[
        "words"
    ] == "waiting 42 s, 0 before it in support, priority 5; the 1 who could take it are not on duty"


async def test_why_in_words_tells_what_time_changes(matched: Matched, clock: Clock) -> None:
    await set_up(matched, ANN, BOB)
    await matched.set_state("ann", AgentState.AVAILABLE)
    contact = Contact(
        "c1",
        "support",
        clock.now,
        (Need("billing", 9),),
        relax=(Relaxed(30.0, (Need("billing", 4),)), Relaxed(60.0, ())),
        prefer=("bob",),
        prefer_until=clock.now + 45,
    )
    await matched.enqueue(contact)
    clock.now += 31
    words = (await explain_contact(matched.store, "c1"))["words"]
    assert "needs relaxed 1 of 2, again in 29 s, bob preferred for 14 s more" in words
    await matched.enqueue(Contact("c2", "support", clock.now, only=frozenset({"bob"})))
    assert "for bob alone" in (await explain_contact(matched.store, "c2"))["words"]
    assert "c2: asked for somebody else" in (await explain_agent(matched.store, Duty(matched.store), "ann"))["words"]


# --- several at once, and channels


ALL = Queue("all", 20, 30, strategy="ring_all", ring_most=3)


async def rung_by_all(matched: Matched, *staff: str) -> list[Offer]:
    await matched.store.define_queues([ALL])
    await matched.define_agents([Agent(name) for name in staff])
    for name in staff:
        await matched.set_state(name, AgentState.AVAILABLE)
    return await matched.enqueue_all(Contact("c1", "all", matched.store.now()))


async def test_the_first_to_accept_has_the_call_and_the_others_are_free_at_once(matched: Matched) -> None:
    store = matched.store
    offers = await rung_by_all(matched, "ann", "bob", "cid", "dot")
    assert [offer.agent_id for offer in offers] == ["ann", "bob", "cid"], "no more than ring_most"
    contact = await store.contact("c1")
    assert (contact.state, contact.agent, sorted(contact.rung)) == (ContactState.OFFERED, "ann", ["ann", "bob", "cid"])
    assert await store.accept("c1", "bob")
    assert not await store.accept("c1", "ann"), "the second is too late"
    assert await store.accept("c1", "bob"), "the same word again changes nothing"
    contact = await store.contact("c1")
    assert (contact.state, contact.agent, contact.rung) == (ContactState.CONNECTED, "bob", {})
    assert [one.state.value for one in await store.agents()] == ["available", "in_call", "available", "available"]
    totals = await store.totals()
    assert (totals["offers"], totals["answered"], totals["withdrawn"]) == (3, 1, 2)
    assert imbalance(totals, await store.contacts()) == []


async def test_who_declines_leaves_it_ringing_elsewhere_and_the_last_gives_the_place_back(
    matched: Matched, clock: Clock
) -> None:
    store = matched.store
    await rung_by_all(matched, "ann", "bob")
    await matched.decline("c1", "ann")
    contact = await store.contact("c1")
    assert (contact.state, contact.agent, list(contact.rung)) == (ContactState.OFFERED, "bob", ["bob"])
    assert (await store.agent("ann")).state is AgentState.AVAILABLE, "spared, not rung again"
    await store.decline("c1", "bob", "missed")
    contact = await store.contact("c1")
    assert (contact.state, contact.agent, sorted(contact.refused)) == (ContactState.WAITING, "", ["ann", "bob"])
    assert (await store.agent("bob")).state is AgentState.BREAK
    await matched.decide()
    assert (await store.contact("c1")).agent == "ann", "nobody else is on duty"
    clock.now += 1
    await matched.leave("c1")
    assert (await store.agent("ann")).state is AgentState.AVAILABLE
    totals = await store.totals()
    assert (totals["offers"], totals["declined"], totals["missed"], totals["withdrawn"]) == (3, 1, 1, 1)
    assert imbalance(totals, []) == []


async def test_each_ring_ends_by_itself_at_its_own_time(matched: Matched, clock: Clock) -> None:
    store = matched.store
    await rung_by_all(matched, "ann")
    clock.now += 10
    await store.define_agents([Agent("ann"), Agent("bob")])
    await matched.set_state("bob", AgentState.AVAILABLE)
    assert (await store.contact("c1")).rung == {"ann": clock.now + 10, "bob": clock.now + 20}
    clock.now += 14
    await store.sweep()
    contact = await store.contact("c1")
    assert (contact.state, contact.rung) == (ContactState.OFFERED, {"bob": clock.now + 6})
    assert (await store.agent("ann")).state is AgentState.BREAK
    await store.set_state("bob", AgentState.OFFLINE)
    contact = await store.contact("c1")
    assert (contact.state, contact.rung) == (ContactState.WAITING, {})
    assert imbalance(await store.totals(), [contact]) == []


async def test_an_agent_writes_beside_calls_and_wraps_up_after_them_alone(matched: Matched, clock: Clock) -> None:
    store = matched.store
    await store.define_queues([Queue("q", 20, 30)])
    await matched.define_agents(
        [Agent("mix", rooms={Channel.MESSAGE: 2, Channel.TICKET: 1}, blend=frozenset({Channel.TICKET}))]
    )
    await matched.set_state("mix", AgentState.AVAILABLE)

    async def come(name: str, channel: Channel) -> bool:
        return await matched.enqueue(Contact(name, "q", clock.now, channel=channel)) is not None

    assert await come("m1", Channel.MESSAGE) and await store.accept("m1", "mix")
    assert (await store.agent("mix")).state is AgentState.AVAILABLE, "there is room for a call and a message"
    assert await come("v1", Channel.VOICE)
    assert (await store.agent("mix")).state is AgentState.RESERVED
    assert await store.accept("v1", "mix")
    assert not await come("m2", Channel.MESSAGE), "nothing new beside a call"
    assert await come("t1", Channel.TICKET), "but what blends"
    agent = await store.agent("mix")
    assert (agent.state, agent.calls) == (AgentState.IN_CALL, 1)
    assert agent.others == {"m1": Channel.MESSAGE, "t1": Channel.TICKET}
    await store.accept("t1", "mix")
    clock.now += 60
    assert await matched.finish("v1") == []
    agent = await store.agent("mix")
    assert (agent.state, agent.last_contact, agent.busy) == (AgentState.WRAP_UP, "v1", 60.0)
    await store.finish("t1")
    assert (await store.agent("mix")).last_contact == "v1", "what is written meanwhile does not end the wrap-up of a call"
    await matched.end_wrap_up("mix")
    assert (await store.contact("m2")).agent == "mix"
    for name in ("m1", "m2"):
        await store.leave(name)
    agent = await store.agent("mix")
    assert (agent.state, agent.held, agent.others) == (AgentState.AVAILABLE, {}, {})
    assert imbalance(await store.totals(), []) == []


async def test_rows_of_the_version_before_are_read_and_moved(store: AcdStore, clock: Clock) -> None:
    """A node that was not yet replaced writes neither channel, team nor room, and rings one agent at a time."""
    await store.define_queues([Queue("q", 20, 0)])
    await store.define_agents([Agent("ann")])
    await store.set_state("ann", AgentState.AVAILABLE)
    await store.enqueue(Contact("c1", "q", clock.now, where=Where(("gold",))))
    old: Any = store.redis
    await old.hdel(store.key("agent:ann"), "team", "site", "rooms", "blend", "others")
    await old.hdel(store.key("contact:c1"), "channel", "rung")
    contact, agent = await store.contact("c1"), await store.agent("ann")
    assert (contact.channel, contact.rung, contact.where) == (Channel.VOICE, {}, Where(("gold",)))
    assert (agent.team, agent.rooms, agent.others, agent.room(Channel.VOICE)) == ("", {}, {}, 1)
    assert await store.lead("x", 60)
    [offer] = await store.reserve("x", [Match("c1", "ann", "")])
    await old.hdel(store.key("contact:c1"), "rung")
    assert (await store.contact("c1")).rung == {"ann": offer.until}
    assert await store.accept("c1", "ann")
    await store.finish("c1")
    assert (await store.agent("ann")).state is AgentState.AVAILABLE


async def test_a_contact_leaves_in_one_of_the_ways_that_are_counted(store: AcdStore) -> None:
    with pytest.raises(ValueError, match="'answered' is none of abandoned, overflowed, callback, served, lost"):
        await store.leave("c1", "answered")
