"""The floor decides as the plain rules say, for many at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.acd.floor import Floor
from ivr.acd.matcher import candidates
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Need, Queue, Relaxed, needs_of
from ivr.acd.strategies import BUILT_IN, strategies

FREE, NOW = AgentState.AVAILABLE, 1000.0
PEOPLE = ("ann", "bob", "cid", "dot")


def agent(name: str, idle: float = 0.0, state: AgentState = FREE, **skills: int) -> Agent:
    return Agent(name, skills=skills, state=state, idle_since=idle)


def floor_of(agents: Sequence[Agent], contacts: Sequence[Contact], queue: Queue | None = None, now: float = NOW) -> Floor:
    floor = Floor()
    floor.put_queues([queue or Queue("q")])
    for one in agents:
        floor.put_agent(one)
    for contact in contacts:
        floor.put_contact(contact, now)
    return floor


def decided(floor: Floor, now: float = NOW) -> dict[str, str]:
    return {match.contact_id: match.agent_id for match in floor.decide(now)}


def test_two_are_served_where_one_walk_through_the_queue_would_serve_one() -> None:
    both, one = agent("both", idle=1.0, telecom=5, billing=5), agent("one", idle=2.0, telecom=5)
    contacts = [Contact("c1", "q", 1.0, needs_of({"telecom": 1})), Contact("c2", "q", 2.0, needs_of({"billing": 1}))]
    assert decided(floor_of([both, one], contacts)) == {"c1": "one", "c2": "both"}


def test_none_is_served_at_the_cost_of_one_before_it() -> None:
    only = agent("only", telecom=5, billing=5)
    contacts = [Contact("late", "q", 2.0, needs_of({"billing": 1})), Contact("early", "q", 1.0, needs_of({"telecom": 1}))]
    assert decided(floor_of([only], contacts)) == {"early": "only"}


def test_needs_relax_with_time_and_the_reason_says_so() -> None:
    contact = Contact(
        "c", "q", NOW, needs_of({"telecom": 8}), relax=(Relaxed(30.0, needs_of({"telecom": 4})), Relaxed(60.0, ()))
    )
    floor = floor_of([agent("ann", telecom=4), agent("bob")], [contact])
    assert floor.decide(NOW + 29.9) == []
    assert floor.next_change() == NOW + 30.0
    [match] = floor.decide(NOW + 30.0)
    assert (match.agent_id, match.why) == ("ann", "telecom 4, first to be free, needs relaxed 1 of 2")
    floor.put_agent(agent("ann", state=AgentState.IN_CALL, telecom=4))
    assert decided(floor, NOW + 59.0) == {}
    assert decided(floor, NOW + 60.0) == {"c": "bob"}


def test_a_preferred_agent_is_waited_for_but_not_beyond_the_time_nor_off_duty() -> None:
    contact = Contact("c", "q", NOW, prefer=("bob",), prefer_until=NOW + 15.0)
    ann, bob = agent("ann"), agent("bob", state=AgentState.IN_CALL)
    floor = floor_of([ann, bob], [contact])
    assert decided(floor, NOW + 14.0) == {}
    assert decided(floor, NOW + 15.0) == {"c": "ann"}
    floor = floor_of([ann, replace(bob, state=AgentState.BREAK)], [contact])
    assert decided(floor) == {"c": "ann"}, "who is on a break is not waited for"
    floor = floor_of([ann, replace(bob, state=FREE, idle_since=900.0)], [contact])
    [match] = floor.decide(NOW)
    assert (match.agent_id, match.why) == ("bob", "preferred")


def test_a_preferred_agent_who_declines_is_spared_while_others_can() -> None:
    """Else the caller rings at the same agent, again and again, until the preference ends."""
    refused = Contact("c", "q", NOW, prefer=("bob",), prefer_until=NOW + 15.0, refused={"bob": NOW + 10.0})
    ann, bob = agent("ann"), agent("bob", idle=-9.0)
    assert decided(floor_of([ann, bob], [refused])) == {"c": "ann"}
    busy = replace(ann, state=AgentState.IN_CALL)
    floor = floor_of([busy, bob], [refused])
    assert decided(floor) == {}, "somebody else will be free"
    assert decided(floor, NOW + 10.0) == {"c": "bob"}
    assert decided(floor_of([replace(ann, state=AgentState.BREAK), bob], [refused])) == {"c": "bob"}, "there is nobody else"


def test_nothing_is_kept_of_contacts_that_are_gone() -> None:
    """Needs may have any number of values over the weeks: no empty line stays for any of them."""
    ann = agent("ann", a=1)
    floor = floor_of([ann, agent("bob", state=AgentState.IN_CALL, a=1)], [])
    for number in range(1, 10):
        relax = (Relaxed(5.0, needs_of({"a": 1})),)
        contact = Contact(f"c{number}", "q", NOW, needs_of({"a": number}), relax=relax, refused={"ann": NOW + 9})
        for one in (contact, replace(contact, refused={}), replace(contact, excluded=frozenset({"ann"}))):
            floor.put_contact(one, NOW)
            floor.decide(NOW)
        floor.drop_contact(contact.id)
    assert not floor._lines and not floor._particular and not floor._line_of


def test_reading_a_contact_again_winds_no_second_clock() -> None:
    contact = Contact("c", "q", NOW, needs_of({"a": 8}), relax=(Relaxed(3600.0, ()),))
    floor = floor_of([], [contact])
    for _ in range(50):
        floor.put_contact(contact, NOW)
    assert len(floor._timers) == 1
    floor.put_contact(replace(contact, refused={"ann": NOW + 5}), NOW)
    assert floor.next_change() == NOW + 5


def test_a_call_for_one_person_waits_for_that_person() -> None:
    contact = Contact("c", "q", NOW, only=frozenset({"bob"}))
    floor = floor_of([agent("ann"), agent("bob", state=AgentState.IN_CALL)], [contact])
    assert decided(floor) == {}
    floor.put_agent(agent("bob"))
    [match] = floor.decide(NOW)
    assert (match.agent_id, match.why) == ("bob", "asked for in person")


def test_who_refused_is_spared_while_another_could_come_free() -> None:
    contact = Contact("c", "q", NOW, refused={"ann": NOW + 10.0})
    busy = agent("bob", state=AgentState.IN_CALL)
    floor = floor_of([agent("ann"), busy], [contact])
    assert decided(floor) == {} and decided(floor, NOW + 10.0) == {"c": "ann"}
    floor = floor_of([agent("ann"), replace(busy, state=AgentState.OFFLINE)], [contact])
    assert decided(floor) == {"c": "ann"}


def test_who_refused_is_spared_while_less_will_do_soon_for_another() -> None:
    relax = (Relaxed(95.0 + 8.0, ()),)
    contact = Contact("c", "q", 900.0, needs_of({"telecom": 5}), relax=relax, refused={"ann": NOW + 10.0})
    floor = floor_of([agent("ann", telecom=5), agent("bob")], [contact])
    assert decided(floor) == {} and decided(floor, NOW + 3.0) == {"c": "bob"}
    late = replace(contact, relax=(Relaxed(120.0, ()),))
    assert decided(floor_of([agent("ann", telecom=5), agent("bob")], [late])) == {"c": "ann"}, "too late to wait for it"


def test_a_device_takes_as_many_as_it_has_room_for() -> None:
    device = Agent("dev", capacity=3, state=FREE, held={"x": ContactState.CONNECTED})
    contacts = [Contact(f"c{number}", "q", float(number)) for number in range(4)]
    assert decided(floor_of([device], contacts)) == {"c0": "dev", "c1": "dev"}


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        ("longest_idle", "ann"),
        ("most_skilled", "cid"),
        ("least_skilled", "bob"),
        ("round_robin", "dot"),
        ("fewest_calls", "bob"),
        ("least_occupied", "cid"),
        ("sequential", "dot"),
    ],
)
def test_the_strategy_of_the_queue_chooses(strategy: str, chosen: str) -> None:
    staff = [
        Agent(
            "ann", skills={"t": 5, "x": 5}, state=FREE, idle_since=1.0, offered_at=900.0, served=9, busy=500.0, duty_since=0.0
        ),
        Agent("bob", skills={"t": 3}, state=FREE, idle_since=2.0, offered_at=800.0, served=1, busy=400.0, duty_since=0.0),
        Agent(
            "cid", skills={"t": 9, "x": 1}, state=FREE, idle_since=3.0, offered_at=700.0, served=5, busy=10.0, duty_since=0.0
        ),
        Agent("dot", skills={"t": 4, "x": 9}, state=FREE, idle_since=4.0, offered_at=1.0, served=7, busy=600.0, duty_since=0.0),
    ]
    queue = Queue("q", strategy=strategy, order=("dot", "ann"))
    assert decided(floor_of(staff, [Contact("c", "q", 1.0, needs_of({"t": 1}))], queue)) == {"c": chosen}


def test_lots_fall_by_weight() -> None:
    staff = [agent("ann"), agent("bob")]
    queue = Queue("q", strategy="weighted_random", weights={"ann": 3.0})
    won = [decided(floor_of(staff, [Contact(f"c{number}", "q", 1.0)], queue))[f"c{number}"] for number in range(400)]
    assert 0.68 < won.count("ann") / 400 < 0.82


def test_every_strategy_has_words_and_packages_may_add_more() -> None:
    assert set(BUILT_IN) <= set(strategies())
    odd = {"backwards": lambda contact, agent, queue, now: -agent.idle_since, **BUILT_IN}
    floor = Floor(odd)
    floor.put_queues([Queue("q", strategy="backwards")])
    for one in (agent("ann", idle=1.0), agent("bob", idle=2.0)):
        floor.put_agent(one)
    floor.put_contact(Contact("c", "q", 1.0), NOW)
    [match] = floor.decide(NOW)
    assert (match.agent_id, match.why) == ("bob", "backwards")


def test_agents_are_ranked_once_for_callers_with_the_same_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def cost(contact: Contact, agent: Agent, queue: Queue, now: float) -> float:
        asked.append(agent.id)
        return agent.idle_since

    monkeypatch.setattr("ivr.acd.floor.OF_THE_LINE", frozenset({cost}))
    floor = Floor({"longest_idle": cost})
    for number in range(6):
        floor.put_agent(agent(f"a{number}", idle=number, telecom=5))
        floor.put_contact(Contact(f"c{number}", "q", number, needs_of({"telecom": 1})), NOW)
    assert decided(floor) == {f"c{number}": f"a{number}" for number in range(6)}
    assert sorted(asked) == sorted(f"a{number}" for number in range(6))


def test_a_decision_for_many_is_known_before_it_is_made() -> None:
    floor = floor_of(
        [agent(f"a{n}", s=5) for n in range(90)], [Contact(f"c{n}", "q", n, needs_of({f"s{n}": 1})) for n in range(40)]
    )
    assert not floor.many
    for number in range(40, 50):
        floor.put_contact(Contact(f"c{number}", "q", number, needs_of({f"s{number}": 1})), NOW)
    assert floor.many


def test_a_level_of_priority_is_worth_the_ageing_of_the_queue() -> None:
    old, urgent = Contact("old", "q", 0.0, priority=5), Contact("urgent", "q", 100.0, priority=6)
    assert decided(floor_of([agent("ann")], [old, urgent], Queue("q", ageing=120.0))) == {"urgent": "ann"}
    assert decided(floor_of([agent("ann")], [old, urgent], Queue("q", ageing=90.0))) == {"old": "ann"}


def test_nobody_starves_however_many_urgent_ones_come() -> None:
    """Five levels below, the last to be served of all who come within 600 s, and before whoever comes after."""
    floor = floor_of([], [Contact("meek", "q", 0.0, priority=0)], Queue("q", ageing=120.0))
    served = 0
    for second in range(0, 1300, 10):
        floor.put_contact(Contact(f"u{second}", "q", float(second), priority=5), float(second))
        floor.put_agent(agent("ann"))
        [match] = floor.decide(float(second))
        if match.contact_id == "meek":
            break
        floor.drop_contact(match.contact_id)
        floor.put_agent(agent("ann", state=AgentState.IN_CALL))
        served += 1
    assert served == 60, "one each ten seconds, for the 600 s that five levels are worth"


SKILLS = st.dictionaries(st.sampled_from("ab"), st.integers(1, 4), max_size=2)
STAFF = st.lists(
    st.builds(
        lambda skills, state, idle, languages: (skills, state, idle, languages),
        SKILLS,
        st.sampled_from([FREE, FREE, AgentState.IN_CALL, AgentState.BREAK]),
        st.integers(0, 5),
        st.sampled_from([(), ("zh",), ("en", "zh")]),
    ),
    min_size=1,
    max_size=4,
)
SOME = st.frozensets(st.sampled_from(PEOPLE), max_size=1)
CALLERS = st.lists(
    st.tuples(
        SKILLS,
        st.integers(4, 6),
        st.sampled_from(["", "zh"]),
        SOME,
        SOME,
        SOME,
        st.booleans(),
        st.dictionaries(st.sampled_from(PEOPLE), st.just(NOW + 5)),
    ),
    max_size=5,
)


def _contacts(
    rows: list[tuple[dict[str, int], int, str, frozenset[str], frozenset[str], frozenset[str], bool, dict[str, float]]],
) -> list[Contact]:
    return [
        Contact(
            f"c{number}",
            "q",
            900.0 + number,
            needs_of(needs),
            priority,
            language=language,
            excluded=excluded,
            relax=(Relaxed(95.0 + 8 * (number % 2), ()),) if relaxes else (),
            prefer=tuple(prefer),
            prefer_until=NOW + 3 if prefer else 0.0,
            only=only,
            refused=refused,
        )
        for number, (needs, priority, language, excluded, only, prefer, relaxes, refused) in enumerate(rows)
    ]


def _best_set(contacts: Sequence[Contact], able: dict[str, list[str]]) -> set[str]:
    """Who is served together, the first in order first: by trying every way."""
    ways: list[set[str]] = []
    for choice in itertools.product(*[[None, *able[contact.id]] for contact in contacts]):
        taken = [agent for agent in choice if agent is not None]
        if len(taken) == len(set(taken)):
            ways.append({contact.id for contact, agent in zip(contacts, choice, strict=True) if agent is not None})
    return max(ways, key=lambda way: [contact.id in way for contact in contacts], default=set())


@settings(max_examples=400, deadline=None)
@given(STAFF, CALLERS, st.sampled_from(sorted(BUILT_IN)))
def test_a_decision_is_the_best_by_the_plain_rules(
    staff: list[tuple[dict[str, int], AgentState, int, tuple[str, ...]]],
    rows: list[tuple[dict[str, int], int, str, frozenset[str], frozenset[str], frozenset[str], bool, dict[str, float]]],
    strategy: str,
) -> None:
    agents = [
        Agent(name, skills=skills, languages=languages, state=state, idle_since=float(idle))
        for name, (skills, state, idle, languages) in zip(PEOPLE, staff, strict=False)
    ]
    contacts = sorted(_contacts(rows), key=lambda one: (one.order(), one.id))
    floor = floor_of(agents, contacts, Queue("q", strategy=strategy))
    matches = floor.decide(NOW)
    able = {contact.id: [one.id for one in candidates(contact, agents, NOW)] for contact in contacts}
    assert len({match.agent_id for match in matches}) == len(matches)
    assert all(match.agent_id in able[match.contact_id] for match in matches)
    assert {match.contact_id for match in matches} == _best_set(contacts, able)
    if len(matches) == 1 and strategy == "longest_idle" and len(able[matches[0].contact_id]) > 1:
        idle = {one.id: (one.idle_since, one.id) for one in agents}
        assert matches[0].agent_id == min(able[matches[0].contact_id], key=idle.__getitem__)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_is_kept_up_decides_as_what_is_built_anew(data: st.DataObject) -> None:
    """Whatever came and went before, only what is there now counts."""
    floor = floor_of([], [])
    agents: dict[str, Agent] = {}
    contacts: dict[str, Contact] = {}
    for step in range(data.draw(st.integers(1, 25))):
        now = NOW + step
        match data.draw(st.sampled_from(["agent", "agent", "contact", "contact", "leave", "go"])):
            case "agent":
                name = data.draw(st.sampled_from(PEOPLE))
                state = data.draw(st.sampled_from([FREE, AgentState.IN_CALL, AgentState.BREAK]))
                agents[name] = Agent(name, skills=data.draw(SKILLS), state=state, idle_since=float(step))
                floor.put_agent(agents[name])
            case "contact":
                needs = needs_of(data.draw(SKILLS))
                contact = Contact(f"c{step}", "q", now, needs, relax=(Relaxed(3.0, (Need("a"),)),), excluded=data.draw(SOME))
                contacts[contact.id] = contact
                floor.put_contact(contact, now)
            case "leave" if contacts:
                gone = data.draw(st.sampled_from(sorted(contacts)))
                del contacts[gone]
                floor.drop_contact(gone)
            case "go" if agents:
                left = data.draw(st.sampled_from(sorted(agents)))
                del agents[left]
                floor.drop_agent(left)
        kept = floor.decide(now)
        fresh = floor_of(list(agents.values()), list(contacts.values()), now=now).decide(now)
        assert {match.contact_id for match in kept} == {match.contact_id for match in fresh}
        for match in kept:
            agents[match.agent_id] = replace(agents[match.agent_id], state=AgentState.RESERVED)
            floor.put_agent(agents[match.agent_id])
            del contacts[match.contact_id]
            floor.drop_contact(match.contact_id)
