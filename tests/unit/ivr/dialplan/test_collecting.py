"""`collect`: several slots in whatever order, more than was asked, read back together, one corrected."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.dialplan.events import Heard, Pressed, Prompt, Say, SpeechLost
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.errors import DialplanError
from tests.unit.ivr.dialplan.flows import NOON, Caller

FLOW = """
flow: booking
languages: [zh, en]
entry: book
time_zone: Asia/Shanghai
defaults:
  no_input: { retry: 2, say: quiet, then: human }
  no_match: { retry: 2, say: what, then: human }
  agent: human
  error: broken
intents:
  broadband: { zh: [宽带], en: [broadband], label: { zh: 宽带, en: broadband } }
  television: { zh: [电视], en: [television] }
states:
  book:
    collect: %s
    on: { done: human }
  human: { do: [{ say: wait }], wait: 10s, on: { done: end } }
  broken: { do: [{ say: broken }], wait: 10s, on: { done: end } }
"""
BOOKING = """
      slots:
        day: { ask: which_day, type: date, when: future, label: { zh: 日期, en: day } }
        time: { ask: which_time, type: time, label: { zh: 时间, en: time } }
        phone: { ask: which_phone, type: phone, known: profile.phone, label: { zh: 电话, en: phone number } }
        note: { ask: any_note, type: text, optional: true }
      confirm: true"""


def caller(
    collect: str = BOOKING, language: str = "zh", profile: dict[str, Any] | None = None, *, speech: bool = True
) -> Caller:
    machine = Machine(load(FLOW % collect))
    return Caller(machine, {"called": "1", "language": language}, profile or {}, {"available": speech}, NOON).hears_out()


def told(call: Caller, *said: str) -> Caller:
    for text in said:
        call.does(Heard(text, 0.9)).hears_out()
    return call


def test_each_slot_is_asked_for_in_its_turn_and_read_back_together() -> None:
    call = caller()
    assert Say((Prompt("which_day", "zh"),), 0.3, 1) in call.log
    call.does(Heard("后天", 0.9))
    assert call.said() == ["which_time"]
    call.hears_out().does(Heard("下午三点", 0.9))
    assert call.said() == ["which_phone"]
    call.hears_out().does(Heard("幺三八零零幺三八零零零", 0.9))
    assert call.said() == ["any_note"]
    call.hears_out().does(Heard("没有", 0.9))
    assert call.said() == ["日期", "~2026-09-23", "时间", "15:00", "电话", "13800138000", "对吗？"]
    call.hears_out().does(Heard("对", 0.9))
    assert call.state.slots == {"day": "2026-09-23", "time": "15:00", "phone": "13800138000"}
    assert call.state.state == "human"


def test_one_sentence_may_fill_several_slots() -> None:
    call = caller()
    call.does(Heard("后天下午三点，我的电话是幺三八零零幺三八零零零", 0.9))
    assert call.state.slots == {"day": "2026-09-23", "time": "15:00", "phone": "13800138000"}
    assert call.said() == ["any_note"]


def test_another_slot_may_be_filled_first() -> None:
    call = caller().does(Heard("下午三点", 0.9))
    assert call.state.slots == {"time": "15:00"}
    assert call.said() == ["which_day"]


def test_what_is_known_is_not_asked() -> None:
    call = told(caller(profile={"phone": "138-0013-8000"}), "后天", "下午三点", "请带梯子")
    assert call.state.slots == {"day": "2026-09-23", "time": "15:00", "phone": "13800138000", "note": "请带梯子"}
    assert call.state.step["at"] == "*"


def test_known_nonsense_is_asked() -> None:
    call = told(caller(profile={"phone": {"a": 1}}), "后天", "下午三点")
    assert call.state.step["at"] == "phone"


def test_everything_known_leaves_at_once() -> None:
    slots = "\n      slots: { day: { ask: q, type: date, known: profile.day } }"
    call = caller(slots, profile={"day": "2026-10-01"})
    assert call.visited == ["human"]
    assert call.state.slots == {"day": "2026-10-01"}


BOOKED = ("后天", "下午三点", "幺三八零零幺三八零零零", "没有")


@pytest.mark.parametrize(
    ("said", "slot", "value"),
    [
        ("日期不对，是大后天", "day", "2026-09-24"),
        ("时间改成四点", "time", "16:00"),
        ("时间不是三点是四点", "time", "16:00"),
        ("不对，是大后天", "day", "2026-09-24"),
        ("电话不是八零零零是八零零一", "phone", "13800138001"),
    ],
)
def test_one_value_is_corrected_and_all_is_read_back_again(said: str, slot: str, value: str) -> None:
    call = told(caller(), *BOOKED).does(Heard(said, 0.9))
    assert call.state.slots[slot] == value
    assert call.said()[-1] == "对吗？"
    call.hears_out().does(Heard("对", 0.9))
    assert call.state.state == "human"
    assert call.state.slots[slot] == value


def test_a_slot_that_is_called_wrong_is_asked_anew() -> None:
    call = told(caller(), *BOOKED).does(Heard("日期不对", 0.9))
    assert call.said() == ["which_day"]
    call.hears_out().does(Heard("大后天", 0.9))
    assert call.state.slots["day"] == "2026-09-24"
    assert call.said()[-1] == "对吗？"


def test_a_mere_no_asks_which_one() -> None:
    call = told(caller(), *BOOKED).does(Heard("不对", 0.9))
    assert call.said() == ["哪一项不对？"]
    call.hears_out().does(Heard("时间", 0.9))
    assert call.said() == ["which_time"]


def test_of_one_slot_a_no_asks_it_anew() -> None:
    slots = "\n      slots: { day: { ask: q, type: date } }\n      confirm: true"
    call = told(caller(slots), "后天").does(Heard("不对", 0.9))
    assert call.said() == ["q"]


def test_all_of_it_by_keys() -> None:
    call = caller(speech=False).does(*(Pressed(key) for key in "0923#"))
    call.hears_out().does(*(Pressed(key) for key in "1500"))
    call.hears_out().does(*(Pressed(key) for key in "13800138000"))
    call.hears_out().waits()
    assert call.said()[-2:] == ["对吗？", "是，请按一。不是，请按二。"]
    call.hears_out().does(Pressed("2"))
    assert call.said() == ["哪一项不对？", "日期，请按", "1", "时间，请按", "2", "电话，请按", "3"]
    call.hears_out().does(Pressed("2"))
    assert call.said() == ["which_time"]
    call.hears_out().does(*(Pressed(key) for key in "1600"))
    call.hears_out().does(Pressed("1"))
    assert call.state.slots == {"day": "2026-09-23", "time": "16:00", "phone": "13800138000"}
    assert call.state.state == "human"


def test_retries_begin_anew_with_each_slot() -> None:
    call = told(caller(), "随便", "随便说", "后天")
    assert (call.state.step["at"], call.state.attempt) == ("time", 0)
    told(call, "嗯", "嗯", "嗯")
    assert call.state.state == "human"


def test_what_is_optional_is_left_out_in_silence() -> None:
    call = told(caller(), *BOOKED[:3]).waits()
    assert call.said()[-1] == "对吗？"
    assert "note" not in call.state.slots


CHOOSING = """
      slots:
        product: { ask: which, type: choice, choices: [broadband, television], label: { zh: 业务, en: product } }
        city: { ask: where, phrases: { zh: { 北京: beijing }, en: { Beijing: beijing } } }
        urgent: { ask: urgent, type: yes_no }
        people: { ask: how_many, type: number, min: 1, max: 9 }
      confirm: { accept: 0.8 }"""


def test_choices_phrases_and_yes_no() -> None:
    call = told(caller(CHOOSING), "我家的宽带", "北京", "是的", "三个")
    assert call.state.slots == {"product": "broadband", "city": "beijing", "urgent": "yes", "people": 3}
    assert call.state.state == "human"


def test_choices_have_keys() -> None:
    call = caller(CHOOSING).does(Pressed("2")).hears_out().does(Pressed("1")).hears_out().does(Pressed("2"))
    assert call.state.slots == {"product": "television", "city": "beijing", "urgent": "no"}


def test_an_unsure_slot_makes_all_be_read_back() -> None:
    call = told(caller(CHOOSING), "宽带", "北京", "不用").does(Heard("三个", 0.6))
    assert call.said() == ["业务", "宽带", "北京", "不", "3", "对吗？"]


@pytest.mark.parametrize(("known", "state"), [("", "human"), (", known: false", "book")])
def test_a_slot_that_an_earlier_question_filled_is_kept_unless_told_otherwise(known: str, state: str) -> None:
    text = FLOW % f"{{ slots: {{ day: {{ ask: q, type: date{known} }} }}, confirm: false }}"
    first = "  first: { ask: { say: first, expect: date, into: day }, on: { done: book } }\n  human:"
    text = text.replace("entry: book", "entry: first").replace("  human:", first)
    call = Caller(Machine(load(text)), {"called": "1", "language": "zh"}, {}, None, NOON).hears_out()
    assert call.does(Heard("后天", 0.9)).state.state == state


def test_the_recogniser_goes_away_and_the_question_stays() -> None:
    call = told(caller(), "后天").does(SpeechLost())
    assert call.said() == ["which_time"]
    assert call.state.slots == {"day": "2026-09-23"}


def test_the_doc_may_write_confirm_by_confidence() -> None:
    slots = "\n      slots: { day: { ask: q, type: date } }\n      confirm: { when: 'confidence < 0.95' }"
    assert caller(slots).does(Heard("后天", 0.9)).said()[-1] == "对吗？"


@pytest.mark.parametrize(
    ("collect", "code"),
    [
        ("{}", "missing-key"),
        ("{ slots: {} }", "missing-key"),
        ("{ slots: { day: { type: date } } }", "missing-key"),
        ("{ slots: { day: { ask: q } } }", "missing-key"),
        ("{ slots: { day: { ask: q, type: dat } } }", "unknown-type"),
        ("{ slots: { the-day: { ask: q, type: date } } }", "bad-name"),
        ("{ slots: { day: { ask: q, type: choice, choices: [bil] } } }", "unknown-intent"),
        ("{ slots: { day: { ask: q, type: date, label: { zh: 日期 } } } }", "missing-language"),
        ("{ slots: { day: { ask: q, type: date, known: 'a b' } } }", "bad-expression"),
        ("{ slots: { day: { ask: q, type: date } }, confirm: 3 }", "wrong-type"),
    ],
)
def test_a_mistake_is_refused(collect: str, code: str) -> None:
    with pytest.raises(DialplanError) as refused:
        load(FLOW % collect)
    assert code in str(refused.value)


@pytest.mark.parametrize(
    ("slot", "known", "kept"),
    [
        ("type: phone", "unknown", None),
        ("type: phone", 13800138000, "13800138000"),
        ("type: date", 42, None),
        ("type: date", "2026-09-23", "2026-09-23"),
        ("type: date", "2026-99-99", None),
        ("type: datetime", "2026-09-23T08:00/12:00", "2026-09-23T08:00/12:00"),
        ("type: time", "08:00/12:00", "08:00/12:00"),
        ("type: digits, min: 4, max: 4", "abcd", None),
        ("type: digits, min: 4, max: 4", 8861, "8861"),
        ("type: number", "many", None),
        ("type: amount", 28.5, 28.5),
        ("type: plate", "A", None),
        ("type: choice, choices: [broadband]", "telephone", None),
        ("type: choice, choices: [broadband]", "broadband", "broadband"),
        ("type: text", "x", "x"),
    ],
)
def test_only_what_is_a_value_of_its_type_is_known(slot: str, known: Any, kept: Any) -> None:
    """Else it would be taken for an answer that nobody gave, and fail where it is read out."""
    call = caller(f"{{ slots: {{ x: {{ ask: q, {slot}, known: profile.x }} }}, confirm: false }}", profile={"x": known})
    assert call.state.slots.get("x") == kept
    assert call.state.state == ("book" if kept is None else "human")
