"""`lookup` and `http`: what is asked, what is heard meanwhile, which edge is taken, and what check refuses."""

from __future__ import annotations

import jsonschema
import pytest

from ivr.dialplan.events import CallerHungUp, EndTask, HttpRequest, Lookup, LookupEnded, Play, Pressed, SetTimer, StopSpeaking
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from ivr.dialplan.positions import read
from ivr.dialplan.problems import Findings
from ivr.dialplan.schema import schema
from tests.unit.ivr.dialplan.flows import Caller, flow_with, machine_of
from tests.unit.ivr.dialplan.test_schema import plain

ON = "{ found: got, not_found: none, billing_down: down, '9': none }"
STATES = f"""
  one:
    lookup:
      source: billing
      get: balance
      with: {{ number: "{{caller.number}}", month: 3 }}
      within: 2s
      say: {{ en: One moment. }}
      music: piano
    on: {ON}
  got: {{ say: {{ en: "It is {{result.amount}}." }}, on: {{ done: end }} }}
  none: {{ say: {{ en: Nothing. }}, on: {{ done: end }} }}
  down: {{ say: {{ en: Later. }}, on: {{ done: end }} }}
"""
HTTP = """
  one:
    http:
      service: crm
      post: "/orders/{slots.order}/cancel?by={caller.name}"
      json: { why: { text: "{caller.name}", n: 1 }, list: [true] }
    on: { found: end, not_found: end }
"""


def a_call(states: str = STATES, **caller: str) -> Caller:
    call = {"called": "1", "language": "", "caller": {"number": "1001", "name": "Ann", **caller}}
    return Caller(machine_of(flow_with(states)), call)


def test_what_is_asked_and_what_was_found() -> None:
    caller = a_call()
    [ask] = caller.of(Lookup)
    assert ask == Lookup(1, "billing", "balance", {"number": "1001", "month": 3}, 2.0)
    assert caller.of(SetTimer) == [SetTimer("late", 3.0), SetTimer("meanwhile", 0.8)]
    caller.does(LookupEnded(1, "found", {"amount": 12.5}))
    assert caller.said() == ["It is 12.5."] and not caller.of(EndTask)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("not_found", "Nothing."), ("down", "Later."), ("timeout", "Sorry."), ("error", "Sorry."), ("strange", "Sorry.")],
)
def test_every_outcome_has_its_edge(outcome: str, words: str) -> None:
    states = STATES + "  sorry: { say: { en: Sorry. }, on: { done: end } }\n"
    text = flow_with(states).replace("error: end", "error: sorry")
    caller = Caller(machine_of(text)).does(LookupEnded(1, outcome, {"amount": 1}))
    assert caller.said() == [words] and caller.state.result == {}


def test_a_source_without_an_edge_of_its_own_goes_where_errors_go() -> None:
    caller = a_call(STATES.replace("billing_down: down, ", "'8': down, ")).does(LookupEnded(1, "down"))
    assert caller.ended == "flow" and caller.state.errors == 0


def test_an_edge_of_the_defaults_may_be_that_of_a_source() -> None:
    text = flow_with(STATES.replace("billing_down: down, ", "")).replace("error: end", "error: end, billing_down: down")
    assert Caller(machine_of(text)).does(LookupEnded(1, "down")).said() == ["Later."]


def test_an_answer_to_another_question_is_not_taken() -> None:
    caller = a_call().does(LookupEnded(7, "found", {"amount": 1}))
    assert caller.state.state == "one" and caller.state.result == {}


def test_who_waits_hears_words_and_then_music() -> None:
    caller = a_call().waits()
    assert caller.said() == ["One moment."]
    caller.hears_out()
    assert caller.of(Play) == [Play("piano", True, 2)]
    caller.does(LookupEnded(1, "found", {"amount": 1}))
    assert caller.of(StopSpeaking) and caller.said() == ["It is 1."]


def test_words_that_began_are_heard_to_their_end() -> None:
    caller = a_call().waits().does(LookupEnded(1, "found", {"amount": 1}))
    assert caller.commands and caller.state.state == "one" and caller.state.result == {"amount": 1}
    caller.hears_out()
    assert caller.said() == ["It is 1."]


def test_what_is_still_to_be_said_is_said_while_it_asks() -> None:
    caller = a_call("  zero: { do: [{ say: { en: Let me see. } }], goto: one }\n" + STATES)
    assert caller.said() == ["Let me see."] and caller.of(Lookup)
    caller.does(LookupEnded(1, "found", {"amount": 2}))
    assert caller.state.state == "one"
    assert caller.hears_out().said() == ["It is 2."]


def test_an_answer_that_never_comes_is_a_timeout() -> None:
    caller = a_call().waits().hears_out()
    caller.waits()
    assert caller.of(EndTask) == [EndTask(1)] and caller.ended == "flow", "timeout leads where errors lead"


