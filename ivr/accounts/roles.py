"""What somebody may be, and what an API token may reach."""

from __future__ import annotations

import re
from collections.abc import Iterable

ROLES = ("agent", "senior", "supervisor", "admin", "quality", "field")
"""`agent` takes contacts; `senior` is an agent whom others consult; `supervisor` steers queues and agents; `admin` changes
what runs and who may sign in; `quality` listens to recordings and judges them; `field` works outside."""

AGENTS = frozenset({"agent", "senior"})
"""Those who have a desk."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})
_SCOPE = re.compile(r"(\*|[a-z][a-z0-9-]{0,39}):(\*|read|write)")


def unknown_roles(roles: Iterable[str]) -> list[str]:
    """Those that are no roles, in their order."""
    return [role for role in roles if role not in ROLES]


def is_scope(text: str) -> bool:
    """True for `contacts:read`, `contacts:*`, `*:read` and `*:*`."""
    return _SCOPE.fullmatch(text) is not None


def scope_of(method: str, path: str) -> str:
    """What a token needs for a request: `contacts:read` for GET /api/v1/contacts/1, `metrics:read` for GET /metrics."""
    rest = path.removeprefix("/api/v1/").strip("/")
    return f"{rest.partition('/')[0] or 'pages'}:{'read' if method.upper() in READING else 'write'}"


def covers(scopes: Iterable[str], wanted: str) -> bool:
    """Whether one of `scopes` holds `wanted`. Writing does not hold reading: name both, or `contacts:*`."""
    area, _, action = wanted.partition(":")
    return any(a in ("*", area) and b in ("*", action) for a, _, b in (one.partition(":") for one in scopes))
