"""What is listened for, in which languages, and what happens where nobody listens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ivr.dialplan.events import Heard, Listen, Note, Pressed, Say, SetLanguage, SpeechLost, StopSpeaking
from ivr.dialplan.hearing import BUSY, digits_of
from ivr.dialplan.loader import examine
from ivr.dialplan.simulator import Simulation
from ivr.dialplan.slots import SlotType
from tests.unit.ivr.dialplan.flows import NOON, Caller, flow_with, machine_of

FLOW = """
flow: welcome
languages: [zh, en]
entry: which
defaults:
  no_input: { retry: 1, then: bye }
  no_match: { retry: 1, then: bye }
  error: bye
  hangup: end
intents:
  bill: { zh: [查账单], en: [check my bill], offer: option_bill }
  fault: { zh: [报修], en: [a fault], offer: option_fault }
states:
  which:
    menu:
      say: { zh: 请讲。, en: Go ahead. }
      options: [bill, fault]
      language: detect
    on: { bill: number, fault: name }
  number:
    ask: { say: { zh: 电话号码？, en: Your number? }, expect: phone, into: phone }
    on: { done: sure }
  sure:
    ask: { say: { zh: 对吗？, en: Right? }, expect: yes_no }
    on: { yes: bye, no: bye }
  name:
    ask: { say: { zh: 请问贵姓？, en: Your name? }, expect: text, into: name, language: detect }
    on: { done: bye }
  bye:
    hangup: normal
"""


def a_call(languages: Sequence[str] = ("zh", "en"), language: str = "") -> Caller:
    asr: dict[str, Any] = {"available": bool(languages), "languages": list(languages)}
    return Caller(machine_of(FLOW), {"language": language, "called": "1"}, {}, asr)


def test_a_detecting_question_listens_in_every_language_that_is_recognised() -> None:
    [listen] = a_call().of(Listen)
    assert listen.language == "zh"
    assert [phrase.text for phrase in listen.phrases] == ["查账单", "报修"]
    assert {name: [one.text for one in phrases] for name, phrases in listen.also.items()} == {
        "en": ["check my bill", "a fault"]
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_only_what_is_recognised_is_listened_for(language: str) -> None:
    [listen] = a_call([language]).of(Listen)
    assert (listen.language, listen.also) == (language, {})


def test_the_language_that_was_heard_is_the_one_of_the_call_from_then_on() -> None:
    call = a_call().hears_out().does(Heard("check my bill", 0.9, "bill", language="en"))
    assert call.of(SetLanguage) == [SetLanguage("en")]
    assert (call.state.language, call.state.call["language"], call.state.state) == ("en", "en", "number")
    assert call.of(Note)[0].intent == "bill"
    assert call.said() == ["Your number?"]
    assert call.of(Listen)[0].language == "en"


def test_the_language_of_the_call_stays_where_that_was_heard_or_nothing() -> None:
    assert a_call().hears_out().does(Heard("查账单", 0.9, "bill", language="zh")).state.language == "zh"
    assert a_call().hears_out().does(Heard("", 0.0, language="en")).state.language == "zh"
    assert a_call().hears_out().does(Heard("oui", 0.9, language="fr")).state.language == "zh"


def test_a_question_that_does_not_detect_keeps_its_language() -> None:
    call = a_call().hears_out().does(Heard("查账单", 0.9, "bill", language="zh"))
    assert call.hears_out().does(Heard("one three eight", 0.9, language="en")).state.language == "zh"


def test_free_speech_is_detected_too() -> None:
    call = a_call().hears_out().does(Heard("报修", 0.9, "fault", language="zh")).hears_out()
    assert call.does(Heard("Smith", 0.8, language="en")).state.slots == {"name": "smith"}
    assert call.state.language == "en"


def test_a_simulated_caller_is_heard_in_the_language_of_the_words() -> None:
    def understand(text: str, phrases: Sequence[Any], *_: str) -> tuple[str, float, tuple[()]]:
        return next(((one.intent, 0.9, ()) for one in phrases if one.text == text), ("", 0.3, ()))

    call = Simulation(machine_of(FLOW), at=NOON, understand=understand)
    assert call.say("a fault")
    assert call.state.language == "en"
    assert call.say("王小明")
    assert (call.state.language, call.state.slots["name"]) == ("zh", "王小明")


def test_what_is_expected_goes_with_the_turn() -> None:
    call = a_call(["zh"]).hears_out().does(Heard("查账单", 0.9, "bill", language="zh"))
    [listen] = call.of(Listen)
    assert (listen.expects, listen.length, listen.open) == ("phone", (11, 11), False)
    call.hears_out().does(*[Pressed(one) for one in "13800138000"])
    assert call.state.state == "sure"
    assert call.of(Listen)[0].expects == "yes_no"


@pytest.mark.parametrize(
    ("slot", "length"),
    [
        (SlotType("digits", 4, 6), (4, 6)),
        (SlotType("digits", 1, 32), (0, 0)),
        (SlotType("id_number"), (18, 18)),
        (SlotType("phone", region="US"), (10, 10)),
        (SlotType("phone", region="DE"), (0, 0)),
        (SlotType("amount", 1, 500), (0, 0)),
    ],
)
def test_the_digits_of_a_value_are_known_where_they_are(slot: SlotType, length: tuple[int, int]) -> None:
    assert digits_of(slot) == length


# --- nobody has room


def test_where_nobody_has_room_the_caller_is_told_and_asked_for_keys() -> None:
    call = a_call().does(SpeechLost(busy=True))
    assert isinstance(call.commands[0], StopSpeaking)
    assert call.said() == [BUSY["zh"], "请讲。", "option_bill", "1", "option_fault", "2"]
    assert call.of(Listen) == []
    assert call.hears_out().does(Pressed("1")).state.state == "number"


def test_the_next_question_is_asked_by_voice_again_and_nobody_is_told_twice() -> None:
    call = a_call(language="en").does(SpeechLost(busy=True))
    assert call.said()[0] == BUSY["en"]
    call.hears_out().does(Pressed("1"))
    assert call.of(Listen) != []
    call.does(SpeechLost(busy=True))
    assert call.said() == ["Your number?"]
    assert call.of(Listen) == []


def test_a_lost_recogniser_is_asked_again_in_every_state() -> None:
    call = a_call().hears_out().does(SpeechLost())
    assert call.of(Listen) != [] and call.of(Say) != []
    call.does(Heard("查账单", 0.9, "bill", language="zh")).does(SpeechLost())
    assert call.of(Listen) != [], "the loss before it was another question's"
    assert call.does(SpeechLost()).of(Listen) == []


# --- YAML


def test_only_detect_can_be_written() -> None:
    problems = examine(FLOW.replace("language: detect }", "language: en }"), "f.yaml")[1]
    assert [(one.code, one.cure) for one in problems] == [("wrong-type", "language: detect")]


def test_one_language_alone_leaves_nothing_to_detect() -> None:
    text = flow_with("  one:\n    ask: { say: { en: Well }, expect: text, language: detect }\n    on: { done: end }\n")
    assert "detects the language, but the flow speaks one alone" in " ".join(one.message for one in examine(text, "f.yaml")[1])
