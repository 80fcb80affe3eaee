"""Tickets with owner, clock, tags, links and story; and the one timeline of their customer."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.errors import Conflict, NotFound
from ivr.messages.customers import Customers
from ivr.messages.store import ThreadStore
from ivr.messages.tickets import Row, Tickets
from ivr.messages.timeline import Timeline
from ivr.records.followups import FollowUps
from ivr.records.schema import contacts, voicemails
from tests.unit.ivr.messages.conftest import PLACING, Clock, wrote


async def test_its_story_tells_who_did_what(tickets: Tickets, clock: Clock) -> None:
    ticket = await tickets.open("ann", {"subject": "fee", "assignee": "ann"}, [("thread", "m-1")], "once")
    assert (await tickets.open("ann", {"subject": "fee"}, [("thread", "m-2")], "once"))["id"] == ticket["id"]
    clock.at += 60
    await tickets.change(ticket["id"], "bob", {"status": "pending", "assignee": "bob", "tags": ["vip"], "priority": "normal"})
    found = await tickets.comment(ticket["id"].lower(), "bob", "asked them")
    assert [(one["author"], one["kind"], one["text"]) for one in found["story"]] == [
        ("ann", "opened", ""),
        ("bob", "status", "pending"),
        ("bob", "assignee", "bob"),
        ("bob", "comment", "asked them"),
    ]
    assert (found["tags"], found["links"]) == (["vip"], [{"kind": "thread", "ref": "m-1"}])
    assert (found["clocks"]["respond"]["state"], found["clocks"]["resolve"]["state"]) == ("met", "paused")


async def test_views_have_what_is_due_next_first(tickets: Tickets, clock: Clock) -> None:
    old = await tickets.open("ann", {"subject": "old"})
    clock.at += 4000
    urgent = await tickets.open("ann", {"subject": "urgent", "priority": "urgent", "assignee": "ann"})
    done = await tickets.open("ann", {"subject": "done", "assignee": "ann"})
    await tickets.change(done["id"], "ann", {"status": "closed"})
    assert [one["id"] for one in await tickets.view("open", "ann")] == [old["id"], urgent["id"]]
    assert [one["id"] for one in await tickets.view("mine", "ann")] == [urgent["id"]]
    assert [one["id"] for one in await tickets.view("late", "")] == [old["id"]]
    assert [one["id"] for one in await tickets.view("unassigned", "")] == [old["id"]]
    assert len(await tickets.view("all", "")) == 3
    with pytest.raises(Conflict, match="view: one of"):
        await tickets.view("best", "")


async def test_an_answer_in_a_linked_thread_is_the_first_response(tickets: Tickets, clock: Clock) -> None:
    ticket = await tickets.open("ann", {"subject": "x"}, [("thread", "m-1")])
    heard: list[Any] = []

    async def changed(before: Row, after: Row, author: str) -> None:
        heard.append((before["responded_at"], after["responded_at"]))

    tickets.changed = changed
    clock.at += 10
    await tickets.answered("thread", "m-1")
    found = await tickets.get(ticket["id"])
    assert found["responded_at"] == found["updated_at"] == clock.at
    clock.at += 10
    await tickets.answered("thread", "m-1")
    assert (await tickets.get(ticket["id"]))["responded_at"] == clock.at - 10
    assert heard == [(None, clock.at - 10)]
    assert [one["id"] for one in await tickets.of("thread", "m-1")] == [ticket["id"]]


async def test_a_number_that_there_is_not(tickets: Tickets) -> None:
    for number in ("T-000009", "C-000001", "x", "T-" + "9" * 30, ""):
        with pytest.raises(NotFound, match="no ticket"):
            await tickets.get(number)
        with pytest.raises(NotFound):
            await tickets.change(number, "ann", {"status": "closed"})


async def test_links_are_of_known_kinds(tickets: Tickets) -> None:
    ticket = await tickets.open("ann", {"subject": "x"})
    with pytest.raises(Conflict, match="links to one of"):
        await tickets.link(ticket["id"], "ann", "moon", "1")
    await tickets.link(ticket["id"], "ann", "contact", "c-1")
    again = await tickets.link(ticket["id"], "ann", "contact", "c-1")
    assert [one["kind"] for one in again["story"]] == ["opened", "link"], "the second link is none"


async def test_one_timeline_over_all_channels(tickets: Tickets, store: ThreadStore, engine: AsyncEngine, clock: Clock) -> None:
    thread, _, _ = await store.take_in(wrote("my bill", who="chat:li", stated=("tel:13800138000",)), PLACING)
    words = dict.fromkeys(("caller_name", "called", "flow", "flow_version", "language", "correlation", "node"), "")
    call = {
        **words,
        "id": "c-1",
        "channel": "sip",
        "caller_number": "+8613800138000",
        "started_at": clock.at - 50,
        "note": "red",
    }
    call |= {"disposition": "served", "slots": {}, "tags": [], "profile": {}, "quality": {}, "agent_id": "ann"}
    mail: dict[str, Any] = {
        "id": "v-1",
        "box": "night",
        "contact_id": "",
        "caller_number": "13800138000",
        "caller_name": "",
        "language": "zh",
    }
    mail |= {"flow": "", "file": "", "seconds": 3.0, "transcript": "call me", "heard": False, "note": ""}
    async with engine.begin() as connection:
        await connection.execute(contacts.insert(), [call])
        await connection.execute(voicemails.insert(), [{**mail, "created_at": clock.at - 70, "updated_at": clock.at}])
    due: dict[str, Any] = {
        "number": "13800138000",
        "contact_id": "",
        "caller_number": "13800138000",
        "caller_name": "",
        "language": "zh",
    }
    due |= {"flow": "", "queue": "support", "needs": {}, "priority": 5, "reason": "promised", "handover": {}}
    await FollowUps(engine, lambda: clock.at - 60).schedule_callback("r", {**due, "from_at": 0.0, "until_at": 1.0})
    clock.at += 5
    await tickets.open("ann", {"subject": "fee", "customer": thread["customer"]})
    timeline = Timeline(engine, Customers(engine))
    found = await timeline.of(customer=thread["customer"])
    kinds = [(one["kind"], one["sure"]) for one in found["entries"]]
    assert kinds == [("ticket", True), ("thread", True), ("call", False), ("callback", False), ("voicemail", False)]
    assert [one["text"] for one in found["entries"][1:3]] == ["my bill", "red"]
    await Customers(engine).join(thread["customer"], "tel:+8613800138000", clock.at)
    assert [one["sure"] for one in (await timeline.of("tel:13800138000"))["entries"]] == [True] * len(kinds)
    rest = await timeline.of(customer=thread["customer"], before=found["entries"][1]["at"], most=1)
    assert [one["kind"] for one in rest["entries"]] == ["call"]
    nobody = await timeline.of("tel:999")
    assert nobody == {"customer": "", "addresses": [{"address": "tel:999", "verified": True}], "entries": []}
