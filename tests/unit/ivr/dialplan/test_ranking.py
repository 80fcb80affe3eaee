"""The order of a menu for one caller, the likely wish first, and what any profile does to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialplan.events import Heard, Note, Pressed
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.dialplan.ranking import guess, rank
from ivr.errors import DialplanError
from tests.unit.ivr.dialplan.flows import NOON, Caller

OPTIONS = ("bill", "balance", "fault", "complaint")


@pytest.mark.parametrize(
    ("history", "matters", "order"),
    [
        ([], [], OPTIONS),
        (["fault"], [], ("fault", "bill", "balance", "complaint")),
        (["bill", "fault", "fault"], [], ("fault", "bill", "balance", "complaint")),
        (["bill", "fault"], [], ("bill", "fault", "balance", "complaint")),
        (["bill", "bill"], [{"kind": "complaint", "id": "T-1"}], ("complaint", "bill", "balance", "fault")),
        ([{"intent": "balance"}, "other", 3], [{"kind": "gone"}], ("balance", "bill", "fault", "complaint")),
        (None, None, OPTIONS),
    ],
)
def test_open_matters_come_first_then_late_and_frequent_wishes(history: Any, matters: Any, order: tuple[str, ...]) -> None:
    assert rank(OPTIONS, history, matters).order == order


def test_it_says_why() -> None:
    found = rank(OPTIONS, ["bill", "bill", "fault"], [{"kind": "fault", "id": "T-000123"}])
    assert found.why == ("fault: open: T-000123; wanted 1 of the last 3 times", "bill: wanted 2 of the last 3 times")


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(OPTIONS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=30), st.dictionaries(st.sampled_from(["intent", "kind", "id", "label", "confidence"]), inner)
    ),
    max_leaves=40,
)


@given(ANYTHING, ANYTHING)
def test_any_profile_gives_an_order_of_the_same_options(history: Any, matters: Any) -> None:
    assert sorted(rank(OPTIONS, history, matters).order) == sorted(OPTIONS)
    found = guess(history)
    assert found is None or found.intent


FLOW = """
flow: ranked
languages: [zh, en]
entry: main
defaults:
  no_input: { retry: 1, then: human }
  no_match: { retry: 1, then: human }
  agent: human
  error: broken
intents:
  bill: { zh: [查账单], en: [my bill], offer: offer_bill, label: { zh: 账单, en: your bill } }
  balance: { zh: [查余额], en: [my balance], offer: offer_balance }
  fault: { zh: [报修], en: [a fault], offer: offer_fault }
states:
  main:
    menu: { say: wish, options: [bill, balance, fault], rank_by: profile.history%s }
    on: { bill: read_bill, balance: human, fault: { to: human, tag: broken } }
  read_bill: { do: [{ say: bill_is }], wait: 10s, on: { done: main } }
  human: { do: [{ say: wait }], wait: 10s, on: { done: end } }
  broken: { do: [{ say: broken }], wait: 10s, on: { done: end } }
