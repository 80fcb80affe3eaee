"""Flows and a scripted caller for the tests of the dialplan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from ivr.dialplan.events import Command, CountEdge, Event, Listen, Play, PromptEnded, Say, SetTimer, TimerFired
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.dialplan.state import Phase, State

T = TypeVar("T")

ROOT = Path(__file__).parents[4]
TELECOM = ROOT / "dialplans" / "telecom.yaml"
LOADTEST = ROOT / "examples" / "loadtest" / "dialplan" / "loadtest.yaml"
NOON = 1_790_000_000.0

EVERY_STEP = """
flow: every
languages: [zh, en]
entry: hello
time_zone: Asia/Shanghai
vars: { tries: 0, amount: "{has(profile.amount) ? profile.amount : 12.5}" }
defaults:
  no_input: { retry: [soft, hard], then: human }
  no_match: { retry: 1, say: what, then: human }
  agent: human
  again_please: again
  other: { language: "{call.language == 'en' ? 'zh' : 'en'}" }
  error: trouble
  hangup: { to: end, tag: gone, set: { gone: true } }
intents:
  bill: { zh: [查账单], en: [my bill], offer: option_bill }
  fault: { zh: [报修], en: [a fault] }
  again_please: { zh: [再说一遍], en: [repeat] }
  other: { zh: [换语言], en: [other language] }
states:
  hello:
    do: [answer, { say: hello }, { set: { tries: "{vars.tries + 1}" } }, { tag: "t{vars.tries}" }]
    go:
      - { if: vars.tries > 3, to: goodbye }
      - { to: main }
  main:
    menu: { say: { zh: "您好{profile.name}", en: "hi {profile.name}" }, options: [bill, fault], into: wish }
    on: { bill: figures, fault: number, "9": music, "*": must_hear, "#": dispatch }
  figures:
    do: [{ say: [{ amount: vars.amount }, { number: vars.tries }] }]
    goto: sure
  number:
    ask: { say: number, expect: { digits: { min: 2, max: 4 } }, into: account, barge_in: { after: 500ms } }
    on: { done: sure, "*": main }
  sure:
    ask: { say: sure, expect: yes_no, into: sure, barge_in: false }
    on: { yes: human, no: { say: sorry, set: { no: yes }, to: must_hear }, no_input: { retry: 1, repeat: false, then: hello } }
  must_hear:
    say: rules
    on: { done: music }
  music:
    play: { name: music, repeat: true }
    on: { "1": pause, "2": bridge }
  pause:
    wait: { for: 10s }
    on: { done: choose, "1": end }
  choose:
    ask: { say: which, expect: { choice: [bill, fault] }, into: which, confirm: { accept: 0.7 } }
    on: { done: amount }
  amount:
    ask: { say: how_much, again: [again, less], expect: { type: amount, max: 900 }, into: amount, confirm: { accept: 0.6 } }
    on: { done: visit, "*": visit }
  visit:
    collect:
      slots:
        day: { ask: which_day, type: date, label: { zh: 日期, en: day } }
        time: { ask: which_time, type: time, optional: true, known: profile.time, label: { zh: 时间, en: time } }
        kind: { ask: which_kind, type: choice, choices: [bill, fault] }
        city: { ask: where, phrases: "{profile.cities}", optional: true }
      confirm: { accept: 0.8 }
    on: { done: ranked, "#": ranked }
  ranked:
    menu: { say: wish, options: [fault, bill], rank_by: profile.history, offer_likely: { above: 0.5 }, confirm: true }
    on: { bill: hello, fault: hello }
  dispatch:
    switch:
      of: vars.tries
      cases: { "1": pause, "2": choose }
      otherwise: jingle
  jingle:
    do: [{ say: jingle }]
    play: jingle
    on: { done: broken }
  broken:
    go:
      - { if: profile.name > 3, to: main }
      - { to: main }
  human:
    do: [{ say: wait }]
    enqueue:
      queue: "{'t1' in call.tags ? 'one' : 'two'}"
      need: { telecom: 2 }
      priority: vars.tries
      announce: { every: 30s, say: [place, { number: queue.position }], first: next }
      max_wait: 5m
    on: { timeout: sure, no_agents: bridge, closed: goodbye, full: goodbye, "7": main }
  bridge:
    bridge: { to: "sip:{caller.number}@127.0.0.1", ring: 20s }
    on: { busy: goodbye, no_answer: human, failed: trouble }
  trouble:
    do: [{ say: trouble }]
    goto: main
  goodbye:
    do: [{ say: goodbye }, { language: zh }]
    hangup: busy
"""


class Caller:
    """Drives a machine and checks what holds after every step: the state survives JSON, and a call ends once."""

    def __init__(
        self,
        machine: Machine,
        call: Mapping[str, Any] | None = None,
        profile: Mapping[str, Any] | None = None,
        asr: Mapping[str, Any] | None = None,
        now: float = NOON,
    ) -> None:
        self.machine = machine
        self.now = now
        self.visited: list[str] = []
        self.log: list[Command] = []
        self.edges: list[str] = []
        """Keys of the edges that were taken; `commands` has none of them."""
        self.state, self.commands = machine.start(call or {"called": "1", "language": ""}, profile or {}, now, asr=asr)
        self._after()

    def _after(self) -> None:
        self.log.extend(self.commands)
        self.edges.extend(f"{one.state} {one.edge}" for one in self.commands if isinstance(one, CountEdge))
        self.commands = tuple(one for one in self.commands if not isinstance(one, CountEdge))
        if not self.visited or self.visited[-1] != self.state.state:
            self.visited.append(self.state.state)
        again = State.from_dict(json.loads(json.dumps(self.state.to_dict())))
        assert again == self.state

    def does(self, *events: Event) -> Caller:
        for event in events:
            self.state, self.commands = self.machine.handle(self.state, event, self.now)
            self._after()
        return self

    def hears_out(self) -> Caller:
        """Let the prompt end."""
        return self.does(PromptEnded(self.state.sound))

    def waits(self) -> Caller:
        """Let the running timer fire."""
        name, due = min(self.state.timers.items(), key=lambda one: one[1])
        self.now = due
        return self.does(TimerFired(name))

    @property
    def ended(self) -> str:
        return self.state.ended if self.state.phase is Phase.ENDED else ""

    def said(self) -> list[str]:
        """What the last step spoke: names of prompts, texts and values."""
        spoken: list[str] = []
        for command in self.commands:
            if isinstance(command, Say):
                for one in command.utterances:
                    spoken.append(getattr(one, "name", "") or getattr(one, "text", "") or getattr(one, "value", ""))
            elif isinstance(command, Play):
                spoken.append(command.name)
        return spoken

    def of(self, kind: type[T]) -> list[T]:
        """The commands of one kind that the last step gave."""
        return [command for command in self.commands if isinstance(command, kind)]

    @property
    def phrases(self) -> dict[str, str]:
        """Phrase to intent, as the last `Listen` had them."""
        last = next(command for command in reversed(self.log) if isinstance(command, Listen))
        return {phrase.text: phrase.intent for phrase in last.phrases}


def machine_of(text: str) -> Machine:
    return Machine(load(text))


def flow_with(states: str, *, more: str = "") -> str:
    """A small flow in one language around some states, `one` being the first; the text is indented by two already."""
    return f"flow: small\nlanguages: [en]\ndefaults: {{ error: end }}\n{more}states:\n{states}"


__all__ = ["EVERY_STEP", "LOADTEST", "NOON", "ROOT", "TELECOM", "Caller", "SetTimer", "flow_with", "machine_of"]
