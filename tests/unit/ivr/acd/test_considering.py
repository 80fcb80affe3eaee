"""Why a contact waits, and why an agent gets no calls."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ivr.acd.considering import obstacle, why_agent, why_contact
from ivr.acd.duty import Duty, Plan
from ivr.acd.explaining import explain_agent, explain_contact, overview
from ivr.acd.model import Agent, AgentState, Channel, Contact, ContactState, Need, Queue, Relaxed, Where
from ivr.acd.store import AcdStore
from ivr.errors import Conflict, NotFound
from ivr.session.staff import Staff, StateHistory
from tests.unit.ivr.acd.conftest import Clock
from tests.unit.ivr.acd.matched import Matched

QUEUES = {"q": Queue("q"), "order": Queue("order", strategy="sequential", order=("bob", "ann"))}
NOW = 1000.0


def agent(name: str, **about: Any) -> Agent:
    return Agent(name, **{"state": AgentState.AVAILABLE, "since": NOW - 60, **about})


def contact(name: str = "c", queue: str = "q", **about: Any) -> Contact:
    return Contact(name, queue, about.pop("at", NOW - 30), **about)


@pytest.mark.parametrize(
    ("wants", "has", "code", "values"),
    [
        ({"excluded": frozenset({"ann"})}, {}, "excluded", {}),
        ({"only": frozenset({"bob"})}, {}, "only", {"agents": ["bob"]}),
        ({"channel": Channel.TICKET}, {}, "channel", {"channel": "ticket"}),
        ({"where": Where(teams=("gold",))}, {"team": "blue"}, "team", {"needed": ["gold"], "has": "blue"}),
        ({"where": Where(sites=("ulm",))}, {}, "site", {"needed": ["ulm"], "has": ""}),
        ({"needs": (Need("fibre", 5),)}, {"skills": {"fibre": 3}}, "skill", {"skill": "fibre", "needed": 5, "has": 3}),
        ({"language": "zh"}, {"languages": ("en",)}, "language", {"language": "zh", "speaks": ["en"]}),
        ({"refused": {"ann": NOW + 4}}, {}, "spared", {"seconds": 4.0}),
        ({}, {"state": AgentState.BREAK, "reason": "meal"}, "state", {"state": "break", "reason": "meal", "seconds": 60.0}),
        ({}, {"held": {"x": ContactState.CONNECTED}, "capacity": 1, "state": AgentState.IN_CALL}, "state", None),
        ({}, {}, "free", {}),
    ],
)
def test_the_first_thing_that_is_in_the_way(wants: Any, has: Any, code: str, values: Any) -> None:
    found = obstacle(contact(**wants), agent("ann", **has), NOW)
    assert found.code == code
    assert values is None or dict(found.values) == values


def test_needs_count_as_they_are_by_now() -> None:
    one = contact(needs=(Need("fibre", 5),), relax=(Relaxed(60, ()),))
    assert obstacle(one, agent("ann"), NOW).code == "skill"
    assert obstacle(one, agent("ann"), NOW + 31).code == "free"
    early = why_contact(one, [agent("ann")], QUEUES, NOW)
    assert (early.step, early.steps, early.next_step, early.needs) == (0, 1, 30.0, {"fibre": 5})
    late = why_contact(one, [agent("ann")], QUEUES, NOW + 31)
    assert (late.step, late.next_step, late.needs, late.verdict) == (1, None, {}, "soon")


@pytest.mark.parametrize(
    ("staff", "wants", "before", "verdict"),
    [
        ([], {}, 0, "nobody_defined"),
        ([agent("ann")], {"needs": (Need("x"),)}, 0, "nobody_fits"),
        ([agent("ann", state=AgentState.OFFLINE)], {}, 0, "nobody_on_duty"),
        ([agent("ann", state=AgentState.WRAP_UP)], {}, 0, "busy"),
        ([agent("ann")], {}, 0, "soon"),
        ([agent("ann")], {}, 2, "behind"),
        (
            [agent("ann"), agent("bob", state=AgentState.WRAP_UP)],
            {"prefer": ("bob",), "prefer_until": NOW + 9},
            0,
            "preferred",
        ),
        (
            [agent("ann", state=AgentState.WRAP_UP), agent("bob")],
            {"prefer": ("bob",), "prefer_until": NOW + 9, "refused": {"bob": NOW + 5}},
            0,
            "busy",
        ),
        ([agent("ann")], {"state": ContactState.OFFERED, "agent": "ann"}, 0, "offered"),
    ],
)
def test_the_verdict_on_a_contact(staff: list[Agent], wants: Any, before: int, verdict: str) -> None:
    assert why_contact(contact(**wants), staff, QUEUES, NOW, before).verdict == verdict


def test_who_was_considered_with_cost_and_rank_by_the_strategy_of_the_queue() -> None:
    staff = [
        agent("ann", idle_since=1.0),
        agent("bob", idle_since=9.0),
        agent("cid", state=AgentState.IN_CALL),
        agent("dan", languages=("fr",)),
    ]
    idle = why_contact(contact(language="zh"), staff, QUEUES, NOW)
    assert [(one.agent, one.rank, one.cost) for one in idle.agents] == [
        ("ann", 1, 1.0),
        ("bob", 2, 9.0),
        ("cid", None, 0.0),
        ("dan", None, None),
    ]
    assert (idle.fitting, idle.on_duty, idle.free) == (3, 3, 2)
    assert [one.obstacle.code for one in idle.agents] == ["free", "free", "state", "language"]
    ordered = why_contact(contact(queue="order"), staff, QUEUES, NOW)
    assert [one.agent for one in ordered.agents if one.rank] == ["bob", "ann", "dan"]
    assert why_contact(contact(), staff, QUEUES, NOW, most=0).agents == ()


def test_an_agent_hears_why_no_call_comes() -> None:
    ann, bob = agent("ann", idle_since=9.0), agent("bob", idle_since=1.0)

    def why(who: Agent, *contacts: Contact) -> str:
        return why_agent(who, contacts, [ann, bob, who] if who.id not in ("ann", "bob") else [ann, bob], QUEUES, NOW).verdict

    assert why(ann) == "nobody_waits"
    assert why(ann, contact(needs=(Need("x"),))) == "no_fit"
    assert why(bob, contact()) == "soon"
    found = why_agent(ann, [contact()], [ann, bob], QUEUES, NOW)
    assert found.verdict == "behind"
    assert (found.contacts[0].obstacle.code, found.contacts[0].obstacle.values["agent"]) == ("behind", "bob")
    assert (found.waiting, found.fitting, found.ahead) == (1, 1, 1)
    assert why(agent("cid", state=AgentState.BREAK, reason="meal"), contact()) == "break"


async def test_the_live_queues_answer(matched: Matched, clock: Clock) -> None:
    duty = Duty(matched.store)
    await matched.define_queues([Queue("q")])
    await matched.define_agents([Agent("ann", "Ann", {"fibre": 3}), Agent("bob")])
    await matched.heartbeat("ann", 60)
    await matched.node_heartbeat("", 1000)
    await matched.set_state("ann", AgentState.AVAILABLE)
    await matched.store.set_state("bob", AgentState.BREAK, "meal", "boss")
    await duty.seen([("ann", "page", "n1")])
    await duty.plan([Plan("ann", clock.now + 60, clock.now + 660, "meal", "boss")])
    for number in range(3):
        clock.now += 1
        await matched.enqueue(Contact(f"c{number}", "q", clock.now, (Need("fibre", 9),)))
    clock.now += 5
    third = await explain_contact(matched.store, "c2")
    assert (third["verdict"], third["before"], third["waited"]) == ("nobody_fits", 2, 5.0)
    assert third["agents"][0]["obstacle"]["values"] == {"skill": "fibre", "needed": 9, "has": 3}
    ann = await explain_agent(matched.store, duty, "ann")
    assert (ann["verdict"], ann["waiting"]) == ("no_fit", 3)
    assert ann["devices"] == [{"kind": "page", "where": "n1"}]
    assert [(one["reason"], one["by"]) for one in ann["breaks"]] == [("meal", "boss")]
    all_of_it = await overview(matched.store, duty)
    (queue,) = all_of_it["queues"]
    assert (queue["waiting"], [one["before"] for one in queue["contacts"]]) == (3, [0, 1, 2])
    assert "agents" not in queue["contacts"][0], "who was considered is told one contact at a time"
    assert [(one["id"], one["state"], one["by"]) for one in all_of_it["agents"]] == [
        ("ann", "available", ""),
        ("bob", "break", "boss"),
    ]
    for ask in (explain_contact(matched.store, "nobody"), explain_agent(matched.store, duty, "nobody")):
        with pytest.raises(NotFound):
            await ask


async def test_a_question_reads_only_who_comes_next(matched: Matched, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ten thousand who wait, all of them would hold up every call of the node."""
    staff = Staff(matched.store, cast(StateHistory, None), ())
    await matched.define_queues([Queue("q")])
    await matched.define_agents([Agent("ann")])
    await matched.enqueue(Contact("c1", "q", clock.now))

    async def everybody(*_: object) -> list[Contact]:
        raise AssertionError("all were read")

    monkeypatch.setattr(AcdStore, "contacts", everybody)
    assert (await staff.explain_agent("ann"))["words"].startswith("offline")
    assert (await staff.explain_contact("c1"))["words"].startswith("waiting")


async def test_nobody_who_is_not_there_is_ordered_on_duty(matched: Matched) -> None:
    """The next look at the leases would put the agent offline again, and the order would have been for nothing."""
    staff = Staff(matched.store, cast(StateHistory, None), ({"name": "meal"},))
    await matched.define_agents([Agent("ann")])
    for state in ("available", "break"):
        with pytest.raises(Conflict, match="nobody is there: agent ann has neither a page open nor a phone"):
            await staff.force("ann", state, "", 0.0, "boss")
    assert (await staff.force("ann", "offline", "", 0.0, "boss"))["state"] == "offline"
