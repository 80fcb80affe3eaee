"""Flags and splits: sticky, even, and told in the record."""

from __future__ import annotations

import pytest

from ivr.dialplan.events import Note
from ivr.dialplan.flags import Flag, Share, holds, share, within
from ivr.dialplan.loader import load
from ivr.dialplan.machine import Machine
from ivr.errors import DialplanError

FLOW = """
flow: try
languages: [en]
defaults: { error: end }
states:
  arrive:
    go:
      - { percent: 30, to: new }
      - { percent: 20, of: try.arrive, to: other }
      - { to: old }
  new: { say: { en: new }, on: { done: end } }
  other: { say: { en: other }, on: { done: end } }
  old: { say: { en: old }, on: { done: end } }
"""


def caller(number: str, identity: str = "1") -> dict[str, object]:
    return {"id": identity, "caller": {"number": number}}


def test_a_share_is_sticky_and_even() -> None:
    drawn = [share("a", str(number)) for number in range(10_000)]
    assert drawn == [share("a", str(number)) for number in range(10_000)]
    assert 0.28 < sum(one < 30 for one in drawn) / len(drawn) < 0.32
    both = sum(one < 30 and share("b", str(number)) < 30 for number, one in enumerate(drawn))
    assert 0.07 < both / len(drawn) < 0.11, "two splits do not draw alike"


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        (Flag("f"), True),
        (Flag("f", False), False),
        (Flag("f", percent=100), True),
        (Flag("f", percent=0), False),
        (Flag("f", tiers=("gold",)), True),
        (Flag("f", tiers=("silver",)), False),
        (Flag("f", numbers=("+8613800000000",)), True),
        (Flag("f", numbers=("+86138*",)), True),
        (Flag("f", numbers=("+86139*",), percent=0), False),
        (Flag("f", False, tiers=("gold",)), False),
    ],
)
def test_a_flag_is_on_for_whom_a_rule_fits(flag: Flag, expected: bool) -> None:
    assert holds(flag, caller("+8613800000000"), {"tier": "gold"}) is expected


def test_an_anonymous_caller_keeps_the_arm_for_one_call() -> None:
    arms = {within(Share("s", 0, 50), {"id": str(number), "caller": {"number": ""}}) for number in range(50)}
    assert arms == {True, False}
    assert len({within(Share("s", 0, 50), caller("+1", str(number))) for number in range(50)}) == 1


def test_a_split_shares_callers_out_and_the_record_tells_the_arm() -> None:
    machine = Machine(load(FLOW))
    found: dict[str, int] = {}
    for number in range(1000):
        state, commands = machine.start(caller(f"+49{number}"), {}, 0.0)
        [tag] = [tag for one in commands if isinstance(one, Note) for tag in one.tags]
        assert tag == f"split:try.arrive={state.state}"
        assert state.tags == (tag,)
        found[state.state] = found.get(state.state, 0) + 1
        again, _ = machine.start(caller(f"+49{number}", "another call"), {}, 1e9)
        assert again.state == state.state
    assert 250 < found["new"] < 350
    assert 160 < found["other"] < 240


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{ percent: 101, to: new }", "out-of-range"),
        ("{ percent: yes, to: new }", "out-of-range"),
        ("{ percent: 81, to: new }", "out-of-range"),
        ("{ of: name, to: new }", "dead-option"),
    ],
)
def test_a_wrong_split_is_refused(line: str, code: str) -> None:
    with pytest.raises(DialplanError) as caught:
        load(FLOW.replace("{ percent: 30, to: new }", line))
    assert f"[{code}]" in str(caught.value)
    assert len(caught.value.problems) == 1


def test_the_last_line_of_a_go_has_no_share() -> None:
    with pytest.raises(DialplanError, match="no line of `go` may hold"):
        load(FLOW.replace("{ to: old }", "{ percent: 50, to: old }"))
