from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ivr.web.desk_state import KEPT, MOST_TOLD, DeskState

CONTACT: dict[str, Any] = {"id": "c-1", "phase": "offered", "turns": [], "note": ""}
TURN = {"text": "查账单"}


def made() -> DeskState:
    return DeskState(1000, {"ring_seconds": 20})


def test_events_are_numbered_without_a_gap() -> None:
    desk = made()
    messages = [desk.apply("queues", {"queues": []}, at=5.0) for _ in range(3)]
    assert [message["seq"] for message in messages] == [1001, 1002, 1003]
    assert messages[0] == {"seq": 1001, "type": "queues", "at": 5.0, "data": {"queues": []}}


def test_fresh_page_gets_one_snapshot() -> None:
    desk = made()
    desk.refresh({"id": "wang", "state": "available"}, [{"name": "support"}])
    desk.apply("contact", CONTACT, at=1.0)
    desk.apply("ring", {"contact_id": "c-1", "until": 9.0}, at=2.0)
    (message,) = desk.resume(0, at=3.0)
    assert (message["type"], message["seq"]) == ("snapshot", 1002)
    assert message["data"] == {
        "agent": {"id": "wang", "state": "available"},
        "queues": [{"name": "support"}],
        "contact": CONTACT,
        "ring": {"contact_id": "c-1", "until": 9.0},
        "consult": None,
        "recording": "off",
        "monitor": None,
        "cards": None,
        "settings": {"ring_seconds": 20},
    }


def test_page_that_was_away_gets_what_it_missed() -> None:
    desk = made()
    for number in range(5):
        desk.apply("turn", {"contact_id": "c-1", "index": number, "turn": TURN}, at=1.0)
    assert [message["seq"] for message in desk.resume(1003, at=2.0)] == [1004, 1005]
    assert desk.resume(1005, at=2.0) == []


def test_page_of_an_earlier_run_or_from_too_long_ago_gets_a_snapshot() -> None:
    desk = made()
    for _ in range(KEPT + 10):
        desk.apply("queues", {"queues": []}, at=1.0)
    for seq in (17, 1005, 1009, 99_999_999):
        assert [message["type"] for message in desk.resume(seq, at=2.0)] == ["snapshot"]
    assert len(desk.resume(1010, at=2.0)) == KEPT


def test_snapshot_is_not_changed_by_what_comes_later() -> None:
    desk = made()
    desk.apply("contact", CONTACT, at=1.0)
    before = desk.snapshot(at=1.0)
    desk.apply("turn", {"contact_id": "c-1", "index": 0, "turn": TURN}, at=2.0)
    assert before["data"]["contact"]["turns"] == []
    assert CONTACT["turns"] == []
    assert desk.snapshot(at=2.0)["data"]["contact"]["turns"] == [TURN]


def test_turns_of_other_contacts_are_left_out_and_a_turn_may_be_mended() -> None:
    desk = made()
    desk.apply("turn", {"contact_id": "c-1", "index": 0, "turn": TURN}, at=1.0)
    desk.apply("contact", CONTACT, at=1.0)
    desk.apply("turn", {"contact_id": "c-9", "index": 0, "turn": TURN}, at=1.0)
    desk.apply("turn", {"contact_id": "c-1", "index": 0, "turn": TURN}, at=1.0)
    desk.apply("turn", {"contact_id": "c-1", "index": 0, "turn": {"text": "better"}}, at=1.0)
    assert desk.contact is not None
    assert desk.contact["turns"] == [{"text": "better"}]


def test_what_a_talk_tells_is_on_a_fresh_page() -> None:
    desk = made()
    desk.apply("contact", {**CONTACT, "handover": {"hints": [{"name": "old"}]}}, at=1.0)
    desk.apply("measures", {"contact_id": "c-1", "talk": {"silence": 0.5}}, at=1.0)
    desk.apply("hint", {"contact_id": "c-1", "hint": {"name": "calm"}}, at=1.0)
    desk.apply("hint", {"contact_id": "c-2", "hint": {"name": "elsewhere"}}, at=1.0)
    for number in range(MOST_TOLD + 9):
        desk.apply("trigger", {"contact_id": "c-1", "trigger": {"name": f"t{number}"}}, at=1.0)
    handover = desk.snapshot(at=2.0)["data"]["contact"]["handover"]
    assert handover["talk"] == {"silence": 0.5}
    assert [one["name"] for one in handover["hints"]] == ["old", "calm"]
    assert len(handover["triggers"]) == MOST_TOLD
    assert handover["triggers"][-1] == {"name": f"t{MOST_TOLD + 8}"}


def test_declined_contact_leaves_the_desk_and_an_accepted_one_stays() -> None:
    for reason, stays in (("accepted", True), ("declined", False), ("no_answer", False), ("caller_left", False)):
        desk = made()
        desk.apply("contact", CONTACT, at=1.0)
        desk.apply("ring", {"contact_id": "c-1", "until": 9.0}, at=1.0)
        desk.apply("ring_stopped", {"contact_id": "c-1", "reason": reason}, at=2.0)
        assert desk.ring is None
        assert (desk.contact is not None) is stays


