"""Expressions whose types cannot fit are found at load; what nobody can know is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import Call, Caller
from ivr.dialplan.calendar import FIELDS
from ivr.dialplan.cel_syntax import parse
from ivr.dialplan.environment import NOTHING, Environment, build_environment
from ivr.dialplan.expression import ROOTS, EvaluationError, ExpressionError, compile_expression
from ivr.dialplan.problems import Findings, Place
from ivr.dialplan.run import Scope, clock
from ivr.dialplan.shapes import ANY, BOOL, DOUBLE, INT, OPENING, TEXT, TIME, Type, joined, of_data, roots
from ivr.dialplan.state import State
from ivr.dialplan.typing_of import infer

FILE = "flags: { new: true }\nvalues: { shop: a, limits: { low: 3 } }\nhours: { office: { open: { daily: 09:00-18:00 } } }"
SCOPE = {
    **roots(["zh", "en"], ["bill", "fault"], build_environment(FILE, Findings("env"))),
    "vars": Type("map", {"n": INT, "part": DOUBLE, "kind": Type("text", values=frozenset({"a", "b"})), "any": ANY}),
    "slots": Type("map", {"date": TEXT, "count": INT}),
}


def complaints(source: str) -> list[tuple[int, str, str, str]]:
    tree = parse(source)
    assert tree is not None
    found: list[tuple[int, str, str, str]] = []
    infer(tree, SCOPE, lambda *one: found.append(one))
    return found


@pytest.mark.parametrize(
    ("source", "column", "code", "message", "cure"),
    [
        ("'text' > 5", 7, "type-mismatch", "compares text with a number", "int("),
        ("slots.date + 1", 11, "type-mismatch", "text and a number", "string("),
        ("time.hours > 17", 5, "unknown-field", "`time` has no `hours`", "`hour`"),
        ("hours.ofice.open", 6, "unknown-field", "`hours` has no `ofice`", "`office`"),
        ("hours.office.opn", 13, "unknown-field", "`hours.office` has no `opn`", "`open`"),
        ("flags.newer", 6, "unknown-field", "`flags` has no `newer`", "`new`"),
        ("env.limits.lo > 1", 11, "unknown-field", "`env.limits` has no `lo`", "`low`"),
        ("caller.nummer == ''", 7, "unknown-field", "`caller` has no `nummer`", "`number`"),
        ("queue.positon > 1", 6, "unknown-field", "`queue` has no `positon`", "`position`"),
        ("vars.m > 1", 0, "never-written", "nothing ever writes `vars.m`", "`n`"),
        ("has(slots.dat)", 4, "never-written", "`slots.dat`", "`date`"),
        ("call.language == 'fr'", 17, "never-equal", "`call.language` is never 'fr'", "`en`"),
        ("vars.kind == 'c'", 13, "never-equal", "is never 'c'", "`a`"),
        ("call.intent == 'bil'", 15, "never-equal", "is never 'bil'", "`bill`"),
        ("mood == 'angri'", 8, "never-equal", "is never 'angri'", "`angry`"),
        ("slots.count == '3'", 12, "never-equal", "a number never equals text", "int("),
        ("call.tags == 'gold'", 10, "never-equal", "a list never equals text", ""),
        ("5 in call.tags", 2, "never-equal", "a number is never in a list of text", "like"),
        ("'x' in call.language", 4, "type-mismatch", "`in` looks into a list", "contains"),
        ("vars.n + vars.part", 7, "type-mismatch", "does not mix", "double("),
        ("vars.n && true", 0, "type-mismatch", "beside `&&`", "compare"),
        ("!vars.n", 1, "type-mismatch", "beside `!`", "compare"),
        ("vars.n ? 1 : 2", 0, "type-mismatch", "before `?`", "compare"),
        ("-caller.number == ''", 0, "type-mismatch", "`-` needs a number", ""),
        ("caller.number.name == ''", 14, "type-mismatch", "it has no `name`", ""),
        ("caller.number[0] == ''", 13, "type-mismatch", "no items", ""),
        ("call.tags['a'] == ''", 9, "type-mismatch", "an item of a list has a number", ""),
        ("caller.number.exists(c, c == 'x')", 14, "type-mismatch", "goes through a list", "contains"),
        ("call.tags.exists(t, t > 5)", 22, "type-mismatch", "compares text with a number", ""),
        ("call.tags.all(t, t)", 17, "type-mismatch", "what `all` asks of each item", ""),
        ("time.hour.startsWith('1')", 10, "type-mismatch", "cannot take a number", ""),
        ("caller.number.startsWith(1)", 14, "type-mismatch", "looks for text", "quotes"),
        ("size(vars.n) > 1", 0, "type-mismatch", "`size` cannot take a number", ""),
        ("time.date.getHours() > 8", 10, "type-mismatch", "needs a point in time", "timestamp("),
    ],
)
def test_what_cannot_be_right(source: str, column: int, code: str, message: str, cure: str) -> None:
    [(found_column, found_code, found_message, found_cure)] = complaints(source)
    assert (found_column, found_code) == (column, code), found_message
    assert message in found_message
    assert cure in found_cure


@pytest.mark.parametrize(
    "source",
    [
        "profile.tier == 'gold' && profile.whatever.deep[3].x > 5",
        "result.amount + 1 > 3 || result.items.exists(i, i.price * 2.0 > 5.0)",
        "vars.any + 'x' == 'y' && vars.any > 3",
        "vars.n < vars.part && vars.n == 1.0",
        "time.hour >= 9 && time.weekday in [1, 2, 3]",
        "hours.office.open && hours.office.closes_in < 600 && hours.office.holiday == ''",
        "hours['office'].open",
        "flags.new ? 1 : 2",
        "env.shop == 'a' && env.limits.low < 5",
        "has(profile.tier) && !has(profile.age)",
        "!profile.blocked && 'x' in call.tags && !('y' in call.tags)",
        "call.language == '' || call.language == 'zh'",
        "call.intent == 'bill' || mood == 'angry' || queue.outcome == 'timeout'",
        "timestamp('2026-01-01T00:00:00Z') + duration('1h') > timestamp('2026-01-01T00:00:00Z')",
        "timestamp(time.date + 'T00:00:00Z').getDayOfWeek() == 1",
        "call.tags.map(t, t + '!').exists(t, t.contains('a'))",
        "call.tags.filter(t, t.startsWith('a')).size() > 1",
        "int(slots.date.size()) + slots.count > 3 && string(slots.count) == '3'",
        "slots.count == null || slots.date != null",
        "caller.authenticated && caller.number.matches('^1')",
        "{'a': 1}.a == 1 && [1, 2][0] == 1",
        "(vars.n > 3 ? 'a' : 'b') == vars.kind",
    ],
)
def test_what_may_be_right_is_left_alone(source: str) -> None:
    assert complaints(source) == []


def test_the_shapes_are_those_of_the_data() -> None:
    assert set(roots([], [], NOTHING)) | {"vars", "slots"} == set(ROOTS)
    assert of_data(clock(0.0, "UTC")) == TIME
    assert tuple(OPENING.fields or ()) == FIELDS
    call = roots([], [], None)["call"].fields or {}
    shown = set(Call("1", Caller("2"), "3", 0.0).to_dict()) - {"turns", "profile", "slots"}
    assert shown <= set(call)


def test_without_an_environment_its_names_are_not_checked() -> None:
    tree = parse("hours.any.open && flags.any && env.any == 1")
    found: list[object] = []
    assert tree is not None
    infer(tree, roots([], [], None), lambda *one: found.append(one))
    assert found == []
    infer(tree, roots([], [], Environment()), lambda *one: found.append(one))
    assert len(found) == 3


def test_types_are_joined() -> None:
    assert joined([INT, INT]) == INT
    assert joined([INT, DOUBLE]).kind == "number"
    assert joined([INT, TEXT]) == ANY
    assert joined([Type("text", values=frozenset("a")), Type("text", values=frozenset("b"))]).values == frozenset("ab")
    assert joined([Type("null"), BOOL]) == BOOL
    assert joined([]) == ANY


ATOMS = [
    "time.hour",
    "caller.number",
    "call.tags",
    "vars.n",
    "vars.part",
    "slots.count",
    "true",
    "1",
    "2.5",
    "'a'",
    "null",
    "[1]",
]
BINARY = ["+", "-", "*", "<", ">=", "==", "&&", "||", "in"]
SOURCES = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(BINARY), inner).map(lambda parts: "(" + " ".join(parts) + ")"),
        st.tuples(inner, inner, inner).map(lambda parts: "({} ? {} : {})".format(*parts)),
        inner.map(lambda one: f"!{one}"),
        inner.map(lambda one: f"size({one})"),
    ),
    max_leaves=5,
)
STATE = State("f", "1", "zh", call={"caller": {"number": "1"}}, vars={"n": 1, "part": 2.5}, slots={"count": 3}, tags=("a",))


@given(SOURCES)
def test_what_fails_for_its_types_is_what_is_complained_of(source: str) -> None:
    """Where nothing is complained of, data of the known types never fails for its types."""
    try:
        expression = compile_expression(source, Place())
    except ExpressionError:
        return
    if complaints(source):
        return
    try:
        expression.value(Scope(STATE, 0.0, "UTC"))
    except EvaluationError as error:
        # What `?:` gives is not known where its two sides differ, and so is taken to fit.
        assert "null" in source or "?" in source, f"{source}: {error}"
