from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.profile.answer import NotThere
from ivr.profile.shape import MAX_ITEMS, MAX_TEXT, Shape, at, bounded, path_of

DATA = {"code": 0, "data": {"customer": {"name": "王芳", "lines": [{"no": 1}, {"no": 2}]}, "empty": None}}


def test_paths_go_through_names_and_lists() -> None:
    assert at(DATA, path_of("data.customer.lines[1].no")) == 2
    assert at(DATA, path_of("data.customer.lines.0.no")) == 1
    assert at(DATA, path_of("data.customer.lines[9].no")) is None
    assert at(DATA, path_of("data.customer.name.first")) is None
    assert at(DATA, path_of(".")) is DATA


@pytest.mark.parametrize("text", ["", "a..b", "a[x]", ".a", "a b", "a[", "a." * 20 + "b"])
def test_a_wrong_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        path_of(text)


def test_declared_fields_are_taken_and_nothing_else() -> None:
    shape = Shape(path_of("data"), {"name": path_of("customer.name"), "missing": path_of("customer.x")})
    assert shape.of(DATA) == {"name": "王芳"}


def test_without_fields_everything_is_taken_as_names() -> None:
    assert Shape().of({"a": 1}) == {"a": 1}
    assert Shape().of([1, 2]) == {"items": [1, 2]}
    assert Shape().of(5) == {"value": 5}


@pytest.mark.parametrize(
    ("shape", "data"),
    [
        (Shape(root=("data", "customer")), {"data": {}}),
        (Shape(root=("data",)), {"data": None}),
        (Shape(found=("id",)), {"id": ""}),
        (Shape(found=("rows",)), {"rows": []}),
        (Shape(not_found={("code",): 404}), {"code": "404", "id": 1}),
        (Shape(not_found={("ok",): False}), {"ok": False, "id": 1}),
    ],
)
def test_what_counts_as_nothing_found(shape: Shape, data: dict[str, Any]) -> None:
    with pytest.raises(NotThere):
        shape.of(data)


def test_a_rule_that_does_not_fit_finds() -> None:
    assert Shape(not_found={("ok",): False}, found=("id",)).of({"ok": True, "id": 1}) == {"ok": True, "id": 1}


def test_values_become_plain() -> None:
    assert bounded(Decimal("128.50")) == 128.5
    assert bounded(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00+00:00"
    assert bounded(UUID(int=1)) == "00000000-0000-0000-0000-000000000001"
    assert bounded(b"x") is None and bounded(float("nan")) is None and bounded(1 << 70) is None
    assert bounded("\ud800") == "?"
    assert len(bounded("x" * 5000)) == MAX_TEXT and len(bounded(list(range(500)))) == MAX_ITEMS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@given(_JSON)
def test_everything_bounded_is_json_and_stays_so(value: Any) -> None:
    once = bounded(value)
    assert bounded(once) == once
    json.dumps(once, allow_nan=False).encode()


def test_a_hundred_levels_end_after_eight() -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    assert json.dumps(bounded(deep)).count("[") == 8
