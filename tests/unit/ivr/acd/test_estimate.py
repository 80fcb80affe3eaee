"""How long callers will still wait: known floors with known answers, and what nobody can know."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ivr.acd.estimate import WORK, Estimates, Foretold, estimate
from ivr.acd.model import Agent, AgentState, Channel, Contact, ContactState, Need, Queue, Relaxed, Where
from ivr.acd.outlook import KINDS, Outlook
from ivr.acd.pace import Pace
from ivr.acd.scene import DEPTH

NOW = 1_790_000_000.0
TALK = 100.0


def pace(*talks: float) -> Pace:
    found = Pace()
    for seconds in talks or [TALK] * 40:
        found.talked("support", seconds)
    for _ in range(200):  # rings that take no time at all
        found.rang(0.0)
    return found


def outlook(agents: Sequence[Agent], contacts: Sequence[Contact] = (), learnt: Pace | None = None) -> Outlook:
    found = Outlook(learnt or pace(), [Queue("support", wrap_up_seconds=0), Queue("billing", wrap_up_seconds=0)])
    for agent in agents:
        found.put_agent(agent, NOW)
        for held in agent.held:
            talking = Contact(held, "support", agent.since, state=ContactState.CONNECTED, agent=agent.id)
            found.put_contact(talking, NOW)
    for contact in contacts:
        found.put_contact(contact, NOW)
    return found


def busy(name: str, talked: float = 0.0, **more: object) -> Agent:
    agent = Agent(name, state=AgentState.IN_CALL, since=NOW - talked, held={f"with-{name}": ContactState.CONNECTED})
    return replace(agent, **more)  # type: ignore[arg-type]


def caller(name: str, waited: float = 0.0, **more: object) -> Contact:
    return replace(Contact(name, "support", NOW - waited), **more)  # type: ignore[arg-type]


def foreseen(floor: Outlook, seed: int = 1) -> Estimates:
    *_, found = estimate(floor, NOW, random.Random(seed).random)
    assert found is not None
    return found


def wait(floor: Outlook, contact: Contact) -> float | None:
    return foreseen(floor).of(contact, NOW)


def test_the_next_one_waits_for_the_end_of_the_talk() -> None:
    first = caller("c1")
    assert wait(outlook([busy("ann", 70.0)], [first]), first) == pytest.approx(30.0, abs=1.0)


def test_each_place_costs_a_talk_of_all_agents_together() -> None:
    callers = [caller(f"c{number}", 100.0 - number) for number in range(10)]
    found = foreseen(outlook([busy("ann", 99.0), busy("bob", 49.0)], callers))
    waits = [found.of(one, NOW) for one in callers]
    assert waits == pytest.approx([1.0 + 50.0 * number for number in range(10)], abs=3.0)


def test_somebody_new_waits_behind_all() -> None:
    floor = outlook([busy("ann", 99.0)], [caller(f"c{number}", 100.0 - number) for number in range(4)])
    assert foreseen(floor).of(caller("new"), NOW) == pytest.approx(401.0, abs=3.0)


def test_a_free_agent_means_no_wait_even_where_nothing_is_known() -> None:
    floor = outlook([Agent("ann", state=AgentState.AVAILABLE)], [caller("c1")], Pace())
    found = wait(floor, caller("c1"))
    assert found is not None
    assert found < 6.0  # what a ring takes


def test_nothing_is_told_where_no_talk_was_ever_seen() -> None:
    assert wait(outlook([busy("ann")], [caller("c1")], Pace()), caller("c1")) is None


def test_nothing_is_told_where_nobody_on_duty_can_take_it() -> None:
    zulu = caller("c1", language="zu")
    away = Agent("bob", state=AgentState.OFFLINE)
    assert wait(outlook([busy("ann", languages=("en",)), away], [zulu]), zulu) is None
    assert wait(outlook([busy("ann", wanted=AgentState.OFFLINE)], [caller("c1")]), caller("c1")) is None


def test_needs_that_relax_are_waited_for() -> None:
    expert = caller("c1", 10.0, needs=(Need("dsl", 5),), relax=(Relaxed(60.0, ()),))
    assert wait(outlook([Agent("ann", state=AgentState.AVAILABLE)], [expert]), expert) == pytest.approx(50.0, abs=2.0)


def test_a_team_counts_and_a_step_may_leave_it() -> None:
    north = caller("c1", where=Where(("north",)), relax=(Relaxed(40.0, ()),))
    south = Agent("ann", state=AgentState.AVAILABLE, team="south")
    assert wait(outlook([south], [north]), north) == pytest.approx(40.0, abs=2.0)


def test_priority_passes_those_who_came_before() -> None:
    plain, gold = caller("plain", 50.0), caller("gold", 5.0, priority=8)
    found = foreseen(outlook([busy("ann", 90.0)], [plain, gold]))
    assert found.of(gold, NOW) == pytest.approx(10.0, abs=2.0)
    behind = found.of(plain, NOW)
    assert behind is not None
    assert behind >= 108.0


def test_those_of_priority_who_are_to_come_lengthen_the_wait() -> None:
    plain = caller("plain", 1.0)
    quiet, stormy = outlook([busy("ann", 1.0)], [plain]), outlook([busy("ann", 1.0)], [plain])
    for number in range(40):
        gold = caller(f"gold{number}", 400.0 - 10 * number, priority=9)
        stormy.put_contact(gold, NOW)
        stormy.heard("offered", gold.id, NOW)
        stormy.heard("connected", gold.id, NOW)
    calm, crowded = wait(quiet, plain), wait(stormy, plain)
    assert calm is not None
    assert crowded is None or crowded > calm + TALK


def test_callers_who_give_up_shorten_the_wait() -> None:
    impatient = pace()
    for number in range(400):
        impatient.waited("support", 100.0, gave_up=number % 2 == 0)
    callers = [caller(f"c{number}", 100.0 - number) for number in range(20)]
    patient = foreseen(outlook([busy("ann")], callers)).of(callers[-1], NOW)
    shorter = foreseen(outlook([busy("ann")], callers, impatient)).of(callers[-1], NOW)
    assert patient is not None
    assert shorter is not None
    assert shorter < patient / 2


def test_a_call_for_one_agent_waits_for_that_one() -> None:
    mine = caller("c1", only=frozenset({"bob"}))
    floor = outlook([Agent("ann", state=AgentState.AVAILABLE), busy("bob", 40.0)], [mine])
    assert wait(floor, mine) == pytest.approx(60.0, abs=2.0)
    assert wait(floor, caller("c2", only=frozenset({"eve"}))) is None


def test_an_agent_on_a_break_comes_back() -> None:
    rested = pace()
    for _ in range(10):
        rested.rested(600.0)
    resting = Agent("ann", state=AgentState.BREAK, since=NOW - 500.0)
    assert wait(outlook([resting], [caller("c1")], rested), caller("c1")) == pytest.approx(100.0, abs=2.0)
    known = replace(resting, until=NOW + 20.0)
    assert wait(outlook([known], [caller("c1")]), caller("c1")) == pytest.approx(20.0, abs=2.0)
    assert wait(outlook([resting], [caller("c1")]), caller("c1")) is None


def test_a_device_with_room_for_many_serves_many() -> None:
    callers = [caller(f"c{number}", 10.0 - number) for number in range(3)]
    device = Agent("bot", capacity=3, state=AgentState.AVAILABLE)
    found = foreseen(outlook([device], callers))
    assert [found.of(one, NOW) for one in callers] == pytest.approx([0.0, 0.0, 0.0], abs=2.0)


def test_messages_have_no_part_in_it() -> None:
    floor = outlook([busy("ann")], [caller("m1", channel=Channel.MESSAGE)])
    assert floor.waiting == 0


def test_the_work_is_bounded_however_many_wait() -> None:
    agents = [busy(f"a{number}", number % 100) for number in range(300)]
    floor = outlook(agents, [caller(f"c{number}", 10_000.0 - number) for number in range(10_000)])
    *turns, found = estimate(floor, NOW, random.Random(1).random)
    assert len(turns) < WORK  # interrupted after 25 contacts each, and a few more
    assert found is not None
    at_2000, last = found.of(caller("x", 8000.0), NOW), found.of(caller("y", 0.0), NOW)
    assert at_2000 == pytest.approx(DEPTH * TALK / 300, rel=0.15)
    assert last == pytest.approx(10_000 * TALK / 300, rel=0.25)


def test_kinds_are_forgotten_where_there_are_too_many() -> None:
    floor = outlook([busy("ann")])
    for number in range(KINDS + 50):
        odd = caller(f"c{number}", needs=(Need(f"s{number}", 1),))
        floor.put_contact(odd, NOW)
        floor.drop_contact(odd.id, NOW)
    assert len(floor.kinds) == KINDS


def test_a_kind_that_was_not_foreseen_is_told_what_is_usual() -> None:
    floor = outlook([busy("ann", 60.0)], [caller("c1", 5.0)])
    found = foreseen(floor)
    odd = caller("c2", needs=(Need("unheard", 1),))
    assert found.of(odd, NOW) == found.of(caller("c3"), NOW)
    assert found.usual["support"].wait == pytest.approx(140.0, abs=3.0)
    assert "billing" not in found.usual
    assert found.of(replace(odd, queue="billing"), NOW) is None


def test_what_was_told_runs_down_and_is_told_anew_only_where_it_was_wrong() -> None:
    told = Foretold(100.0, NOW)
    assert told.left(NOW + 40.0) == 60.0
    assert told.left(NOW + 400.0) == 0.0
    assert not told.wrong(70.0, NOW + 40.0)
    assert told.wrong(90.0, NOW + 40.0)
    assert told.wrong(None, NOW)
    assert Foretold().wrong(5.0, NOW)
    assert not Foretold().wrong(None, NOW)


def test_the_outlook_learns_from_what_happens() -> None:
    floor = outlook([], [caller("c1", 30.0), caller("c2", 10.0)], Pace())
    floor.heard("offered", "c1", NOW)
    floor.heard("connected", "c1", NOW + 8.0)
    floor.heard("ended", "c1", NOW + 128.0)
    floor.heard("ended", "c2", NOW + 50.0)
    floor.heard("ended", "c2", NOW + 51.0)
    told = floor.pace.told()["queues"]["support"]
    assert told["talks"] == [120.0]
    assert told["left"] == 1.0
    assert told["exposed"] == pytest.approx(38.0 * 0.995 + 60.0)
    assert (floor.waiting, floor.held) == (0, {})


def test_an_offer_that_came_to_nothing_is_no_new_arrival() -> None:
    floor = outlook([], [caller("c1", 30.0)])
    [kind] = floor.kinds
    floor.heard("offered", "c1", NOW)
    floor.put_contact(caller("c1", 30.0), NOW + 20.0)
    assert len(floor.kinds[kind].came) == 1
    assert floor.waiting == 1
