"""Random callers in a flow with every step that reaches outside: nothing raises, every state survives JSON, none ends twice."""

from __future__ import annotations

import random

import pytest

from ivr.dialplan.events import (
    CallerHungUp,
    Event,
    Hangup,
    Heard,
    LookupEnded,
    MessageEnded,
    Pressed,
    PromptEnded,
    SpeechLost,
    SpokenOver,
    StepFailed,
    TaskEnded,
    TimerFired,
)
from ivr.dialplan.linking import linked
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from tests.unit.ivr.dialplan.flows import Caller

MAIN = """
flow: all
languages: [en]
defaults: { error: sorry, no_input: sorry, crm_down: sorry }
states:
  start:
    do: [{ say: { en: Hello. } }]
    call: { flow: sub, with: { what: 1 } }
    on: { good: look, bad: ticket }
  look:
    lookup: { source: crm, get: it, say: { en: Wait. }, music: piano }
    on: { found: ask_it, not_found: message, "9": back }
  ask_it:
    http: { service: crm, get: "/x/{result.id}" }
    on: { found: ticket, not_found: ticket, timeout: again }
  ticket:
    do: [{ notify: { by: sms, to: "{caller.number}", text: "{result.number}" } }, { handover: "{vars.what}" }]
    ticket: { kind: a, fields: { n: "{result.number}" } }
    on: { done: back }
  back: { callback: { confirm: true }, on: { done: message } }
  message: { voicemail: { box: a, say: { en: Speak. } }, on: { done: judge, empty: judge, "*": again } }
  judge:
    survey:
      name: s
      questions: [{ name: a, ask: { en: One? } }, { name: b, ask: { en: Say. }, record: true }]
      thanks: { en: Thanks. }
    on: { done: start }
  sorry: { do: [{ say: { en: Sorry. } }], wait: 1s, on: { done: start, "1": end } }
"""
SUB = """
flow: sub
languages: [en]
defaults: { error: failed }
states:
  one: { lookup: { source: crm, get: who }, on: { found: two, not_found: failed } }
  two: { call: sub2, on: { up: good } }
  good: { return: good }
  failed: { return: bad }
"""
SUB2 = """
flow: sub2
languages: [en]
defaults: { error: up }
states:
  one: { ask: { say: { en: Yes? }, expect: yes_no }, on: { yes: up, no: one, no_input: up, no_match: up } }
  up: { return: up }
"""


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine(linked({flow.name: flow for flow in map(load, (MAIN, SUB, SUB2))})["all"])


def an_event(dice: random.Random, caller: Caller) -> Event:
    task = max(0, caller.state.task - dice.choice((0, 0, 0, 1)))
    outcome = dice.choice(("found", "not_found", "timeout", "error", "down", "odd", "done", "empty"))
    timers = list(caller.state.timers) or ["none"]
    return dice.choice(
        [
            LookupEnded(task, outcome, {"id": dice.choice(("7", "8", "", None)), "deep": {"a": [1]}}),
            TaskEnded(task, dice.choice(("done", "error")), {"number": "T-000001"}),
            MessageEnded(task, dice.choice(("done", "empty", "error")), 2.0, "m"),
            Pressed(dice.choice("0123456789*#")),
            PromptEnded(caller.state.sound),
            PromptEnded(0),
            TimerFired(dice.choice(timers)),
            Heard(dice.choice(("yes", "five", "")), 0.8, dice.choice(("", "yes", "no"))),
            SpokenOver(),
            SpeechLost(),
            StepFailed("a test") if dice.random() < 0.02 else PromptEnded(0),
            CallerHungUp() if dice.random() < 0.02 else PromptEnded(0),
        ]
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_caller_breaks_it(machine: Machine, seed: int) -> None:
    dice = random.Random(seed)
    caller = Caller(machine, {"caller": {"number": dice.choice(("1001", "anonymous", ""))}})
    for _ in range(150):
        caller.does(an_event(dice, caller))
        if caller.ended:
            break
    caller.does(CallerHungUp())
    assert caller.ended
    assert sum(isinstance(command, Hangup) for command in caller.log) <= 1
    again = machine.restore(caller.state.to_dict())
    assert again == caller.state


def test_every_state_of_every_flow_was_visited(machine: Machine) -> None:
    seen: set[tuple[str, str]] = set()
    for seed in range(80):
        dice = random.Random(seed)
        caller = Caller(machine, {"caller": {"number": "1001"}})
        for _ in range(200):
            seen.add((caller.state.flow, caller.state.state))
            caller.does(an_event(dice, caller))
    waiting = {(flow.name, name) for flow in (machine.flow, *machine.flow.subflows.values()) for name in flow.states}
    instant = {("all", "start"), ("sub", "two"), ("sub", "good"), ("sub", "failed"), ("sub2", "up")}
    assert waiting - seen == instant, "those wait for nothing"
