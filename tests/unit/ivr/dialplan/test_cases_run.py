"""Playing test cases: what holds passes, and what does not is told with its place and what happened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from ivr.dialplan import events as flow
from ivr.dialplan.cases import Given
from ivr.dialplan.cases_build import build_cases
from ivr.dialplan.cases_report import Result, failure, junit
from ivr.dialplan.cases_run import Rehearsal, Verdict, run_case, seconds_at
from ivr.dialplan.coverage import Coverage, percent_of, table
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.dialplan.problems import Findings
from tests.unit.ivr.dialplan.flows import EVERY_STEP, TELECOM

MACHINES = {"telecom": Machine(load(TELECOM)), "every": Machine(load(EVERY_STEP))}


def understand(text: str, phrases: Sequence[flow.Phrase], *_: str) -> tuple[str, float, tuple[()]]:
    return next(((one.intent, 0.9, ()) for one in phrases if one.text == text), ("", 0.3, ()))


def played(call: str, more: str = "", name: str = "telecom", language: str = "zh") -> Verdict:
    """The verdict on one case with these lines."""
    lines = "".join(f"      - {line}\n" for line in call.split("\n"))
    text = f"flow: {name}\ngiven: {{ language: {language} }}\ncases:\n  - name: one\n    call:\n{lines}{more}"
    findings = Findings("x.test.yaml")
    file = build_cases(text, findings)
    assert file is not None, findings.problems

    def machine(given: Given) -> Machine:
        return MACHINES[name]

    return run_case(file.cases[0], Rehearsal(understand, machine))


@pytest.mark.parametrize(
    ("call", "more"),
    [
        ("hears: welcome\nsays: 查账单\nhears: [bill_is, anything_else]\nsays: 没有了", "    then: { ended: flow }\n"),
        ("{ hears: welcome, within: 0s }\nstays silent\nhears: not_heard", ""),
        ("speaks over: 查账单\nhears: bill_is\nhears not: balance_is", "    then: { not_heard: balance_is }\n"),
        ("presses over: '3'\npresses: 8861\nin: fault_confirm", "    then: { slots: { account: 8861 }, tags: [fault] }\n"),
        ("mumbles\nhears: not_understood\nmumbles\nhears: not_understood_again", ""),
        ("presses: 0\nqueued: { queue: support, need: { telecom: 1 } }\nposition: 4\nhears: '4'\nserved", ""),
        ("presses: 0\nqueued\noutcome: full\nhears: system_busy", "    then: { ended: busy, queues: [support] }\n"),
        (
            "presses: 0\nwaits: 11m\nhears: still_waiting",
            "    then: { visited: [support, still_waiting], not_visited: [care] }\n",
        ),
        ("fails: the line\nhears: transfer_human\nqueued: s*", ""),
        (
            "loses speech\nhears: main_question\nhangs up",
            "    then: { ended: hangup, queues: 0, tickets: 0, slots: {}, tags: [] }\n",
        ),
        (
            "says: 我要投诉",
            "    then: { handover: { intent: complaint, turns: 3 }, vars: { bill: 128.5 }, intent: complaint }\n",
        ),
        ("does: { command: SetLanguage, language: zh }", "    then: { language: zh, ended: running, mood: '' }\n"),
    ],
)
def test_what_holds_passes(call: str, more: str) -> None:
    verdict = played(call, more)
    assert verdict.ok, failure(Result("x.test.yaml", "telecom", verdict, 0.0))


@pytest.mark.parametrize(
    ("call", "more", "message", "cure", "line"),
    [
        ("hears: bill_is", "", "expected to hear “bill_is”, heard “[welcome]", "the call went", 6),
        ("hears: welcme", "", "expected to hear “welcme”", "the nearest was “welcome”", 6),
        ("presses: 1\nhears: welcome", "", "expected to hear “welcome”", "earlier, in `main`", 7),
        ("hears not: welcome", "", "expected not to hear", "", 6),
        ("stays silent\nstays silent\nwaits: 1s\n{ hears: [anything], within: 1s }", "", "expected to hear", "", 9),
        ("in: care", "", "expected to be in `care`, is in `main`", "", 6),
        ("says: 我要投诉\nqueued: support", "", 'expected Enqueue {"queue": "support"}, got {"queue": "care"}', "", 7),
        ("presses: 1\nqueued: support", "", "and there was none", "the call went", 7),
        ("presses: 0\nqueued\nsays: 查账单", "", "nothing listens in `support`", "`served`", 8),
        ("served", "", "nothing can end so", "the call went", 6),
        ("position: 3", "", "no queue to have a position in", "", 6),
        ("hangs up\nsays: 查账单", "", "but the call has ended: hangup", "", 7),
        ("presses: 3", "    then: { visited: [care] }\n", "expected to visit care", "main → fault", 7),
        ("presses: 3", "    then: { not_visited: [fault] }\n", "expected not to visit `fault`", "", 7),
        ("presses: 3", "    then: { tags: [complaint] }\n", 'expected the tags ["complaint"], got ["fault"]', "", 7),
        ("presses: 3", "    then: { tags: [] }\n", "expected the tags [], got", "", 7),
        ("presses: 3\npresses: 8861", "    then: { slots: { acount: 1 } }\n", "expected slots", "did you mean `account`?", 8),
        ("presses: 3\npresses: 8861", "    then: { slots: {} }\n", "expected slots {}, got", "", 8),
        ("presses: 0", "    then: { ended: flow }\n", "expected the call to end by `flow`, it is `running`", "queue", 7),
        ("presses: 0", "    then: { queues: 2 }\n", "expected 2 queues, got 1", "", 7),
        ("presses: 0", "    then: { queues: [care] }\n", "expected queues", "", 7),
        ("presses: 0", "    then: { not_heard: welcome }\n", "expected not to hear “welcome”", "", 7),
    ],
)
def test_what_does_not_hold_is_told_with_its_line(call: str, more: str, message: str, cure: str, line: int) -> None:
    verdict = played(call, more)
    assert message in verdict.message
    assert cure in verdict.cure
    assert verdict.place.line == line


def test_something_that_comes_too_late_is_told() -> None:
    verdict = played("presses: '9'\npresses: '1'\n{ hears: which, within: 5s }", name="every", language="en")
    assert "expected to hear “which”" in verdict.message
    assert played("presses: '9'\npresses: '1'\n{ hears: which, within: 11s }", name="every", language="en").ok


def test_a_failure_shows_the_conversation_and_its_place() -> None:
    text = failure(Result("x.test.yaml", "telecom", played("says: 查账单\nhears: balance_is"), 0.0))
    assert text.startswith("FAIL one\n")
    assert "caller: 查账单" in text
    assert "bot: [welcome] [main_question] [main_examples]" in text
    assert "x.test.yaml:7:9: expected to hear “balance_is”" in text
    assert "\x1b[" in failure(Result("x", "telecom", played("says: 查账单\nhears: balance_is"), 0.0), paint=True)


def test_reports_for_programs_can_be_read() -> None:
    results = [
        Result("x.test.yaml", "telecom", played("hears: welcome"), 0.001),
        Result("x.test.yaml", "telecom", played('says: "\\x01"\nhears: nothing'), 0.002),
    ]
    suite = ElementTree.fromstring(junit(results).encode())[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert suite[1][0].get("message", "").startswith("expected to hear")
    data = json.loads(json.dumps([result.to_dict() for result in results]))
    assert (data[0]["ok"], data[0]["log"], data[1]["at"]) == (True, [], {"line": 7, "column": 9})


def test_the_time_of_a_case_is_that_of_the_flows_zone() -> None:
    assert seconds_at("2026-01-01 09:00", "Asia/Shanghai") == seconds_at("2026-01-01 01:00", "UTC")
    assert seconds_at("", "UTC") == seconds_at("2026-01-05 10:00:00", "UTC")


# --- coverage


def test_what_is_written_counts_and_a_default_counts_once() -> None:
    coverage = Coverage(MACHINES["telecom"].flow)
    keys = {point.key for point in coverage.points}
    assert {"* agent", "* no_input:1", "* no_input:2", "* no_input", "main bill", "arrive go:1", "read_bill goto"} <= keys
    assert {"goodbye hangup!", "more no_input:1", "* hangup"} <= keys
    assert "main agent" not in keys
    assert (coverage.states_percent, coverage.edges_percent) == (0.0, 0.0)
    verdict = played("presses: 1\nstays silent\nhangs up")
    coverage.add(verdict.entered, verdict.edges)
    assert coverage.edges["main bill"] == 1
    assert "* hangup" not in {point.key for point in coverage.missed}
    assert "more no_input:1" not in {point.key for point in coverage.missed}
    assert "* no_input:1" in {point.key for point in coverage.missed}
    assert 0 < coverage.states_percent < 100
    data = json.loads(json.dumps(coverage.to_dict()))
    assert data["states"]["main"] == 1
    assert data["missed"][0].keys() == {"key", "line", "column"}


def test_strict_coverage_wants_defaults_from_every_state() -> None:
    flow = MACHINES["telecom"].flow
    strict, usual = Coverage(flow, strict=True), Coverage(flow)
    assert "main agent" in {point.key for point in strict.points}
    assert not any(point.key.startswith("* ") for point in strict.points)
    assert len(strict.points) > len(usual.points)


def test_the_table_names_what_is_missing_with_its_line() -> None:
    coverage = Coverage(MACHINES["every"].flow)
    verdict = played("presses: '9'", name="every", language="en")
    coverage.add(verdict.entered, verdict.edges)
    text = table([coverage])
    assert text.startswith("every: states 3/")
    assert "never entered: bridge" in text
    assert "never taken: main bill, main fault" in text
    assert percent_of([coverage]) == coverage.edges_percent
    assert percent_of([]) == 100.0
