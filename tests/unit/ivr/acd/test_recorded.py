"""Rows of the records become a day, and what they do not tell is said."""

from __future__ import annotations

import json
import math
from typing import Any

from ivr.acd.model import Contact, Need, Relaxed, Where
from ivr.acd.recorded import READY, recorded_day
from ivr.acd.rows import asked_of, details_of
from ivr.acd.traffic import Shift

DAY = (1_790_000_000.0, 1_790_086_400.0)


def row(name: str, after: float, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("connected_at", "wait_seconds", "talk_seconds", "wrap_up_ended_at", "agent_id"))
    return {
        **empty,
        "id": name,
        "queue": "support",
        "queued_at": DAY[0] + after,
        "queueing": {},
        "disposition": "served",
    } | more


def served(name: str, after: float, wait: float = 10.0, talk: float = 100.0) -> dict[str, Any]:
    begun = DAY[0] + after + wait
    times = {"connected_at": begun, "wait_seconds": wait, "talk_seconds": talk, "wrap_up_ended_at": begun + talk + 20.0}
    return row(name, after, agent_id="ann", **times)


def test_what_was_asked_comes_back_whole() -> None:
    contact = Contact(
        "c1",
        "support",
        DAY[0],
        (Need("dsl", 5),),
        7,
        language="zh",
        relax=(Relaxed(30.0, (), Where(("north",))),),
        where=Where(("south",)),
        only=frozenset({"ann"}),
    )
    assert asked_of("c1", "support", DAY[0], json.loads(details_of(contact))) == contact
    for nonsense in ({}, {"needs": 3}, {"needs": [["a"]]}, {**json.loads(details_of(contact)), "priority": 99}):
        assert asked_of("c1", "support", DAY[0], nonsense) is None


def test_callers_keep_their_talks_their_patience_and_their_ends() -> None:
    rows = [
        served("c1", 0.0),
        row("c2", 5.0, disposition="abandoned", wait_seconds=40.0),
        row("c3", 9.0, disposition="overflowed", wait_seconds=60.0),
    ]
    day = recorded_day(rows, [], lambda: 0.5, DAY, "Monday")
    first, second, third = day.arrivals
    assert (first.talk, first.wrap_up, first.leaves) == (100.0, 20.0, math.inf)
    assert first.patience > 10.0  # waited that long, and would have longer
    assert (second.patience, second.leaves, second.talk) == (40.0, math.inf, 100.0)
    assert (third.leaves, third.patience > 60.0) == (60.0, True)
    assert day.name == "3 callers of Monday"
    assert any(note.startswith("2 of 3 callers talked to nobody") for note in day.notes)
    assert any(note.startswith("of 3 callers the records do not say") for note in day.notes)


def test_duty_is_taken_from_states() -> None:
    def state(agent: str, after: float, name: str) -> dict[str, Any]:
        return {"agent_id": agent, "at": DAY[0] + after, "state": name}

    states = [
        state("ann", -3600.0, "available"),
        state("ann", 100.0, "in_call"),
        state("ann", 200.0, "break"),
        state("ann", 300.0, "available"),
        state("ann", 900.0, "offline"),
        state("bob", 50.0, "offline"),
        state("bob", 86_000.0, "available"),
        state("eve", -7200.0, "available"),
        state("eve", -10.0, "offline"),
    ]
    day = recorded_day([served("c1", 0.0)], states, lambda: 0.5, DAY, "Monday")
    assert sorted(day.shifts, key=lambda one: one.begins) == [
        Shift("ann", DAY[0], DAY[0] + 200.0),
        Shift("ann", DAY[0] + 300.0, DAY[0] + 900.0),
        Shift("bob", DAY[0] + 86_000.0, DAY[1]),
    ]


def test_without_states_duty_is_guessed_from_calls_and_said_so() -> None:
    rows = [served("c1", 0.0), served("c2", 1000.0), served("c3", 8000.0)]
    day = recorded_day(rows, [], lambda: 0.5, DAY, "Monday")
    assert day.shifts == (
        Shift("ann", DAY[0] + 10.0 - READY, DAY[0] + 1130.0 + READY),
        Shift("ann", DAY[0] + 8010.0 - READY, DAY[0] + 8130.0 + READY),
    )
    assert any("on duty is not recorded" in note for note in day.notes)


def test_a_day_on_which_nobody_talked_or_left_can_be_played_too() -> None:
    [arrival] = recorded_day([row("c1", 0.0, disposition="lost")], [], lambda: 0.5, DAY, "x").arrivals
    assert (arrival.patience, arrival.talk) == (math.inf, 240.0)
