"""Test cases from YAML: what may be written, and that every mistake has its place and a cure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.dialplan.cases import CaseFile, agrees, in_order
from ivr.dialplan.cases_build import ACTS, build_cases
from ivr.dialplan.mocks import Line, Reply
from ivr.dialplan.problems import Findings

HEAD = "flow: small\ncases:\n  - name: one\n    call:\n"


def built(text: str) -> CaseFile:
    findings = Findings("x.test.yaml")
    found = build_cases(text, findings)
    assert found is not None, findings.problems
    return found


def wrong(text: str) -> tuple[str, int, int, str]:
    """Code, line, column and cure of the first problem."""
    findings = Findings("x.test.yaml")
    assert build_cases(text, findings) is None
    first = findings.problems[0]
    return first.code, first.line, first.column, first.cure


def test_a_file_with_everything() -> None:
    file = built("""
flow: telecom
given: { language: zh, lookups: { crm.get: down }, queues: { support: closed } }
cases:
  - name: everything
    given:
      profile: { name: 王芳 }
      at: "2026-01-01 09:00"
      from: "138"
      authenticated: true
      flags: { new_menu: true }
      speech: [zh]
      lookups: { billing.bill: { amount: 128.5 }, billing.all: [{ after: 3s, found: { a: 1 } }, not_found] }
      queues: { care: { position: 3, after: 40s, outcome: full }, other: { position: 2, size: 9, estimated_wait: 90s } }
    call:
      - hears: [您好, welcome]
        within: 300ms
      - says: 查账单
        confidence: 0.6
        mood: angry
      - presses: 12#
      - stays silent
      - queued: { queue: care, need: { telecom: 2 } }
      - asked: billing.bill
        with: { number: "138" }
      - hangs up
    then: { visited: main, slots: {}, tags: [a], ended: hangup, handover: { turns: 2 }, tickets: 1 }
