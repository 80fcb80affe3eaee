"""Steps about the call itself: transfer, park, record, early media, and music while a bridge dials."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from ivr.dialplan.events import (
    Answer,
    BridgeTo,
    Command,
    Event,
    Hangup,
    ParkCaller,
    ParkEnded,
    Play,
    Pressed,
    Progress,
    PromptEnded,
    RecordCall,
    Say,
    TransferEnded,
    TransferTo,
)
from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine, load
from ivr.dialplan.machine import Machine
from ivr.dialplan.positions import read
from ivr.dialplan.problems import Findings
from ivr.dialplan.schema import schema
from ivr.dialplan.state import Phase
from ivr.errors import DialplanError
from tests.unit.ivr.dialplan.test_schema import plain

FLOW = """
flow: calls
languages: [en]
defaults: { error: sorry }
states:
  start:
    do: [progress, { record: start }, { say: closed_soon }]
    play: { name: jingle, answer: false }
    on: { done: ask }
  ask:
    menu: { say: which, options: [out, slot, plain, early] }
    on: { out: out, slot: slot, plain: plain, early: early, no_input: sorry, no_match: sorry }
  out:
    do: [{ record: pause }]
    transfer: { to: "{slots.wish}00", how: auto, ring: 20s, music: jingle }
    on: { done: slot, busy: sorry, no_answer: sorry, failed: sorry }
  slot:
    park: { slot: "701", music: jingle, timeout: 90s }
    on: { timeout: plain }
  plain:
    bridge: { to: "sip:1@127.0.0.1", music: jingle }
    on: { busy: sorry, no_answer: sorry, failed: free }
  free:
    park:
    on: { timeout: early }
  early:
    do: [{ record: stop }]
    transfer: "12345"
    on: { busy: sorry, no_answer: sorry, failed: sorry }
  sorry:
    hangup: busy
intents:
  out: { en: [out] }
  slot: { en: [slot] }
  plain: { en: [plain] }
  early: { en: [early] }
"""


class Run:
    """A call in the flow; `commands` are those of the last event."""

    def __init__(self, flow: str = FLOW, entry: str = "") -> None:
        loaded = load(flow)
        self.machine = Machine(replace(loaded, entry=entry or loaded.entry))
        self.state, self.commands = self.machine.start({}, {}, 0.0)

    def does(self, *events: Event) -> Run:
        for event in events:
            self.state, self.commands = self.machine.handle(self.state, event, 1.0)
        return self

    def of(self, kind: type[Command]) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]


def test_early_media_is_heard_without_an_answer_until_a_question() -> None:
    run = Run()
    assert [type(one) for one in run.commands[1:]] == [Progress, RecordCall, Say]
    assert run.state.early and not run.state.answered
    run.does(PromptEnded())
    assert run.of(Play) == [Play("jingle", False, 2)] and run.of(Progress) == [] == run.of(Answer)
    run.does(PromptEnded())
    assert run.of(Answer) == [Answer()] and not run.state.early and run.state.answered


def test_a_play_may_ask_for_early_media_by_itself() -> None:
    text = FLOW.replace("do: [progress, { record: start }, { say: closed_soon }]", "do: [{ record: start }]")
    assert [type(one) for one in Run(text).commands[1:]] == [RecordCall, Progress, Play]


def test_a_call_refused_after_early_words_is_never_taken() -> None:
    run = Run("flow: f\nlanguages: [en]\ndefaults: { error: a }\nstates:\n  a: { do: [progress, { say: no }], hangup: busy }\n")
    assert run.does(PromptEnded()).of(Hangup) == [Hangup("busy")] and not run.state.answered


def test_a_transfer_is_addressed_and_leads_on() -> None:
    run = Run(FLOW.replace("{slots.wish}00", "100"), "out")
    assert run.of(RecordCall) == [RecordCall("pause")]
    assert run.of(TransferTo) == [TransferTo("100", "auto", 20.0, "jingle")] and run.state.phase is Phase.TRANSFER
    assert run.does(Pressed("1")).commands == (), "keys are for whom the caller talks with"
    run.does(TransferEnded("done"))
    assert run.of(ParkCaller) == [ParkCaller("701", "jingle", 90.0)]
    assert Run(FLOW.replace("{slots.wish}00", "100"), "out").does(TransferEnded("busy")).of(Hangup) == [Hangup("busy")]
    assert Run(entry="early").does(TransferEnded("done")).state.ended == "flow"


def test_a_step_says_what_the_far_end_is_told() -> None:
    run = Run(FLOW.replace("{slots.wish}00", "100").replace("how: auto", "how: bridged, handover: body"), "out")
    assert run.of(TransferTo) == [TransferTo("100", "bridged", 20.0, "jingle", "body")]
    text = FLOW.replace('bridge: { to: "sip:1@127.0.0.1",', 'bridge: { to: "sip:1@127.0.0.1", handover: link,')
    run = Run(text, "slot").does(ParkEnded("timeout"))
    assert run.of(BridgeTo) == [BridgeTo("sip:1@127.0.0.1", 30.0, "jingle", "link")]


def test_parking_ends_the_call_or_times_out() -> None:
    assert Run(entry="slot").does(ParkEnded("done")).state.ended == "flow"
    run = Run(entry="slot").does(ParkEnded("timeout"))
    assert run.of(BridgeTo) == [BridgeTo("sip:1@127.0.0.1", 30.0, "jingle")]
    assert Run(entry="free").of(ParkCaller) == [ParkCaller("", "music", 120.0)]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("record: pause", "record: rewind", "unknown-action"),
        ("how: auto", "how: magic", "unknown-way"),
        ("how: auto", "how: auto, handover: all", "unknown-handover"),
        ('transfer: "12345"', "transfer: { ring: 5s }", "missing-key"),
        ("on: { timeout: plain }", "on: {}", "missing-edge"),
        ("timeout: 90s", "timeout: soon", "bad-duration"),
        ("do: [progress,", "do: [{ progress: 3 },", "wrong-type"),
        ("answer: false", "answer: perhaps", "wrong-type"),
    ],
)
def test_mistakes_are_refused(old: str, new: str, code: str) -> None:
    with pytest.raises(DialplanError) as caught:
        load(FLOW.replace(old, new))
    assert any(f"[{code}]" in str(problem) for problem in caught.value.problems)


def test_music_that_is_not_there_is_warned_of() -> None:
    known = dict.fromkeys(("closed_soon", "which", "music"), ("en",))
    _, problems = examine(FLOW, "calls.yaml", Surroundings(prompts=known))
    assert [problem.code for problem in problems if problem.code != "never-written"] == ["unknown-prompt"] * 4


def test_the_schema_takes_it() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    assert [error.message for error in validator.iter_errors(plain(read(FLOW, Findings("f"))))] == []
    wrong = plain(read(FLOW.replace("how: auto", "how: magic"), Findings("f")))
    assert list(validator.iter_errors(wrong))
