"""One operation of the API as a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ivr.web.openapi.shapes import Shape

ANYBODY = ()
READERS = ("supervisor", "admin")
ADMINS = ("admin",)
STAFF = ("agent", "senior", "supervisor", "admin")
EVERYBODY = ("agent", "senior", "supervisor", "admin", "quality", "field")
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Op:
    """What a route is for, what it takes and what it gives."""

    route: str
    """`GET /api/v1/agents/{agent_id}`."""
    summary: str
    who: tuple[str, ...] | None = READERS
    """Roles of which one is needed; none: anybody may. None: nobody wrote it down."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Name, with `?` where it may be missing, to a word of `ivr.web.openapi.shapes`."""
    body: Shape | None = None
    """What is sent as JSON; None for nothing."""
    takes: str = JSON
    """Media type of the body."""
    answer: Shape = "object"
    gives: tuple[str, ...] = (JSON,)
    """Media types of the answer."""
    status: int = 200
    more: str = ""
    """What else is to be known, in Markdown."""
    fails: tuple[int, ...] = ()
    """Further statuses beside those that every operation may answer."""

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.route.partition(" ")[2]
