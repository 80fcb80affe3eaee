"""Skills for now."""

from __future__ import annotations

import pytest

from ivr.acd.lending import Lending, with_skills
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Need, Queue
from ivr.errors import Conflict, NotFound
from tests.unit.ivr.acd.conftest import Clock
from tests.unit.ivr.acd.matched import Matched

ANN = Agent("ann", skills={"telecom": 5, "fax": 2}, team="gold")


@pytest.fixture
async def lending(matched: Matched) -> Lending:
    await matched.define_queues([Queue("support")])
    await matched.define_agents([ANN])
    await matched.heartbeat("ann", 1000)
    await matched.node_heartbeat("", 10_000)
    await matched.set_state("ann", AgentState.AVAILABLE)
    return Lending(matched.store)


def test_what_is_lent_comes_before_what_one_has() -> None:
    assert with_skills({"a": 3, "b": 2}, {"b": 0, "c": 7}) == {"a": 3, "c": 7}
    assert with_skills({}, {"c": 0}) == {}


async def test_an_agent_gets_calls_of_the_skill_that_was_lent(matched: Matched, lending: Lending, clock: Clock) -> None:
    await matched.enqueue(Contact("c1", "support", clock.now, needs=(Need("billing", 4),)))
    assert (await matched.store.contact("c1")).state is ContactState.WAITING
    agent = await lending.lend("ann", {"billing": 6, "fax": 0}, 600, "boss")
    assert agent.skills == {"telecom": 5, "billing": 6}
    await matched.sweep()
    assert (await matched.store.contact("c1")).agent == "ann"
    found = await matched.store.agent("ann")
    assert (dict(found.skills), found.team, found.profile) == ({"telecom": 5, "billing": 6}, "gold", agent.profile)
    assert (await lending.all())["ann"].view() == {
        "skills": {"billing": 6, "fax": 0},
        "by": "boss",
        "at": clock.now,
        "until": clock.now + 600,
    }


async def test_they_end_by_themselves_or_by_order(matched: Matched, lending: Lending, clock: Clock) -> None:
    await lending.lend("ann", {"billing": 6}, 600, "boss")
    clock.now += 599
    assert await lending.keep() == []
    clock.now += 2
    assert await lending.keep() == ["ann"]
    assert dict((await matched.store.agent("ann")).skills) == dict(ANN.skills)
    with pytest.raises(NotFound, match="skills of the settings"):
        await lending.give_back("ann")
    await lending.lend("ann", {"billing": 6}, 0, "boss")
    clock.now += 1e6
    assert await lending.keep() == []
    assert dict((await lending.give_back("ann")).skills) == dict(ANN.skills)
    assert await lending.all() == {}


async def test_a_new_definition_changes_what_one_has_and_not_what_is_lent(matched: Matched, lending: Lending) -> None:
    await lending.lend("ann", {"billing": 6}, 0, "boss")
    await matched.define_agents([Agent("ann", skills={"telecom": 1})])
    await lending.keep()
    assert dict((await matched.store.agent("ann")).skills) == {"telecom": 1, "billing": 6}
    assert dict((await lending.give_back("ann")).skills) == {"telecom": 1}
    await lending.lend("ann", {"billing": 6}, 0, "boss")
    await matched.define_agents([Agent("bob")])
    assert await lending.keep() == ["ann"]
    assert await lending.all() == {}, "an agent who is gone is forgotten"


@pytest.mark.parametrize(
    ("skills", "seconds", "words"),
    [({}, 0, "1 to 50"), ({"a": 11}, 0, "outside 0..10"), ({"a": 1}, 1e6, "24 hours"), ({"a b": 1}, 0, "no blanks")],
)
async def test_what_makes_no_sense_is_refused(lending: Lending, skills: dict[str, int], seconds: float, words: str) -> None:
    with pytest.raises(Conflict, match=words):
        await lending.lend("ann", skills, seconds, "boss")
    with pytest.raises(NotFound):
        await lending.lend("nobody", {"a": 1}, 0, "boss")