""")
    [case] = file.cases
    assert (file.flow, case.name, case.place.line) == ("telecom", "everything", 5)
    assert case.given.call == {"language": "zh", "caller": {"number": "138", "authenticated": True}}
    assert (case.given.profile, case.given.at, case.given.speech) == ({"name": "王芳"}, "2026-01-01 09:00", ("zh",))
    assert case.given.lookups == {
        "crm.get": (Reply("down"),),
        "billing.bill": (Reply("found", {"amount": 128.5}),),
        "billing.all": (Reply("found", {"a": 1}, 3.0), Reply("not_found")),
    }
    assert case.given.queues == {
        "support": Line(1, 0.0, "closed"),
        "care": Line(3, 40.0, "full"),
        "other": Line(2, estimate=90.0, size=9),
    }
    assert [act.kind for act in case.acts] == ["hears", "says", "presses", "stays_silent", "queued", "asked", "hangs_up"]
    assert case.acts[0].value == ("您好", "welcome")
    assert case.acts[0].more == {"within": 0.3}
    assert case.acts[1].more == {"confidence": 0.6, "mood": "angry"}
    assert case.acts[2].value == "12#"
    assert (case.acts[5].place.line, case.acts[5].more) == (24, {"with": {"number": "138"}})
    assert {one.name: one.value for one in case.then}["visited"] == ["main"]


@pytest.mark.parametrize(
    ("text", "code", "line", "cure"),
    [
        (HEAD + "      - sayz: hello\n", "unknown-line", 5, "`says`"),
        (HEAD + "      - hangs upp\n", "unknown-line", 5, "`hangs up`"),
        (HEAD + "      - says\n", "missing-key", 5, "says: …"),
        (HEAD + "      - [says]\n", "wrong-type", 5, "says: …"),
        (HEAD + "      - {}\n", "unknown-line", 5, "there are"),
        (HEAD + "      - { says: a, hears: b }\n", "too-many", 5, "new line"),
        (HEAD + "      - { says: a, withn: 3s }\n", "unknown-key", 5, "`confidence`"),
        (HEAD + "      - { hears: a, within: 3 }\n", "bad-duration", 5, "300ms"),
        (HEAD + "      - { says: a, confidence: 3 }\n", "out-of-range", 5, "0.6"),
        (HEAD + "      - presses: 12x\n", "wrong-type", 5, "0 to 9"),
        (HEAD + "      - waits: long\n", "bad-duration", 5, "300ms"),
        (HEAD + "      - ticket: text\n", "wrong-type", 5, "{ key: value }"),
        (HEAD + "      - position: soon\n", "wrong-type", 5, "from 1"),
        ("cases: []\n", "missing-key", 1, "flow: name"),
        ("flow: a\n", "missing-key", 1, "cases:"),
        ("flow: a\ncases: no\n", "wrong-type", 2, "`- `"),
        ("flow: a\ncases:\n  - call: []\n", "missing-key", 3, "name: …"),
        ("flow: a\ncases:\n  - { name: a, call: [] }\n  - { name: a, call: [] }\n", "duplicate-case", 4, "rename one"),
        ("flow: a\ngiven: { profile: late }\ncases: []\n", "unknown-kind", 2, "`slow`"),
        ("flow: a\ngiven: { at: noon }\ncases: []\n", "wrong-type", 2, "2026-01-05 10:00"),
        ("flow: a\ngiven: { lookups: { a.b: founf } }\ncases: []\n", "unknown-outcome", 2, "`found`"),
        ("flow: a\ngiven: { lookups: { a.b: { after: 1s, outcome: gone } } }\ncases: []\n", "unknown-outcome", 2, "`done`"),
        ("flow: a\ngiven: { queues: { care: { position: 3, size: 2 } } }\ncases: []\n", "out-of-range", 2, "size: 3, or more"),
        ("flow: a\ngiven: { lookups: x, queues: y }\ncases: []\n", "wrong-type", 2, "{ key: value }"),
        ("flow: a\ngiven: { profil: x }\ncases: []\n", "unknown-key", 2, "`profile`"),
        ("flow: a\ncases:\n  - { name: a, call: [], then: { ended: hungup } }\n", "unknown-way", 3, "`hangup`"),
        ("flow: a\ncases:\n  - { name: a, call: [], then: { slot: {} } }\n", "unknown-key", 3, "`slots`"),
        ("flow: [\n", "yaml", 2, "line it up"),
        ("", "empty", 1, "flow: name"),
    ],
)
def test_every_mistake_has_its_place_and_a_cure(text: str, code: str, line: int, cure: str) -> None:
    found = wrong(text)
    assert (found[0], found[1]) == (code, line)
    assert cure in found[3]


def test_every_line_of_a_call_can_be_written_with_spaces() -> None:
    for name, (allowed, _) in ACTS.items():
        value = {"words": "a", "text": "a", "keys": "1", "duration": "1s", "number": "1", "fields": "{ a: 1 }"}.get(allowed[-1])
        line = name.replace("_", " ") + (f": {value}" if value else "")
        assert built(HEAD + f"      - {line}\n").cases[0].acts[0].kind == name


def test_what_agrees() -> None:
    assert agrees({"a": 1}, {"a": 1, "b": 2})
    assert not agrees({}, {"a": 1})
    assert agrees({}, {})
    assert not agrees({"a": 1}, {"b": 1})
    assert agrees([{"a": 1}, "x*"], [{"a": 1, "b": 2}, "xyz"])
    assert not agrees(["a"], ["a", "b"])
    assert agrees(8861, "8861")
    assert agrees("8861", 8861)
    assert agrees(1, 1.0)
    assert not agrees(True, 1)
    assert not agrees("None", None)
    assert agrees(None, None)
    assert not agrees("*", {"a": 1})
    assert agrees("[a]?", "[a]?")
    assert not agrees("?", "x")
    assert in_order(["a", "c"], ["a", "b", "c"])
    assert not in_order(["c", "a"], ["a", "b", "c"])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.integers(0, 400))
def test_no_text_raises(noise: str, at: int) -> None:
    whole = HEAD + "      - hears: [a]\n        within: 3s\n      - queued: { queue: a }\n    then: { slots: { a: 1 } }\n"
    findings = Findings("x")
    found = build_cases(whole[:at] + noise + whole[at:], findings)
    assert (found is None) == findings.failed
