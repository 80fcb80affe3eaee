"""Mistakes that people make, and the cures that they are told: each one alone, at its place, and right."""

from __future__ import annotations

import pytest

from ivr.dialplan.cases_build import build_cases
from ivr.dialplan.loader import examine
from ivr.dialplan.problems import Findings, Problem, nearest

HEAD = """flow: small
languages: [en]
defaults: { error: end, no_input: end, no_match: end, no_agents: end }
intents: { bill: { en: [my bill] }, fault: { en: [a fault] } }
"""


def found(body: str, head: str = HEAD) -> list[Problem]:
    return [one for one in examine(head + body, "small.yaml")[1] if one.code != "unused-intent"]


STATE = "states: {{ start: {{ {} }} }}\n"


@pytest.mark.parametrize(
    ("state", "code", "at", "cure"),
    [
        ("say: { en: Hello, you }, on: { done: end }", "unknown-language", "you", "quotes"),
        ("say: { money: vars.a }, on: { done: end }", "unknown-language", "money", "`"),
        ("say: { amount: { vars.a } }, on: { done: end }", "bad-expression", "{ vars.a", "without braces"),
        ("say: { date: '2026-13-01' }, on: { done: end }", "type-mismatch", "2026-13", "'2026-01-31'"),
        ("menu: { options: [bill, fualt] }, on: { bill: end }", "unknown-intent", "fualt", "`fault`"),
        ("menu: { options: 'bill, fault' }, on: { bill: end }", "unknown-intent", "'bill", "[bill, fault]"),
        ("menu: { options: [bill], into: my wish }, on: { bill: end }", "bad-name", "my wish", "letters"),
        ("menu: { options: [bill], rank_by: caller.number }, on: { bill: end }", "type-mismatch", "caller", "profile.history"),
        (
            "ask: { say: { en: a }, expect: { type: date, when: soon } }, on: { done: end }",
            "unknown-value",
            "soon",
            "`future`",
        ),
        (
            "enqueue: { queue: q, priority: 11 }, on: { no_agents: end, closed: end, full: end }",
            "out-of-range",
            "11",
            "0 to 10",
        ),
        ("do: [{ set: { greeted } }], goto: end", "wrong-type", "greeted", "name: value"),
        ("go: [{ if: asr.available and true, to: end }, { to: end }]", "bad-expression", "and true", "&&"),
        ("go: [{ if: call.called = '1', to: end }, { to: end }]", "bad-expression", "= ", "=="),
        ("go: [{ if: '{asr.available}', to: end }, { to: end }]", "bad-expression", "}", "without braces"),
        ("go: [{ if: not asr.available, to: end }, { to: end }]", "bad-expression", "asr", "`!`"),
        ("go: [{ if: 'call.called == “1”', to: end }, { to: end }]", "bad-expression", "“", "plain quotes"),
    ],
)
def test_a_mistake_in_a_state(state: str, code: str, at: str, cure: str) -> None:
    [problem] = found(STATE.format(state))
    assert (problem.code, problem.line) == (code, 5)
    assert STATE.format(state)[problem.column - 1 :].startswith(at)
    assert cure in problem.cure


def test_languages_without_brackets_are_one_mistake() -> None:
    head = HEAD.replace("[en]", "zh, en").replace("{ en: [my bill] }", "{ zh: [账单], en: [my bill] }")
    body = "states: { start: { say: { zh: 您好, en: hello }, on: { done: end } } }\n"
    [problem] = found(body, head.replace("{ en: [a fault] }", "{ zh: [故障], en: [a fault] }"))
    assert (problem.code, problem.line, problem.column, problem.cure) == ("bad-name", 2, 12, "languages: [zh, en]")


def test_a_time_zone_that_resembles_none_is_not_answered_by_a_list_of_africa() -> None:
    [problem] = found("time_zone: China\nstates: { start: { hangup: normal } }\n")
    assert (problem.code, problem.cure) == ("unknown-time-zone", "an area and a city: Asia/Shanghai, Europe/Berlin")


def test_an_edge_to_nowhere_is_told_without_what_follows_from_it() -> None:
    body = """states:
  start:
    ask: { say: { en: when }, expect: { type: date }, into: day }
    on: { done: thanks, no_match: nowhere }
  thanks:
    do: [{ say: { date: slots.day } }]
    hangup: normal
"""
    assert [problem.code for problem in found(body)] == ["unknown-state"]


def test_the_choices_of_a_slot_are_listened_for() -> None:
    slots = "room: { ask: { en: which }, type: choice, choices: [bill, fault], label: { en: room } }"
    body = STATE.format(f"collect: {{ slots: {{ {slots} }} }}, on: {{ done: end }}")
    assert examine(HEAD + body, "small.yaml")[1] == []


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("SMS", ["email", "sms"]) == "did you mean `sms`?"


def test_a_queue_in_a_case_ends_as_queues_do() -> None:
    findings = Findings("small.test.yaml")
    text = "flow: small\ngiven: { queues: { support: shut } }\ncases: [{ name: a, call: [hangs up] }]\n"
    build_cases(text, findings)
    assert [(one.line, one.column, one.code) for one in findings.problems] == [(2, 29, "unknown-outcome")]
