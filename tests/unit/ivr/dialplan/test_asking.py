"""`ask` for typed values by voice and keys: what is taken, read back, corrected, and asked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ivr.dialplan.events import Heard, Listen, Note, Pressed, SpokenOver, Value
from ivr.dialplan.events import Say as SayCommand
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.errors import DialplanError
from tests.unit.ivr.dialplan.flows import NOON, Caller

FLOW = """
flow: asking
languages: [zh, en]
entry: one
time_zone: Asia/Shanghai
vars: { city: "" }
defaults:
  no_input: { retry: [soft, hard], then: human }
  no_match: { retry: 2, say: what, then: human }
  agent: human
  angry: cross
  error: broken
intents:
  bill: { zh: [查账单], en: [my bill], label: { zh: 账单, en: your bill } }
  fault: { zh: [报修], en: [a fault] }
states:
  one:
    ask: %s
    on: { done: human%s }
  human: { do: [{ say: wait }], wait: 10s, on: { done: end } }
  cross: { do: [{ say: sorry }], wait: 10s, on: { done: end } }
  broken: { do: [{ say: broken }], wait: 10s, on: { done: end } }
"""


def caller(
    ask: str, language: str = "zh", *, on: str = "", profile: dict[str, Any] | None = None, speech: bool = True
) -> Caller:
    machine = Machine(load(FLOW % (ask, on)))
    return Caller(machine, {"called": "1", "language": language}, profile or {}, {"available": speech}, NOON).hears_out()


@pytest.mark.parametrize(
    ("ask", "language", "said", "value"),
    [
        ("{ say: q, expect: { digits: { min: 4, max: 4 } }, into: x }", "zh", "八八六幺", "8861"),
        ("{ say: q, expect: digits, into: x }", "en", "double eight six one", "8861"),
        ("{ say: q, expect: amount, into: x }", "zh", "两百五", 250.0),
        ("{ say: q, expect: { type: number, min: 1, max: 9 }, into: x }", "en", "three", 3),
        ("{ say: q, expect: date, into: x }", "zh", "后天", "2026-09-23"),
        ("{ say: q, expect: { type: date, when: past }, into: x }", "zh", "三月二十三号", "2026-03-23"),
        ("{ say: q, expect: { type: time, min: '09:00', max: '18:00' }, into: x }", "zh", "下午三点半", "15:30"),
        ("{ say: q, expect: datetime, into: x }", "zh", "后天上午", "2026-09-23T08:00/12:00"),
        ("{ say: q, expect: phone, into: x }", "zh", "幺三八零零幺三八零零零", "13800138000"),
        ("{ say: q, expect: plate, into: x }", "zh", "京A一二三四五", "京A12345"),
        ("{ say: q, expect: text, into: x }", "zh", "网断了", "网断了"),
    ],
)
def test_a_value_that_is_clear_is_taken(ask: str, language: str, said: str, value: Any) -> None:
    call = caller(ask, language).does(Heard(said, 0.95))
    assert call.state.slots == {"x": value}
    assert call.state.state == "human"
    assert Note(slots={"x": value}) in call.of(Note)


@pytest.mark.parametrize(
    ("ask", "keys", "value"),
    [
        ("{ say: q, expect: { digits: { min: 4, max: 4 } } }", "8861", "8861"),
        ("{ say: q, expect: digits }", "88#", "88"),
        ("{ say: q, expect: amount }", "128*50#", 128.5),
        ("{ say: q, expect: date }", "1003#", "2026-10-03"),
        ("{ say: q, expect: date }", "20270323", "2027-03-23"),
        ("{ say: q, expect: time }", "1530", "15:30"),
        ("{ say: q, expect: phone }", "13800138000", "13800138000"),
        ("{ say: q, expect: id_number }", "11010519491231002*", "11010519491231002X"),
        ("{ say: q, expect: { type: digits, terminator: '*' } }", "12*", "12"),
    ],
)
def test_a_value_that_is_keyed_is_taken_at_once(ask: str, keys: str, value: Any) -> None:
    call = caller(ask).does(*(Pressed(key) for key in keys))
    assert call.state.slots == {"one": value}
    assert call.state.state == "human"


def test_keys_that_are_no_value_are_no_match() -> None:
    call = caller("{ say: q, expect: date }").does(*(Pressed(key) for key in "1399#"))
    assert call.said() == ["what", "q"]
    assert call.state.keys == ""


def test_a_pause_after_the_last_key_ends_a_value() -> None:
    call = caller("{ say: q, expect: amount }").does(Pressed("5"), Pressed("0")).waits()
    assert call.state.slots == {"one": 50.0}


def test_what_the_recogniser_is_told() -> None:
    listen = caller("{ say: q, expect: digits }").of(Listen) or None
    call = caller("{ say: q, expect: digits }")
    listen = [one for one in call.log if isinstance(one, Listen)]
    assert (listen[-1].expects, listen[-1].open, listen[-1].patience) == ("digits", False, 1.0)
    call = caller("{ say: q, expect: date }")
    listen = [one for one in call.log if isinstance(one, Listen)]
    assert (listen[-1].expects, listen[-1].open, listen[-1].patience) == ("date", True, 0.6)
    assert call.phrases["人工"] == "agent"


# --- read back


def test_a_value_that_is_not_sure_is_read_back_and_taken_after_yes() -> None:
    call = caller("{ say: q, expect: amount, into: x }").does(Heard("二十八块五", 0.6))
    assert call.said() == ["您说的是", "28.5", "对吗？"]
    assert call.state.slots == {}
    call.hears_out().does(Heard("对", 0.9, "yes"))
    assert call.state.slots == {"x": 28.5}
    assert Note(confidence=0.6) in call.of(Note)


def test_what_nobody_can_have_meant_is_asked_again() -> None:
    call = caller("{ say: q, expect: amount }").does(Heard("二十八块五", 0.2))
    assert call.said() == ["what", "q"]
    assert call.state.attempt == 1


@pytest.mark.parametrize("no", [Heard("不对", 0.9, "no"), Heard("不是这样的", 0.9), Pressed("2")])
def test_after_no_it_is_asked_again_and_counted(no: Any) -> None:
    call = caller("{ say: q, expect: amount }").does(Heard("二十八块五", 0.6)).hears_out().does(no)
    assert call.said() == ["好的，请您再说一遍。", "q"]
    assert call.state.attempt == 1
    call.hears_out().does(Heard("三十八块五", 0.9))
    assert call.state.slots == {"one": 38.5}


def test_no_for_ever_ends_where_no_match_leads() -> None:
    call = caller("{ say: q, expect: amount }")
    for _ in range(3):
        call.does(Heard("二十八块五", 0.6)).hears_out().does(Heard("不对", 0.9, "no")).hears_out()
    assert call.state.state == "human"
    assert call.state.slots == {}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("不是八八六一是八八六二", "8862"),
        ("不是六一是六二", "8862"),
        ("不对，是八八六二", "8862"),
        ("八八六二", "8862"),
    ],
)
def test_a_correction_is_read_back_in_its_turn(said: str, value: str) -> None:
    call = caller("{ say: q, expect: { digits: { min: 4, max: 4 } } }").does(Heard("八八六一", 0.6)).hears_out()
    call.does(Heard(said, 0.9))
    assert call.said() == ["您说的是", value, "对吗？"]
    call.hears_out().does(Heard("是的", 0.9))
    assert call.state.slots == {"one": value}


def test_the_same_value_once_more_is_a_yes() -> None:
    call = caller("{ say: q, expect: digits }").does(Heard("八八六一", 0.6)).hears_out().does(Heard("对，八八六一", 0.9))
    assert call.state.slots == {"one": "8861"}


def test_corrections_end() -> None:
    call = caller("{ say: q, expect: digits }").does(Heard("八八六一", 0.6))
    for number in range(3):
        call.hears_out().does(Heard(f"不对，是八八六{number}", 0.9))
    assert call.said()[0] == "您说的是"
    call.hears_out().does(Heard("不对，是八八六九", 0.9))
    assert call.said() == ["好的，请您再说一遍。", "q"]


def test_the_flow_has_words_of_its_own_for_it() -> None:
    ask = "{ say: q, expect: digits, into: x, confirm: { always: true, say: [entered, { digits: slots.x }, right] } }"
    call = caller(ask).does(Pressed("8"), Pressed("#"))
    assert call.said() == ["entered", "8", "right"]
    assert call.state.slots == {}
    call.hears_out().does(Pressed("1"))
    assert call.state.slots == {"x": "8"}


def test_silence_while_it_is_read_back_reads_it_back_again() -> None:
    call = caller("{ say: q, expect: amount }").does(Heard("二十八块五", 0.6)).hears_out().waits()
    assert call.said() == ["soft", "您说的是", "28.5", "对吗？"]
    call.hears_out().waits()
    assert call.said()[0] == "hard"
    call.hears_out().waits()
    assert call.state.state == "human"


def test_a_person_can_be_asked_for_while_it_is_read_back() -> None:
    call = caller("{ say: q, expect: amount }").does(Heard("二十八块五", 0.6)).hears_out().does(Heard("人工", 0.9, "agent"))
    assert call.state.state == "human"
    assert call.state.slots == {}


def test_confirm_false_takes_everything_and_true_nothing_unasked() -> None:
    assert caller("{ say: q, expect: amount, confirm: false }").does(Heard("两百", 0.1)).state.slots == {"one": 200.0}
    assert caller("{ say: q, expect: amount, confirm: true }").does(Heard("两百", 1.0)).state.slots == {}


def test_an_unsure_choice_is_read_back_by_its_label() -> None:
    ask = "{ say: q, expect: { choice: [bill, fault] }, into: x, confirm: { accept: 0.8, reprompt: 0.4 } }"
    call = caller(ask).does(Heard("查账单", 0.6, "bill"))
    assert call.said() == ["您说的是", "账单", "对吗？"]
    call.hears_out().does(Heard("不，报修", 0.9, "fault"))
    assert call.state.slots == {"x": "fault"}


def test_without_speech_the_keys_are_told() -> None:
    call = caller("{ say: q, hint: keys, expect: amount, confirm: true }", speech=False)
    assert [one for one in call.log if isinstance(one, Listen)] == []
    call.does(Pressed("5"), Pressed("#"))
    assert call.said() == ["您说的是", "5", "对吗？", "是，请按一。不是，请按二。"]


def test_a_date_is_read_back_without_the_year_of_now() -> None:
    call = caller("{ say: q, expect: datetime }").does(Heard("后天三点", 0.9))
    said = next(command for command in call.commands if isinstance(command, SayCommand))
    assert Value("datetime", "~2026-09-23T15:00", "zh") in said.utterances


# --- wording by attempt, phrases, mood


def test_the_question_has_other_words_from_the_second_time_on() -> None:
    call = caller("{ say: q, again: [shorter, shortest], expect: amount }").waits()
    assert call.said() == ["soft", "shorter"]
    call.hears_out().waits()
    assert call.said() == ["hard", "shortest"]


def test_phrases_of_the_profile_fill_a_slot() -> None:
    products = [{"id": "g3", "label": "三号光纤"}, {"id": "m1", "label": "手机套餐"}, "宽带", None, 7]
    call = caller('{ say: q, phrases: "{profile.products}", into: x }', profile={"products": products})
    assert call.phrases["三号光纤"] == "=g3"
    call.does(Heard("三号光纤", 0.9, "=g3"))
    assert call.state.slots == {"x": "g3"}
    assert call.state.state == "human"


def test_no_phrases_in_the_profile_are_no_fault() -> None:
    call = caller('{ say: q, phrases: "{profile.products}", expect: text }', profile={"products": {"a": 1}})
    assert call.does(Heard("宽带", 0.9)).state.slots == {"one": "宽带"}


def test_phrases_have_values_and_edges_of_their_own() -> None:
    ask = "{ say: q, phrases: { zh: { 北京: beijing, 上海: shanghai }, en: [Beijing] } }"
    call = caller(ask).does(Heard("上海", 0.9))
    assert call.state.slots == {"one": "shanghai"}


def test_phrases_come_from_a_file_beside_the_flow(tmp_path: Path) -> None:
    (tmp_path / "cities.txt").write_text("北京 = beijing\n# two more\n上海\n", "utf-8")
    flow = load(FLOW % ("{ say: q, phrases: { file: cities.txt } }", ""), str(tmp_path / "asking.yaml"))
    call = Caller(Machine(flow), {"called": "1", "language": "zh"}).hears_out().does(Heard("北京", 0.9))
    assert call.state.slots == {"one": "beijing"}


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ("{ say: q, phrases: { file: ../secret.txt } }", "unknown-file"),
        ("{ say: q, phrases: { file: gone.txt } }", "unknown-file"),
        ('{ say: q, phrases: "a {profile.products}" }', "bad-expression"),
        ("{ say: q, phrases: { zh: [北京] } }", "missing-language"),
        ("{ say: q, expect: { type: amuont } }", "unknown-type"),
        ("{ say: q, expect: { type: amount, min: 9, max: 1 } }", "out-of-range"),
        ("{ say: q, expect: { type: amount, when: past } }", "dead-option"),
        ("{ say: q, expect: { type: date, min: 1 } }", "dead-option"),
        ("{ say: q, expect: { type: time, min: 9 } }", "wrong-type"),
        ("{ say: q, expect: { type: date, when: soon } }", "unknown"),
        ("{ say: q, expect: { type: choice } }", "missing-key"),
        ("{ say: q, expect: { type: choice, choices: [bil] } }", "unknown-intent"),
        ("{ say: q, expect: amount, confirm: { accept: 2 } }", "out-of-range"),
        ("{ say: q, expect: amount, confirm: { accept: 0.3, reprompt: 0.4 } }", "out-of-range"),
        ("{ say: q, expect: amount, confirm: { when: 'tier == 1' } }", "bad-expression"),
        ("{ say: q, expect: amount, confirm: maybe }", "wrong-type"),
    ],
)
def test_a_mistake_is_refused(ask: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(DialplanError) as refused:
        load(FLOW % (ask, ""), str(tmp_path / "asking.yaml"))
    assert code in str(refused.value)


def test_when_is_another_way_to_write_accept() -> None:
    call = caller("{ say: q, expect: amount, confirm: { when: 'confidence < 0.9' } }").does(Heard("两百", 0.85))
    assert call.said()[0] == "您说的是"


@pytest.mark.parametrize("event", [Heard("你们什么服务", 0.9, mood="angry"), Heard("气死我了", 0.9, "angry")])
def test_an_angry_caller_takes_the_edge_angry(event: Heard) -> None:
    call = caller("{ say: q, expect: amount }").does(SpokenOver(), event)
    assert call.state.state == "cross"
    assert call.state.mood == "angry"
    assert Note(mood="angry") in call.of(Note)


def test_who_calms_down_is_not_angry_any_more() -> None:
    call = caller("{ say: q, expect: amount }", on=", angry: again, bill: cross").does(Heard("气死我了", 0.9, mood="angry"))
    assert call.state.mood == "angry"
    call.hears_out().does(Heard("两百", 0.9))
    assert call.state.mood == ""
    assert call.state.slots == {"one": 200.0}


def test_a_phrase_that_the_flow_wrote_is_an_answer_however_angry_its_words_are() -> None:
    call = Caller(
        Machine(load((FLOW % ("{ say: q, expect: { choice: [fault] } }", ", fault: human")).replace("[报修]", "[垃圾短信]"))),
        {"called": "1", "language": "zh"},
    ).hears_out()
    call.does(Heard("垃圾短信", 0.9, mood="angry"))
    assert call.state.state == "human" and call.state.mood == ""
