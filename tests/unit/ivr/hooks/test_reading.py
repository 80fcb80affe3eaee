"""Rows and entries as events: the right members, and the same id however often they are read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.hooks.catalogue import KINDS
from ivr.hooks.reading import (
    Event,
    of_appeal,
    of_callback,
    of_coaching,
    of_contact,
    of_message,
    of_queues,
    of_review,
    of_survey,
    of_thread,
    of_ticket,
    of_ticket_event,
    of_voicemail,
)
from tests.unit.ivr.hooks.conftest import T0
from tests.unit.ivr.hooks.rows import AGENT, CALLER, ENDED, contact, ticket

WROTE = {"id": "ab", "thread_id": "m-1", "index": 0, "at": T0, "direction": "in"}
THREAD = {
    "id": "m-1",
    "channel": "chat",
    "queue": "support",
    "agent_id": "anna",
    "status": "closed",
    "tags": [],
    "count": 3,
    "created_at": T0,
    "updated_at": T0 + 9,
    "replied_at": None,
    "closed_at": T0 + 9,
    "name": "李强",
}
JUDGED = {"contact_id": "c1", "agent_id": "anna"}
REVIEW = {**JUDGED, "id": "r1", "calibration": "", "card": "hotline", "evaluator": "wei", "score": 80.0, "passed": True}
REVIEW |= {"fatal": [], "published_at": T0, "comment": "李强"}
APPEAL = {
    **JUDGED,
    "id": "a1",
    "review_id": "r1",
    "state": "decided",
    "opened_at": T0,
    "updated_at": T0 + 9,
    "decided_by": "boss",
}
APPEAL |= {"reasons": {"greeting": "李强"}, "decisions": {"greeting": {"granted": True, "value": "yes", "reason": "李强"}}}
APPEAL |= {"decided_at": T0 + 9, "score_before": 80.0, "score_after": 85.0}
SAYS = {kind.name: set(kind.says) for kind in KINDS}
QUEUE = {"at": "1.5", "contact": "c1", "queue": "support", "agent": "anna", "until": "9.5", "why": "idle", "reason": "missed"}


def everything() -> list[Event]:
    told = [{**QUEUE, "kind": kind} for kind in ("enqueued", "offered", "withdrawn", "connected")] + [ENDED, AGENT]
    found = [of_queues(f"1-{number}", one) for number, one in enumerate(told)]
    callback = {**ticket(), "id": 7, "queue": "support", "status": "waiting", "origin": "api"}
    survey = {**CALLER, "id": "c1:3", "name": "csat", "score": 4.0, "agent_id": "", "created_at": T0}
    message = {**CALLER, "id": "c1:5", "box": "sales", "seconds": 3.5, "created_at": T0}
    more = [
        *of_contact({**contact(), "agent_disposition": "solved", "wrap_up_ended_at": T0 + 320}),
        *of_ticket({**ticket(), "id": 1}),
        *of_ticket({**ticket(updated=T0 + 5), "id": 1}),
        *of_callback(callback),
        *of_callback({**callback, "updated_at": T0 + 9, "status": "done"}),
        *of_survey(survey),
        *of_voicemail(message),
        *of_ticket_event({"id": 3, "ticket_id": 1, "at": T0, "kind": "late", "text": "respond", "data": {"due_at": T0}}),
        *of_message({**WROTE, "text": "李强 13800138000"}),
        *of_thread(THREAD),
        *of_review(REVIEW),
        *of_appeal(APPEAL),
        *of_coaching({**JUDGED, "id": "n1", "review_id": "", "by": "wei", "created_at": T0, "text": "李强说"}),
    ]
    return [one for one in found if one is not None] + more


def test_every_kind_says_what_the_catalogue_promises() -> None:
    found = everything()
    assert {one.kind for one in found} == set(SAYS)
    for one in found:
        assert set(one.data) == SAYS[one.kind], one.kind
    assert len({one.id for one in found}) == len(found)
    assert all(len(one.id) <= 80 for one in found)
    assert [one.id for one in everything()] == [one.id for one in found]


def test_what_a_caller_said_or_is_called_is_in_no_event() -> None:
    for one in everything():
        assert "李强" not in str(one.data)
        assert "13800138000" not in str(one.data)
        assert "4711" not in str(one.data)


def test_answers_comments_and_open_conversations_are_no_events() -> None:
    assert of_message({**WROTE, "direction": "out"}) == of_message({**WROTE, "direction": "event"}) == []
    assert of_thread({**THREAD, "status": "waiting"}) == []
    assert of_ticket_event({"id": 4, "ticket_id": 1, "at": T0, "kind": "comment", "text": "x", "data": {}}) == []


def test_drafts_calibrations_and_open_appeals() -> None:
    assert of_review({**REVIEW, "calibration": "k1"}) == []
    assert of_review({**REVIEW, "published_at": None}) == []
    assert [one.kind for one in of_appeal({**APPEAL, "decided_at": None, "decisions": {}})] == ["appeal.opened"]


def test_a_contact_without_a_wrap_up_is_one_event() -> None:
    assert [one.kind for one in of_contact({**contact(), "agent_disposition": None, "wrap_up_ended_at": None})] == [
        "contact.ended"
    ]


@pytest.mark.parametrize(
    "told",
    [{}, {"kind": "node", "at": "1"}, {"kind": "enqueued", "at": "soon", "contact": "c"}, {"kind": "agent", "at": "1"}],
)
def test_what_nobody_outside_is_told(told: dict[str, str]) -> None:
    assert of_queues("1-0", told) is None


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from([*QUEUE, "kind", "state", "outcome", "by"]), st.text(max_size=12)))
def test_no_entry_of_the_stream_raises(told: dict[str, str]) -> None:
    found = of_queues("1-0", told)
    assert found is None or found.subject
