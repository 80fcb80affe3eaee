"""The OpenAPI document: every route is described, and what is described is there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from ivr.web.admin_parts import AdminParts
from ivr.web.app import build_web
from ivr.web.openapi.document import described, document, plain_path
from ivr.web.openapi.operation import Op
from ivr.web.openapi.shapes import schema_of
from ivr.web.openapi.tables import OPS
from ivr.web.openapi_api import spoken
from ivr.web.parts import WebParts
from tests.unit.ivr.web import access

KNOWN = {one.route: one for one in OPS}


def routes() -> list[tuple[str, str, Callable[..., Any]]]:
    """Those of a node that has every part."""
    parts: dict[str, Any] = {one.name: MagicMock() for one in dataclasses.fields(WebParts)}
    admin = AdminParts(**{one.name: MagicMock() for one in dataclasses.fields(AdminParts)})
    parts |= {"sip_desk": (MagicMock(), MagicMock()), "origins": (), "admin_token": "token", "admin": admin}
    return list(spoken(build_web(WebParts(**parts)).routes))


ROUTES = routes()


@pytest.mark.parametrize("route", [f"{method} {plain_path(path)}" for path, method, _ in ROUTES])
def test_every_route_is_described(route: str) -> None:
    [(path, method, endpoint)] = [one for one in ROUTES if f"{one[1]} {plain_path(one[0])}" == route]
    found = described(path, method, endpoint, KNOWN)
    assert found is not None, f"{route}: add an Op to ivr/web/openapi, or say in the handler's docstring what it does"
    assert 5 <= len(found.summary) <= 200, found.summary


def test_who_may_is_what_the_routes_ask_for() -> None:
    asked = {plain_path(route): roles or frozenset() for route, roles in access.table()}
    told = {one.route: frozenset(one.who) for one in OPS if one.who is not None}
    assert {route: sorted(who) for route, who in told.items() if who != asked[route]} == {}


def test_what_is_described_is_there() -> None:
    there = {f"{method} {plain_path(path)}" for path, method, _ in ROUTES}
    assert not set(KNOWN) - there, "described, and no route"
    assert len(KNOWN) == len(OPS), "described twice"


def test_the_document_is_one_and_names_every_operation_once() -> None:
    made = document(ROUTES, OPS, "1.0")
    OpenAPIV31SpecValidator(made).validate()
    names = [one["operationId"] for path in made["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) == len(ROUTES)
    state = made["paths"]["/api/v1/agents/{agent_id}/state"]["post"]
    schema = state["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator(schema).validate({"state": "break", "reason": "meal", "seconds": 60})
    assert not Draft202012Validator(schema).is_valid({"state": "asleep"})
    assert state["parameters"] == [
        {"name": "agent_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    ]
    assert "supervisor, admin" in state["description"]
    assert made["paths"]["/api/v1/health"]["get"]["security"] == []


def test_a_handler_that_says_what_it_does_is_described_and_one_that_does_not_is_left_out() -> None:
    async def says() -> None:
        """Turn the lamp on.

        It stays on.
        """

    async def silent() -> None: ...

    made = document([("/api/v1/lamp/{number:int}", "PUT", says), ("/api/v1/dark", "GET", silent)], (), "1.0")
    [(path, operations)] = made["paths"].items()
    assert path == "/api/v1/lamp/{number}"
    assert operations["put"]["summary"] == "Turn the lamp on"
    assert operations["put"]["description"] == "It stays on."
    assert "requestBody" in operations["put"]
    assert described("/api/v1/dark", "GET", silent, {}) is None


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        ("text 3", "abc", "abcd"),
        ("int 1..10", 10, 11),
        ("int 1..", 1, 0),
        ("number ..2", 1.5, 3),
        ("a|b", "b", "c"),
        ("a|b?", None, "c"),
        ("time?", None, "now"),
        ("bool", True, 1),
        (["name"], ["x"], [""]),
        ({"a": "int", "b?": "text"}, {"a": 1}, {"b": "x"}),
        ({"*": "int"}, {"x": 1}, {"x": "y"}),
    ],
)
def test_a_short_shape_is_a_schema(shape: Any, good: Any, bad: Any) -> None:
    validator = Draft202012Validator(schema_of(shape))
    validator.validate(good)
    assert not validator.is_valid(bad)


@pytest.mark.parametrize("shape", ["texts", "integer", ["int", "text"], {"a": "flout"}])
def test_a_word_that_is_none_is_refused(shape: Any) -> None:
    with pytest.raises(ValueError):
        schema_of(shape)


def test_an_operation_knows_its_parts() -> None:
    assert (Op("GET /a/b", "x").method, Op("GET /a/b", "x").path) == ("GET", "/a/b")
