"""Cards are pushed when others come first than before, and once each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.knowledge.index import Document
from ivr.knowledge.suggesting import Cards, Suggesting

DOCUMENTS = (
    Document("roaming", "Roaming", phrases=("roaming", "漫游")),
    Document("refund", "Refunds", phrases=("money back",)),
)


def turn(text: str, speaker: str = "caller", medium: str = "speech") -> dict[str, str]:
    return {"speaker": speaker, "text": text, "medium": medium}


def contact(*turns: Mapping[str, str], contact_id: str = "c-1", **more: Any) -> dict[str, Any]:
    return {"id": contact_id, "phase": "connected", "turns": list(turns), "intent": None, **more}


class Desk:
    def __init__(self) -> None:
        self.pushed: list[tuple[str, str, Mapping[str, Any]]] = []
        cards = Cards()
        cards.take(DOCUMENTS)
        self.suggesting = Suggesting(cards, lambda agent, kind, data: self.pushed.append((agent, kind, data)))

    def names(self) -> list[list[str]]:
        return [[card["name"] for card in data["cards"]] for _, _, data in self.pushed]


def test_cards_follow_what_is_said() -> None:
    desk = Desk()
    seen = desk.suggesting.seen
    seen("emma", "contact", contact(turn("good morning")))
    assert desk.pushed == []
    seen("emma", "turn", contact(turn("what is this roaming")))
    seen("emma", "turn", contact(turn("what is this roaming"), turn("let me see", "agent")))
    assert desk.pushed == [("emma", "cards", {"contact_id": "c-1", "cards": [{"name": "roaming", "why": "roaming"}]})], (
        "the same cards again are not pushed again"
    )
    seen("emma", "turn", contact(turn("what is this roaming"), turn("I want my money back")))
    assert desk.names() == [["roaming"], ["refund", "roaming"]]
    seen("emma", "measures", contact(turn("漫游")))
    assert len(desk.pushed) == 2, "what is no turn and no contact says nothing new"


def test_a_contact_comes_with_its_cards() -> None:
    desk = Desk()
    desk.suggesting.seen("emma", "contact", contact(turn("漫游费不对")))
    desk.suggesting.seen("emma", "contact", None)
    desk.suggesting.seen("emma", "contact", contact(turn("漫游费不对"), contact_id="c-2"))
    assert [data["contact_id"] for _, _, data in desk.pushed] == ["c-1", "c-2"]


def test_bot_keys_and_wrap_up_say_nothing() -> None:
    desk = Desk()
    desk.suggesting.seen("emma", "turn", contact(turn("roaming", "bot"), turn("roaming", medium="keys")))
    desk.suggesting.seen("emma", "contact", contact(turn("roaming"), phase="wrap_up"))
    assert desk.pushed == []


def test_the_wish_counts_too() -> None:
    desk = Desk()
    desk.suggesting.seen("emma", "contact", contact(intent={"name": "roaming", "label": "Roaming"}))
    assert desk.names() == [["roaming"]]
