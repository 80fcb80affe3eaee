"""Channels, teams and sites, and several agents who ring at once: what the floor decides, against the plain rules."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.acd.floor import Floor
from ivr.acd.matcher import best_agent, candidates
from ivr.acd.model import ANYWHERE, Agent, AgentState, Channel, Contact, ContactState, Match, Queue, Relaxed, Where, needs_of

FREE, NOW = AgentState.AVAILABLE, 1000.0
PLAIN, ALL = Queue("q"), Queue("all", strategy="ring_all", ring_most=2)
MIX = Agent("mix", rooms={Channel.MESSAGE: 3, Channel.TICKET: 1}, blend=frozenset({Channel.TICKET}), state=FREE)
TALKS = replace(MIX, state=AgentState.IN_CALL, held={"c0": ContactState.CONNECTED})


def floor_of(agents: Sequence[Agent], contacts: Sequence[Contact]) -> Floor:
    floor = Floor()
    floor.put_queues([PLAIN, ALL])
    for one in agents:
        floor.put_agent(one)
    for contact in contacts:
        floor.put_contact(contact, NOW)
    return floor


def pairs(matches: Sequence[Match]) -> set[tuple[str, str]]:
    return {(match.contact_id, match.agent_id) for match in matches}


def messages(count: int, channel: Channel = Channel.MESSAGE) -> list[Contact]:
    return [Contact(f"{channel}{number}", "q", float(number), channel=channel) for number in range(count)]


# --- channels


def test_messages_come_up_to_their_number_and_a_call_beside_them() -> None:
    matches = floor_of([MIX], [*messages(5), Contact("call", "q", 9.0)]).decide(NOW)
    assert [match.contact_id for match in matches] == ["message0", "message1", "message2", "call"], "the call is offered last"
    writes = replace(MIX, held={"m": ContactState.CONNECTED}, others={"m": Channel.MESSAGE})
    assert pairs(floor_of([writes], messages(5)).decide(NOW)) == {("message0", "mix"), ("message1", "mix")}


def test_beside_a_call_nothing_new_comes_unless_it_blends() -> None:
    assert floor_of([TALKS], messages(2)).decide(NOW) == []
    assert pairs(floor_of([TALKS], messages(2, Channel.TICKET)).decide(NOW)) == {("ticket0", "mix")}
    assert floor_of([TALKS], [Contact("call", "q", 1.0)]).decide(NOW) == []
    leaving = replace(TALKS, wanted=AgentState.BREAK)
    assert floor_of([leaving], messages(2, Channel.TICKET)).decide(NOW) == [], "who asked for a break gets nothing new"


def test_a_callback_takes_the_room_of_a_call_and_a_channel_that_is_not_served_waits() -> None:
    back = Contact("back", "q", 1.0, channel=Channel.CALLBACK)
    assert pairs(floor_of([Agent("ann", state=FREE)], [back, *messages(1)]).decide(NOW)) == {("back", "ann")}
    pen = Agent("pen", capacity=0, rooms={Channel.MESSAGE: 1}, state=FREE)
    assert pairs(floor_of([pen], [back, *messages(1)]).decide(NOW)) == {("message0", "pen")}


def test_messages_do_not_starve_behind_calls_that_never_end() -> None:
    """A message is served as soon as it is the first in order, and the call after it as well."""
    calls = [Contact(f"call{number}", "q", 10.0 + number) for number in range(5)]
    floor = floor_of([], [*calls, *messages(1)])
    floor.put_agent(MIX)
    assert pairs(floor.decide(NOW)) == {("message0", "mix"), ("call0", "mix")}


# --- teams and sites


def test_a_team_is_asked_for_and_after_a_time_it_is_not() -> None:
    contact = Contact(
        "c",
        "q",
        NOW,
        needs_of({"telecom": 2}),
        where=Where(("gold",), ("bonn", "ulm")),
        relax=(Relaxed(30.0, (), Where(("gold",))), Relaxed(60.0, ())),
    )
    near = Agent("near", skills={"telecom": 2}, team="gold", site="ulm", state=FREE)
    far = Agent("far", skills={"telecom": 9}, team="gold", site="rome", state=FREE)
    other = Agent("other", skills={"telecom": 9}, state=FREE)
    [match] = floor_of([far, near, other], [contact]).decide(NOW)
    assert (match.agent_id, match.why) == ("near", "telecom 2, team gold, site ulm, first to be free")
    floor = floor_of([far, other], [contact])
    assert floor.decide(NOW + 29.9) == [] and floor.next_change() == NOW + 30.0
    [match] = floor.decide(NOW + 30.0)
    assert (match.agent_id, match.why) == ("far", "team gold, first to be free, needs relaxed 1 of 2")
    floor = floor_of([other], [contact])
    assert floor.decide(NOW + 59.0) == [] and pairs(floor.decide(NOW + 60.0)) == {("c", "other")}


# --- ringing all


def agents(*names: str) -> list[Agent]:
    return [Agent(name, state=FREE, idle_since=float(number)) for number, name in enumerate(names)]


def test_a_queue_that_rings_all_rings_so_many_who_idled_longest() -> None:
    matches = floor_of(agents("ann", "bob", "cid"), [Contact("c", "all", 1.0)]).decide(NOW)
    assert [(match.agent_id, match.together, match.why) for match in matches] == [
        ("ann", True, "all are rung"),
        ("bob", True, "all are rung"),
    ]


def test_nobody_waits_because_another_rings_many() -> None:
    contacts = [Contact("first", "all", 1.0), Contact("second", "q", 2.0), Contact("third", "all", 3.0)]
    matches = floor_of(agents("ann", "bob", "cid", "dot"), contacts).decide(NOW)
    assert Counter(match.contact_id for match in matches) == {"first": 2, "second": 1, "third": 1}


def test_who_comes_free_rings_too_until_there_are_enough() -> None:
    ringing = Contact("c", "all", 1.0, state=ContactState.OFFERED, agent="ann", until=NOW + 9, rung={"ann": NOW + 9})
    floor = floor_of([Agent("ann", state=AgentState.RESERVED, held={"c": ContactState.OFFERED})], [ringing])
    assert floor.decide(NOW) == []
    for one in agents("bob", "cid"):
        floor.put_agent(one)
    assert pairs(floor.decide(NOW)) == {("c", "bob")}
    floor.put_contact(replace(ringing, rung={"ann": NOW + 9, "bob": NOW + 20}), NOW)
    floor.put_agent(Agent("dot", state=FREE))
    assert floor.decide(NOW) == []
    floor.put_contact(replace(ringing, state=ContactState.CONNECTED, rung={}), NOW)
    floor.put_agent(Agent("eve", state=FREE))
    assert floor.decide(NOW) == []


def test_who_is_excluded_refused_or_not_asked_for_is_not_rung_with_the_others() -> None:
    contact = Contact("c", "all", 1.0, excluded=frozenset({"ann"}), refused={"bob": NOW + 5})
    assert pairs(floor_of(agents("ann", "bob", "cid"), [contact]).decide(NOW)) == {("c", "cid")}
    one = Contact("c", "all", 1.0, only=frozenset({"cid"}))
    assert pairs(floor_of(agents("ann", "bob", "cid"), [one]).decide(NOW)) == {("c", "cid")}


@pytest.mark.parametrize("most", [1, 11])
def test_the_number_of_phones_is_bounded(most: int) -> None:
    with pytest.raises(ValueError, match=f"ring_most {most} is outside 2..10"):
        Queue("q", ring_most=most)


# --- against the plain rules

NAMES = ("ann", "bob", "cid", "dot")
STAFF = st.lists(
    st.tuples(
        st.sampled_from([FREE, FREE, FREE, AgentState.IN_CALL, AgentState.BREAK]),
        st.sampled_from(["", "gold"]),
        st.sampled_from([{}, {Channel.MESSAGE: 1}, {Channel.MESSAGE: 2}]),
        st.sampled_from([frozenset[Channel](), frozenset({Channel.MESSAGE})]),
        st.integers(0, 1),
        st.integers(1, 2),
    ),
    min_size=1,
    max_size=4,
)
CALLERS = st.lists(
    st.tuples(
        st.sampled_from(["q", "all"]),
        st.sampled_from([Channel.VOICE, Channel.VOICE, Channel.MESSAGE]),
        st.sampled_from([ANYWHERE, Where(("gold",))]),
        st.frozensets(st.sampled_from(NAMES), max_size=1),
        st.integers(4, 6),
    ),
    max_size=4,
)


def staff_of(rows: list[tuple[AgentState, str, dict[Channel, int], frozenset[Channel], int, int]]) -> list[Agent]:
    found = []
    for name, (state, team, rooms, blend, calls, capacity) in zip(NAMES, rows, strict=False):
        held = {f"{name}-held": ContactState.CONNECTED} if state is AgentState.IN_CALL else {}
        size = 1 if held else capacity
        found.append(
            Agent(
                name,
                team=team,
                rooms=rooms,
                blend=blend,
                capacity=size if calls or held or not rooms else 0,
                state=state,
                held=held,
            )
        )
    return found


def callers_of(rows: list[tuple[str, Channel, Where, frozenset[str], int]]) -> list[Contact]:
    found = [
        Contact(f"c{number}", queue, 900.0 + number, priority=priority, channel=channel, where=where, excluded=excluded)
        for number, (queue, channel, where, excluded, priority) in enumerate(rows)
    ]
    return sorted(found, key=lambda one: (one.order(), one.id))


def best_set(contacts: Sequence[Contact], able: dict[str, list[Agent]]) -> set[str]:
    """Who is served together, the first in order first: by trying every way."""
    ways: list[set[str]] = []
    for choice in itertools.product(*[[None, *able[contact.id]] for contact in contacts]):
        chosen = [(contact, agent) for contact, agent in zip(contacts, choice, strict=True) if agent is not None]
        used = Counter((agent.id, contact.channel) for contact, agent in chosen)
        if all(used[agent.id, contact.channel] <= agent.room(contact.channel) for contact, agent in chosen):
            ways.append({contact.id for contact, _ in chosen})
    return max(ways, key=lambda way: [contact.id in way for contact in contacts], default=set())


@settings(max_examples=300, deadline=None)
@given(STAFF, CALLERS)
def test_a_decision_is_the_best_by_the_plain_rules_whatever_the_channel(
    rows: list[tuple[AgentState, str, dict[Channel, int], frozenset[Channel], int, int]],
    callers: list[tuple[str, Channel, Where, frozenset[str], int]],
) -> None:
    staff, contacts = staff_of(rows), callers_of(callers)
    people = {agent.id: agent for agent in staff}
    matches = floor_of(staff, contacts).decide(NOW)
    able = {contact.id: candidates(contact, staff, NOW) for contact in contacts}
    channels = {contact.id: contact for contact in contacts}
    assert all(people[match.agent_id] in able[match.contact_id] for match in matches)
    assert {match.contact_id for match in matches} == best_set(contacts, able)
    used = Counter((match.agent_id, channels[match.contact_id].channel) for match in matches)
    assert all(count <= people[name].room(channel) for (name, channel), count in used.items())
    rung = Counter(match.contact_id for match in matches)
    assert len(pairs(matches)) == len(matches), "nobody rings twice for one"
    for contact in contacts:
        most = ALL.ring_most if contact.queue == "all" else 1
        assert rung[contact.id] <= most
        if contact.queue == "all" and 0 < rung[contact.id] < most:
            left = [one for one in able[contact.id] if used[one.id, contact.channel] < one.room(contact.channel)]
            assert all((contact.id, one.id) in pairs(matches) for one in left), "who is left rings too"


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from(["q", "all", "slow"]),
        st.integers(3, 7),
        st.sampled_from([ANYWHERE, ANYWHERE, Where(("gold",))]),
        st.integers(0, 40),
    ),
    min_size=2,
    max_size=25,
)


@settings(max_examples=100, deadline=None)
@given(ARRIVALS, st.integers(1, 2))
def test_none_starves_in_any_of_several_queues(arrivals: list[tuple[str, int, Where, int]], count: int) -> None:
    """Whoever is served while another waits whom the same agent could take stands before that one in order, for ever."""
    queues = {one.name: one for one in (PLAIN, replace(ALL, ring_most=2), Queue("slow", ageing=5.0, strategy="round_robin"))}
    team = [Agent(name, team="gold", state=FREE) for name in NAMES[:count]]
    floor = Floor()
    floor.put_queues(queues.values())
    waiting: dict[str, Contact] = {}
    served: list[str] = []
    now = NOW
    for number, (queue, priority, where, pause) in enumerate(arrivals):
        now += pause
        contact = Contact(f"c{number}", queue, now, priority=priority, where=where)
        waiting[contact.id] = contact
        floor.put_contact(contact, now)
    while waiting:
        now += 30.0
        for one in team:
            floor.put_agent(replace(one, idle_since=now))
        first = {match.contact_id for match in floor.decide(now)}
        assert first, "somebody is served each time an agent comes free"
        for gone in first:
            floor.drop_contact(gone)
            served.append(gone)
        for taken in [waiting.pop(gone) for gone in first]:
            place = taken.order(queues[taken.queue].ageing), taken.id
            assert all(place < (left.order(queues[left.queue].ageing), left.id) for left in waiting.values())
    assert len(served) == len(arrivals)


def test_the_plain_rules_know_who_rings_already() -> None:
    ann, bob = agents("ann", "bob")
    contact = Contact("c", "all", 1.0, state=ContactState.OFFERED, agent="ann", rung={"ann": NOW})
    assert best_agent(contact, [ann, bob], NOW) is bob
