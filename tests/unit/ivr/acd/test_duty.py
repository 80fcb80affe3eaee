"""Longer wrap-ups, the rules for missed offers, breaks that are planned, and what was stuck."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from ivr.acd.duty import BACK_SECONDS, Duty, Healed, Plan
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Queue
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound
from tests.unit.ivr.acd.conftest import Clock
from tests.unit.ivr.acd.matched import Matched


@pytest.fixture
def duty(matched: Matched) -> Duty:
    return Duty(matched.store)


async def begin(matched: Matched, **rules: float) -> None:
    """One agent who is free, and has a page."""
    queue = Queue("support", ring_seconds=20, wrap_up_seconds=30, **rules)  # type: ignore[arg-type]
    await matched.define_queues([queue])
    await matched.define_agents([Agent("ann")])
    await matched.heartbeat("ann", 1000)
    await matched.node_heartbeat("", 10_000)
    await matched.set_state("ann", AgentState.AVAILABLE)


async def offered(matched: Matched, clock: Clock, name: str = "c1") -> None:
    assert await matched.enqueue(Contact(name, "support", clock.now))


async def talked(matched: Matched, clock: Clock, name: str = "c1") -> None:
    await offered(matched, clock, name)
    assert await matched.accept(name, "ann")
    await matched.finish(name)


async def state(matched: Matched) -> AgentState:
    return (await matched.store.agent("ann")).state


# --- wrap-up


async def test_a_wrap_up_is_lengthened_as_often_as_the_queue_lets_it(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched, extension_seconds=15, extensions=2)
    await talked(matched, clock)
    ends = (await matched.agent("ann")).until
    assert ends == clock.now + 30
    clock.now += 5
    assert await duty.extend_wrap_up("ann") == 1
    assert await duty.extend_wrap_up("ann") == 0
    with pytest.raises(Conflict, match="any more"):
        await duty.extend_wrap_up("ann")
    assert (await matched.agent("ann")).until == ends + 30
    clock.now += 54.9
    await matched.sweep()
    assert await state(matched) is AgentState.WRAP_UP
    clock.now += 0.2
    await matched.sweep()
    assert await state(matched) is AgentState.AVAILABLE
    with pytest.raises(Conflict, match="no wrap-up"):
        await duty.extend_wrap_up("ann")
    await talked(matched, clock, "c2")
    assert await duty.extend_wrap_up("ann") == 1, "the next wrap-up may be lengthened again"
    with pytest.raises(NotFound):
        await duty.extend_wrap_up("nobody")


# --- missed and declined offers


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_so_many_misses_in_a_row_put_an_agent_on_a_break(matched: Matched, clock: Clock, limit: int) -> None:
    await begin(matched, missed_limit=limit)
    for miss in range(1, limit + 1):
        await offered(matched, clock, f"c{miss}")
        await matched.decline(f"c{miss}", "ann", "missed")
        assert (await matched.agent("ann")).missed == miss
        await matched.leave(f"c{miss}")
        assert (await state(matched) is AgentState.BREAK) is (miss == limit)
    ann = await matched.agent("ann")
    assert (ann.reason, ann.by, ann.until) == ("missed", "system", None)
    await matched.set_state("ann", AgentState.AVAILABLE)
    assert (await matched.agent("ann")).missed == 0, "who comes back begins anew"


async def test_an_answered_call_begins_the_row_anew(matched: Matched, clock: Clock) -> None:
    await begin(matched, missed_limit=2)
    for name in ("c1", "c3"):
        await offered(matched, clock, name)
        await matched.decline(name, "ann", "missed")
        await matched.leave(name)
        await talked(matched, clock, name + "b")
        await matched.end_wrap_up("ann")
    assert await state(matched) is AgentState.AVAILABLE
    assert (await matched.agent("ann")).missed == 0


async def test_the_break_after_a_miss_ends_by_itself_where_the_queue_says_so(matched: Matched, clock: Clock) -> None:
    await begin(matched, missed_limit=1, pause_seconds=300)
    await offered(matched, clock)
    await matched.decline("c1", "ann", "missed")
    assert (await matched.agent("ann")).until == clock.now + 300
    clock.now += 299
    await matched.sweep()
    assert await state(matched) is AgentState.BREAK
    clock.now += 1
    await matched.sweep()
    assert await state(matched) is AgentState.RESERVED, "the caller who still waits rings at once"


async def test_a_miss_that_only_the_sweep_sees_counts_too(matched: Matched, clock: Clock) -> None:
    await begin(matched, missed_limit=2)
    await offered(matched, clock)
    clock.now += 24
    await matched.sweep()
    assert (await matched.agent("ann")).missed == 1
    assert await state(matched) is AgentState.RESERVED, "nobody else could take it, so it rings again"


async def test_declines_in_a_row_count_where_the_queue_says_so(matched: Matched, clock: Clock) -> None:
    await begin(matched, declined_limit=2)
    await offered(matched, clock)
    await matched.decline("c1", "ann", "declined")
    assert await state(matched) is AgentState.RESERVED
    await matched.decline("c1", "ann", "declined")
    ann = await matched.agent("ann")
    assert (ann.state, ann.reason, ann.by) == (AgentState.BREAK, "declined", "system")


# --- who asked, and for how long


async def test_a_supervisor_sends_on_a_break_that_ends_by_itself(matched: Matched, clock: Clock) -> None:
    await begin(matched)
    await matched.store.set_state("ann", AgentState.BREAK, "training", "boss", 600)
    ann = await matched.agent("ann")
    assert (ann.state, ann.reason, ann.by, ann.until) == (AgentState.BREAK, "training", "boss", clock.now + 600)
    since = ann.since
    clock.now += 10
    await matched.set_state("ann", AgentState.BREAK, "meal")
    ann = await matched.agent("ann")
    assert (ann.reason, ann.by, ann.until) == ("meal", "", None), "her own break has no end"
    assert ann.since == since + 10, "another reason is another break"


async def test_a_break_during_a_call_lasts_as_long_after_it(matched: Matched, clock: Clock) -> None:
    await begin(matched)
    await offered(matched, clock)
    await matched.accept("c1", "ann")
    await matched.store.set_state("ann", AgentState.BREAK, "meal", "boss", 60)
    assert await state(matched) is AgentState.IN_CALL
    clock.now += 500
    await matched.finish("c1")
    await matched.end_wrap_up("ann")
    ann = await matched.agent("ann")
    assert (ann.state, ann.until) == (AgentState.BREAK, clock.now + 60)


# --- planned breaks


async def test_a_planned_break_comes_after_the_call_and_ends_by_itself(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    noon = clock.now + 100
    await duty.plan([Plan("ann", noon, noon + 1800, "meal", "schedule")] * 2)
    assert [plan.reason for plan in await duty.plans("ann")] == ["meal"]
    await offered(matched, clock)
    await matched.accept("c1", "ann")
    clock.now = noon
    await matched.sweep()
    assert await state(matched) is AgentState.IN_CALL
    assert (await matched.agent("ann")).wanted is AgentState.BREAK
    clock.now += 60
    await matched.finish("c1")
    await matched.end_wrap_up("ann")
    ann = await matched.agent("ann")
    assert (ann.state, ann.reason, ann.by, ann.until) == (AgentState.BREAK, "meal", "schedule", clock.now + 1800)
    clock.now += 1800
    await matched.sweep()
    assert await state(matched) is AgentState.AVAILABLE
    assert await duty.plans() == []


async def test_a_planned_break_waits_for_a_ring_and_spares_who_is_off_duty(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    soon = clock.now + 1
    await duty.plan([Plan("ann", soon, soon + 600, "meal", "boss"), Plan("gone", soon, soon + 600, "meal", "boss")])
    await offered(matched, clock)
    clock.now = soon
    await matched.sweep()
    assert await state(matched) is AgentState.RESERVED
    assert [plan.agent for plan in await duty.plans()] == ["ann"]
    await matched.leave("c1")
    await matched.sweep()
    assert await state(matched) is AgentState.BREAK
    await matched.set_state("ann", AgentState.OFFLINE)
    later = clock.now + 5
    await duty.plan([Plan("ann", later, later + 600, "meal", "boss")])
    clock.now = later
    await matched.sweep()
    assert await state(matched) is AgentState.OFFLINE
    assert await duty.plans() == []


async def test_a_plan_can_be_taken_back_and_nonsense_is_refused(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    plan = Plan("ann", clock.now + 10, clock.now + 610, "meal", "boss")
    await duty.plan([plan])
    assert await duty.cancel(plan.id) == plan
    with pytest.raises(NotFound):
        await duty.cancel(plan.id)
    for begins, ends in ((10, 11), (-700, -10), (10, 10 + 13 * 3600), (500 * 86400, 500 * 86400 + 600)):
        with pytest.raises(Conflict):
            await duty.plan([Plan("ann", clock.now + begins, clock.now + ends, "meal", "boss")])


# --- each way to get stuck


async def test_page_killed_or_its_node(matched: Matched, clock: Clock, duty: Duty) -> None:
    """Nobody beats for the agent any more: off duty, the caller waits again, and a page that comes back is on duty."""
    await begin(matched)
    await duty.beat(["ann"], 4.0)
    await offered(matched, clock)
    clock.now += 4.1
    await matched.sweep()
    ann = await matched.agent("ann")
    assert (ann.state, ann.reason, ann.by) == (AgentState.OFFLINE, "page gone", "system")
    assert (await matched.contact("c1")).state is ContactState.WAITING
    clock.now += BACK_SECONDS - 1
    assert await duty.come_back("ann") == "available"
    assert await state(matched) is AgentState.AVAILABLE
    assert await duty.come_back("ann") == "", "only once"


async def test_a_page_that_was_long_gone_or_signed_out_stays_off_duty(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    await duty.beat(["ann"], 4.0)
    clock.now += 5
    await matched.sweep()
    clock.now += BACK_SECONDS + 1
    assert await duty.come_back("ann") == ""
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.set_state("ann", AgentState.OFFLINE, "page closed")
    assert await duty.come_back("ann") == ""
    assert await state(matched) is AgentState.OFFLINE


async def test_on_duty_without_any_sign_of_life(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    await matched.redis.zrem(matched.key("leases"), "ann")
    assert await duty.heal(["ann"], signs=False) == []
    assert await duty.heal(["ann", "nobody"]) == [Healed("ann", "page")]
    assert await state(matched) is AgentState.OFFLINE
    assert await duty.heal(["ann"]) == []


async def test_the_timer_of_a_wrap_up_was_lost(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    await talked(matched, clock)
    await matched.redis.zrem(matched.key("wraps"), "ann")
    clock.now += 31
    await matched.sweep()
    assert await state(matched) is AgentState.WRAP_UP, "stuck"
    assert await duty.heal(["ann"]) == [Healed("ann", "wrap_up")]
    await matched.sweep()
    assert await state(matched) is AgentState.AVAILABLE


async def test_the_timer_of_a_break_was_lost(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    await matched.store.set_state("ann", AgentState.BREAK, "meal", "boss", 60)
    await matched.redis.zrem(matched.key("backs"), "ann")
    clock.now += 61
    await matched.sweep()
    assert await state(matched) is AgentState.BREAK, "stuck"
    assert await duty.heal(["ann"]) == [Healed("ann", "break")]
    await matched.sweep()
    assert await state(matched) is AgentState.AVAILABLE


async def test_the_timer_of_a_ring_was_lost(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    await offered(matched, clock)
    await matched.redis.delete(matched.key("offers"))
    clock.now += 60
    await matched.sweep()
    assert await state(matched) is AgentState.RESERVED, "stuck"
    assert await duty.heal(["ann"]) == [Healed("ann", "ring")]
    await matched.sweep()
    assert (await matched.agent("ann")).missed == 1
    assert await duty.heal(["ann"]) == []


async def test_a_contact_that_is_gone_is_still_held(matched: Matched, clock: Clock, duty: Duty) -> None:
    """As after a Redis that lost the last moments of its file."""
    await begin(matched)
    await offered(matched, clock)
    await matched.accept("c1", "ann")
    await matched.redis.delete(matched.key("contact:c1"))
    assert await duty.heal(["ann"]) == [Healed("ann", "contact"), Healed("ann", "count")]
    ann = await matched.agent("ann")
    assert (ann.state, dict(ann.held)) == (AgentState.AVAILABLE, {})
    await matched.leave("c1")
    assert await duty.heal(["ann"]) == []


async def test_a_count_and_a_state_that_are_not_what_is_held(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    await matched.redis.hset(matched.key("agent:ann"), mapping={"calls": 1, "state": "in_call"})
    assert await duty.heal(["ann"]) == [Healed("ann", "count")]
    assert await state(matched) is AgentState.AVAILABLE
    await matched.redis.hset(matched.key("agent:ann"), "state", "reserved")
    assert await duty.heal(["ann"]) == [Healed("ann", "state")]
    assert await state(matched) is AgentState.AVAILABLE


async def test_what_is_healthy_is_left_alone(matched: Matched, clock: Clock, duty: Duty) -> None:
    await begin(matched)
    for step in (
        matched.enqueue(Contact("c1", "support", clock.now)),
        matched.accept("c1", "ann"),
        matched.finish("c1"),
        matched.end_wrap_up("ann"),
        matched.set_state("ann", AgentState.BREAK),
    ):
        await step
        assert await duty.heal(["ann"]) == []


async def test_devices_that_were_seen_lately(matched: Matched, clock: Clock, duty: Duty) -> None:
    await duty.seen([("ann", "page", "n1"), ("ann", "phone", "6001"), ("bob", "phone", "sip:bob@10.0.0.9")])
    assert (await duty.devices())["ann"] == [{"kind": "page", "where": "n1"}, {"kind": "phone", "where": "6001"}]
    clock.now += 16
    assert await duty.devices() == {}
    await duty.seen([])
    assert await matched.redis.exists(matched.key("devices")) == 0


async def test_an_agent_goes_off_duty_whatever_is_wrong_with_what_he_holds(store: AcdStore, redis: Redis) -> None:
    """A script that fails half way would leave him so, and the sweep would fail each second."""
    await store.define_agents([Agent("ann")])
    await store.set_state("ann", AgentState.AVAILABLE)
    await redis.hset(store.key("held:ann"), "gone", "offered")
    await redis.hset(store.key("agent:ann"), "offers", "1")
    await store.set_state("ann", AgentState.OFFLINE)
    await Duty(store).heal(["ann"], signs=False)
    assert (await store.agent("ann")).state is AgentState.OFFLINE
