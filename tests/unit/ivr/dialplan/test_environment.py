"""The file of values, flags, hours and holidays, and what expressions see of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialplan.environment import NOTHING, Environment, build_environment
from ivr.dialplan.expression import compile_expression
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.run import Scope
from ivr.dialplan.state import State

FILE = """
values:
  shop: 示例
  prices: { small: 3, big: 5.5 }
flags:
  new_menu: true
  beta: { tiers: [gold] }
hours:
  support:
    time_zone: Asia/Shanghai
    open:
      mon-fri: [09:00-12:00, 13:30-18:00]
      sat: 10:00-14:00
    holidays: [company, CN]
  night: { time_zone: Asia/Shanghai, open: { daily: "22:00-06:00" } }
  weekend: { open: { sat-mon: 10:00-12:00 } }
holidays:
  company:
    - { date: 2026-12-24, name: { zh: 年会, en: Staff day }, open: 09:00-12:00 }
    - { from: 2026-12-28, to: 2026-12-31, name: Stocktaking }
    - { date: 2026-11-28, workday: true }
"""
MONDAY_TEN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC).timestamp()


def environment(text: str = FILE) -> Environment:
    findings = Findings("env.yaml")
    found = build_environment(text, findings)
    assert found is not None, findings.problems
    return found


def value(source: str, now: float = MONDAY_TEN, tier: str = "") -> object:
    state = State("f", "1", "zh", profile={"tier": tier})
    return compile_expression(source, Place()).value(Scope(state, now, "UTC", environment()))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("hours.support.open", True),
        ("hours.support.open && hours.support.closes_in > 7000", True),
        ("hours.support.closes_in", 7200),
        ("hours.night.open", False),
        ("hours.night.opens_at", "2026-11-23T22:00"),
        ("hours.weekend.open", False),
        ("hours.nobody.open", None),
        ("hours['support'].open", True),
        ("flags.new_menu && !flags.beta", True),
        ("flags.unknown", None),
        ("env.shop", "示例"),
        ("env.prices.big > 5.0", True),
        ("env.nothing", None),
    ],
)
def test_what_expressions_see(source: str, expected: object) -> None:
    assert value(source) == expected


def test_a_flag_by_tier() -> None:
    assert value("flags.beta", tier="gold") is True
    assert value("hours.support.holiday", datetime(2026, 12, 24, 2, tzinfo=UTC).timestamp()) == "年会"
    assert value("hours.support.holiday", datetime(2026, 12, 29, 2, tzinfo=UTC).timestamp()) == "Stocktaking"


@pytest.mark.parametrize(
    ("text", "line", "column", "code", "cure"),
    [
        ("hour: {}", 1, 1, "unknown-key", "hours"),
        ("flags: { a: maybe }", 1, 13, "wrong-type", "percent"),
        ("flags: { a: { percent: 120 } }", 1, 24, "out-of-range", "30"),
        ("flags: { a: { tier: [gold] } }", 1, 15, "unknown-key", "tiers"),
        ("hours: { a: { open: { mo: 9:00-10:00 } } }", 1, 23, "unknown-weekday", "mon"),
        ("hours: { a: { open: { mon: 9 to 5 } } }", 1, 28, "bad-hours", "09:00-18:00"),
        ("hours: { a: { open: { mon: [09:00-12:00, 11:00-13:00] } } }", 1, 42, "bad-hours", "join"),
        ("hours: { a: { open: { mon-wed: closed, tue: closed } } }", 1, 40, "duplicate-day", "once"),
        ("hours: { a: { holidays: [CN] } }", 1, 13, "missing-key", "mon-fri"),
        ("hours: { a: { open: closed, holidays: [XX] } }", 1, 40, "unknown-holidays", ""),
        ("hours: { a: { open: closed, time_zone: Asia/Shangai } }", 1, 40, "unknown-time-zone", "Asia/Shanghai"),
        ("hours: { a: { open: closed, on_workday: monday } }", 1, 41, "unknown-weekday", "mon"),
        ("holidays: { a: [{ date: 24.12.2026, name: x }] }", 1, 25, "bad-date", "2026-12-24"),
        ("holidays: { a: [{ name: x }] }", 1, 17, "missing-key", "date"),
        ("holidays: { a: [{ date: 2026-12-24 }] }", 1, 17, "missing-key", "name"),
        ("holidays: { a: [{ from: 2026-12-24, to: 2026-12-20, name: x }] }", 1, 17, "out-of-range", "end"),
        ("holidays: { a: 2026-12-24 }", 1, 16, "wrong-type", "date"),
        ("values: { 2a: 1 }", 1, 11, "bad-name", "letters"),
        ("values: [1]", 1, 9, "wrong-type", "key: value"),
        ("", 1, 1, "empty", ""),
        ("a: [", 2, 1, "yaml", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, line: int, column: int, code: str, cure: str) -> None:
    findings = Findings("env.yaml")
    assert build_environment(text, findings) is None
    first = findings.problems[0]
    assert (first.line, first.column, first.code) == (line, column, code), str(first)
    assert cure in first.cure


def test_a_year_whose_worked_weekends_are_unknown_is_a_warning() -> None:
    findings = Findings("env.yaml")
    assert build_environment(FILE, findings, date(2090, 1, 5)) is not None
    assert {(one.severity, one.code) for one in findings.problems} == {("warning", "holidays-unknown")}
    quiet = Findings("env.yaml")
    build_environment(FILE, quiet, date(2025, 5, 5))
    assert quiet.problems == []


def test_a_machine_sees_the_environment_it_was_made_with() -> None:
    text = """
flow: shop
languages: [en]
defaults: { error: end }
states:
  arrive:
    go:
      - { if: flags.new_menu && hours.support.open, to: new }
      - { to: old }
  new: { say: { en: "{env.shop}" }, on: { done: end } }
  old: { say: { en: old }, on: { done: end } }
"""
    flow = load(text)
    assert Machine(flow, environment()).start({}, {}, MONDAY_TEN)[0].state == "new"
    assert Machine(flow).start({}, {}, MONDAY_TEN)[0].state == "old"
    assert NOTHING.flags == {}


@given(st.text(st.sampled_from("abcdef:-{}[],'\"\n 0129*&?#holidayurs"), max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    findings = Findings("env.yaml")
    found = build_environment(text, findings, date(2026, 1, 1))
    assert (found is None) == findings.failed
