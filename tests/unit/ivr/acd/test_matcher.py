"""The contract of the matcher, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.acd.matcher import best_agent, best_contact, fits
from ivr.acd.model import Agent, AgentState, Contact, ContactState, Need, needs_of
from ivr.acd.transitions import AGENT_TRANSITIONS, CONTACT_TRANSITIONS

FREE = AgentState.AVAILABLE
ANN = Agent("ann", skills={"telecom": 5}, languages=("en",), state=FREE, idle_since=20.0)
BOB = Agent("bob", skills={"telecom": 3}, state=FREE, idle_since=10.0)
CALL = Contact("c1", "q", 100.0, (Need("telecom", 3),))


def test_the_longest_idle_of_the_able_is_chosen() -> None:
    assert best_agent(CALL, [ANN, BOB]) is BOB
    assert best_agent(replace(CALL, needs=(Need("telecom", 4),)), [ANN, BOB]) is ANN
    assert best_agent(replace(CALL, needs=(Need("tv"),)), [ANN, BOB]) is None


def test_ties_break_on_id() -> None:
    assert best_agent(CALL, [replace(BOB, idle_since=20.0), ANN]) is ANN


def test_language_counts_where_the_agent_lists_languages() -> None:
    assert best_agent(replace(CALL, language="zh"), [ANN]) is None
    assert best_agent(replace(CALL, language="zh"), [BOB]) is BOB


def test_the_excluded_never_get_it() -> None:
    assert best_agent(replace(CALL, excluded=frozenset({"bob"})), [ANN, BOB]) is ANN


def test_who_refused_waits_for_others_on_duty_but_not_for_nobody() -> None:
    refused = replace(CALL, refused={"bob": 50.0})
    assert best_agent(refused, [BOB, replace(ANN, state=AgentState.IN_CALL)], now=49.0) is None
    assert best_agent(refused, [BOB, replace(ANN, state=AgentState.IN_CALL)], now=50.0) is BOB
    assert best_agent(refused, [BOB, replace(ANN, state=AgentState.BREAK)], now=49.0) is BOB


def test_priority_then_age_then_id() -> None:
    old, young, urgent = CALL, replace(CALL, id="c2", enqueued_at=101.0), replace(CALL, id="c3", enqueued_at=102.0, priority=6)
    assert best_contact(BOB, [young, old]) is old
    assert best_contact(BOB, [young, old, urgent]) is urgent
    assert best_contact(BOB, [replace(old, id="c0"), old]) == replace(old, id="c0")
    assert best_contact(replace(BOB, state=AgentState.BREAK), [old]) is None


@given(st.floats(0, 4e9), st.floats(0, 4e9), st.integers(0, 10), st.integers(0, 10))
def test_a_level_of_priority_is_worth_two_minutes_of_waiting(first: float, second: float, high: int, low: int) -> None:
    one = Contact("a", "q", first, priority=high)
    two = Contact("b", "q", second, priority=low)
    assert one.order() == round(first - (high - 5) * 120, 3)
    assert (one.order(0) < two.order(0)) == (round(first, 3) < round(second, 3)), "without ageing, time alone counts"
    if high > low and abs(first - second) < 120:
        assert one.order() < two.order()


@given(st.dictionaries(st.sampled_from("abc"), st.integers(1, 10)), st.dictionaries(st.sampled_from("abc"), st.integers(1, 10)))
def test_equal_profiles_take_equal_demands(needs: dict[str, int], skills: dict[str, int]) -> None:
    contact, agent = Contact("c", "q", 0.0, needs_of(needs)), Agent("x", skills=skills)
    assert fits(contact, agent, 0.0) == all(f";{s}=" in agent.profile and skills[s] >= n for s, n in needs.items())


def test_every_state_is_in_the_tables() -> None:
    assert set(CONTACT_TRANSITIONS) == set(ContactState)
    assert set(AGENT_TRANSITIONS) == set(AgentState)


@pytest.mark.parametrize("bad", ["", "two words", "a;b", "a=1", "x|y", "{acd}"])
def test_names_that_would_break_a_key_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="is no name"):
        Need(bad)
    with pytest.raises(ValueError, match="level 11"):
        Need("ok", 11)
