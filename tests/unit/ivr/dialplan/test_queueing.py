"""The step `enqueue`: rules on a timeline, places that are kept or held, and what callers are told meanwhile."""

from __future__ import annotations

import pytest

from ivr.dialplan.events import (
    AgentRung,
    BridgeTo,
    Enqueue,
    Hangup,
    Heard,
    LeaveQueue,
    Listen,
    Pressed,
    Queued,
    QueueLeft,
    SetTimer,
    TimerFired,
)
from ivr.dialplan.linking import linked
from ivr.dialplan.loader import examine, load
from ivr.dialplan.machine import Machine
from ivr.dialplan.state import Phase
from tests.unit.ivr.dialplan.flows import NOON, Caller, machine_of

FLOW = """
flow: small
languages: [en]
defaults: { error: trouble, no_agents: trouble, closed: trouble, full: trouble, timeout: trouble }
states:
  door: { go: [{ if: "call.called == 'busy'", to: busy }, { to: desk }] }
  desk:
    enqueue:
      queue: support
      announce: { every: 30s, say: [place, { number: queue.position }, { wait: queue.estimated_wait }], first: next }
      comfort: { every: 40s, say: [thanks, [sorry, { en: soon }]] }
      overflow:
        - { when: "queue.estimated_wait > 300", to: offer, say: long_wait, tag: long }
        - { after: 2m, to: other }
        - { when: "queue.size > 20", after: 10s, to: trouble }
      keep_place: 10m
      max_wait: 10m
    on: { "1": offer, "2": desk }
  offer:
    ask: { say: call_you, expect: yes_no }
    on: { yes: end, no: { say: kept, to: desk }, no_input: desk, no_match: desk }
  other:
    enqueue: { queue: sales, music: jingle, no_agents_after: 0s }
  trouble: { do: [{ say: sorry }], hangup: normal }
  busy:
    enqueue: { queue: support, while_waiting: reason, announce: { say: place }, overflow: [{ after: 1m, to: other }] }
    on: { "9": trouble }
  reason:
    ask: { say: why, expect: { digits: { min: 1, max: 4 } }, into: why }
    on: { done: { say: thanks, to: busy }, no_input: busy, no_match: busy, "*": outside }
  outside:
    bridge: "sip:77@127.0.0.1"
    on: { busy: trouble, no_answer: trouble, failed: trouble }
"""


def at(entry: str) -> Caller:
    return Caller(machine_of(FLOW), {"called": entry, "language": ""})


def later(call: Caller, seconds: float) -> Caller:
    call.now += seconds
    return call


def test_a_rule_sees_how_many_wait() -> None:
    call = at("desk").does(Queued(4, 0.0, size=21)).hears_out()
    later(call, 9).does(Queued(4, 9.0, size=40))
    assert call.state.state == "desk", "ten seconds are not over"
    later(call, 1).does(Queued(4, 10.0, size=20))
    assert call.state.state == "desk"
    later(call, 10).does(Queued(4, 20.0, size=21))
    assert (call.state.state, "desk overflow:3" in call.edges) == ("trouble", True)


def test_the_wait_is_told_once_it_is_known_and_never_longer_than_before() -> None:
    call = at("desk").does(Queued(4, 0.0))
    assert call.said() == ["place", "4"], "nobody can tell how long"
    call.hears_out()
    assert later(call, 30).does(Queued(4, 30.0, 170.0)).said() == ["place", "4", "3"]
    call.hears_out()
    assert later(call, 30).does(Queued(4, 60.0, 250.0)).said() == ["place", "4"], "it became longer"
    call.hears_out()
    assert later(call, 5).does(Queued(3, 65.0, 100.0)).said() == [], "better, but too soon"
    assert later(call, 10).does(Queued(3, 75.0, 100.0)).said() == ["place", "3", "2"]
    assert call.state.queue["estimated_wait"] == 100.0


def test_comfort_comes_in_turn_and_not_into_other_words() -> None:
    call = at("desk").does(Queued(2, 0.0)).hears_out()
    assert [one.name for one in call.log if isinstance(one, SetTimer)] == ["overflow:2", "overflow:3", "comfort"]
    later(call, 40).does(TimerFired("comfort"))
    assert call.said() == ["thanks"]
    assert call.of(SetTimer) == [SetTimer("comfort", 40.0)]
    later(call, 40).does(TimerFired("comfort"))
    assert (call.said(), call.of(SetTimer)) == ([], [SetTimer("comfort", 5.0)]), "the first one goes on still"
    call.hears_out()
    later(call, 5).does(TimerFired("comfort"))
    assert call.said() == ["sorry", "soon"]


