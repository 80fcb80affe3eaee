"""What calls know of promises: the place, the needs, who sees what, and when a promise is kept."""

from __future__ import annotations

import json
from typing import Any

from ivr.acd.model import Relaxed, Where, needs_of
from ivr.call import Call, Caller, Speaker, Turn
from ivr.dialplan.events import Enqueue
from ivr.session.calling_back import call_for
from ivr.session.promised import CalledBack, CameBack, Promise, asked, digest, promise_of, wanted
from tests.unit.ivr.session.house import House

ROW: dict[str, Any] = {
    "id": 7,
    "number": "+4930123",
    "caller_name": "Ann",
    "called": "10086",
    "contact_id": "c-first",
    "language": "en",
    "queue": "support",
    "needs": {"telecom": 3},
    "priority": 8,
    "place": {
        "queue": "support",
        "needs": {"telecom": 3},
        "relax": [[30.0, {}]],
        "prefer": ["emma"],
        "prefer_seconds": 10.0,
        "only": [],
        "exclude": ["bob"],
        "from_tomorrow": 1,
    },
    "queued_at": 1000.0,
    "created_at": 1050.0,
    "reason": "no line",
    "attempts": 2,
    "origin": "caller",
    "handover": {"summary": "Ann has no line.", "note": "Router is red.", "facts": {"port": 7}, "tags": ["fault"]},
}


def test_the_place_and_the_needs_are_those_of_the_promise() -> None:
    kept = wanted(ROW)
    assert (kept.needs, kept.priority, kept.since, kept.prefer, kept.exclude) == (
        {"telecom": 3},
        8,
        1000.0,
        ("emma",),
        ("bob",),
    )
    assert kept.relax == ((30.0, {}),), "a version that knows more of a place says nothing to this one"
    assert wanted({**ROW, "needs": {"sales": 1}}).relax == (), "needs of its own do not relax"
    called = CalledBack(ROW, [], lambda: None)
    placed = called.placed(Enqueue("support", {"other": 1}))
    assert (placed.needs, placed.since, placed.priority) == ({"telecom": 3}, 1000.0, 8)
    other = Enqueue("care", {"other": 1})
    assert called.placed(other) == other, "another queue is another matter"


def test_the_agent_sees_the_first_call() -> None:
    turn = Turn(990.0, Speaker.CALLER, "No line").to_dict()
    assert CalledBack(ROW, [turn], lambda: None).shown() == {"earlier": [turn]}
    call = call_for(ROW, "C-000007", "c-2", "callback", True, 2000.0)
    assert (call.caller, call.language, call.called) == (Caller("+4930123", "Ann", "callback"), "en", "10086")
    told = call.handover["callback"]
    assert (told["number"], told["contact_id"], told["summary"], told["attempt"], told["confirm"]) == (
        "C-000007",
        "c-first",
        "Ann has no line.",
        2,
        True,
    )
    assert (call.handover["note"], call.handover["facts"]) == ("Router is red.", {"port": 7})
    assert "summary" not in call.handover, "this call is summed up anew"


def test_whoever_calls_meanwhile_has_the_place_and_an_agent_keeps_the_promise(house: House) -> None:
    kept: list[tuple[int, str]] = []
    promise = CameBack([ROW, {**ROW, "id": 8, "queue": "care"}], lambda row, contact: kept.append((row, contact)))
    assert promise.placed(Enqueue("support", {"x": 1})).since == 1000.0
    assert promise.placed(Enqueue("support", {}, since=500.0)).since == 500.0
    assert promise.placed(Enqueue("sales", {})).since == 0.0

    class Session:
        placement = type("P", (), {"queue": "support"})()
        call = Call("c-9", Caller("+4930123"), "10086", 0.0)

    promise.talks(Session())  # type: ignore[arg-type]
    assert kept == [(7, "c-9")]


def test_a_promise_remembers_how_the_caller_waited() -> None:
    class Session:
        call = Call("c-1", Caller("1001"), "10086", 0.0, profile={"tier": "gold", "history": [1]})
        promise = Promise()

        class services:
            clock = staticmethod(lambda: 1100.0)

    given = {"queue": "", "needs": {}, "priority": 5, "number": "1001", "keep_place": True}
    fresh = promise_of(Session(), given)  # type: ignore[arg-type]
    assert (fresh["queued_at"], fresh["place"], fresh["queue"], fresh["profile"]) == (1100.0, {}, "", {"tier": "gold"})
    assert "keep_place" not in fresh
    Session.promise.stays(Enqueue("support", {"telecom": 2}, 7, relax=((30.0, {}),)), 1000.0)
    kept = promise_of(Session(), given)  # type: ignore[arg-type]
    assert (kept["queued_at"], kept["queue"], kept["needs"], kept["priority"]) == (1000.0, "support", {"telecom": 2}, 7)
    assert kept["place"]["relax"] == ((30.0, {}),)
    assert promise_of(Session(), {**given, "keep_place": False})["queued_at"] == 1100.0  # type: ignore[arg-type]
    elsewhere = promise_of(Session(), {**given, "queue": "sales"})  # type: ignore[arg-type]
    assert (elsewhere["queued_at"], elsewhere["place"]) == (1100.0, {})


def test_team_and_site_are_promised_with_the_steps_that_they_relax_with() -> None:
    first = Enqueue("support", {"telecom": 5}, relax=((30.0, {}),), where=({"team": ("gold",)}, {"site": ("ulm",)}))

    class Session:
        call = Call("c-1", Caller("1001"), "10086", 0.0)
        promise = Promise()

        class services:
            clock = staticmethod(lambda: 1100.0)

    Session.promise.stays(first, 1000.0)
    kept = promise_of(Session(), {"queue": "", "needs": {}, "priority": 5})  # type: ignore[arg-type]
    row = {**ROW, "needs": kept["needs"], "place": json.loads(json.dumps(kept["place"]))}
    placed = CalledBack(row, [], lambda: None).placed(Enqueue("support", {}))
    assert (placed.relax, placed.where) == (first.relax, first.where)
    assert asked(placed) == (needs_of({"telecom": 5}), Where(("gold",)), (Relaxed(30.0, (), Where((), ("ulm",))),))
    here = Enqueue("support", {}, relax=((9.0, {}), (19.0, {})), where=({"team": ("a",)}, {}, {}))
    for own in (ROW, {**row, "needs": {"sales": 1}}):
        assert asked(CalledBack(own, [], lambda: None).placed(here))[1] == Where(), "not those of the flow that calls"


def test_a_place_that_led_to_a_talk_is_used_up() -> None:
    class Session:
        call = Call("c-1", Caller("1001"), "10086", 0.0)
        promise = CalledBack(ROW, [], lambda: None)

        class services:
            clock = staticmethod(lambda: 1300.0)

    promise = Session.promise
    assert promise.stays(Enqueue("support", {}), 1100.0).since == 1000.0
    promise.spent(1200.0)
    assert promise_of(Session(), {"queue": "support"})["queued_at"] == 1300.0  # type: ignore[arg-type]
    assert promise.stays(Enqueue("support", {}, since=1000.0), 1250.0).since == 0.0
    assert promise.stays(Enqueue("support", {}, since=1250.0), 1260.0).since == 1250.0, "taken after the talk"


def test_a_digest_is_small() -> None:
    assert digest({"name": "Ann", "contacts": [{}], "note": "x" * 9000}) == {"name": "Ann"}
