"""`voicemail` and `survey`: what is recorded and kept, and how they end."""

from __future__ import annotations

import jsonschema
import pytest

from ivr.dialplan.events import (
    CallerHungUp,
    EndTask,
    Heard,
    Listen,
    MessageEnded,
    Pressed,
    RecordMessage,
    SaveSurvey,
    SpeechLost,
    SpokenOver,
    TimerFired,
)
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from ivr.dialplan.positions import read
from ivr.dialplan.problems import Findings
from ivr.dialplan.schema import schema
from ivr.dialplan.simulator import Simulation
from tests.unit.ivr.dialplan.flows import NOON, Caller, flow_with, machine_of
from tests.unit.ivr.dialplan.test_schema import plain

VOICEMAIL = """
  one:
    voicemail: { box: sales, say: { en: Please speak. }, max: 2m, silence: 3s, beep: false }
    on: { done: thanks, empty: nothing, "*": one }
  thanks: { say: { en: "{result.seconds} seconds." }, on: { done: end } }
  nothing: { say: { en: Nothing. }, on: { done: end } }
"""
SURVEY = """
  one:
    survey:
      name: csat
      questions:
        - { name: comment, ask: { en: Tell us. }, record: true, max: 20s }
        - { name: score, ask: { en: From 1 to 5? }, scale: 5 }
        - { name: again, ask: { en: From 1 to 10? }, scale: 10 }
      thanks: { en: Thank you. }
    on: { done: bye }
  bye: { say: { en: Bye. }, on: { done: end } }
"""


def a_call(states: str, language: str = "en") -> Caller:
    return Caller(machine_of(flow_with(states).replace("[en]", f"[{language}]").replace("{ en:", f"{{ {language}:")))


def test_a_message_is_taken_after_the_words() -> None:
    caller = a_call(VOICEMAIL)
    assert caller.said() == ["Please speak."]
    assert caller.hears_out().of(RecordMessage) == [RecordMessage(1, "sales", 120.0, 3.0, False)]
    caller.does(MessageEnded(1, "done", 12.5, "m1"))
    assert caller.said() == ["12.5 seconds."] and caller.state.result == {"seconds": 12.5, "recording": "m1"}


def test_how_a_message_ends() -> None:
    assert a_call(VOICEMAIL).hears_out().does(MessageEnded(1, "empty")).said() == ["Nothing."]
    assert a_call(VOICEMAIL).hears_out().does(MessageEnded(1, "error")).ended == "flow"
    assert a_call(VOICEMAIL).hears_out().does(MessageEnded(9, "done")).state.state == "one"
    assert a_call(VOICEMAIL).hears_out().waits().ended == "flow", "a disk that never answers"


def test_a_hash_keeps_it_and_a_key_of_its_own_does_not() -> None:
    caller = a_call(VOICEMAIL).hears_out().does(Pressed("#"))
    assert caller.of(EndTask) == [EndTask(1, keep=True)] and caller.state.state == "one"
    caller = a_call(VOICEMAIL).hears_out().does(Pressed("*"))
    assert caller.of(EndTask) == [EndTask(1)] and caller.said() == ["Please speak."]


def test_a_survey_is_asked_to_its_end() -> None:
    caller = a_call(SURVEY)
    assert caller.said() == ["Tell us."]
    assert caller.hears_out().of(RecordMessage) == [RecordMessage(1, "survey-csat", 20.0, 4.0, True)]
    caller.does(Pressed("#"), MessageEnded(1, "done", 3.0, "m1"))
    assert caller.said() == ["From 1 to 5?"]
    caller.does(Pressed("4"))
    assert caller.said() == ["From 1 to 10?"]
    caller.does(Pressed("0"))
    assert caller.of(SaveSurvey) == [SaveSurvey("csat", {"score": 4, "again": 10, "comment": "m1"})]
    assert caller.said() == ["Thank you.", "Bye."]


