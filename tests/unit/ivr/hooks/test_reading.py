"""Rows and entries as events: the right members, and the same id however often they are read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.hooks.catalogue import KINDS
from ivr.hooks.reading import Event, of_callback, of_contact, of_queues, of_survey, of_ticket, of_voicemail
from tests.unit.ivr.hooks.conftest import T0
from tests.unit.ivr.hooks.rows import AGENT, CALLER, ENDED, contact, ticket

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
