""" "Do you mean A or B": asked where two wishes are alike likely, answered by name, by place, by key, or by neither."""

from __future__ import annotations

from typing import Any

import pytest

from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.dialplan.simulator import Simulation

FLOW = """
flow: small
languages: [zh, en]
defaults: { error: end, no_input: end, no_match: { retry: 1, then: lost }, agent: person, out_of_scope: elsewhere }
intents:
  bill: { zh: [查账单], en: [my bill], label: { zh: 查账单, en: the bill } }
  balance: { zh: [查余额], en: [my balance], label: { zh: 查余额, en: the balance } }
  fault: { zh: [报修], en: [a fault] }
states:
  start:
    menu: { say: { zh: 请问, en: Yes please }, options: [bill, balance] }
    on: { bill: read_bill, balance: read_balance }
  read_bill: { do: [{ say: { zh: 账单, en: Bill } }], hangup: normal }
  read_balance: { do: [{ say: { zh: 余额, en: Balance } }], hangup: normal }
  person: { do: [{ say: { zh: 人工, en: Person } }], hangup: normal }
  lost: { do: [{ say: { zh: 抱歉, en: Sorry } }], hangup: normal }
  elsewhere: { do: [{ say: { zh: 别处, en: Elsewhere } }], hangup: normal }
"""
MACHINE = Machine(load(FLOW))
MEANINGS: dict[str, tuple[str, float, tuple[tuple[str, float], ...]]] = {
    "money": ("bill", 0.45, (("balance", 0.4),)),
    "clear": ("bill", 0.7, (("balance", 0.2),)),
    "broken": ("fault", 0.9, ()),
    "weather": ("out_of_scope", 0.9, ()),
    "maybe": ("out_of_scope", 0.4, ()),
}


def understand(text: str, phrases: Any, flow: str, language: str) -> tuple[str, float, tuple[tuple[str, float], ...]]:
    return MEANINGS.get(text) or next(((one.intent, 1.0, ()) for one in phrases if one.text == text), ("", 0.9, ()))


def call(*said: str, language: str = "en") -> Simulation:
    made = Simulation(MACHINE, at=1.7e9, understand=understand, call={"language": language})
    for text in said:
        made.say(text)
    return made


def asked(one: Simulation) -> str:
    return next(entry.text for entry in reversed(one.log) if entry.kind == "bot")


def test_two_wishes_alike_likely_are_both_offered() -> None:
    assert asked(call("money")) == "Did you mean the bill or the balance?"
    assert asked(call("money", language="zh")) == "您是要查账单，还是查余额？"


@pytest.mark.parametrize(
    ("answer", "state"),
    [("my bill", "read_bill"), ("my balance", "read_balance"), ("the second one", "read_balance"), ("first", "read_bill")],
)
def test_the_answer_is_one_of_them(answer: str, state: str) -> None:
    assert call("money", answer).state.state == state


@pytest.mark.parametrize(("key", "state"), [("1", "read_bill"), ("2", "read_balance"), ("0", "person")])
def test_keys_choose_too(key: str, state: str) -> None:
    one = call("money")
    one.press(key)
    assert one.state.state == state


def test_neither_puts_the_question_anew_and_is_an_attempt() -> None:
    one = call("money", "neither")
    assert "Yes please" in asked(one)
    assert call("money", "neither", "money", "no").state.state == "lost"


def test_a_person_may_be_asked_for_in_between() -> None:
    assert call("money", "agent").state.state == "person"


def test_what_is_clearer_is_taken() -> None:
    assert call("clear").state.state == "read_bill"


def test_who_says_the_same_again_gets_the_likelier_one() -> None:
    assert call("money", "money").state.state == "read_bill"


def test_a_flow_may_never_ask_which() -> None:
    never = Machine(load(FLOW.replace("intents:", "intents:\n  ambiguous: false")))
    one = Simulation(never, at=1.7e9, understand=understand, call={"language": "en"})
    one.say("money")
    assert one.state.state == "read_bill"


def test_an_open_question_hears_more_than_its_phrases() -> None:
    opened = Machine(load(FLOW.replace("options: [bill, balance]", "options: [bill, balance], open: true")))
    one = Simulation(opened, at=1.7e9, understand=understand, call={"language": "en"})
    one.hear_out()
    assert one.listening is not None
    assert one.listening.open
    assert one.listening.flow == opened.flow.version


def test_a_wish_that_is_not_served_here_takes_the_edge_for_that_and_is_noted() -> None:
    one = call("broken")
    assert one.state.state == "elsewhere"
    assert any("fault" in str(entry) for entry in one.log)


def test_what_is_surely_none_of_them_leaves_by_its_edge() -> None:
    assert call("weather").state.state == "elsewhere"


def test_what_is_hardly_sure_is_asked_again() -> None:
    assert call("maybe").state.state == "start"