def test_nothing_is_said_and_no_rule_leads_out_while_an_agent_is_rung() -> None:
    call = at("desk").does(Queued(2, 0.0)).hears_out().does(AgentRung())
    assert later(call, 121).does(TimerFired("comfort"), TimerFired("overflow:2")).commands == ()
    assert call.state.state == "desk"
    assert call.does(Queued(2, 121.0)).state.state == "other", "the agent declined, and two minutes are over"
    assert call.of(LeaveQueue) == [LeaveQueue()]
    assert call.of(Enqueue)[0].queue == "sales"
    assert call.of(Enqueue)[0].no_agents_after == 0.0


def test_a_rule_leads_out_once_and_the_place_is_kept() -> None:
    call = at("desk")
    assert call.of(Enqueue)[0].announce_every == 10.0, "the conditions are looked at more often than the place is told"
    later(call, 10).does(Queued(4, 10.0, 301.0))
    assert call.edges[1:] == ["desk overflow:1"]
    assert (call.state.state, call.state.tags, call.said()) == ("offer", ("long",), ["long_wait", "call_you"])
    assert call.state.places["support"]["since"] == NOON
    later(call, 60).hears_out().does(Pressed("2")).hears_out()
    assert call.of(Enqueue)[0].since == NOON
    later(call, 1).does(Queued(3, 1.0, 400.0))
    assert call.state.state == "desk", "offered once"
    later(call, 49).does(TimerFired("overflow:2"))
    assert call.state.state == "other", "two minutes since the place was taken"


def test_a_place_that_was_left_for_too_long_or_by_an_outcome_is_not_kept() -> None:
    call = at("desk").does(Pressed("1"))
    later(call, 601).hears_out().does(Pressed("2")).hears_out()
    assert call.of(Enqueue)[0].since == 0.0
    call.does(QueueLeft("timeout"))
    assert call.state.places == {}


def test_a_key_that_leads_to_the_queue_again_keeps_the_place() -> None:
    call = later(at("desk"), 5).does(Pressed("2"))
    assert [type(one) for one in call.commands if isinstance(one, LeaveQueue | Enqueue)] == [LeaveQueue, Enqueue]
    assert call.of(Enqueue)[0].since == NOON


# --- while the caller waits


def asked() -> Caller:
    """A caller who waits and is asked something."""
    return at("busy").does(Queued(3, 0.2))


def test_the_flow_goes_on_while_the_place_is_held() -> None:
    call = asked()
    assert (call.state.state, call.said(), call.of(LeaveQueue)) == ("reason", ["place", "why"], [])
    call.hears_out().does(Queued(2, 9.0, 60.0))
    assert call.state.queue == {"position": 2, "size": 2, "waited": 9.0, "estimated_wait": 60.0}
    call.does(*(Pressed(one) for one in "1234")).hears_out()
    assert (call.state.state, call.state.phase, call.state.held) == ("busy", Phase.QUEUE, {})
    assert call.state.slots == {"why": "1234"}
    assert [type(one) for one in call.log if isinstance(one, Enqueue | LeaveQueue)] == [Enqueue], "one wait all along"
    assert later(call, 10).does(Queued(1, 19.0)).state.state == "busy", "asked once"


def test_an_agent_who_is_rung_brings_the_caller_back_between_prompts() -> None:
    call = asked().does(AgentRung())
    assert call.state.state == "reason", "the question is heard to its end"
    call.hears_out()
    assert (call.state.state, call.state.phase, call.state.hearing) == ("busy", Phase.QUEUE, False)
    assert not call.state.timers
    call.does(Queued(1, 20.0))
    assert (call.state.state, call.said()) == ("reason", ["place", "why"]), "declined: asked again"
    call.does(QueueLeft("served"))
    assert call.ended == "flow"


def test_an_agent_who_answered_ends_the_question_at_once() -> None:
    call = asked().does(AgentRung(), AgentRung(answered=True))
    assert (call.state.state, call.state.phase, call.state.speaking) == ("busy", Phase.QUEUE, False)
    assert call.does(Heard("hello", 1.0), TimerFired("overflow:1")).commands == ()


@pytest.mark.parametrize("outcome", ["closed", "no_agents", "served"])
def test_the_end_of_the_wait_leads_on_from_the_queue(outcome: str) -> None:
    call = asked().hears_out().does(QueueLeft(outcome))
    assert f"busy {outcome}" in call.edges
    assert call.of(LeaveQueue) == []


def test_whoever_is_sent_elsewhere_or_hangs_up_leaves_the_queue() -> None:
    call = asked().hears_out().does(Pressed("*"))
    assert [type(one) for one in call.commands if isinstance(one, LeaveQueue | BridgeTo)] == [LeaveQueue, BridgeTo]
    gone = asked().hears_out()
    gone.does(TimerFired("no_input"))
    assert gone.state.held == {}


def test_a_rule_waits_until_the_caller_is_back() -> None:
    call = later(asked().hears_out(), 70).does(Queued(3, 70.0))
    assert call.state.state == "reason"
    call.does(*(Pressed(one) for one in "1234")).hears_out()
    assert call.does(Queued(3, 71.0)).state.state == "other"
    assert call.of(Listen) == [] and call.of(Hangup) == []


