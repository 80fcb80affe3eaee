"""The door of turns: observers in their order, faults of theirs, and turns that are amended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from ivr.call import Call, Caller, Medium, Speaker, Turn
from ivr.session.services import Services
from ivr.session.summing import Summing
from ivr.session.turns import About, Turns, amend


@dataclass
class Desk:
    told: list[tuple[str, str, Any]] = field(default_factory=list)

    def push(self, agent_id: str, kind: str, data: Any) -> None:
        self.told.append((agent_id, kind, data))


@dataclass
class Shared:
    desk: Desk = field(default_factory=Desk)

    def clock(self) -> float:
        return 100.0


@dataclass
class Session:
    """As much of a session as a turn needs."""

    services: Shared = field(default_factory=Shared)
    call: Call = field(default_factory=lambda: Call("c", Caller("1001"), "hotline", 99.0, language="en"))
    agent_id: str = "anna"
    written: list[tuple[int, str]] = field(default_factory=list)
    captions: list[Any] = field(default_factory=list)
    placement: None = None
    guest: None = None
    fields: dict[str, Any] = field(default_factory=dict)
    shown: int = 0
    summing: Summing = field(default_factory=Summing)

    def record(self, **fields: Any) -> None:
        self.fields.update(fields)

    def change(self, **changes: Any) -> None:
        self.call = replace(self.call, **changes)

    def show(self) -> None:
        self.shown += 1

    def record_turn(self, index: int, turn: Turn) -> None:
        self.written.append((index, turn.text))

    def tell_page(self, kind: str, data: Any) -> None:
        self.captions.append((kind, data["index"], data["text"]))


class Writes:
    """Adds a word to every turn."""

    def __init__(self, word: str) -> None:
        self.word = word

    def see(self, turn: Turn, about: About) -> Turn:
        return replace(turn, text=f"{turn.text} {self.word}{about.index}")


class Breaks:
    def see(self, turn: Turn, about: About) -> Turn:
        raise ValueError("broken")


def door(observers: Sequence[Any]) -> Turns:
    left = iter((*observers, None))
    return Turns(cast(Services, Shared()), [lambda _: next(left)] * (len(observers) + 1))


def test_observers_see_a_turn_in_their_order_and_it_is_written_shown_and_captioned_once() -> None:
    session = Session()
    kept = door([Writes("a"), Writes("b")]).add(cast(Any, session), Speaker.CALLER, "hello", confidence=0.5)
    assert kept.text == "hello a0 b0" and kept.confidence == 0.5 and kept.language == "en" and kept.at == 100.0
    assert session.call.turns == (kept,)
    assert session.written == [(0, "hello a0 b0")]
    assert session.services.desk.told == [("anna", "turn", {"contact_id": "c", "index": 0, "turn": kept.to_dict()})]
    assert session.captions == [("caption", 0, "hello a0 b0")]


def test_an_observer_that_fails_changes_nothing(caplog: Any) -> None:
    session = Session()
    assert door([Breaks(), Writes("b")]).add(cast(Any, session), Speaker.BOT, "hello").text == "hello b0"
    assert "turn 0: Breaks failed" in caplog.text


def test_an_amended_turn_takes_the_place_of_the_old_one_everywhere() -> None:
    session, turns = Session(), door([])
    for digit in "41":
        turns.add(cast(Any, session), Speaker.CALLER, digit, medium=Medium.KEYS)
    amend(cast(Any, session), 0, replace(session.call.turns[0], text="•"))
    assert [turn.text for turn in session.call.turns] == ["•", "1"]
    assert session.written[-1] == (0, "•")
    assert session.services.desk.told[-1][2]["index"] == 0 and session.services.desk.told[-1][2]["turn"]["text"] == "•"
    assert session.captions[-1] == ("caption", 0, "•")


def test_amending_by_the_same_turn_tells_nobody() -> None:
    session, turns = Session(agent_id=""), door([])
    turns.add(cast(Any, session), Speaker.CALLER, "hello")
    amend(cast(Any, session), 0, session.call.turns[0])
    assert len(session.written) == 1 and session.services.desk.told == []


def test_what_a_trigger_keeps_of_a_turn_is_amended_with_it() -> None:
    session, turns = Session(), door([])
    turns.add(cast(Any, session), Speaker.CALLER, "I will sue, it is 4111 1111")
    turns.add(cast(Any, session), Speaker.CALLER, "I will sue")
    hits = [{"name": "legal", "turn": n, "text": turn.text} for n, turn in enumerate(session.call.turns)]
    session.change(handover={"note": "x", "triggers": [*hits, {"name": "notice", "turn": None, "text": ""}]})
    amend(cast(Any, session), 0, replace(session.call.turns[0], text="I will sue, it is [card]"))
    told = session.call.handover["triggers"]
    assert [one["text"] for one in told] == ["I will sue, it is [card]", "I will sue", ""]
    assert session.fields == {"handover": {"note": "x", "triggers": told}} and session.shown == 1
