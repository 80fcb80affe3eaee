"""Marks are set, changed and taken away, one of a kind and name in each contact; they go with their contact."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from ivr.records.lifeline import Lifeline
from ivr.records.marks import Marks
from ivr.records.retention import Retention
from ivr.records.runs import Runs
from ivr.records.schema import callbacks, contacts, surveys, tickets, turns, voicemails

CALL = {
    "channel": "sip",
    "caller_name": "",
    "called": "",
    "flow": "f",
    "flow_version": "",
    "language": "en",
    "correlation": "",
    "disposition": "served",
    "slots": {},
    "tags": [],
    "profile": {},
    "note": "",
    "quality": {},
    "recordings": [],
    "signalling": {},
    "handover": {"summary": "Slow line."},
    "queueing": {},
    "node": "n",
}
LEFT = {"caller_name": "", "language": "en", "flow": "f"}


async def test_a_mark_is_set_changed_and_taken_away(engine: AsyncEngine) -> None:
    times = [100.0]
    marks = Marks(engine, lambda: times[0])
    assert await marks.put("c-1", "card", "roaming", "opened", "emma") == ""
    times[0] = 101.0
    assert await marks.put("c-1", "card", "roaming", "useful", "emma") == "opened"
    await marks.put("c-1", "step", "bill.month", "done", "emma")
    await marks.put("c-2", "card", "roaming", "opened", "wang")
    assert await marks.of("c-1") == [
        {"kind": "step", "name": "bill.month", "value": "done", "agent_id": "emma", "at": 101.0},
        {"kind": "card", "name": "roaming", "value": "useful", "agent_id": "emma", "at": 101.0},
    ]
    assert await marks.counted("card") == {"roaming": {"useful": 1, "opened": 1}}
    assert await marks.put("c-1", "step", "bill.month", "", "emma") == "done"
    assert await marks.put("c-1", "step", "bill.month", "", "emma") == ""
    assert [mark["kind"] for mark in await marks.of("c-1")] == ["card"]


async def test_they_go_with_their_contact(engine: AsyncEngine) -> None:
    marks, runs = Marks(engine, lambda: 100.0), Runs(engine, lambda: 100.0)
    async with engine.begin() as connection:
        for number in (1, 2):
            row = {**CALL, "id": f"c-{number}", "caller_number": f"10{number}", "started_at": 100.0}
            await connection.execute(contacts.insert().values(row))
    run = {"action": "refund", "hook": "shop", "agent_id": "emma", "fields": {}, "body": {"secret": "5"}}
    for number in (1, 2):
        await marks.put(f"c-{number}", "line", "recorded", "said", "emma")
        await runs.add({**run, "id": f"r-{number}", "contact_id": f"c-{number}"}, 60.0)
    await Retention(engine).forget(["101"])
    assert (await marks.of("c-1"), await runs.of("c-1")) == ([], [])
    assert (len(await marks.of("c-2")), len(await runs.of("c-2"))) == (1, 1)


async def test_the_line_of_a_customers_life_has_every_channel_in_one_order(engine: AsyncEngine) -> None:
    own = {**LEFT, "contact_id": "c-1", "caller_number": "+4930"}
    async with engine.begin() as connection:
        for name, number, at in (("c-1", "+4930", 100.0), ("c-2", "004930", 300.0), ("c-3", "+4931", 200.0)):
            row = {**CALL, "id": name, "caller_number": number, "started_at": at, "intent": "bill", "agent_id": "emma"}
            await connection.execute(contacts.insert().values(row))
        ticket = {**own, "request": "a", "kind": "fault", "subject": "Line", "body": "", "priority": "high", "fields": {}}
        await connection.execute(
            tickets.insert().values(
                {**ticket, "status": "open", "assignee": "wang", "note": "", "created_at": 150.0, "updated_at": 150.0}
            )
        )
        promise = {**own, "request": "b", "number": "+4930", "queue": "q", "needs": {}, "priority": 5, "reason": "Busy"}
        times = {"from_at": 1.0, "until_at": 9.0, "created_at": 160.0, "updated_at": 1.0}
        await connection.execute(
            callbacks.insert().values({**promise, **times, "handover": {}, "status": "done", "attempts": 1, "note": ""})
        )
        await connection.execute(
            surveys.insert().values(
                {**own, "id": "s", "name": "csat", "answers": {}, "score": 4.0, "agent_id": "", "created_at": 110.0}
            )
        )
        message = {"id": "v", "box": "b", "file": "f", "seconds": 3.0, "transcript": "Call me", "heard": False, "note": ""}
        await connection.execute(voicemails.insert().values({**own, **message, "created_at": 400.0, "updated_at": 1.0}))
        await connection.execute(
            turns.insert().values(
                contact_id="c-1",
                index=0,
                at=100.0,
                speaker="caller",
                text="x",
                language="en",
                medium="speech",
                state="",
                intent="",
            )
        )
    found = await Lifeline(engine).of(["+4930", "004930"], "c-2")
    assert [(one["kind"], one["id"], one["open"]) for one in found] == [
        ("voicemail", "v", True),
        ("callback", "C-000001", False),
        ("ticket", "T-000001", True),
        ("survey", "s", False),
        ("call", "c-1", False),
    ]
    assert found[-1] | {"summary": "Slow line.", "result": "served", "title": "bill", "agent": "emma"} == found[-1]
    assert found[3]["result"] == "4"
    assert await Lifeline(engine).of(["+4999"]) == []
