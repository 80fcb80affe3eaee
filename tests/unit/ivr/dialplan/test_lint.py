"""What can go wrong on the ways through a flow: dead lines, silence for ever, values that are not there, long questions."""

from __future__ import annotations

import pytest

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from ivr.dialplan.problems import Problem

HEAD = """flow: small
languages: [en]
defaults: { error: end, no_input: end, no_match: end }
intents: { bill: { en: [my bill] }, fault: { en: [a fault] } }
"""


def found(body: str, around: Surroundings | None = None) -> list[Problem]:
    problems = examine(HEAD + body, "small.yaml", around or Surroundings())[1]
    return [one for one in problems if one.code != "unused-intent"]


def codes(body: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.severity, one.code) for one in found(body)]


# --- lines that are never taken


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("[{ if: asr.available, to: end }, { to: end }]", []),
        ("[{ to: end }, { if: asr.available, to: end }, { to: end }]", ["dead-branch", "dead-branch"]),
        ("[{ if: 'true', to: end }, { to: end }]", ["constant-condition", "dead-branch"]),
        ("[{ if: 1 > 2, to: end }, { to: end }]", ["constant-condition"]),
        ("[{ if: asr.available, to: end }, { if: asr.available, to: end }, { to: end }]", ["dead-branch"]),
        ("[{ percent: 10, to: end }, { percent: 10, to: end }, { to: end }]", []),
        ("[{ if: asr.available, percent: 10, to: end }, { if: asr.available, to: end }, { to: end }]", []),
    ],
)
def test_lines_of_go(lines: str, expected: list[str]) -> None:
    assert sorted(code for _, _, code in codes(f"states: {{ start: {{ go: {lines} }} }}\n")) == expected


@pytest.mark.parametrize(
    ("of", "case", "expected"),
    [
        ("call.called", "'100'", []),
        ("time.weekday", "'7'", []),
        ("time.weekday", "sunday", ["dead-branch"]),
        ("asr.available", "'true'", []),
        ("asr.available", "yes", ["dead-branch"]),
        ("call.language", "en", []),
        ("call.language", "fr", ["dead-branch"]),
        ("call.tags", "x", ["dead-branch"]),
        ("profile.tier", "gold", []),
        ("'a'", "b", ["constant-condition", "dead-branch"]),
    ],
)
def test_cases_of_switch(of: str, case: str, expected: list[str]) -> None:
    body = f'states: {{ start: {{ switch: {{ of: "{of}", cases: {{ {case}: end }}, otherwise: end }} }} }}\n'
    assert sorted(code for _, _, code in codes(body)) == expected


def test_a_case_that_never_comes_names_the_nearest() -> None:
    [problem] = found("states: { start: { switch: { of: call.intent, cases: { bil: end }, otherwise: end } } }\n")
    assert (problem.code, problem.line) == ("dead-branch", 5)
    assert "`bill`" in problem.cure


def test_options_and_keys_of_a_menu() -> None:
    menu = "states: { start: { menu: { options: [bill, fault, bill] }, on: { bill: end, fault: end } } }\n"
    assert codes(menu) == [(5, "error", "duplicate-option")]
    keys = "states: { start: { menu: { options: [bill, fault] }, on: { bill: end, fault: end, '2': end, '3': end } } }\n"
    [problem] = found(keys)
    assert (problem.code, "chooses `fault`" in problem.message) == ("dead-edge", True)


# --- silence

ASK = "{ ask: { say: { en: well }, expect: yes_no }, on: { yes: end, no: end, no_input: %s } }"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (f"start: {ASK % 'other'}, other: {ASK % 'start'}", ["endless-silence", "endless-silence"]),
        (f"start: {ASK % 'other'}, other: {ASK % 'end'}", []),
        (f"start: {ASK % 'pause'}, pause: {{ wait: 1s, on: {{ done: start }} }}", ["endless-silence"]),
        (f"start: {ASK % 'pass'}, pass: {{ goto: start }}", ["endless-silence"]),
        (f"start: {ASK % 'part'}, part: {{ go: [{{ if: asr.available, to: start }}, {{ to: end }}] }}", []),
        (
            f"start: {ASK % 'wait'}, wait: {{ enqueue: {{ queue: q }}, on: {{ no_agents: start, closed: start, full: end }} }}",
            [],
        ),
    ],
)
def test_a_caller_who_says_nothing_comes_to_an_end(states: str, expected: list[str]) -> None:
    assert [code for _, _, code in codes(f"states: {{ {states} }}\n")] == expected


