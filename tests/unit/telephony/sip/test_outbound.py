"""Rules about calls out: what no rule allows is refused, the first that fits decides, nights have a time zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from telephony.sip.numbers import NumberClass
from telephony.sip.outbound import Destination, Hours, Limit, Policy, Refused, Rule, host_fits, overlapping, overshadowed

BERLIN = Destination("+4930901820")
PREMIUM = Destination("+499001234567")
MOBILE = Destination("+4915112345678")
PARTNER = Destination(uri="sip:anna@pbx.partner.example", host="pbx.partner.example")
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
"""A Wednesday."""


def permitted(rules: list[Rule], payer: str, destination: Destination, now: float = NOON) -> str:
    """The rule that allows it, or the reason why not."""
    try:
        return Policy(tuple(rules), region="DE").permit(payer, destination, now).rule
    except Refused as error:
        return error.reason


def test_nothing_is_allowed_without_a_rule() -> None:
    for destination in (BERLIN, PREMIUM, PARTNER):
        assert permitted([], "flow:hotline", destination) == "no rule"


def test_a_rule_is_about_payers_numbers_and_classes() -> None:
    rules = [Rule("office", ("flow:hotline", "agent:*"), ("+49*",), frozenset({NumberClass.NATIONAL}))]
    assert permitted(rules, "flow:hotline", BERLIN) == "office"
    assert permitted(rules, "agent:anna", BERLIN) == "office"
    assert permitted(rules, "flow:other", BERLIN) == "no rule"
    assert permitted(rules, "", BERLIN) == "no rule"
    assert permitted(rules, "flow:hotline", PREMIUM) == "no rule"
    assert permitted(rules, "flow:hotline", PARTNER) == "no rule"


def test_the_first_rule_that_fits_decides() -> None:
    rules = [Rule("never", numbers=("*",), classes=frozenset({NumberClass.PREMIUM}), allow=False), Rule("all", numbers=("*",))]
    assert permitted(rules, "flow:x", PREMIUM) == "forbidden"
    assert permitted(rules, "flow:x", MOBILE) == "all"


def test_a_host_is_allowed_by_its_name_alone() -> None:
    rules = [Rule("partner", hosts=("*.partner.example",))]
    assert permitted(rules, "flow:x", PARTNER) == "partner"
    assert permitted(rules, "flow:x", Destination(uri="sip:a@partner.example.evil", host="partner.example.evil")) == "no rule"
    assert permitted(rules, "flow:x", BERLIN) == "no rule"
    assert host_fits(PARTNER, "sip:anna@pbx.partner.example")
    assert not host_fits(PARTNER, "sip:bob@pbx.partner.example")


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-03-04 07:59", False),
        ("2026-03-04 08:00", True),
        ("2026-03-04 19:59", True),
        ("2026-03-04 20:00", False),
        ("2026-03-07 12:00", False),
        ("2026-07-01 08:00", True),
    ],
)
def test_office_hours_in_their_own_zone(at: str, holds: bool) -> None:
    """Also across the change to summer time."""
    hours = Hours("Europe/Berlin", frozenset({1, 2, 3, 4, 5}), 8 * 60, 20 * 60)
    assert hours.hold(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()) is holds


@pytest.mark.parametrize(
    ("at", "holds"),
    [("2026-03-06 21:59", False), ("2026-03-06 22:00", True), ("2026-03-07 05:59", True), ("2026-03-07 06:00", False),
     ("2026-03-07 23:00", False), ("2026-03-08 03:00", False)],
)  # fmt: skip
def test_a_night_belongs_to_the_day_on_which_it_begins(at: str, holds: bool) -> None:
    friday_night = Hours("UTC", frozenset({5}), 22 * 60, 6 * 60)
    assert friday_night.hold(datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("UTC")).timestamp()) is holds


def test_a_rule_that_sleeps_says_so() -> None:
    rules = [Rule("day", numbers=("*",), when=(Hours(start=6 * 60, end=8 * 60),))]
    assert permitted(rules, "flow:x", BERLIN) == "hour"
    night = Rule("night", numbers=("*",), when=(Hours("Europe/Berlin", start=11 * 60, end=13 * 60),))
    assert permitted([*rules, night], "flow:x", BERLIN) == "night"


def test_what_bounds_a_payer() -> None:
    limit = Limit("day", ("flow:*",), frozenset({NumberClass.MOBILE}), 2, 10, 1.5, 0.25)
    policy = Policy(limits=(limit, Limit("all trunks", ("trunk:*",), concurrent=5)), prices={NumberClass.MOBILE: 0.10})
    (ceiling,) = policy.ceilings("flow:a", NumberClass.MOBILE)
    assert (ceiling.key, ceiling.subject) == ("day|flow:a", "flow:a")
    assert (ceiling.concurrent, ceiling.calls_per_hour, ceiling.seconds_per_day, ceiling.money_per_day) == (2, 10, 90, 250_000)
    assert policy.ceilings("flow:a", NumberClass.NATIONAL) == ()
    assert [one.key for one in policy.ceilings("trunk:t", NumberClass.NATIONAL)] == ["all trunks|trunk:t"]
    assert policy.keys_of("flow:a") == ("day|flow:a",)
    assert policy.price(NumberClass.MOBILE, 6) == 10_000
    assert policy.day(NOON) == "2026-03-04"


def test_a_rule_behind_one_that_takes_everything_is_found() -> None:
    wide, narrow = Rule("wide", numbers=("+49*",)), Rule("narrow", ("flow:a",), ("+4930*",), allow=False)
    assert overshadowed([wide, narrow]) == [(narrow, wide)]
    assert overshadowed([narrow, wide]) == []
    assert overshadowed([Rule("h", hosts=("*",)), wide]) == []
    night = Rule("night", numbers=("+49*",), when=(Hours(start=1, end=2),))
    assert overshadowed([night, narrow]) == []


def test_rules_that_cross_without_one_holding_the_other_are_found() -> None:
    one = Rule("berlin", ("flow:*",), ("+4930*",))
    other = Rule("no premium", ("*",), ("*",), frozenset({NumberClass.PREMIUM}), allow=False)
    assert overlapping([one, other]) == [(one, other)]
    assert overlapping([one, Rule("rest", numbers=("*",), allow=False)]) == []
    assert overlapping([one, Rule("paris", numbers=("+331*",), allow=False)]) == []
