"""Flows that call each other: in, out by a name, errors on the way, versions that a call keeps, and what check says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivr.dialplan.events import CallerHungUp, CountEdge, Hangup, Listen, Note, Pressed, SetLanguage
from ivr.dialplan.linking import link, linked, problems
from ivr.dialplan.loader import FlowStore, check, load, read_flows
from ivr.dialplan.machine import Machine
from ivr.dialplan.model import Flow
from ivr.dialplan.run import MAX_DEPTH
from tests.unit.ivr.dialplan.flows import NOON, Caller

MAIN = """
flow: shop
languages: [en]
vars: { purpose: none, known: no }
defaults: { error: trouble, no_input: bye, no_match: bye, agent: person }
states:
  start:
    do: [{ say: { en: Welcome. } }]
    call: { flow: identify, with: { purpose: order } }
    on: { verified: { say: { en: Thank you. }, to: told }, stranger: bye }
  told:
    do: [{ say: { en: "Hello {vars.name}, for {vars.purpose}." } }]
    call: identify
    on: { verified: end, stranger: bye }
  person: { hangup: busy }
  trouble: { do: [{ say: { en: Trouble. } }], hangup: rejected }
  bye: { hangup: normal }
"""
IDENTIFY = """
flow: identify
languages: [en, zh]
vars: { name: nobody, purpose: unknown }
defaults: { error: failed, hangup: { to: end, tag: gave_up } }
states:
  ask:
    ask: { say: { en: "Your number, for {vars.purpose}?", zh: 号码 }, expect: { digits: { max: 2 } }, into: account }
    on: { done: known, no_input: stranger, no_match: stranger, agent: person, "*": talk }
  known:
    do: [{ set: { name: "Ann {slots.account}" } }]
    return: verified
  stranger: { return: stranger }
  person: { return: agent }
  talk: { do: [{ language: zh }], return: verified }
  failed: { return: error }
"""


def house(*texts: str) -> dict[str, Flow]:
    flows = {flow.name: flow for flow in map(load, texts)}
    return linked(flows)


def a_call(*texts: str, flow: str = "shop") -> Caller:
    return Caller(Machine(house(*(texts or (MAIN, IDENTIFY)))[flow]))


def test_a_call_goes_in_and_comes_out_by_what_was_returned() -> None:
    caller = a_call()
    assert caller.said() == ["Welcome.", "Your number, for order?"], "with sets variables over the sub-flow's own"
    assert (caller.state.flow, caller.state.state, caller.state.root) == ("identify", "ask", "shop")
    assert caller.state.stack == ({"flow": "shop", "state": "start"},)
    caller.does(Pressed("4"), Pressed("2"))
    assert caller.said() == ["Thank you.", "Hello Ann 42, for order.", "Your number, for unknown?"]
    assert caller.state.slots == {"account": "42"}
    caller.hears_out().waits()
    assert caller.ended == "flow" and caller.state.state == "bye"


def test_an_inherited_edge_takes_what_was_returned() -> None:
    sub = IDENTIFY.replace("{ return: stranger }", "{ return: agent }")
    caller = a_call(MAIN.replace(", stranger: bye", ""), sub)
    caller.hears_out().waits()
    assert caller.ended == "busy"


def test_a_state_in_a_sub_flow_goes_on_in_another_process() -> None:
    flows = house(MAIN, IDENTIFY)
    caller = Caller(Machine(flows["shop"]))
    again = Machine(house(MAIN, IDENTIFY)["shop"])
    state = again.restore(json.loads(json.dumps(caller.state.to_dict())))
    state, _ = again.handle(state, Pressed("*"), NOON)
    assert state.flow == "identify" and state.vars["purpose"] == "unknown", "told calls it again"
    other = Machine(house(MAIN, IDENTIFY.replace("Your number", "Number"))["shop"])
    with pytest.raises(ValueError, match="the state is of shop"):
        other.restore(caller.state.to_dict())


def test_a_language_that_the_caller_lacks_ends_with_the_sub_flow() -> None:
    caller = a_call().does(Pressed("*"))
    assert [one.language for one in caller.of(SetLanguage)] == ["zh", "en"]
    assert caller.state.language == "en"


def test_whoever_hangs_up_in_it_is_noted_by_its_own_edge() -> None:
    caller = a_call().does(CallerHungUp())
    assert caller.ended == "hangup" and [one.tags for one in caller.of(Note)] == [("gave_up",)]


def test_a_flow_that_nobody_called_ends_by_return() -> None:
    caller = a_call(IDENTIFY, flow="identify").does(Pressed("1"), Pressed("2"))
    assert caller.ended == "flow" and caller.of(Hangup)


def test_what_nobody_expects_to_be_returned_is_an_error_of_the_caller() -> None:
    main, sub = load(MAIN), load(IDENTIFY.replace("return: verified", "return: surprise", 1))
    caller = Caller(Machine(link(main, {"identify": sub})))
    caller.does(Pressed("1"), Pressed("2"))
    assert caller.said() == ["Trouble."] and caller.state.flow == "shop"


def test_a_flow_that_is_not_there_is_an_error() -> None:
    caller = Caller(Machine(load(MAIN)))
    assert caller.said() == ["Trouble."]


def test_calls_in_calls_have_a_bottom() -> None:
    text = """
