"""Triggers in test cases: what both sides say, what it hits, and the tasks that it leaves."""

from __future__ import annotations

import pytest

from ivr.dialplan.cases_build import build_cases
from ivr.dialplan.cases_run import Rehearsal, Verdict, run_case
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.dialplan.problems import Findings
from ivr.session.awaiting import spot_with

FLOW = """
flow: x
languages: [zh, en]
time_zone: Asia/Shanghai
defaults: { error: end, no_input: end, no_match: again }
triggers:
  hesitation: { task: { kind: sales, due: 2d } }
  promise:
  notice: { kind: compliance, speaker: agent, zh: [通话会被录音], en: [this call is recorded], within: 30s, hint: 请告知录音 }
intents: { person: { zh: [人工], en: [a person] } }
states:
  main: { menu: { say: { zh: 请讲, en: Speak }, options: [person], read: false }, on: { person: queue } }
  queue: { enqueue: { queue: support }, on: { served: end, no_agents: end, timeout: end, closed: end, full: end } }
"""
MACHINE = Machine(load(FLOW))
SPOT = spot_with(dict(load(FLOW.replace("flow: x", "flow: shared")).triggers))


def played(lines: str) -> Verdict:
    text = f"flow: x\ngiven: {{ language: zh, at: '2026-01-05 10:00' }}\ncases:\n  - name: one\n{lines}"
    findings = Findings("x.test.yaml")
    file = build_cases(text, findings)
    assert file is not None, findings.problems

    def understand(text: str, phrases: object, *_: str) -> tuple[str, float, tuple[()]]:
        return ("person", 0.9, ()) if text == "人工" else ("", 0.5, ())

    return run_case(file.cases[0], Rehearsal(understand, lambda given: MACHINE, spot=SPOT))


def test_a_whole_talk_goes_as_written() -> None:
    verdict = played(
        """    call:
      - says: 我先考虑一下
      - says: 人工
      - queued: support
      - agent says: 您好，我明天下午三点给您回电
      - says: 那我再考虑考虑
      - waits: 60s
      - says: 我考虑一下
      - served
    then:
      triggers: [hesitation, promise, hesitation]
      tasks:
        - { kind: sales, due: "2026-01-07 10:00" }
        - { kind: promise, due: "2026-01-06 15:00", subject: 兑现对客户的承诺 }
        - { kind: sales, trigger: hesitation }
"""
    )
    assert verdict.ok, (verdict.message, verdict.cure)
    assert any(moment.text == "trigger: promise" for moment in verdict.log)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("    call: [{ says: 我考虑一下 }]\n    then: { triggers: [] }\n", 'expected the triggers [], hit were ["hesitation"]'),
        ("    call: [{ says: 你好 }]\n    then: { triggers: [churn] }\n", 'expected the triggers ["churn"], hit were []'),
        ("    call: [{ says: 我考虑一下 }]\n    then: { tasks: [{ kind: callback }] }\n", "expected tasks"),
        ("    call: [{ agent says: 您好 }]\n", "an agent speaks, but the call waits for nobody in `main`"),
    ],
)
def test_what_is_not_as_written_is_told(lines: str, message: str) -> None:
    assert message in played(lines).message


def test_without_anybody_who_finds_words_nothing_is_hit() -> None:
    findings = Findings("x.test.yaml")
    file = build_cases("flow: x\ncases: [{ name: a, call: [{ says: 我考虑一下 }], then: { triggers: [] } }]", findings)
    assert file is not None
    verdict = run_case(file.cases[0], Rehearsal(lambda *_: ("", 0.5, ()), lambda given: MACHINE))
    assert verdict.ok, verdict.message
