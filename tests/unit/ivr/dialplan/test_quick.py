"""Conditions that are worked out without the binding give what the binding gives."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from ivr.dialplan.expression import EvaluationError, Expression, ExpressionError, compile_expression
from ivr.dialplan.problems import Place
from ivr.dialplan.quick import Unsure

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 0.0, 1.0, 0.5, 1e300),
    *(
        "",
        "gold",
        "a",
        "张",
        [],
        ["gold", "a"],
        [1],
        [{"b": 1}, {"b": "a"}],
        [True, False],
        [{"b": True}, {}],
        {},
        {"b": 1},
        {"c": "gold"},
        {"b": None},
    ),
)
PATHS = ("vars.a", "vars.b", "vars.a.b", "vars.a.c", "profile.a", "profile.b.c", "result.a")
LITERALS = ("0", "1", "7", "0.5", "1.0", "9007199254740993", "'gold'", "'a'", '""', "true", "false", "null", "['gold', 'a']")


def source(random: Random, depth: int = 0) -> str:
    if depth > 3 or random.random() < 0.25:
        return random.choice(PATHS if random.random() < 0.6 else LITERALS)
    match random.randrange(13):
        case 12:
            body = source(random, depth + 2).replace("profile.a", "o").replace("result.a", "o.b")
            return f"{random.choice(PATHS)}.{random.choice(['exists', 'all'])}(o, {body})"
        case 0 | 1:
            return f"{random.choice(['!', '! ', '!!'])}{source(random, depth + 2)}"
        case 2:
            return f"!({source(random, depth + 1)})"
        case 3:
            return f"({source(random, depth + 1)} ? {source(random, depth + 1)} : {source(random, depth + 1)})"
        case 4 | 5 | 6:
            return f"({source(random, depth + 1)} {random.choice(['&&', '||'])} {source(random, depth + 1)})"
    sign = random.choice(["==", "!=", "<", "<=", ">", ">=", "+", "-", "in", "=="])
    return f"{source(random, depth + 1)} {sign} {source(random, depth + 2)}"


def outcome(expression: Expression, scope: dict[str, Any]) -> Any:
    try:
        found = expression.value(scope)
    except EvaluationError:
        return "refused"
    return type(found), found


def test_random_expressions_give_what_the_binding_gives() -> None:
    random, decided = Random(7), 0
    for number in range(2000):
        text = source(random)
        try:
            one = compile_expression(text, Place())
        except ExpressionError:
            continue
        names = ("a", "b")
        scope = {
            root: {name: random.choice(VALUES) for name in names if random.random() < 0.8}
            for root in ("vars", "profile", "result")
        }
        assert outcome(one, scope) == outcome(replace(one, quick=None), scope), (number, text, scope)
        try:
            assert one.quick is not None
            one.quick.value(scope)
            decided += 1
        except Unsure:
            pass
    assert decided > 300


@pytest.mark.parametrize(
    "text",
    [
        "vars.n > 1 && profile.tier == 'gold' && hours.office.open",
        "!profile.blocked && !(vars.n == 2) || vars.name == '张'",
        "profile.tier == 'gold' ? 8 : 5",
        "profile.tier in ['gold', 'silver']",
        "vars.n + 1",
        "profile.outages.exists(o, o.area == vars.n)",
        "profile.outages.all(o, o.area < 9)",
        "profile.none == null && profile.none != 'x'",
    ],
)
def test_what_flows_are_full_of_never_reaches_the_binding(text: str) -> None:
    scope = {
        "vars": {"n": 3, "name": "张"},
        "profile": {"tier": "gold", "outages": [{"area": 1}, {"area": 3}]},
        "hours": {"office": {"open": True}},
    }
    one = compile_expression(text, Place())
    assert one.quick is not None
    assert one.quick.value(scope) == replace(one, quick=None).value(scope)


@pytest.mark.parametrize(
    "text", ["profile.list.map(o, o)[0] == 1", "size(vars.name) > 2", "vars.name.contains('张')", "-vars.n"]
)
def test_everything_else_is_left_to_it(text: str) -> None:
    scope = {"vars": {"n": 3, "name": "张"}, "profile": {"list": [1]}}
    one = compile_expression(text, Place())
    assert one.quick is not None
    with pytest.raises(Unsure):
        one.quick.value(scope)
    assert one.value(scope) is not None
