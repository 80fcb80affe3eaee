from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from ivr.dialplan.build import build
from ivr.dialplan.lint import Surroundings, lint
from ivr.dialplan.problems import Findings, Problem
from ivr.dialplan.profile_wish import ProfileWish
from ivr.dialplan.schema import schema

FLOW = """
flow: small
languages: [en]
{header}
defaults: {{ error: end }}
states:
  main: {{ do: [answer], hangup: normal }}
"""
AROUND = Surroundings(sources={"crm": {"profile"}, "outages": {"by_area"}, "bills": {"bill"}}, profile_sources=("outages",))


def read(header: str) -> tuple[ProfileWish | None, list[Problem]]:
    findings = Findings("small.yaml")
    flow = build(FLOW.format(header=header), findings)
    if flow is not None:
        lint(flow, findings, AROUND)
    return (None if flow is None else flow.profile), [one for one in findings.problems if one.line == 4]


def test_without_the_header_everything_is_as_the_settings_say() -> None:
    assert read("") == (ProfileWish(), [])


def test_the_header_is_read() -> None:
    wish, problems = read("profile: { lookup: crm, by: caller.number, within: 300ms, otherwise: anonymous }")
    assert wish is not None and not problems
    assert (wish.lookup, wish.by, wish.within, wish.otherwise) == (("crm",), "caller.number", 0.3, {})
    wish, problems = read("profile: { lookup: [crm, outages], otherwise: { tier: none, vip: false } }")
    assert wish is not None and not problems
    assert (wish.lookup, wish.within, wish.otherwise) == (("crm", "outages"), None, {"tier": "none", "vip": False})


def test_a_flow_may_want_nothing_to_be_read() -> None:
    assert read("profile: anonymous") == (ProfileWish(lookup=()), [])


@pytest.mark.parametrize(
    ("header", "code", "cure"),
    [
        ("profile: { lookup: crn }", "unknown-source", "did you mean `crm`?"),
        ("profile: { lookup: [crm, bills] }", "unknown-operation", "profiles.sources"),
        ("profile: { by: caller.nummer }", "unknown-identity", "did you mean `caller.number`"),
        ("profile: { within: 300 }", "bad-duration", "300ms"),
        ("profile: { within: 1m }", "out-of-range", "10ms to 10s"),
        ("profile: { otherwise: [a] }", "wrong-type", "anonymous"),
        ("profile: { otherwise: { tier: [a] } }", "wrong-type", "one plain value"),
        ("profile: { source: crm }", "unknown-key", ""),
        ("profile: crm", "wrong-type", "profile: anonymous"),
        ("profile: [crm]", "wrong-type", ""),
        ("profile: { lookup: { a: b } }", "wrong-type", ""),
    ],
)
def test_a_mistake_has_its_place_and_cure(header: str, code: str, cure: str) -> None:
    _, problems = read(header)
    assert [one.code for one in problems] == [code] and cure in problems[0].cure
    assert problems[0].column > 1


@pytest.mark.parametrize(
    ("header", "good"),
    [
        ("profile: anonymous", True),
        ("profile: { lookup: [crm, outages], by: call.asserted, within: 300ms, otherwise: { tier: none } }", True),
        ("profile: { lookup: [] }", False),
        ("profile: { by: caller.shoe_size }", False),
        ("profile: everything", False),
    ],
)
def test_the_schema_says_the_same(header: str, good: bool) -> None:
    data: Any = yaml.safe_load(FLOW.format(header=header))
    errors = [error for error in jsonschema.Draft202012Validator(schema()).iter_errors(data) if "profile" in error.path]
    assert (not errors) == good
