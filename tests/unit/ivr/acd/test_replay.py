"""A day on a clock of its own: known callers and agents with known fates, and a made-up day that adds up."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from ivr.acd.generated import generated_day, made_up
from ivr.acd.judged import Judged, accuracy, jain, judged, quantile
from ivr.acd.model import Agent, Contact, Need, Queue, Relaxed
from ivr.acd.replay import RING, Day, Fate, Replay
from ivr.acd.traffic import Arrival, Rules, Shift, Traffic

START = 1_790_000_000.0


def comes(name: str, after: float, talk: float = 100.0, patience: float = math.inf, **asked: object) -> Arrival:
    return Arrival(replace(Contact(name, "support", START + after), **asked), talk, patience, wrap_up=None)  # type: ignore[arg-type]


def rules(*agents: Agent, wrap_up: float = 0.0, **more: object) -> Rules:
    return Rules("rules", agents or (Agent("ann"),), (Queue("support", wrap_up_seconds=wrap_up),), **more)  # type: ignore[arg-type]


def played(*arrivals: Arrival, under: Rules | None = None, shifts: tuple[Shift, ...] = (), seed: int | None = None) -> Day:
    under = under or rules()
    shifts = shifts or tuple(Shift(agent.id, START, START + 3600.0) for agent in under.agents)
    dice = None if seed is None else random.Random(seed).random
    return Replay(Traffic(arrivals, shifts), under, dice).run()


def fates(day: Day) -> dict[str, tuple[str, float, str]]:
    return {fate.arrival.contact.id: (fate.outcome, fate.waited, fate.agent) for fate in day.fates}


def test_one_after_another() -> None:
    day = played(comes("c1", 10.0), comes("c2", 20.0), under=rules(wrap_up=30.0))
    assert fates(day)["c1"] == ("served", RING, "ann")
    assert fates(day)["c2"][1] == pytest.approx(RING + 100.0 + 30.0 + RING - 10.0)
    assert [fate.at_once for fate in day.fates] == [True, False]
    assert (day.work["ann"].calls, day.work["ann"].talk, day.work["ann"].other) == (2, 200.0, 2 * (RING + 30.0))


def test_a_ring_of_all_for_one_who_left_already_takes_nobodys_time() -> None:
    staff = (Agent("ann"), Agent("bob"), Agent("cid"))
    under = Rules("rules", staff, (Queue("support", wrap_up_seconds=0.0, strategy="ring_all"),))
    shifts = tuple(Shift(one.id, START + 100.0, START + 3600.0) for one in staff)
    day = played(comes("gone", 10.0, patience=1.0), comes("here", 101.0), under=under, shifts=shifts, seed=1)
    gone, here = day.fates
    assert (gone.outcome, gone.turn) == ("abandoned", 90.0 + RING)
    assert (here.outcome, here.waited) == ("served", RING)


def test_who_has_no_patience_leaves_and_the_next_has_the_place() -> None:
    day = played(comes("c1", 0.0), comes("c2", 1.0, patience=50.0), comes("c3", 2.0), seed=1)
    assert fates(day)["c2"] == ("abandoned", 50.0, "")
    assert fates(day)["c3"][1] == pytest.approx(RING + 100.0 + RING - 2.0)
    left = next(fate for fate in day.fates if fate.outcome == "abandoned")
    assert left.turn == pytest.approx(RING + 100.0 + RING - 1.0)  # when the turn would have come


def test_who_leaves_during_the_ring_frees_the_agent() -> None:
    day = played(comes("c1", 0.0, patience=2.0), comes("c2", 1.0))
    assert fates(day) == {"c1": ("abandoned", 2.0, ""), "c2": ("served", 1.0 + RING, "ann")}


def test_the_flow_takes_callers_elsewhere_and_a_full_queue_lets_nobody_in() -> None:
    waiting = [replace(comes(f"c{number}", number), leaves=60.0) for number in range(4)]
    day = played(*waiting, under=rules(most_waiting={"support": 2}))
    assert [how for how, _, _ in fates(day).values()] == ["served", "overflowed", "full", "full"]
    assert judged(day).overflowed == 3


def test_needs_relax_and_the_floor_is_the_real_one() -> None:
    picky = comes("c1", 0.0, needs=(Need("dsl", 5),), relax=(Relaxed(30.0, ()),))
    assert fates(played(picky))["c1"] == ("served", 30.0 + RING, "ann")


def test_agents_work_their_shifts_and_end_their_calls_first() -> None:
    shifts = (Shift("ann", START, START + 50.0), Shift("ann", START + 500.0, START + 600.0))
    day = played(comes("c1", 0.0), comes("c2", 10.0), comes("c3", 510.0, talk=400.0), comes("c4", 520.0), shifts=shifts)
    assert fates(day)["c1"][0] == "served"
    assert fates(day)["c2"] == ("served", 490.0 + RING, "ann")
    assert fates(day)["c3"][0] == "waiting"  # ann went home after the call of c2
    assert judged(day).unserved == 2


def test_agents_who_are_not_in_the_rules_stay_away() -> None:
    traffic = Traffic((comes("c1", 0.0),), (Shift("ann", START, START + 100.0), Shift("eve", START, START + 100.0)))
    assert rules().idle(traffic) == (["eve"], [])
    assert rules(Agent("ann"), Agent("bob")).idle(traffic) == (["eve"], ["bob"])
    assert Rules("b", (), (Queue("other"),)).lacks(traffic) == ["queue support"]


def test_a_device_with_room_takes_many_at_once() -> None:
    day = played(comes("c1", 0.0), comes("c2", 1.0), comes("c3", 2.0), under=rules(Agent("bot", capacity=2)))
    assert [round(wait) for _, wait, _ in fates(day).values()] == [5, 5, 108]


def test_estimates_are_told_while_waiting_and_measured_against_the_turn() -> None:
    early = [comes(f"e{number}", 110.0 * number) for number in range(10)]
    late = [comes(f"w{number}", 1101.0 + number) for number in range(4)]
    day = played(*early, *late, seed=1)
    told = {fate.arrival.contact.id: fate.told for fate in day.fates}
    assert told["e0"] == []
    assert told["w0"] == []  # served at once
    [(at, first), *later] = told["w3"]
    assert at == 0.0
    assert first == pytest.approx(3 * (100.0 + RING), rel=0.1)
    assert [at for at, _ in later] == [30.0 * number for number in range(1, len(later) + 1)]
    entry = accuracy(day.fates, entry=True)
    assert (entry.told, entry.within_quarter, entry.nothing_told) == (3, 1.0, 0)
    assert judged(day).estimate_all_callers == 1.0


def test_accuracy_counts_what_could_not_be_told_and_who_was_never_served() -> None:
    def fate(told: float | None, turn: float | None) -> Fate:
        return Fate(comes("c", 0.0), turn=turn, told=[(0.0, told), (30.0, told)])

    found = accuracy([fate(100.0, 100.0), fate(100.0, 130.0), fate(20.0, 10.0), fate(None, 5.0), fate(9.0, None)], entry=True)
    assert (found.told, found.nothing_told, found.never_came) == (3, 1, 1)
    assert found.within_quarter == pytest.approx(2 / 3)
    assert found.within_quarter_or_15s == 1.0
    assert accuracy([fate(100.0, 130.0)], entry=False).within_quarter == 1.0


@pytest.fixture(scope="module")
def whole_day() -> tuple[Traffic, Day]:
    dice = random.Random(7)
    under = made_up(dice, 8)
    traffic = generated_day(under, dice, START - START % 86_400, 300)
    return traffic, Replay(traffic, under, dice.random).run()


def test_a_made_up_day_adds_up(whole_day: tuple[Traffic, Day]) -> None:
    traffic, day = whole_day
    found = judged(day)
    assert found.callers == len(traffic.arrivals) == 300
    assert found.served + found.abandoned + found.overflowed + found.unserved == 300
    assert sum(one.calls for one in day.work.values()) == found.served
    assert 0 < found.served_at_once <= found.served
    assert 0.3 < found.occupancy < 1.1
    assert found.waits.p50 <= found.waits.p90 <= found.waits.p99
    assert sum(one["callers"] for one in found.classes.values()) <= 300
    # Every one who was told something saw what the truth was.
    assert all(fate.turn is not None for fate in day.fates if fate.outcome == "served")


def test_estimates_of_a_made_up_day_are_mostly_right(whole_day: tuple[Traffic, Day]) -> None:
    found = judged(whole_day[1])
    assert found.estimate_at_entry is not None
    assert found.estimate_at_entry.told > 30
    assert found.estimate_all_callers is not None
    assert found.estimate_all_callers > 0.6


def test_the_same_seed_makes_the_same_day() -> None:
    def once() -> Judged:
        dice = random.Random(3)
        under = made_up(dice, 6)
        return judged(Replay(generated_day(under, dice, START, 80), under).run())

    assert once() == once()


def test_callers_are_as_many_as_keep_agents_busy() -> None:
    dice = random.Random(1)
    under = made_up(dice, 10)
    found = judged(Replay(generated_day(under, dice, START), under).run())
    assert 0.6 < found.occupancy < 0.95


def test_fairness_and_quantiles() -> None:
    assert jain([1.0, 1.0, 1.0]) == pytest.approx(1.0)
    assert jain([3.0, 0.0, 0.0]) == pytest.approx(1 / 3)
    assert jain([]) == 1.0
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.9, 1.0)] == [1.0, 2.0, 4.0, 4.0]
    assert quantile([], 0.5) == 0.0