flow: deep
languages: [en]
defaults: { error: up }
states:
  one: { call: deep, on: { up: up } }
  up: { wait: 1s, on: { done: back } }
  back: { return: up }
"""
    caller = Caller(Machine(load(text)))
    assert len(caller.state.stack) == MAX_DEPTH and caller.state.errors == 1
    for depth in range(MAX_DEPTH, 0, -1):
        assert len(caller.state.stack) == depth
        caller.waits()
    caller.waits()
    assert caller.ended == "flow"


# --- what check says


def test_check_joins_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MAIN)
    (tmp_path / "b.yaml").write_text(IDENTIFY)
    flows, found = read_flows([tmp_path])
    assert [one.code for one in found] == []
    assert {flow.name: set(flow.subflows) for flow in flows} == {"shop": {"identify"}, "identify": set()}
    assert check([tmp_path / "a.yaml"]) == [], "a file that is called is looked for beside the one that was named"
    (tmp_path / "b.yaml").write_text(IDENTIFY.replace("max: 2", "max: none"))
    assert {one.file for one in check([tmp_path])} == {str(tmp_path / "b.yaml")}, "its own mistakes are enough"


@pytest.mark.parametrize(
    ("main", "sub", "expected"),
    [
        (MAIN.replace("flow: identify", "flow: identity"), IDENTIFY, "error[unknown-flow] there is no flow `identity`"),
        (MAIN.replace(", stranger: bye", "", 1), IDENTIFY, "error[missing-edge] `identify` returns `stranger`, and `start`"),
        (MAIN.replace("verified: end", "verifyed: end"), IDENTIFY, "error[unknown-edge] there is no edge `verifyed`"),
        (MAIN, IDENTIFY.replace("[en, zh]", "[en]").replace(", zh: 号码", "").replace("language: zh", "language: en"), ""),
        (MAIN.replace("[en]", "[en, zh]"), IDENTIFY, "missing-language"),
        (MAIN, IDENTIFY.replace("{ return: stranger }", "{ call: shop, on: { error: end } }"), "warning[calls-itself]"),
        (MAIN, IDENTIFY.replace("return: stranger", "return: 1st"), "error[bad-name] `1st` is no name"),
        (MAIN.replace("call: identify", "call: [identify]"), IDENTIFY, "wrong-type"),
        (MAIN.replace("with: {", "with: { 1x: 2,"), IDENTIFY, "bad-name"),
    ],
)
def test_check_finds_what_is_wrong_between_flows(tmp_path: Path, main: str, sub: str, expected: str) -> None:
    (tmp_path / "a.yaml").write_text(main)
    (tmp_path / "b.yaml").write_text(sub)
    found = [str(one) for one in check([tmp_path])]
    assert (not found and not expected) or any(expected in one for one in found), found


def test_a_circle_is_told_as_a_path() -> None:
    sub = IDENTIFY.replace("{ return: stranger }", "{ call: shop, on: { error: end } }")
    flows = {flow.name: flow for flow in map(load, (MAIN, sub))}
    assert [one.message for one in problems(flows["shop"], flows) if one.severity == "warning"] == [
        "the flow calls itself: `shop` > `identify` > `shop`"
    ]


# --- versions


def test_a_text_that_changes_makes_a_new_version_of_both() -> None:
    before, after = house(MAIN, IDENTIFY), house(MAIN, IDENTIFY.replace("Your number", "Number"))
    assert before["shop"].version == after["shop"].version and before["shop"].pinned != after["shop"].pinned
    assert before["identify"].pinned == before["identify"].version


def test_a_call_keeps_the_sub_flow_that_it_began_with() -> None:
    store = FlowStore([])
    for text in (MAIN, IDENTIFY):
        store.publish(load(text))
    old = store.begin("shop")
    assert store.begin("shop") is old
    store.publish(load(IDENTIFY.replace("Your number", "Number")))
    new = store.begin("shop")
    caller, other = Caller(old), Caller(new)
    assert caller.said()[-1] == "Your number, for order?" and other.said()[-1] == "Number, for order?"
    assert caller.state.version != other.state.version
    for machine in (old, old, new):
        store.finish(machine.flow)
    assert store.calls == {}


@pytest.mark.parametrize(("error", "ended", "state"), [("end", "flow", "end"), ("failed", "", "failed")])
def test_a_sub_flow_whose_variables_fail_takes_its_error_edge_and_never_begins(error: str, ended: str, state: str) -> None:
    sub = IDENTIFY.replace("name: nobody", 'name: "{int(call.called)}"').replace('"*": talk', f'"*": talk, error: {error}')
    sub = sub.replace("failed: { return: error }", "failed: { wait: 10s, on: { done: end } }")
    caller = Caller(Machine(house(MAIN, sub)["shop"]), {"called": "nobody", "language": ""})
    assert [one.edge for one in caller.log if isinstance(one, CountEdge)] == ["call!", "error"]
    assert (caller.ended, caller.state.state) == (ended, state)
    assert not [one for one in caller.log if isinstance(one, Listen)], "its entry asks, and must not have begun"