def test_wrap_up_ends_with_the_agents_state() -> None:
    desk = made()
    desk.apply("contact", {**CONTACT, "phase": "wrap_up"}, at=1.0)
    desk.apply("agent", {"state": "wrap_up"}, at=1.0)
    assert desk.contact is not None
    desk.apply("agent", {"state": "available"}, at=2.0)
    assert desk.contact is None


def test_ended_contact_leaves_only_its_own_place() -> None:
    desk = made()
    desk.apply("contact", CONTACT, at=1.0)
    desk.apply("contact", {"id": "c-0", "phase": "ended"}, at=1.0)
    assert desk.contact == CONTACT
    desk.apply("contact", {**CONTACT, "phase": "ended"}, at=1.0)
    assert desk.contact is None


def test_note_is_kept_as_typed() -> None:
    desk = made()
    desk.apply("contact", CONTACT, at=1.0)
    desk.noted("c-1", "calls back")
    desk.noted("c-9", "other")
    assert desk.snapshot(at=1.0)["data"]["contact"]["note"] == "calls back"


def test_replies_take_no_number_and_are_not_repeated() -> None:
    desk = made()
    desk.apply("queues", {"queues": []}, at=1.0)
    assert desk.reply("c1", None, at=1.0)["data"] == {"id": "c1", "ok": True}
    assert desk.reply("c2", "too late", at=1.0) == {
        "seq": 1001,
        "type": "reply",
        "at": 1.0,
        "data": {"id": "c2", "ok": False, "error": "too late"},
    }
    assert desk.resume(1001, at=1.0) == []


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_page_that_resumes_anywhere_sees_what_a_constant_one_sees(events: int, had: int) -> None:
    desk = made()
    seen = [desk.apply("queues", {"queues": [number]}, at=1.0) for number in range(events)]
    missed = desk.resume(1000 + had, at=1.0)
    if had <= events and missed and missed[0]["type"] != "snapshot":
        assert seen[:had] + missed == seen
    elif missed:
        assert missed[0]["data"]["queues"] == ([events - 1] if events else [])


def test_a_note_that_was_typed_outlives_news_of_its_contact() -> None:
    desk = made()
    desk.apply("contact", {**CONTACT, "phase": "connected", "note": ""}, at=1.0)
    desk.noted("c-1", "red light")
    desk.apply("contact", {**CONTACT, "phase": "connecting", "note": ""}, at=2.0)
    assert desk.snapshot(3.0)["data"]["contact"]["note"] == "red light"
    desk.apply("contact", {**CONTACT, "id": "c-2", "note": ""}, at=4.0)
    assert desk.snapshot(5.0)["data"]["contact"]["note"] == ""


def test_a_fresh_page_knows_of_consultation_recording_and_monitoring_while_they_last() -> None:
    desk = made()
    desk.apply("contact", {**CONTACT, "phase": "connected"}, at=1.0)
    desk.apply("consult", {"contact_id": "c-1", "state": "calling", "with": {"kind": "agent", "id": "bob"}}, at=2.0)
    desk.apply("recording", {"contact_id": "c-1", "state": "paused"}, at=2.0)
    desk.apply("monitor", {"contact_id": "c-9", "mode": "listen"}, at=2.0)
    shown = desk.snapshot(3.0)["data"]
    assert shown["consult"]["state"] == "calling" and shown["recording"] == "paused" and shown["monitor"]["mode"] == "listen"
    desk.apply("consult", {"contact_id": "c-1", "state": "back"}, at=4.0)
    desk.apply("monitor", {"contact_id": "c-9", "mode": "off"}, at=4.0)
    shown = desk.snapshot(5.0)["data"]
    assert shown["consult"] is None and shown["monitor"] is None and shown["recording"] == "paused"
    desk.apply("consult", {"contact_id": "c-1", "state": "consult"}, at=6.0)
    desk.apply("contact", {**CONTACT, "phase": "wrap_up"}, at=6.0)
    shown = desk.snapshot(7.0)["data"]
    assert shown["consult"] is None and shown["recording"] == "off", "the talk is over"


def test_a_fresh_page_knows_of_third_party_recording_and_supervisor() -> None:
    desk = DeskState(100, {})
    desk.apply("contact", {**CONTACT, "phase": "connected"}, at=1.0)
    asked = {"contact_id": CONTACT["id"], "state": "consult", "with": {"kind": "agent", "id": "bob", "name": "Bob"}}
    desk.apply("consult", asked, at=1.0)
    desk.apply("recording", {"contact_id": CONTACT["id"], "state": "paused"}, at=1.0)
    desk.apply("monitor", {"contact_id": "c-9", "mode": "whisper", "reason": ""}, at=1.0)
    shown = desk.snapshot(2.0)["data"]
    assert (shown["consult"], shown["recording"], shown["monitor"]["mode"]) == (asked, "paused", "whisper")
    desk.apply("contact", {**CONTACT, "phase": "wrap_up"}, at=3.0)
    left = desk.snapshot(4.0)["data"]
    assert (left["consult"], left["recording"], left["monitor"]["mode"]) == (None, "off", "whisper")
