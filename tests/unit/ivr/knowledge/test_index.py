"""Cards are found by words of both languages, put forward when they are surely meant, and weighed by use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.knowledge.index import Document, Index, Uses
from ivr.knowledge.suggesting import Cards
from ivr.knowledge.words import tokens
from ivr.scenes.folder import read_book
from ivr.wiring_side import document_of

ROOT = Path(__file__).parents[4]

SEARCHES = {
    "漫游": "roaming",
    "出国流量怎么收费": "roaming",
    "roaming abroad": "roaming",
    "退费": "refund_rules",
    "refund": "refund_rules",
    "路由器重启": "router_restart",
    "modem red light": "router_restart",
    "网速慢": "slow_line",
    "speed test slow": "slow_line",
    "上门时间": "engineer_times",
    "when does the engineer come": "engineer_times",
    "补卡": "sim_lost",
    "stolen sim": "sim_lost",
    "退货": "return_goods",
    "send goods back": "return_goods",
    "套餐": "plan_change",
    "cheaper plan": "plan_change",
    "离网": "leave",
    "cancel contract": "leave",
    "投诉分级": "complaint_grades",
}
"""What an agent types to the card that is meant."""

SAID = {
    "上个月怎么扣了这么多钱": "bill_items",
    "我根本没出过国，哪来的漫游": "roaming",
    "I have never been abroad, what is this roaming": "roaming",
    "why was I charged so much last month": "bill_items",
    "你们把钱退给我": "refund_rules",
    "I want my money back": "refund_rules",
    "家里宽带从昨天开始上不了网": "router_restart",
    "my internet is down since yesterday": "router_restart",
    "再这样我就换别家了": "leave",
    "I will switch provider": "leave",
    "我手机丢了怎么办": "sim_lost",
    "I lost my phone on the train": "sim_lost",
    "快递到哪了": "where_is_it",
    "my parcel has not arrived": "where_is_it",
    "我等了半天都没人接": "waiting_remedy",
}
"""What a caller says to the card that is to be put forward first."""

IDLE = ["您好", "谢谢，再见", "嗯", "对，是的", "hello", "yes please", "thank you, goodbye", "今天天气不错", "can you hear me"]
"""What must put no card forward."""


@pytest.fixture(scope="module")
def cards() -> Index:
    book, _, _ = read_book([ROOT / "dialplans" / "scenes"])
    return Index(tuple(document_of(card) for card in book.cards.values()))


def test_searches_find_what_is_meant(cards: Index) -> None:
    firsts = {query: [one.name for one in cards.search(query, {}, most=3)] for query in SEARCHES}
    assert [query for query, name in SEARCHES.items() if name not in firsts[query]] == []
    assert sum(firsts[query][0] == name for query, name in SEARCHES.items()) >= 18


def test_what_is_said_puts_its_card_forward(cards: Index) -> None:
    found = {said: [one.name for one in cards.heard([said], {})] for said in SAID}
    assert [said for said, name in SAID.items() if found[said][:1] != [name]] == []


@pytest.mark.parametrize("said", IDLE)
def test_idle_words_put_nothing_forward(cards: Index, said: str) -> None:
    assert cards.heard([said], {}) == []


def test_the_newest_words_weigh_most(cards: Index) -> None:
    found = cards.heard(["I want a refund", "my internet is down"], {})
    assert [one.name for one in found][:2] == ["refund_rules", "router_restart"]
    assert found[0].why == "refund"


def test_why_a_card_comes_is_told_in_whole_words() -> None:
    index = Index((Document("resend", "Sending invoices again", text="for every invoice"), Document("other", "Roaming")))
    assert [one.why for one in index.heard(["Please send the Invoice, 账单 too"], {})] == ["send invoice"]


def test_used_and_useful_cards_come_first_without_a_query(cards: Index) -> None:
    uses = {"leave": Uses(opened=40, useful=20), "roaming": Uses(opened=40, useless=20), "identity": Uses(opened=3)}
    names = [one.name for one in cards.search("", uses, most=20)]
    assert names[0] == "leave"
    assert names.index("identity") < names.index("roaming")
    assert names[-1] == "roaming"


def test_cards_of_the_scene_are_preferred() -> None:
    index = Index((Document("a", "line noise"), Document("b", "line noise", tags=frozenset({"fault"}))))
    assert [one.name for one in index.search("noise", {}, ["fault"])] == ["b", "a"]


def test_nothing_to_find_is_found_nowhere() -> None:
    assert Index(()).search("x", {}) == []
    assert Index(()).heard(["x"], {}) == []
    assert Index((Document("a", "的"),)).search("的", {}) == []
    assert Index((Document("a", "title"),)).search("unheard of", {}) == []


def test_words_of_both_languages() -> None:
    assert tokens("Roaming charges, 500M!") == ["roam", "charg", "500m"]
    assert tokens("漫游费") == ["漫游", "游费"]
    assert tokens("查500M宽带") == ["查", "500m", "宽带"]
    assert tokens("ＲＯＡＭＩＮＧ") == ["roam"], "full-width letters are letters"


def test_marks_are_counted_as_they_change() -> None:
    cards = Cards()
    cards.counted({"a": {"opened": 2, "useful": 3}})
    assert cards.uses["a"] == Uses(5, 3, 0)
    cards.marked("a", "", "opened")
    cards.marked("a", "opened", "useless")
    assert cards.uses["a"] == Uses(6, 3, 1)
    cards.marked("a", "useless", "")
    assert cards.uses["a"] == Uses(5, 3, 0)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_said(text: str) -> None:
    index = Index((Document("a", "roaming", phrases=("漫游",)),))
    assert len(index.heard([text], {})) <= 1
    assert all(word for word in tokens(text))