def test_a_rule_that_was_due_meanwhile_is_taken_when_the_caller_is_back() -> None:
    call = later(asked().hears_out(), 70)
    call.does(*(Pressed(one) for one in "1234")).hears_out()
    assert SetTimer("overflow:1", 0.0) in call.log, "nothing may move for a long time"
    assert call.does(TimerFired("overflow:1")).state.state == "other"


def test_a_caller_who_comes_back_during_a_ring_hears_nothing_into_it() -> None:
    call = asked().hears_out().does(*(Pressed(one) for one in "1234"), AgentRung()).hears_out()
    assert (call.state.state, call.state.phase) == ("busy", Phase.QUEUE)
    assert later(call, 70).does(TimerFired("overflow:1")).state.state == "busy"
    assert call.does(Queued(3, 71.0)).state.state == "other", "the agent declined"


WHO = """
flow: who
languages: [en]
defaults: { error: out }
states:
  number:
    do: [{ set: { asked: "{vars.asked + 1}" } }]
    ask: { say: which, expect: { digits: { min: 2, max: 2 } }, into: who }
    on: { done: out, no_input: out, no_match: out }
  out: { return: known }
"""
CALLING = """
flow: small
languages: [en]
vars: { asked: 0 }
defaults: { error: end, no_agents: end, closed: end, full: end }
states:
  desk: { enqueue: { queue: support, while_waiting: who, announce: { say: place } } }
  who: { call: who, on: { known: desk } }
"""


def test_a_ring_in_vain_brings_back_a_question_of_another_flow() -> None:
    flows = linked({"small": load(CALLING), "who": load(WHO)})
    call = Caller(Machine(flows["small"])).does(Queued(2, 0.2))
    assert (call.state.flow, call.state.state, call.said()) == ("who", "number", ["place", "which"])
    call.does(AgentRung()).hears_out()
    assert (call.state.flow, call.state.state, call.state.stack) == ("small", "desk", ())
    assert call.does(Queued(2, 50.0)).said() == ["place", "which"]
    assert (call.state.flow, call.state.state, call.state.vars["asked"]) == ("who", "number", 1)
    call.hears_out().does(Pressed("4"), Pressed("2")).hears_out()
    assert (call.state.flow, call.state.state, call.state.held) == ("small", "desk", {})
    assert call.state.slots == {"who": "42"}


# --- what `check` says


def test_an_edge_of_the_step_is_not_written_in_on_as_well() -> None:
    text = "flow: small\nlanguages: [en]\ndefaults: { error: end, no_agents: end, closed: end, full: end }\nstates:\n  one:\n"
    text += "    enqueue: { queue: support, while_waiting: one, overflow: [{ after: 1m, to: end }] }\n"
    flow, problems = examine(text + "    on: { while_waiting: end, 'overflow:1': end }\n", "small.yaml")
    assert flow is None
    assert [(one.line, one.code) for one in problems] == [(7, "dead-option")] * 2


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("overflow: []", "`overflow` must be a list of 1 to 20, this is a list of 0"),
        ("overflow: { after: 1m, to: one }", "`overflow` must be a list of 1 to 20, this is a mapping"),
        ("overflow: [{ to: one }]", "says neither `after` nor `when`"),
        ("overflow: [{ after: 1m }]", "a rule of overflow needs `to`"),
        ("overflow: [{ after: 1m, to: nowhere }]", "nowhere"),
        ("overflow: [{ after: soon, to: one }]", "`after` is no duration"),
        ("overflow: [{ when: queue.sise > 3, to: one }]", "did you mean `size`"),
        ("overflow: [{ when: queue.size, to: one }]", "queue.size"),
        ("overflow: [{ when: queue.position, to: one }]", "queue.position"),
        ("overflow: [{ after: 5m, to: one }], max_wait: 5m", "`max_wait` ends the wait before"),
        ("announce: { every: 2s, say: thanks }", "a place told each 2 s leaves no music"),
        ("comfort: { say: [] }", "`comfort` needs 1 to 20 messages"),
        ("comfort: { every: 2s, say: [thanks] }", "`comfort` each 2 s leaves no music"),
        ("while_waiting: nowhere", "nowhere"),
        ("while_waiting: { say: { en: hello } }", "while_waiting needs `to`"),
        ("keep_place: long", "`keep_place` is no duration"),
        ("no_agents_after: -1", "`no_agents_after` is no duration"),
    ],
)
def test_mistakes_are_named_with_their_place(written: str, words: str) -> None:
    text = "flow: small\nlanguages: [en]\ndefaults: { error: end }\nstates:\n  one:\n    enqueue: { queue: support, %s }\n"
    text += "    on: { no_agents: end, closed: end, full: end, timeout: end }\n"
    flow, problems = examine(text % written, "small.yaml")
    assert flow is None
    assert any(words in str(one) and one.line == 6 for one in problems), [str(one) for one in problems]
