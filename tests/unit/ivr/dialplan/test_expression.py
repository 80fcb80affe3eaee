"""Conditions, values and templates over plain data, with what is missing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.dialplan.expression import EvaluationError, ExpressionError, compile_expression, compile_template, plain
from ivr.dialplan.problems import Place

SCOPE: dict[str, Any] = {
    "profile": {"tier": "gold", "name": None, "outages": [{"area": 1}, {"area": 2}], "likely": {"confidence": 0.8}},
    "vars": {"n": 3, "text": "a"},
    "call": {"tags": ["complaint"]},
}


def value(source: str) -> Any:
    return compile_expression(source, Place()).value(SCOPE)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("profile.tier == 'gold' ? 8 : 5", 8),
        ("profile.likely.confidence > 0.7", True),
        ("profile.outages.exists(o, o.area == vars.n - 1)", True),
        ("'complaint' in call.tags", True),
        ("has(profile.tier) && !has(profile.age)", True),
        ("profile.missing", None),
        ("profile.missing.deeper.still", None),
        ("profile.missing == 'x'", False),
        ("profile.missing != 'x'", True),
        ("profile.missing > 3", None),
        ("!profile.blocked", True),
        ("!profile.deep.blocked && vars.n == 3", True),
        ("slots.account == null", True),
        ("vars.text == 'profile.missing'", False),
        ("profile.outages[9]", None),
    ],
)
def test_missing_data_is_null(source: str, expected: Any) -> None:
    assert value(source) == expected


@pytest.mark.parametrize("source", ["vars.text + 1", "1 / 0", "vars.n > 'a' + 1", "int('x')"])
def test_data_that_does_not_fit_is_an_error_of_evaluation(source: str) -> None:
    with pytest.raises(EvaluationError):
        value(source)


def test_a_condition_must_be_true_or_false() -> None:
    assert compile_expression("profile.missing > 1", Place()).holds(SCOPE) is False
    assert compile_expression("vars.n == 3", Place()).holds(SCOPE) is True
    with pytest.raises(EvaluationError, match="int"):
        compile_expression("vars.n", Place()).holds(SCOPE)


@pytest.mark.parametrize(
    ("source", "message", "column"),
    [
        ("", "missing", 0),
        ("vars.n >", "not an expression", 8),
        ("vaars.n", "no name `vaars`", 0),
        ("vars.n + nope(1)", "no function `nope`", 9),
        ("profile.a.all(a, a.all(b, b.all(c, c)))", "more than 2", 0),
        ("1" + " + 1" * 400, "longer than", 0),
        ("(" * 300 + "1" + ")" * 300, "not an expression", 0),
    ],
)
def test_what_is_no_expression_is_refused(source: str, message: str, column: int) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        compile_expression(source, Place())
    assert message in str(caught.value)
    assert caught.value.column == column or column == 0


def test_a_template_fills_in_and_keeps_a_single_value() -> None:
    assert compile_template("您好{profile.tier}，{{{vars.n}}}", Place()).text(SCOPE) == "您好gold，{3}"
    assert compile_template("{profile.name}!", Place()).text(SCOPE) == "!"
    assert compile_template("{vars.n + 1}", Place()).value(SCOPE) == 4
    assert compile_template("{vars.n} ", Place()).value(SCOPE) == "3 "
    assert compile_template("{'}' + vars.text}", Place()).text(SCOPE) == "}a"
    assert compile_template("{2.0}/{true}", Place()).text(SCOPE) == "2/true"
    assert compile_template("plain", Place()).fixed == "plain"
    assert compile_template("", Place()).fixed == ""
    assert compile_template("{vars.n}", Place()).fixed is None


def test_an_error_in_a_template_has_its_column() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_template("abc {vaars.n}", Place())
    assert caught.value.column == 5
    with pytest.raises(ExpressionError, match="never closed"):
        compile_template("abc {vars.n", Place())


ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates(), st.decimals(), st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
)


@given(ANY)
def test_plain_data_is_json_and_stays_as_it_is(data: object) -> None:
    once = plain(data)
    assert json.loads(json.dumps(once, allow_nan=False)) == once
    assert plain(once) == once


def test_plain_data_is_bounded() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    assert str(plain(deep)).count("[") == 8
    assert len(plain(range(10_000))) == 200
    assert len(plain("x" * 10_000)) == 4000
    assert plain(float("inf")) is None
    assert plain(Decimal("1.5")) == 1.5
    assert plain(datetime(2026, 1, 2, tzinfo=UTC)).startswith("2026-01-02T")
    assert plain(1 << 70) == str(1 << 70)


SMALL = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("ab"), inner, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from("ab"), SMALL), st.sampled_from(["vars", "vars.a", "vars.a.b", "vars.b.a.b"]))
def test_a_bare_path_is_what_cel_makes_of_it(data: dict[str, Any], source: str) -> None:
    path = compile_expression(source, Place())
    assert path.path

    def outcome(expression: Any) -> Any:
        try:
            return expression.value({"vars": data})
        except EvaluationError:
            return EvaluationError

    assert outcome(path) == outcome(replace(path, path=()))


def test_what_is_null_is_as_good_as_missing() -> None:
    scope = {"vars": {"tries": None, "name": "x"}, "profile": {}}
    assert not compile_expression("vars.tries > 2", Place()).holds(scope)
    assert compile_expression("vars.tries == null || vars.tries < 2", Place()).holds(scope)
    with pytest.raises(EvaluationError):
        compile_expression("vars.name > 2", Place()).value(scope)


def test_a_list_that_is_missing_is_null_before_it_is_filtered() -> None:
    count = compile_expression("profile.open == null ? 0 : size(profile.open.filter(one, one.kind == 'fault'))", Place())
    assert count.value({"profile": {}}) == 0
    assert count.value({"profile": {"open": [{"kind": "fault"}, {"kind": "bill"}]}}) == 1