@pytest.mark.parametrize(("language", "said"), [("en", "five"), ("zh", "五"), ("en", "5")])
def test_a_number_may_be_spoken(language: str, said: str) -> None:
    caller = a_call(SURVEY, language).hears_out().does(MessageEnded(1, "empty"))
    assert len(caller.of(Listen)[0].phrases) == 5
    caller.does(SpokenOver(), Heard(said, 0.9)).does(Pressed("1"))
    assert caller.of(SaveSurvey)[0].answers == {"score": 5, "again": 1}


def test_a_question_is_put_twice_and_then_passed_over() -> None:
    caller = a_call(SURVEY).hears_out().does(MessageEnded(1, "error"))
    caller.does(Pressed("9"))
    assert caller.said() == ["From 1 to 5?"]
    caller.hears_out().waits()
    assert caller.said() == ["From 1 to 10?"]
    caller.does(Heard("banana", 0.4)).does(Heard("banana", 0.4))
    assert caller.of(SaveSurvey) == [SaveSurvey("csat", {})]


def test_who_hangs_up_has_answered_what_came_before() -> None:
    caller = a_call(SURVEY).hears_out().does(MessageEnded(1, "empty"), Pressed("3"), CallerHungUp())
    assert caller.of(SaveSurvey) == [SaveSurvey("csat", {"score": 3})] and caller.ended == "hangup"
    caller = a_call(SURVEY).does(CallerHungUp())
    assert not caller.of(SaveSurvey)


def test_a_recogniser_that_is_lost_leaves_the_keys() -> None:
    caller = a_call(SURVEY).hears_out().does(MessageEnded(1, "empty"), SpeechLost())
    assert caller.said() == ["From 1 to 5?"]
    assert caller.does(Pressed("2")).said() == ["From 1 to 10?"]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("voicemail: { say: { en: x } }", "error[missing-key] voicemail needs `box`"),
        ("voicemail: { box: a/b }", "error[bad-name] `a/b` is no name"),
        ("voicemail: { box: a, max: 1h }", "error[out-of-range] `max` is 3600 s"),
        ("survey: { name: x }", "error[missing-key] survey needs `questions`"),
        ("survey: { name: x, questions: [] }", "error[too-many]"),
        ("survey: { name: x, questions: [{ name: a }] }", "error[missing-key] a question needs `ask`"),
        ("survey: { name: x, questions: [{ name: a, ask: { en: b }, scale: 11 }] }", "error[out-of-range]"),
        ("survey: { name: x, questions: [{ name: a, ask: { en: b }, scale: 5, record: true }] }", "not both"),
        ("survey: { name: x, questions: [{ name: a, ask: { en: b } }, { name: a, ask: { en: b } }] }", "two questions"),
    ],
)
def test_check_names_the_place_and_the_cure(step: str, expected: str) -> None:
    _, found = examine(flow_with(f"  one:\n    {step}\n    on: {{ done: end, empty: end }}\n"), "x.yaml")
    assert any(expected in str(one) for one in found), found


@pytest.mark.parametrize("states", [VOICEMAIL, SURVEY])
def test_a_server_that_records_nothing_is_doubted(states: str) -> None:
    _, found = examine(flow_with(states), "x.yaml", Surroundings(records=False))
    assert {(one.severity, one.code) for one in found} == {("warning", "not-recorded")}
    assert not examine(flow_with(states), "x.yaml", Surroundings(records=True))[1]


@pytest.mark.parametrize("states", [VOICEMAIL, SURVEY])
def test_the_schema_takes_it(states: str) -> None:
    tree = read(flow_with(states), Findings("x"))
    assert tree is not None
    jsonschema.validate(plain(tree), schema())


def test_a_simulated_caller_ends_a_message_by_the_hash() -> None:
    stage = Simulation(
        machine_of(flow_with(VOICEMAIL)), at=NOON, understand=lambda text, phrases, flow, language: ("", 0.0, ())
    )
    stage.hear_out()
    stage.press("#")
    stage.wait(1.0)
    assert stage.visited == ["one", "nothing"] and stage.elapsed < 20.0


def test_an_answer_that_is_never_recorded_is_given_up() -> None:
    caller = a_call(SURVEY).hears_out()
    caller.does(TimerFired("late"))
    assert caller.of(EndTask) == [EndTask(1)] and caller.said() == ["From 1 to 5?"]
