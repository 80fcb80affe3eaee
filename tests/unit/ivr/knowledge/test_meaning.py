"""Cards by what they mean: the nearest pieces count, idle words count for nothing, and words and meaning go together."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from ivr.errors import StoreUnavailable
from ivr.knowledge.index import Document, Index
from ivr.knowledge.meaning import IDLE, LONGEST_PIECE, MOST_PIECES, Meaning, Vectors, pieces
from ivr.knowledge.minding import REMEMBERED, REST_SECONDS, Minding
from ivr.knowledge.suggesting import Cards, Suggesting

ABROAD = Document(
    "abroad", "漫游费 Roaming", "按当地网络计费。", ("漫游",), parts=(("漫游费", "按当地网络计费。"), ("Roaming", ""))
)
LOST = Document("lost", "挂失 Lost card", "先挂失。", ("挂失",))
CONCEPTS = (("漫游", "roaming", "abroad", "国外", "计费"), ("挂失", "lost", "丢"), ("您好", "hello", "thank", "谢谢"))


def make(texts: Sequence[str], asked: bool) -> Vectors:
    """A text lies along the concepts that it names; one that names none lies apart from all."""
    rows = []
    for text in texts:
        row = [float(any(word in text.lower() for word in words)) for words in CONCEPTS]
        row.append(0.0 if any(row) else 1.0)
        rows.append(np.array(row) / np.linalg.norm(row))
    return np.array(rows, np.float32)


class Maker:
    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.away = False

    def __call__(self, texts: Sequence[str], asked: bool) -> Vectors:
        self.asked.append(tuple(texts))
        if self.away:
            raise StoreUnavailable("the process for such work ended; try again")
        return make(texts, asked)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def minding(maker: Maker, clock: Clock) -> Minding:
    found = Minding(maker, clock)
    assert found.take((ABROAD, LOST))
    maker.asked.clear()
    return found


def test_pieces_of_a_card_are_titles_phrases_and_sentences() -> None:
    assert pieces(ABROAD) == ["漫游费", "Roaming", "漫游", "漫游费. 按当地网络计费。", "按当地网络计费"]
    long = Document("long", "T", "这是一句话。" * 100 + "x" * 5000, tuple(f"phrase {n}" for n in range(100)))
    assert len(pieces(long)) == MOST_PIECES
    assert max(map(len, pieces(long))) <= LONGEST_PIECE
    assert pieces(Document("empty", "")) == []


def test_a_card_without_words_is_left_out() -> None:
    documents = (Document("none", ""), ABROAD, Document("last", ""))
    wanted = [*IDLE, *pieces(ABROAD)]
    meaning = Meaning(documents, dict(zip(wanted, make(wanted, False), strict=True)))
    assert meaning.near(make(["国外"], True)[0]).likeness == {"abroad": pytest.approx(1.0)}
    empty = Meaning((), dict(zip(IDLE, make(IDLE, False), strict=True)))
    assert empty.near(make(["国外"], True)[0]).sure() == []


def test_the_nearest_piece_says_why(minding: Minding) -> None:
    near = minding.near(["在国外用手机贵吗"])[0]
    assert near is not None
    assert near.sure() == ["abroad"]
    assert near.piece["abroad"] == "漫游费"


def test_idle_words_put_nothing_forward(minding: Minding) -> None:
    for text in ("谢谢您", "说点别的"):
        near = minding.near([text])[0]
        assert near is not None
        assert near.sure() == []


def test_meaning_is_found_where_no_word_is_shared(minding: Minding) -> None:
    cards = Cards(mind=minding)
    cards.take((ABROAD, LOST))
    assert [one.name for one in cards.search("went abroad", (), 3)] == ["abroad"]
    assert [one.name for one in Index((ABROAD, LOST)).search("went abroad", {})] == []
    assert [(one.name, one.why) for one in cards.heard(["我的卡丢了"])] == [("lost", "挂失 Lost card")]
    assert cards.heard(["hello"]) == []


def test_a_spoken_phrase_is_surer_than_a_meaning(minding: Minding) -> None:
    cards = Cards(mind=minding)
    cards.take((ABROAD, LOST))
    assert next((one.name, one.why) for one in cards.heard(["要挂失，在国外丢的"])) == ("lost", "挂失")


def test_the_same_words_are_asked_once(minding: Minding, maker: Maker) -> None:
    minding.near(["国外", "丢了"])
    minding.near(["丢了", "国外", "lost"])
    assert maker.asked == [("国外", "丢了"), ("lost",)]
    minding.near([f"text {n}" for n in range(REMEMBERED)])
    minding.near(["国外"])
    assert maker.asked[-1] == ("国外",), "only so many are remembered"


def test_without_the_process_words_must_do(minding: Minding, maker: Maker, clock: Clock) -> None:
    maker.away = True
    assert minding.near(["国外"]) == [None]
    maker.away = False
    assert minding.near(["国外"]) == [None], "it rests for a while"
    clock.now += REST_SECONDS
    assert minding.near(["国外"])[0] is not None


def test_a_process_that_takes_too_long_is_not_waited_for(
    minding: Minding, maker: Maker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr("ivr.knowledge.minding.PATIENCE", 0.01)

    def slow(texts: Sequence[str], asked: bool) -> Vectors:
        assert go_on.wait(20)
        return make(texts, asked)

    minding._make = slow
    assert minding.near(["国外"]) == [None]
    go_on.set()
    minding._make = maker
    monkeypatch.setattr("ivr.knowledge.minding.PATIENCE", 20.0)
    clock.now += REST_SECONDS
    assert minding.near(["国外"])[0] is not None


def test_cards_that_stay_are_not_looked_at_again(minding: Minding, maker: Maker) -> None:
    assert minding.take((ABROAD, LOST, Document("new", "Spam calls")))
    assert maker.asked == [("Spam calls",)]
    maker.away = True
    assert not minding.take((Document("other", "Something else"),))
    assert maker.asked[-1] == ("Something else",)
    maker.away = False
    near = minding.near(["国外"])[0]
    assert near is not None
    assert set(near.likeness) == {"abroad", "lost", "new"}, "what was in force stays"


def test_later_cards_overtake_earlier_ones(clock: Clock) -> None:
    done: list[bool] = []

    def slow(texts: Sequence[str], asked: bool) -> Vectors:
        if not done:
            done.append(True)
            assert overtaken.take((LOST,))
        return make(texts, asked)

    overtaken = Minding(slow, clock)
    assert not overtaken.take((ABROAD,))
    near = overtaken.near(["lost"])[0]
    assert near is not None
    assert set(near.likeness) == {"lost"}


def test_meanings_are_looked_for_in_a_thread_and_the_newest_words_win(minding: Minding) -> None:
    pushed: list[tuple[str, list[str]]] = []
    woken: list[int] = []
    cards = Cards(mind=minding)
    cards.take((ABROAD, LOST))
    suggesting = Suggesting(cards, lambda agent, kind, data: pushed.append((agent, [one["name"] for one in data["cards"]])))
    suggesting.wake = lambda: woken.append(1)

    def contact(*said: str, contact_id: str = "c-1") -> dict[str, object]:
        return {"id": contact_id, "phase": "connected", "turns": [{"speaker": "caller", "text": text} for text in said]}

    suggesting.seen("emma", "turn", contact("went abroad"))
    suggesting.seen("emma", "turn", contact("went abroad", "my card is lost"))
    assert (pushed, len(woken)) == ([], 2)
    one = suggesting.waiting()
    assert one == ("emma", "c-1", ["my card is lost", "went abroad"])
    assert suggesting.waiting() is None
    suggesting.found("emma", "c-1", cards.heard(one[2]))
    assert pushed == [("emma", ["lost", "abroad"])]
    suggesting.seen("emma", "turn", contact("hello", contact_id="c-2"))
    suggesting.found("emma", "c-1", cards.heard(["went abroad"]))
    assert len(pushed) == 1, "the desk shows another contact by now"
    suggesting.seen("emma", "contact", None)
    assert suggesting.waiting() is None