"""


def caller(profile: dict[str, Any], more: str = "", *, speech: bool = True, language: str = "zh") -> Caller:
    machine = Machine(load(FLOW % more))
    return Caller(machine, {"called": "1", "language": language}, profile, {"available": speech}, NOON)


def test_keys_follow_the_order_that_was_read_out() -> None:
    call = caller({"history": ["fault", "fault", "balance"]}, speech=False)
    assert call.said() == ["wish", "offer_fault", "1", "offer_balance", "2", "offer_bill", "3"]
    assert call.of(Note)[0].why == ("fault: wanted 2 of the last 3 times", "balance: wanted 1 of the last 3 times")
    call.does(Pressed("1"))
    assert call.state.intent == "fault"
    assert call.state.tags == ("broken",)


def test_the_order_stays_when_the_question_is_repeated() -> None:
    call = caller({"history": ["fault"]}).hears_out().waits()
    assert call.said() == ["wish", "offer_fault", "1", "offer_bill", "2", "offer_balance", "3"]


def test_nothing_known_is_the_written_order_and_no_reason() -> None:
    call = caller({}, speech=False)
    assert call.said() == ["wish", "offer_bill", "1", "offer_balance", "2", "offer_fault", "3"]
    assert not [note for note in call.of(Note) if note.why]


LIKELY = {"likely": {"intent": "bill", "label": "查账单", "confidence": 0.8, "why": "asked 3 of 4 times"}}
OFFER = ", offer_likely: { above: 0.7 }"


def test_the_likely_wish_is_offered_first() -> None:
    call = caller(LIKELY, OFFER)
    assert call.said() == ["您是要账单吗？"]
    assert call.of(Note)[0].why == ("offered bill (0.80): asked 3 of 4 times",)
    call.hears_out().does(Heard("是的", 0.9, "yes"))
    assert call.state.state == "read_bill"
    assert call.state.intent == "bill"


def test_it_is_not_offered_twice() -> None:
    call = caller(LIKELY, OFFER).hears_out().does(Heard("是的", 0.9, "yes")).hears_out().waits()
    assert call.said() == ["wish"]


def test_no_asks_openly_and_costs_no_attempt() -> None:
    call = caller(LIKELY, OFFER).hears_out().does(Heard("不是", 0.9, "no"))
    assert (call.said(), call.state.attempt) == (["wish"], 0)


def test_another_wish_is_taken_at_once() -> None:
    call = caller(LIKELY, OFFER).hears_out().does(Heard("查余额", 0.9, "balance"))
    assert call.state.intent == "balance"


def test_silence_after_the_offer_asks_openly() -> None:
    call = caller(LIKELY, OFFER).hears_out().waits()
    assert (call.said(), call.state.attempt) == (["wish"], 0)


def test_the_offer_by_keys() -> None:
    call = caller(LIKELY, OFFER, speech=False)
    assert call.said() == ["您是要账单吗？", "是，请按一。不是，请按二。"]
    assert call.does(Pressed("1")).state.state == "read_bill"


def test_the_flow_has_words_of_its_own_for_the_offer() -> None:
    assert caller(LIKELY, ", offer_likely: { say: [offer_bill_now] }").said() == ["offer_bill_now"]


@pytest.mark.parametrize(
    "likely",
    [
        {"intent": "bill", "confidence": 0.6},
        {"intent": "gone", "confidence": 0.9},
        {"intent": "bill", "confidence": "high"},
        {"confidence": 1.0},
        "bill",
        None,
    ],
)
def test_an_unsure_or_senseless_guess_is_not_offered(likely: Any) -> None:
    assert caller({"likely": likely}, OFFER).said() == ["wish"]


def test_an_unsure_option_is_read_back() -> None:
    call = caller({}, ", confirm: { accept: 0.8 }").hears_out().does(Heard("查账单", 0.6, "bill"))
    assert call.said() == ["您说的是", "账单", "对吗？"]
    call.hears_out().does(Heard("对", 0.9, "yes"))
    assert call.state.state == "read_bill"


GUESSING = """
flow: guessing
languages: [en]
entry: guess
defaults: { no_input: { retry: 1, then: human }, no_match: { retry: 1, then: human }, error: broken }
intents:
  bill: { en: [my bill] }
  fault: { en: [a fault] }
states:
  guess:
    ask: { say: is_it, expect: yes_no }
    on: { yes: %s, no: main }
  main:
    menu: { say: wish, options: [bill, fault] }
    on: { bill: { to: read_bill, tag: asked }, fault: human }
  read_bill: { do: [{ say: bill_is }], wait: 10s, on: { done: end } }
  human: { do: [{ say: wait }], wait: 10s, on: { done: end } }
  broken: { do: [{ say: broken }], wait: 10s, on: { done: end } }
"""


@pytest.mark.parametrize(
    ("to", "intent", "state"),
    [
        ('"{profile.likely.intent}"', "bill", "read_bill"),
        ('"{profile.likely.intent}"', "human", "human"),
        ('"{profile.likely.intent}"', "gone", "broken"),
        ('"{profile.likely.intent}"', "", "broken"),
        ('{ to: "{profile.likely.intent}", otherwise: main }', "gone", "main"),
        ('{ to: "{profile.likely.intent}", otherwise: main }', "bill", "read_bill"),
    ],
)
def test_a_computed_target_is_a_state_an_intent_of_a_menu_or_otherwise(to: str, intent: str, state: str) -> None:
    call = Caller(Machine(load(GUESSING % to)), {"called": "1"}, {"likely": {"intent": intent}})
    call.hears_out().does(Heard("yes", 0.9, "yes"))
    assert call.state.state == state
    assert call.state.tags == (("asked",) if state == "read_bill" else ())


@pytest.mark.parametrize(
    ("to", "code"),
    [("{ to: human, otherwise: main }", "dead-option"), ('{ to: "{profile.x}", otherwise: mian }', "unknown-state")],
)
def test_a_senseless_otherwise_is_refused(to: str, code: str) -> None:
    with pytest.raises(DialplanError) as refused:
        load(GUESSING % to)
    assert code in str(refused.value)
