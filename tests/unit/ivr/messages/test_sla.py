"""The clocks of tickets: they run, stand still while it is the customer's turn, and are met or missed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialplan.calendar import Calendar
from ivr.messages.sla import Policy, Promise, clocks, moved, reckoned

POLICY = Policy({"normal": Promise(100.0, 1000.0)})


def row(**more: Any) -> dict[str, Any]:
    known = {"status": "open", "priority": "normal", "created_at": 0.0, "due_at": None, "paused_seconds": 0.0}
    return {**known, "paused_at": None, "responded_at": None, "solved_at": None, **more}


def test_they_run_and_run_out() -> None:
    assert clocks(POLICY, row(), 40.0)["respond"] == {"due_at": 100.0, "left": 60.0, "state": "running"}
    assert clocks(POLICY, row(), 140.0)["respond"] == {"due_at": 100.0, "left": -40.0, "state": "late"}
    assert clocks(POLICY, row(priority="low"), 40.0) == {"respond": None, "resolve": None}


def test_they_stand_still_while_it_is_the_customers_turn() -> None:
    waiting = row(**moved(POLICY, row(), "pending", 50.0))
    assert clocks(POLICY, {**row(), **waiting}, 500.0)["respond"] == {"due_at": 550.0, "left": 50.0, "state": "paused"}
    back = {**waiting, **moved(POLICY, waiting, "open", 500.0)}
    assert (back["paused_seconds"], back["paused_at"]) == (450.0, None)
    assert clocks(POLICY, back, 520.0)["respond"] == {"due_at": 550.0, "left": 30.0, "state": "running"}


def test_what_was_done_in_time_stays_so() -> None:
    assert clocks(POLICY, row(responded_at=99.0), 5000.0)["respond"]["state"] == "met"
    assert clocks(POLICY, row(responded_at=101.0), 5000.0)["respond"]["state"] == "missed"
    solved = row(**moved(POLICY, row(), "solved", 900.0))
    assert clocks(POLICY, {**row(), **solved}, 5000.0)["resolve"] == {"due_at": 1000.0, "left": 100.0, "state": "met"}


def test_a_ticket_that_is_opened_again_goes_on_where_it_stood() -> None:
    solved = {**row(), **moved(POLICY, row(), "solved", 900.0)}
    again = {**solved, **moved(POLICY, solved, "open", 2900.0)}
    assert (again["solved_at"], again["paused_seconds"]) == (None, 2000.0)
    assert clocks(POLICY, again, 2950.0)["resolve"] == {"due_at": 3000.0, "left": 50.0, "state": "running"}


def test_time_after_the_end_is_left_out_once() -> None:
    policy = Policy(POLICY.promises, ("pending", "solved"))
    solved = {**row(), **moved(policy, row(), "solved", 900.0)}
    again = {**solved, **moved(policy, solved, "open", 2900.0)}
    assert (again["paused_at"], again["paused_seconds"]) == (None, 2000.0)


def test_a_date_of_its_own_counts_whatever_the_state() -> None:
    assert clocks(POLICY, row(due_at=70.0, paused_at=10.0, status="pending"), 80.0)["resolve"]["state"] == "late"


def test_the_same_state_changes_nothing() -> None:
    assert moved(POLICY, row(), "open", 5.0) == {}


def test_what_is_due_next_is_the_first_clock_that_runs() -> None:
    late, soon, paused = row(created_at=-500.0), row(responded_at=1.0), row(paused_at=10.0, status="pending")
    assert [reckoned(POLICY, one)["next_due"] for one in (late, soon, paused)] == [-400.0, 1000.0, None]
    assert reckoned(POLICY, {**paused, "due_at": 70.0})["next_due"] == 70.0, "a date is a date"
    assert reckoned(POLICY, row(solved_at=5.0, due_at=70.0))["next_due"] is None


def test_what_was_reckoned_holds_until_the_promises_are_others() -> None:
    kept = {**row(), **reckoned(POLICY, row()), "respond_due": 77.0}
    assert clocks(POLICY, kept, 0.0)["respond"]["due_at"] == 77.0
    other = Policy({"normal": Promise(200.0)})
    assert clocks(other, kept, 0.0)["respond"]["due_at"] == 200.0
    assert other.version != POLICY.version == Policy({"normal": Promise(100.0, 1000.0)}).version


DAY = 86_400.0
NINE_TO_FIVE = Calendar("office", "Asia/Shanghai", (((9 * 60, 17 * 60),),) * 5 + ((), ()))
OFFICE = Policy({"normal": Promise(4 * 3600.0, 16 * 3600.0, NINE_TO_FIVE)})
MONDAY = datetime(2026, 11, 23, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()


def test_it_stands_still_outside_of_the_hours_and_over_the_weekend() -> None:
    friday = row(created_at=MONDAY + 4 * DAY + 15 * 3600)
    found = clocks(OFFICE, friday, MONDAY + 5 * DAY)  # Saturday
    assert found["respond"] == {"due_at": MONDAY + 7 * DAY + 11 * 3600, "left": 7200.0, "state": "resting", "hours": True}
    assert found["resolve"]["due_at"] == MONDAY + 8 * DAY + 15 * 3600
    assert clocks(OFFICE, friday, MONDAY + 7 * DAY + 10 * 3600)["respond"]["state"] == "running"
    assert clocks(OFFICE, friday, MONDAY + 7 * DAY + 12 * 3600)["respond"]["left"] == -3600.0


def test_a_night_of_waiting_for_the_customer_gives_no_more_time() -> None:
    begun = row(created_at=MONDAY + 16 * 3600)
    asked = {**begun, **moved(OFFICE, begun, "pending", MONDAY + 16.5 * 3600)}
    assert clocks(OFFICE, asked, MONDAY + DAY)["respond"]["left"] == 3.5 * 3600
    back = {**asked, **moved(OFFICE, asked, "open", MONDAY + DAY + 9.5 * 3600)}
    assert back["paused_seconds"] == 3600.0, "half an hour before five, half an hour after nine"
    assert clocks(OFFICE, back, MONDAY + DAY + 9.5 * 3600)["respond"]["left"] == 3.5 * 3600


def test_a_house_that_never_opens_promises_nothing() -> None:
    shut = Policy({"normal": Promise(60.0, 60.0, Calendar("shut", "UTC", ((),) * 7))})
    assert clocks(shut, row(), 5.0) == {"respond": None, "resolve": None}
    assert reckoned(shut, row())["next_due"] is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["open", "pending", "solved", "closed"]), st.floats(0, 1000)), max_size=12))
def test_only_time_in_states_that_run_counts(moves: list[tuple[str, float]]) -> None:
    now, ran, ticket = 0.0, 0.0, row()
    for status, seconds in moves:
        ticket = {**ticket, **moved(POLICY, ticket, status, now)}
        ran += seconds if status == "open" else 0.0
        now += seconds
    ticket = {**ticket, **moved(POLICY, ticket, "open", now)}
    assert abs(clocks(POLICY, ticket, now)["resolve"]["left"] - (1000.0 - ran)) < 1e-6
