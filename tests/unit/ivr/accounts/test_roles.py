"""Scopes come from method and path, and hold no more than they say."""

from __future__ import annotations

import pytest

from ivr.accounts.roles import covers, is_scope, scope_of, unknown_roles


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/contacts", "contacts:read"),
        ("HEAD", "/api/v1/contacts/c-1/explain", "contacts:read"),
        ("POST", "/api/v1/agents/wang/state", "agents:write"),
        ("DELETE", "/api/v1/agents/wang/breaks/3", "agents:write"),
        ("get", "/metrics", "metrics:read"),
        ("GET", "/", "pages:read"),
    ],
)
def test_what_a_request_needs(method: str, path: str, scope: str) -> None:
    assert scope_of(method, path) == scope
    assert is_scope(scope)


def test_a_scope_holds_what_it_names() -> None:
    assert covers(["contacts:read"], "contacts:read")
    assert not covers(["contacts:read"], "contacts:write")
    assert not covers(["contacts:write"], "contacts:read")
    assert not covers(["contacts:*"], "agents:read")
    assert covers(["x:read", "contacts:*"], "contacts:write")
    assert covers(["*:read"], "agents:read") and not covers(["*:read"], "agents:write")
    assert not covers([], "contacts:read")


@pytest.mark.parametrize(
    "text", ["", "contacts", "contacts:", ":read", "contacts:all", "Contacts:read", "a b:read", "x:read\n"]
)
def test_what_is_no_scope(text: str) -> None:
    assert not is_scope(text)


def test_roles_that_are_none() -> None:
    assert unknown_roles(["agent", "boss", "quality"]) == ["boss"]