# --- values that are not there


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # written before, whatever the way
        (
            """vars: { a: 1 }
states: { start: { do: [{ tag: "{vars.a}" }], goto: end } }
""",
            [],
        ),
        # only on one of two ways
        (
            """states:
  start: { go: [{ if: asr.available, set: { a: 1 }, to: next }, { to: next }] }
  next: { do: [{ tag: "{vars.a}" }], goto: end }
""",
            ["maybe-unset"],
        ),
        # on both
        (
            """states:
  start: { go: [{ if: asr.available, set: { a: 1 }, to: next }, { set: { a: 2 }, to: next }] }
  next: { do: [{ tag: "{vars.a}" }], goto: end }
""",
            [],
        ),
        # asked for first
        (
            """states:
  start: { go: [{ if: asr.available, set: { a: 1 }, to: next }, { to: next }] }
  next: { do: [{ tag: "{has(vars.a) ? string(vars.a) : ''}" }], goto: end }
""",
            [],
        ),
        # conditions may ask for what is not there
        (
            """states:
  start: { go: [{ if: asr.available, set: { a: 1 }, to: next }, { to: next }] }
  next: { go: [{ if: vars.a == 1, to: end }, { to: end }] }
""",
            [],
        ),
        # a slot is filled by the answer, not by silence
        (
            """states:
  start: { ask: { say: { en: number }, expect: digits, into: account }, on: { done: next, no_input: next } }
  next: { say: [{ digits: slots.account }], on: { done: end } }
""",
            ["maybe-unset"],
        ),
        (
            """states:
  start: { ask: { say: { en: number }, expect: digits, into: account }, on: { done: next } }
  next: { say: [{ digits: slots.account }], on: { done: end } }
""",
            [],
        ),
        # a circle that comes back with more written
        (
            """vars: { a: 1 }
states:
  start: { wait: 1s, on: { done: { set: { b: 2 }, to: next }, "1": next } }
  next: { say: [{ number: vars.b }, { number: vars.a }], on: { done: start } }
  other: { hangup: normal }
""",
            ["maybe-unset", "no-way-out", "no-way-out", "unreachable"],
        ),
        # the same state sets it first
        (
            """states: { start: { do: [{ set: { a: 1 } }, { tag: "{vars.a}" }], goto: end } }
""",
            [],
        ),
        # never written at all: an error where it is read aloud
        ("states: { start: { say: [{ number: vars.a }], on: { done: end } } }\n", ["never-written"]),
        # never read
        ("vars: { a: 1 }\nstates: { start: { goto: end } }\n", ["unused-variable"]),
        # sub-flows share variables: nothing is known
        ('states: { start: { do: [{ tag: "{vars.a}" }], return: done } }\n', []),
        ('states: { start: { call: sub, on: { done: next } }, next: { do: [{ tag: "{vars.a}" }], goto: end } }\n', []),
    ],
)
def test_values_that_are_not_there(body: str, expected: list[str]) -> None:
    assert sorted(code for _, _, code in codes(body)) == expected


def test_what_is_read_aloud_must_be_written() -> None:
    [spoken] = found("states: { start: { say: [{ number: vars.a }], on: { done: end } } }\n")
    assert spoken.severity == "error"
    [computed] = found('states: { start: { do: [{ tag: "{vars.a}" }], goto: end } }\n')
    assert (computed.severity, computed.line, computed.column) == ("warning", 5, 34)


# --- long questions


def test_questions_are_measured_by_recordings_and_by_letters() -> None:
    asks = "states: { start: { ask: { say: [%s], expect: yes_no }, on: { yes: end, no: end } } }\n"
    around = Surroundings(prompts={"long": {"en"}, "short": {"en"}}, seconds={("long", "en"): 19.0, ("short", "en"): 2.0})
    assert found(asks % "short", around) == []
    assert found(asks % "long", around) == []
    [problem] = found(asks % "long, short", around)
    assert (problem.severity, problem.code) == ("warning", "long-prompt")
    assert "21 s in `en`" in problem.message
    assert [one.code for one in found(asks % f"{{ en: {'word ' * 70} }}")] == ["long-prompt"]
    strict = Surroundings(longest=1.0)
    assert [one.code for one in found(asks % "{ en: is this what you want }", strict)] == ["long-prompt"]
    said = f"states: {{ start: {{ say: {{ en: {'word ' * 70} }}, on: {{ done: end }} }} }}\n"
    assert found(said) == [], "only questions are bounded"