def test_a_key_and_a_hang_up_give_it_up() -> None:
    caller = a_call().does(Pressed("9"))
    assert caller.of(EndTask) == [EndTask(1)] and caller.said() == ["Nothing."]
    caller = a_call().does(CallerHungUp())
    assert caller.of(EndTask) == [EndTask(1)] and caller.ended == "hangup"


def test_a_flow_that_asks_for_ever_is_stopped() -> None:
    states = "  one: { lookup: { source: a, get: b }, on: { found: one, not_found: one } }\n"
    caller = a_call(states.replace("on: { found: one", "on: { '1': end, found: one"))
    for number in range(1, 500):
        caller.does(LookupEnded(number, "found"))
    assert caller.state.task == 500
    caller.does(LookupEnded(500, "found"))
    assert caller.ended == "flow" and caller.state.errors == 1


# --- http


def test_a_request_is_put_together() -> None:
    text = flow_with(HTTP, more="vars: {}\n").replace("{slots.order}", "{caller.number}")
    [ask] = Caller(machine_of(text), {"caller": {"number": "../7?x", "name": "Ann & Bo"}}).of(HttpRequest)
    assert ask.path == "/orders/..%2F7%3Fx/cancel?by=Ann%20%26%20Bo"
    assert (ask.method, ask.service, ask.seconds) == ("POST", "crm", 3.0)
    assert ask.body == {"why": {"text": "Ann & Bo", "n": 1}, "list": [True]}


@pytest.mark.parametrize("number", ["", ".", ".."])
def test_a_path_with_a_part_missing_is_an_error_and_is_not_sent(number: str) -> None:
    text = flow_with(HTTP).replace("{slots.order}", "{caller.number}")
    caller = Caller(machine_of(text), {"caller": {"number": number, "name": "Ann"}})
    assert not caller.of(HttpRequest) and caller.state.errors == 1


def test_a_request_without_a_body() -> None:
    caller = a_call("  one: { http: { service: crm, get: /health }, on: { found: end, not_found: end } }\n")
    assert caller.of(HttpRequest) == [HttpRequest(1, "crm", "GET", "/health", None, 3.0)]
    assert caller.does(LookupEnded(1, "found", {"up": True})).ended == "flow"


# --- what check says

AROUND = Surroundings(sources={"billing": {"balance"}, "crm": ()})


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("lookup: { source: biling, get: balance }", "error[unknown-source] there is no source `biling`"),
        ("lookup: { source: billing, get: balanse }", "error[unknown-operation] there is no operation `balanse`"),
        ("lookup: { get: balance }", "error[missing-key] lookup needs `source`"),
        ("lookup: { source: billing }", "error[missing-key] lookup needs `get`"),
        ("lookup: billing", "error[wrong-type]"),
        ("lookup: { source: billing, get: balance, within: soon }", "error[bad-duration]"),
        ("http: { service: crm }", "error[missing-key] http needs one method"),
        ("http: { service: crm, get: /a, post: /b }", "error[missing-key] http needs one method"),
        ("http: { service: crm, get: 'http://evil/' }", "error[bad-path] `http://evil/` is no path"),
        ("http: { service: crm, get: //evil }", "error[bad-path]"),
        ("http: { service: no, get: / }", "error[unknown-source]"),
        ("http: { service: crm, post: /, json: '{1 +}' }", "error[bad-expression]"),
    ],
)
def test_check_names_the_place_and_the_cure(step: str, expected: str) -> None:
    _, found = examine(flow_with(f"  one:\n    {step}\n    on: {{ found: end, not_found: end }}\n"), "x.yaml", AROUND)
    assert any(expected in str(one) for one in found), found


def test_edges_that_must_be_there() -> None:
    _, found = examine(flow_with("  one: { lookup: { source: a, get: b }, on: { found: end, biling_down: end } }\n"), "x.yaml")
    assert {one.code for one in found} == {"missing-edge", "unknown-edge"}


@pytest.mark.parametrize("states", [STATES, HTTP])
def test_the_schema_takes_it(states: str) -> None:
    tree = read(flow_with(states), Findings("x"))
    assert tree is not None
    jsonschema.validate(plain(tree), schema())


def test_who_types_an_account_gets_its_profile() -> None:
    states = STATES.replace("within: 2s", "into: profile\n      within: 2s").replace("result.amount", "profile.name")
    caller = a_call(states)
    assert caller.of(Lookup)[0].into == "profile"
    caller.does(LookupEnded(1, "found", {"name": "Bob", "known": True}))
    assert caller.said() == ["It is Bob."] and caller.state.profile == {"name": "Bob", "known": True}
    caller = a_call(states)
    caller.does(LookupEnded(1, "not_found"))
    assert caller.state.profile == {}


def test_a_lookup_goes_into_the_profile_or_nowhere() -> None:
    flow, problems = examine(flow_with(STATES.replace("within: 2s", "into: vars\n      within: 2s")), "x.yaml")
    assert flow is None and "into: profile" in problems[0].cure
