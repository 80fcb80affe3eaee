"""Every mistake is refused with its place and a cure."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialplan.lint import Surroundings
from ivr.dialplan.loader import examine
from ivr.dialplan.machine import Machine
from ivr.dialplan.problems import Problem, nearest, render
from tests.unit.ivr.dialplan.flows import EVERY_STEP, NOON, TELECOM

GOOD = """\
flow: small
languages: [zh, en]
entry: one
defaults:
  no_input: { retry: 1, then: bye }
  no_match: { retry: 1, then: bye }
  error: bye
intents:
  bill: { zh: [查账单], en: [my bill] }
  fault: { zh: [报修], en: [a fault] }
states:
  one:
    menu:
      say: hello
      options: [bill, fault]
    on:
      bill: two
      fault: queue
  two:
    do:
      - say: { zh: 好, en: good }
    go:
      - { if: call.attempt > 1, to: one }
      - { to: bye }
  queue:
    enqueue:
      queue: support
      need: { telecom: 2 }
    on: { no_agents: bye, closed: bye, full: bye }
  bye:
    hangup: normal
"""
AROUND = Surroundings({"hello": {"zh", "en"}, "half": {"zh"}, "music": ()}, {"support", "care"}, {"telecom"})


def problems(text: str) -> list[Problem]:
    return examine(text, "small.yaml", AROUND)[1]


def test_a_right_flow_has_no_problems() -> None:
    assert problems(GOOD) == []


# what is replaced, by what, and the problem: line:column, code, words of the message, words of the cure
CASES = [
    ("bill: two", "bill: tow", "17:13", "unknown-state", "`tow`", "`two`"),
    ("options: [bill, fault]", "options: [bill, fualt]", "15:23", "unknown-intent", "`fualt`", "`fault`"),
    ("      bill: two", "      bil: two", "17:7", "unknown-edge", "`bil`", "`bill`"),
    ("    menu:", "    menue:", "13:5", "unknown-key", "`menue`", "`menu`"),
    ("say: hello", "say: helo", "14:12", "unknown-prompt", "`helo`", "`hello`"),
    ("say: hello", "say: half", "14:12", "missing-language", "not recorded in `en`", "render"),
    ("say: hello", "say: Good day", "14:12", "not-a-prompt", "`Good day`", "zh: ..."),
    ("queue: support", "queue: suport", "27:14", "unknown-queue", "`suport`", "`support`"),
    ("{ telecom: 2 }", "{ telecon: 2 }", "28:15", "unknown-skill", "`telecon`", "`telecom`"),
    ("{ telecom: 2 }", "{ telecom: 11 }", "28:24", "out-of-range", "11", "from 1 to 10"),
    ("{ telecom: 2 }", "{ telecom: high }", "28:24", "wrong-type", "whole number", "from 1 to 10"),
    ("closed: bye, ", "", "25:3", "missing-edge", "`closed`", "add `closed: state`"),
    ("entry: one", "entry: oen", "3:8", "unknown-state", "`oen`", "`one`"),
    ("zh: 好, en: good", "zh: 好", "21:14", "missing-language", "no `en`", "add `en"),
    ("zh: 好, en: good", "zh: 好, en: good, fr: bon", "21:33", "unknown-language", "`fr`", ""),
    ("call.attempt > 1", "vars.a >", "23:23", "bad-expression", "not an expression", "CEL"),
    ("call.attempt > 1", "vras.a > 1", "23:15", "bad-expression", "no name `vras`", "`vars`"),
    ("call.attempt > 1", "1 > two", "23:19", "bad-expression", "no name `two`", "quotes"),
    ("call.attempt > 1", "sise(vars.a) > 1", "23:15", "bad-expression", "no function `sise`", "`size`"),
    ("{ to: bye }", "{ if: profile.b, to: bye }", "24:9", "missing-edge", "no line of `go`", "{ to: state }"),
    ("hangup: normal", "hangup: norml", "31:13", "unknown-cause", "`norml`", "`normal`"),
    ("    hangup: normal", "    do: [answer]", "31:5", "missing-edge", "leads nowhere", "goto"),
    ("- say: {", "- sey: {", "21:9", "unknown-step", "`sey`", "`say`"),
    ("- say: {", "- ask: {", "21:9", "waits", "`ask` waits", "step of the state"),
    ("retry: 1, then: bye }\n  error", "retry: 1 }\n  error", "6:13", "missing-key", "`then`", "then: the state"),
    ("error: bye", "hangup: end", "5:3", "missing-edge", "error", "`error: state`"),
    ("error: bye", "error: bye\n  furious: bye", "8:3", "unknown-edge", "`furious`", ""),
    ("en: [a fault]", "en: [My bill!]", "10:27", "duplicate-example", "`bill`", "one intent"),
    ("zh: [报修], ", "", "10:3", "missing-language", "no examples in `zh`", "add `zh"),
    ("  bye:\n", "  spare:\n    goto: bye\n  bye:\n", "30:3", "unreachable", "`spare`", "remove"),
    ("hangup: normal", "goto: loop\n  loop:\n    goto: bye", "30:3", "instant-loop", "`bye`", "end"),
    ("flow: small", "flow: small\nflow: other", "2:1", "duplicate-key", "line 1", "keep one"),
    ("flow: small", "flow: small\nflwo: x", "2:1", "unknown-key", "`flwo`", "`flow`"),
    ("entry: one", "time_zone: Asia/Shangai", "3:12", "unknown-time-zone", "Shangai", "`Asia/Shanghai`"),
    ("      say: hello", "      say: hello\n      timeout: 5", "15:16", "bad-duration", "`5`", "15s"),
    ("      say: hello", "      say: hello\n      timeout: 25h", "15:16", "bad-duration", "`25h`", "24h"),
    ("      say: hello", "      say: hello\n      barge_in: yes", "15:17", "wrong-type", "barge_in", "key: value"),
    ("      bill: two", "      bill: { to: two, tga: x }", "17:24", "unknown-key", "`tga`", "`tag`"),
    ("      bill: two", "      bill: two\n      no_input: again", "18:7", "no-way-out", "for ever", "retry"),
    ("      bill: two", "      bill: { retry: 2, then: two }", "17:7", "dead-edge", "only `no_input`", ""),
    ("full: bye }", "full: bye, bill: two }", "29:51", "dead-edge", "nobody listens", "ask"),
    ("languages: [zh, en]", "languages: *x", "2:12", "yaml", "no anchor", ""),
    ("flow: small", "flow: small\n\tx: 1", "2:1", "yaml", "not YAML", "write spaces"),
    ("flow: small", "flow： small", "2:10", "yaml", "not YAML", "half-width"),
    ("languages: [zh, en]", "languages: [zh, en", "3:6", "yaml", "not YAML", "close the"),
    ("flow: small", "flow: !!python/object:os.system small", "1:7", "yaml", "tags", "remove"),
]


@pytest.mark.parametrize(("old", "new", "place", "code", "message", "cure"), CASES, ids=[f"{c[3]}-{c[1][:24]}" for c in CASES])
def test_a_mistake_is_reported_with_place_and_cure(old: str, new: str, place: str, code: str, message: str, cure: str) -> None:
    assert GOOD.count(old) >= 1
    found = problems(GOOD.replace(old, new, 1))
    shown = [f"{one.line}:{one.column} {one.code}" for one in found]
    assert f"{place} {code}" in shown
    problem = found[shown.index(f"{place} {code}")]
    assert message in problem.message
    assert cure in problem.cure
    assert problem.severity == "error"


@pytest.mark.parametrize("text", ["- a\n- b\n", "<html>\n"])
def test_what_is_no_mapping_is_said_once(text: str) -> None:
    assert [one.code for one in problems(text)] == ["wrong-type"]


def test_a_trap_without_an_end_is_reported() -> None:
    text = GOOD.replace("hangup: normal", "play: { name: music, repeat: true }").replace(
        "full: bye }", "full: bye, served: bye }"
    )
    assert {(one.code, one.message) for one in problems(text)} >= {("no-way-out", "from `bye` no path leads to an end")}


def test_a_warning_does_not_refuse_a_flow() -> None:
    text = GOOD.replace("states:\n", "  spare: { zh: [一], en: [one] }\nstates:\n")
    flow, found = examine(text, "f", AROUND)
    assert flow is not None
    assert [(one.severity, one.code) for one in found] == [("warning", "unused-intent")]


def test_words_of_yaml_1_1_stay_words() -> None:
    flow, found = examine(EVERY_STEP, "f")
    assert {one.code for one in found} == {"unused-variable"}
    assert flow is not None
    assert {"yes", "no"} <= set(flow.states["sure"].own)


def test_problems_are_rendered_for_people_and_programs() -> None:
    one = Problem("f.yaml", 3, 7, "error", "unknown-state", "there is no state `tow`", "did you mean `two`?")
    assert render([one]) == "f.yaml:3:7: error[unknown-state] there is no state `tow`\n    did you mean `two`?"
    assert json.loads(render([one], "json")) == [one.to_dict()]
    with pytest.raises(ValueError, match="text or json"):
        render([one], "xml")


def test_the_nearest_name_or_all_names_are_the_cure() -> None:
    assert nearest("complant", ["complaint", "bill"]) == "did you mean `complaint`?"
    assert nearest("x", ["b", "a"]) == "there are: `a`, `b`"
    assert nearest("x", []) == ""


LINES = TELECOM.read_text(encoding="utf-8").splitlines()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_flow_is_refused_or_runs(data: st.DataObject) -> None:
    """Lines removed, doubled, swapped and cut never crash the check, and what it lets through starts."""
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 2))
        match data.draw(st.integers(0, 4)):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at], lines[at + 1] = lines[at + 1], lines[at]
            case 3:
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case 4:
                lines[at] += data.draw(st.text(max_size=4))
    flow, found = examine("\n".join(lines), "telecom.yaml")
    if flow is None:
        assert any(one.severity == "error" and one.line >= 1 and one.message for one in found)
    else:
        state, commands = Machine(flow).start({"called": "1"}, {}, NOON)
        assert commands
        assert state.ended != "error"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_refused_with_a_reason(text: str) -> None:
    flow, found = examine(text, "f")
    assert flow is None
    assert found
