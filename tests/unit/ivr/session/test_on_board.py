"""Calls as boards show them; what has not changed is not made anew."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from ivr.call import Call, Caller, Intent, Medium, Speaker, Turn
from ivr.session.call_session import CallSession
from ivr.session.on_board import CallsOnBoard, call_row
from ivr.session.view import Placement

NOW = 1_790_000_000.0
CALL = Call("c1", Caller("+86138", "李强"), "1000", NOW - 60, "telecom", language="zh", trunk="pbx", intent=Intent("bill", 0.9))


def said(text: str, confidence: float | None, speaker: Speaker = Speaker.CALLER, medium: Medium = Medium.SPEECH) -> Turn:
    return Turn(NOW, speaker, text, "zh", medium, confidence)


def a_session(call: Call = CALL, placed: Placement | None = None, agent: str = "", quiet: float = 0.0) -> Any:
    flow = SimpleNamespace(intents={"bill": SimpleNamespace(label={"zh": "查账单"})})
    talk = SimpleNamespace(ears=SimpleNamespace(quiet=quiet)) if placed is not None and placed.phase == "connected" else None
    state = SimpleNamespace(state="greet")
    return SimpleNamespace(
        call=call, placement=placed, agent_id=agent, flow_state=state, leg="leg", machine=SimpleNamespace(flow=flow), talk=talk
    )


def rows_of(board: CallsOnBoard) -> list[dict[str, Any]]:
    return list(board.rows())


def test_a_call_goes_from_the_flow_to_an_agent() -> None:
    bot = call_row(CALL, None, "", "greet", "n1")
    assert (bot["phase"], bot["queue"], bot["queued_at"], bot["state"], bot["trunk"]) == ("bot", "", None, "greet", "pbx")
    placed = Placement("support", queued_at=NOW - 30, phase="waiting")
    waiting = call_row(CALL, placed, "", "queue", "n1")
    assert (waiting["phase"], waiting["queue"], waiting["queued_at"], waiting["agent"]) == ("waiting", "support", NOW - 30, "")
    assert call_row(CALL, placed.at("connecting"), "anna", "queue", "n1")["phase"] == "offered"
    held = call_row(CALL, placed.at("held", answered_at=NOW), "anna", "queue", "n1")
    assert (held["phase"], held["agent"], held["connected_at"]) == ("connected", "anna", NOW)
    assert call_row(CALL, placed.at("wrap_up"), "anna", "after", "n1")["phase"] == "bot"


def test_confidence_is_that_of_what_the_caller_said_and_mood_that_of_now() -> None:
    turns = (said("a", 0.9), said("b", 0.6), said("1", None, medium=Medium.KEYS), said("c", 0.1, Speaker.AGENT))
    row = call_row(
        replace(CALL, turns=turns, handover={"mood": "tense", "mood_level": 0.512, "mood_trend": "rising"}), None, "", "", "n1"
    )
    assert (row["confidence"], row["turns"]) == (0.75, 4)
    assert (row["mood"], row["mood_level"], row["mood_trend"]) == ("tense", 0.51, "rising")
    assert call_row(replace(CALL, handover={"mood_level": "high"}), None, "", "", "n1")["mood_level"] is None


def test_what_has_not_changed_is_the_same_row() -> None:
    sessions = [a_session()]
    board = CallsOnBoard(lambda: cast("list[CallSession]", sessions), "n1", lambda: NOW)
    (first,) = rows_of(board)
    assert first["label"] == "查账单"
    assert rows_of(board)[0] is first
    sessions[0].call = replace(CALL, language="en")
    assert rows_of(board)[0]["language"] == "en"
    sessions.clear()
    assert rows_of(board) == []


def test_silence_is_told_from_five_seconds_on() -> None:
    placed = Placement("support", queued_at=NOW - 30, phase="connected", answered_at=NOW - 20)
    sessions = [a_session(placed=placed, agent="anna", quiet=3.0)]
    board = CallsOnBoard(lambda: cast("list[CallSession]", sessions), "n1", lambda: NOW)
    assert rows_of(board)[0]["quiet_since"] is None
    sessions[0].talk.ears.quiet = 12.0
    assert rows_of(board)[0]["quiet_since"] == NOW - 12
    sessions[0].talk.ears.quiet = 0.0
    assert rows_of(board)[0]["quiet_since"] is None
