"""What an agent says became of a contact, and the task that a follow-up leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ivr.errors import Conflict, StoreUnavailable
from ivr.records.whole import WholeContacts
from ivr.session.agents import Agents
from ivr.session.wrapping import FURTHEST, WrapUps, due_of
from tests.unit.ivr.session.house import House

NOW = 1_790_000_000.0
LATER = "2026-10-31T09:00:00Z"


class Tickets:
    def __init__(self) -> None:
        self.opened: list[tuple[str, Mapping[str, Any]]] = []

    async def open(self, request: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
        self.opened.append((request, row))
        return {"number": "T-000001", "id": 1}


async def known(contact_id: str) -> Mapping[str, Any]:
    return {"caller_name": "李强", "caller_number": "+86138", "language": "zh", "flow": "telecom"}


async def away(contact_id: str) -> Mapping[str, Any]:
    raise StoreUnavailable("gone")


def test_an_outcome_is_one_of_those_there_are() -> None:
    wraps = WrapUps({"solved": False, "fault/line": True}, Tickets().open)
    assert wraps.check("solved", "", NOW).due_at is None
    assert wraps.check("", "", NOW).outcome == ""
    assert wraps.check("fault/line", LATER, NOW).due_at == 1793437200.0
    with pytest.raises(Conflict, match="is no outcome here"):
        wraps.check("fault", "", NOW)
    with pytest.raises(Conflict, match="needs a date"):
        wraps.check("fault/line", "", NOW)


def test_without_a_list_any_outcome_is_taken_and_no_follow_up_without_a_place_for_it() -> None:
    assert WrapUps().check("x" * 300, "", NOW).outcome == "x" * 120
    with pytest.raises(Conflict, match="keeps no follow-ups"):
        WrapUps().check("x", LATER, NOW)


@pytest.mark.parametrize("text", ["tomorrow", "2026-10-31T09:00:00", "2026-10-31", "9999-99-99T00:00:00Z", "Z" * 40])
def test_a_date_is_a_time_with_its_zone(text: str) -> None:
    with pytest.raises(Conflict, match="no time such as"):
        due_of(text, NOW)


def test_a_date_lies_ahead_but_not_too_far() -> None:
    with pytest.raises(Conflict, match="has passed"):
        due_of("2026-01-01T00:00:00+08:00", NOW)
    with pytest.raises(Conflict, match="two years"):
        due_of("2029-01-01T00:00:00Z", NOW)
    assert due_of("", NOW) is None
    assert FURTHEST > 2 * 365 * 86400


async def test_a_follow_up_is_the_agents_own_task_about_the_caller() -> None:
    tickets = Tickets()
    wraps = WrapUps({}, tickets.open, known)
    wrapped = wraps.check("fault/line", LATER, NOW)
    assert await wraps.follow_up("anna", "c-1", wrapped, "call him") == "T-000001"
    request, row = tickets.opened[0]
    assert request == "follow_up:c-1"
    assert (row["assignee"], row["due_at"], row["subject"], row["body"]) == (
        "anna",
        1793437200.0,
        "fault/line: 李强",
        "call him",
    )
    assert row["caller_number"] == "+86138" and row["language"] == "zh"


async def test_a_store_that_is_away_costs_the_name_not_the_task() -> None:
    tickets = Tickets()
    wraps = WrapUps({}, tickets.open, away)
    await wraps.follow_up("anna", "c-1", wraps.check("", LATER, NOW), "")
    assert tickets.opened[0][1]["subject"] == "follow_up: c-1"
    assert await wraps.follow_up("anna", "c-1", wraps.check("", "", NOW), "") == ""


async def test_the_page_is_told_the_number_of_the_task(house: House) -> None:
    tickets = Tickets()
    agents = Agents(house.store, house.log, house.talks, lambda: NOW)
    agents.desk, agents.wrapping = house.desk, WrapUps({"solved": False}, tickets.open)
    await house.open("anna")
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    await agents.hang_up("anna", contact)
    await house.over()
    with pytest.raises(Conflict, match="no outcome"):
        await agents.wrap_up("anna", contact, "other", "")
    await agents.wrap_up("anna", contact, "solved", "done", LATER)
    assert {"kind": "follow_up", "ticket": "T-000001", "due_at": 1793437200.0} in house.desk.of("told")


async def test_a_page_that_comes_up_in_the_wrap_up_is_shown_what_its_agent_saw(house: House) -> None:
    """From the record, whichever node had the call."""
    agents = Agents(house.store, house.log, house.talks, lambda: NOW)
    agents.desk, agents.wrapping = house.desk, WrapUps(find=WholeContacts(house.log, house.reader).find)
    await house.open("anna")
    leg, contact = house.call()
    await house.chooses(leg, "2")
    await house.until(lambda: len(house.talks))
    await agents.note("anna", contact, "half a w")
    await agents.hang_up("anna", contact)
    await house.over()
    seen = house.desk.of("contact")[-1]
    house.desk.log.clear()
    await agents.show("bob", contact)
    assert house.desk.of("contact") == []
    assert (await agents.page_opened("anna"))["held"] == [contact]
    await agents.show("anna", contact)
    (shown,) = house.desk.of("contact")
    assert shown.keys() == seen.keys() and (shown["phase"], shown["note"]) == ("wrap_up", "half a w")
    for name in ("id", "queue", "channel", "caller", "profile", "language", "slots", "tags", "held"):
        assert shown[name] == seen[name], name
    assert shown["handover"]["summary"].startswith(seen["handover"]["summary"]), "and how it ended"
    assert [one["text"] for one in shown["turns"]] == [one["text"] for one in seen["turns"]] != []
    for name in ("started_at", "queued_at", "answered_at"):
        assert shown[name] == pytest.approx(seen[name], abs=0.002), "in milliseconds"
