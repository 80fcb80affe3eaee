"""What an expression reads and how long it may take at most."""

from __future__ import annotations

import contextlib
import time

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialplan.cel_cost import MOST_STEPS, TooCostly, check_cost, positions
from ivr.dialplan.cel_syntax import parse, reads
from ivr.dialplan.expression import EvaluationError, ExpressionError, compile_expression
from ivr.dialplan.problems import Place

TEXT = "x" * 4000
WORST = {
    "vars": {
        "numbers": list(range(200)),
        "texts": [TEXT] * 200,
        "rows": [{"area": number, "text": TEXT[:200]} for number in range(200)],
        "text": TEXT,
        "wide": "字" * 4000,
    }
}
LONGEST = 0.5
"""Seconds; the limit aims at a fifth of it, machines that run tests differ."""


@pytest.mark.parametrize(
    "source",
    [
        "vars.numbers.exists(a, vars.numbers.exists(b, a + b > 5000))",
        "vars.rows.exists(a, vars.rows.all(b, a.area in vars.numbers))",
        "vars.texts.map(a, vars.texts.map(b, a + b))",
        "vars.texts.map(a, vars.texts.map(b, 'x'))",
        "vars.texts.exists(a, vars.texts.exists(b, a.contains(b)))",
        "vars.texts.exists(a, a.matches('(x{1,20}){1,20}y'))",
        "vars.text.matches('(a{1,900}){1,30}b')",
        "vars.text.matches('((a{1,100}){1,100}){1,10}')",
        "vars.text.matches('\\\\w{1,100}y')",
        "vars.text.matches('(\\\\pL|\\\\w){50}')",
        "vars.text.matches(vars.text)",
        "vars.text.matches('a' + 'b')",
        "vars.texts.map(a, " + " + ".join(["a"] * 200) + ")",
        "[" + ", ".join(["vars.texts"] * 60) + "].exists(a, a.exists(b, b.contains('y')))",
        "(" * 90 + "1" + ")" * 90 + " == 1",
        "!" * 900 + "true",
        "-" * 900 + "1 == 1",
        "vars" + ".a" * 400,
    ],
)
def test_what_could_take_long_is_refused_or_quick(source: str) -> None:
    try:
        program = compile_expression(source, Place())
    except ExpressionError as error:
        assert error.cure
        return
    begin = time.perf_counter()
    with contextlib.suppress(EvaluationError):
        program.value(WORST)
    assert time.perf_counter() - begin < LONGEST


@pytest.mark.parametrize(
    "source",
    [
        "profile.outages.exists(o, o.area == profile.area)",
        "vars.rows.exists(a, vars.rows.exists(b, a.area == b.area))",
        "vars.numbers.exists(a, vars.numbers.exists(b, a > b))",
        "vars.texts.filter(a, a.contains('y')).size() > 3",
        "vars.text.matches('^1[3-9][0-9]{9}$')",
        "vars.text.matches('^\\\\d{4,11}$')",
        "caller.number.matches('^\\\\+?[0-9]{3,15}$') || slots.mail.matches('^\\\\w+@[a-z.]+$')",
        "vars.texts.exists(t, t.matches('^A[0-9]+'))",
        "vars.texts.map(t, t + '!').size()",
    ],
)
def test_what_flows_need_is_allowed_and_bounded(source: str) -> None:
    program = compile_expression(source, Place())
    assert 0 < check_cost(program.tree) <= MOST_STEPS
    begin = time.perf_counter()
    program.value(WORST)
    assert time.perf_counter() - begin < LONGEST


def test_the_place_of_what_is_too_long_is_told() -> None:
    tree = parse("vars.a && vars.text.matches('(a{1,900}){1,30}b')")
    assert tree is not None
    with pytest.raises(TooCostly, match="27,001 positions") as caught:
        check_cost(tree)
    assert caught.value.at == 28


@pytest.mark.parametrize(
    ("pattern", "size"),
    [
        ("abc", 3),
        ("a{3}", 3),
        ("(ab){3}", 6),
        ("((a{2}b){3}c){2}", 20),
        ("[a-z]{5}", 5),
        ("a|b", 2),
        (r"\d{3}", 12),
        ("a{,3}", 5),
    ],
)
def test_positions_of_a_pattern(pattern: str, size: int) -> None:
    assert positions(pattern) == size


@given(st.text("ab(){}[]1,9\\wd|*+?^-", max_size=40))
def test_any_pattern_has_a_size(pattern: str) -> None:
    assert positions(pattern) >= 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("profile.tier == 'gold'", {"profile": {"tier"}}),
        ("vars.a.b > 1 && vars.c", {"vars": {"a", "c"}}),
        ("'x' in vars", {"vars": None}),
        ("vars.a == 1 || size(vars) > 2", {"vars": None}),
        ("hours[vars.name].open", {"hours": None, "vars": {"name"}}),
        ("profile.list.exists(o, o.area == vars.area)", {"profile": {"list"}, "vars": {"area"}}),
        ("has(profile.tier)", {"profile": {"tier"}}),
        ("1 + 2 == 3", {}),
    ],
)
def test_what_an_expression_reads(source: str, expected: dict[str, set[str] | None]) -> None:
    tree = parse(source)
    assert tree is not None
    assert reads(tree) == expected


OPERATORS = ["&&", "||", "==", "!=", "<=", " in ", *"()[]{}.,?:!+-*/%<>"]
OPERANDS = ["vars", "profile.a", "x", "1", "2.5", "'t'", "true", "null", "r'a'", "b'a'", "1u", "0x1F"]
PARTS = st.sampled_from([*OPERATORS, *OPERANDS, "has(", "size(", ".exists(x, ", ".map(x, "])


@given(st.lists(PARTS, max_size=14).map("".join))
def test_our_reader_follows_what_the_binding_takes(source: str) -> None:
    """Whatever compiles is either understood here or refused; nothing raises."""
    tree = parse(source)
    try:
        compile_expression(source, Place())
    except ExpressionError:
        return
    assert tree is not None
    cel.compile(source)
