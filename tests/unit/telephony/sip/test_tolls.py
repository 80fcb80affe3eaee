"""Counters of what calls out spend: whatever comes in whatever order, no bound is passed and every place is given back."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from telephony.sip.tolls import HOUR, LEASE, Ceiling, Full, MemoryCounters

PAYERS = ("flow:a", "agent:b")


def now(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine that never waits returns."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("memory does not wait")


class Spending(RuleBasedStateMachine):
    """Two payers share a trunk; calls come, pay and go, and the clock runs."""

    @initialize(concurrent=st.integers(1, 3), hourly=st.integers(1, 5), seconds=st.integers(1, 60), money=st.integers(1, 60))
    def begin(self, concurrent: int, hourly: int, seconds: int, money: int) -> None:
        self.counters = MemoryCounters()
        self.time = 1000.0
        self.bounds = (concurrent, hourly, seconds, money)
        self.running: dict[str, str] = {}
        self.paid: dict[tuple[str, str], list[tuple[str, int, int]]] = {}
        self.starts: dict[str, list[float]] = {one: [] for one in (*PAYERS, "trunk:t")}
        self.next = 0

    @property
    def day(self) -> str:
        return f"day {int(self.time // 86_400)}"

    def ceilings(self, payer: str) -> list[Ceiling]:
        return [Ceiling(f"limit|{one}", one, *self.bounds) for one in (payer, "trunk:t")]

    @rule(payer=st.sampled_from(PAYERS))
    def call(self, payer: str) -> None:
        name = f"call{self.next}"
        self.next += 1
        full = now(self.counters.enter(name, self.ceilings(payer), self.time, self.day))
        if full is None:
            self.running[name] = payer
            for one in (payer, "trunk:t"):
                self.starts[one].append(self.time)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), seconds=st.integers(1, 20), money=st.integers(0, 20))
    def pay(self, data: st.DataObject, seconds: int, money: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.running)))
        payer = self.running[name]
        full = now(self.counters.charge(name, self.ceilings(payer), seconds, money, self.time, self.day))
        if full is None:
            for one in (payer, "trunk:t"):
                self.paid.setdefault((one, self.day), []).append((name, seconds, money))
        else:
            assert full.burnt

    @precondition(lambda self: self.running)
    @rule(data=st.data(), back=st.integers(0, 5))
    def end(self, data: st.DataObject, back: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.running)))
        payer = self.running.pop(name)
        own = [one for one in self.paid.get((payer, self.day), []) if one[0] == name]
        back = min(back, own[-1][1]) if own else 0
        for _ in range(2):
            now(self.counters.leave(name, self.ceilings(payer), back, 0, self.day))
        for one in (payer, "trunk:t"):
            if back:
                self.paid[one, self.day].append((name, -back, 0))

    @rule(seconds=st.sampled_from([1.0, 10.0, 50.0]))
    def pass_time(self, seconds: float) -> None:
        """Whoever runs shows that he lives, as the guard does."""
        self.time += seconds
        for name, payer in self.running.items():
            now(self.counters.charge(name, self.ceilings(payer), 0, 0, self.time, self.day))

    @precondition(lambda self: not self.running)
    @rule(seconds=st.sampled_from([HOUR / 2, HOUR, 86_400.0]))
    def pass_long(self, seconds: float) -> None:
        self.time += seconds

    @invariant()
    def no_bound_is_passed(self) -> None:
        if not hasattr(self, "counters"):
            return
        concurrent, hourly, seconds, money = self.bounds
        for subject in self.starts:
            running = [one for one in self.running.values() if subject in (one, "trunk:t")]
            assert len(running) <= concurrent
            assert sum(at > self.time - HOUR for at in self.starts[subject]) <= hourly
        for paid in self.paid.values():
            assert sum(one[1] for one in paid) <= seconds
            assert sum(one[2] for one in paid) <= money

    def teardown(self) -> None:
        """All places are given back: as many calls as ever can begin after an hour."""
        if not hasattr(self, "counters"):
            return
        for name, payer in self.running.items():
            now(self.counters.leave(name, self.ceilings(payer), 0, 0, self.day))
        self.time += 2 * 86_400
        for n in range(min(self.bounds[:2])):
            assert now(self.counters.enter(f"last{n}", self.ceilings("flow:a"), self.time, self.day)) is None


Spending.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSpending = Spending.TestCase


def enter(counters: MemoryCounters, call: str, ceiling: Ceiling, at: float = 0.0) -> Full | None:
    found: Full | None = now(counters.enter(call, [ceiling], at, "today"))
    return found


def test_all_ceilings_are_entered_or_none() -> None:
    counters = MemoryCounters()
    wide, narrow = Ceiling("wide", "a", concurrent=5), Ceiling("narrow", "b", concurrent=1)
    assert now(counters.enter("1", [wide, narrow], 0.0, "d")) is None
    assert now(counters.enter("2", [wide, narrow], 0.0, "d")) == Full("concurrent", "narrow", "b")
    for n in range(4):
        assert enter(counters, f"x{n}", wide) is None, "the refused call took no place"
    assert enter(counters, "y", wide) is not None


def test_the_place_of_a_node_that_died_is_free_after_its_lease() -> None:
    counters, one = MemoryCounters(), Ceiling("k", "a", concurrent=1)
    assert enter(counters, "1", one) is None
    assert enter(counters, "2", one, LEASE - 1) is not None
    assert enter(counters, "2", one, LEASE + 1) is None


def test_who_is_blocked_makes_no_call_until_an_operator_says_so() -> None:
    counters, one = MemoryCounters(), Ceiling("k", "a", seconds_per_day=10)
    assert enter(counters, "1", one) is None
    assert now(counters.charge("1", [one], 10, 0, 0.0, "today")) is None
    full = now(counters.charge("1", [one], 1, 0, 0.0, "today"))
    assert full.burnt
    assert now(counters.block("a", "burnt")) is True
    assert now(counters.block("a", "again")) is False
    assert enter(counters, "2", one) == Full("blocked", "k", "a")
    assert now(counters.charge("1", [one], 1, 0, 1.0, "today")) == Full("blocked", "k", "a")
    assert now(counters.blocked()) == {"a": "burnt"}
    assert now(counters.unblock("a", ["k", "unknown"])) is True
    assert now(counters.unblock("a", ["k"])) is False
    assert enter(counters, "2", one) is None


def test_a_new_day_has_a_new_budget() -> None:
    counters, one = MemoryCounters(), Ceiling("k", "a", money_per_day=10)
    assert now(counters.charge("1", [one], 0, 10, 0.0, "monday")) is None
    assert now(counters.charge("1", [one], 0, 1, 1.0, "monday")) == Full("money_per_day", "k", "a")
    assert now(counters.charge("1", [one], 0, 1, 2.0, "tuesday")) is None
